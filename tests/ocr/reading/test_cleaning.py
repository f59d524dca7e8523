"""Marks that are no words."""

from collections.abc import Callable

import pytest

from core.words import Word
from ocr.reading.cleaning import cleaned

Make = Callable[..., Word]


def _kept(make_word: Make, text: str, **fields: float) -> list[str]:
    plain = [make_word("word", 0, 40 * row) for row in range(5)]
    return [word.text for word in cleaned([*plain, make_word(text, 100, 0, **fields)])][5:]


@pytest.mark.parametrize("mark", ["|", "_", "—_", "©", "''", "~"])
def test_cleaned_drops_a_mark_when_it_means_nothing(make_word: Make, mark: str) -> None:
    assert _kept(make_word, mark, confidence=0.5) == []


@pytest.mark.parametrize("sign", ["+", "-", "<", ">", "%", "/", "±", "#", "*", "&", "<5", "4.3"])
def test_cleaned_keeps_a_sign_when_it_means_something(make_word: Make, sign: str) -> None:
    assert _kept(make_word, sign, confidence=0.1) == [sign]


def test_cleaned_keeps_punctuation_only_when_the_engine_is_sure(make_word: Make) -> None:
    assert _kept(make_word, ":", confidence=0.9) == [":"]
    assert _kept(make_word, ":", confidence=0.3) == []


def test_cleaned_reads_a_bar_as_the_word_i_when_it_is_as_tall_as_a_letter(make_word: Make) -> None:
    assert _kept(make_word, "|", confidence=0.9, height=18) == ["I"]
    assert _kept(make_word, "|", confidence=0.9, height=30) == []


def test_cleaned_strips_the_line_a_word_was_written_on(make_word: Make) -> None:
    assert _kept(make_word, "__12/10/98_", confidence=0.4) == ["12/10/98"]


def test_cleaned_gives_nothing_when_given_nothing() -> None:
    assert cleaned([]) == []
