"""Words to rows: tables, tilt, columns, offsets."""

import math
import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.words import Box, Line, Word
from ocr.reading.layout import lines, tilt

Make = Callable[..., Word]
TABLE = (
    ("Test", "Result", "Flag", "Unit", "Reference"),
    ("Glucose", "168", "H", "mg/dL", "70-99"),
    ("Creatinine", "0.98", "", "mg/dL", "0.50-1.00"),
    ("Potassium", "4.3", "", "mmol/L", "3.5-5.1"),
    ("Sodium", "139", "", "mmol/L", "135-145"),
)


def _texts(words: list[Word]) -> list[str]:
    return [line.text for line in lines(words)]


def _table(make_word: Make) -> list[Word]:
    return [
        make_word(text, 60 + 180 * column, 40 + 34 * row)
        for row, cells in enumerate(TABLE)
        for column, text in enumerate(cells)
        if text
    ]


def _tilted(word: Word, degrees: float) -> Word:
    drop = round((word.box.left + word.box.right) / 2 * math.tan(math.radians(degrees)))
    box = replace(word.box, top=word.box.top + drop, bottom=word.box.bottom + drop)
    return replace(word, box=box)


@pytest.mark.parametrize("degrees", [0.0, 2.5, -3.0])
def test_lines_rebuild_the_rows_of_a_table_when_it_is_tilted(
    make_word: Make, degrees: float
) -> None:
    words = [_tilted(word, degrees) for word in _table(make_word)]
    random.Random(3).shuffle(words)
    assert _texts(words) == [" ".join(filter(None, row)) for row in TABLE]


def test_tilt_is_zero_when_words_are_few(make_word: Make) -> None:
    assert tilt([make_word("one", 0, 0), make_word("two", 100, 30)]) == 0.0


def test_lines_drop_empty_words_when_an_engine_gives_some(make_word: Make) -> None:
    assert _texts([make_word("dose", 0, 0), make_word("  ", 60, 0)]) == ["dose"]
    assert lines([]) == ()


def test_lines_keep_rows_apart_when_two_blocks_are_half_a_row_out_of_step(
    make_word: Make,
) -> None:
    words = [
        make_word(f"{side}{row}", start + 75 * word, top + 40 * row)
        for side, start, top in (("left", 40, 40), ("right", 600, 60))
        for row in range(4)
        for word in range(4)
    ]
    assert _texts(words) == [
        " ".join([f"{side}{row}"] * 4) for row in range(4) for side in ("left", "right")
    ]


def test_lines_read_one_column_after_the_other_when_both_are_prose(make_word: Make) -> None:
    words = [
        make_word(f"{side}{row}{word}", start + 80 * word, 40 + 30 * row, width=70)
        for row in range(5)
        for side, start in (("l", 40), ("r", 560))
        for word in range(5)
    ]
    texts = _texts(words)
    assert [text[0] for text in texts] == ["l"] * 5 + ["r"] * 5
    assert texts[0] == "l00 l01 l02 l03 l04"


def _is_consistent(found: tuple[Line, ...]) -> bool:
    text = "\n".join(line.text for line in found)
    return all(text[line.start : line.start + len(line.text)] == line.text for line in found)


@given(
    st.lists(
        st.tuples(
            st.text(min_size=0, max_size=8),
            st.integers(0, 900),
            st.integers(0, 900),
            st.integers(1, 200),
            st.integers(1, 80),
        ),
        max_size=60,
    )
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_lines_keep_every_word_and_their_offsets_when_words_are_anywhere(
    rows: list[tuple[str, int, int, int, int]],
) -> None:
    words = [
        Word(
            text=text,
            box=Box(left=x, top=y, right=x + w, bottom=y + h),
            confidence=1.0,
            engine="null",
        )
        for text, x, y, w, h in rows
    ]
    found = lines(words)
    kept = sorted(word.text for line in found for word in line.words)
    assert kept == sorted(word.text for word in words if word.text.strip())
    assert _is_consistent(found)
