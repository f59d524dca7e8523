"""Numbers in doubtful company: pieces, list numbers run in, noise, and what stays sure."""

from collections.abc import Callable, Sequence

import pytest

from core.words import Line, Word
from ocr.reading.doubts import DOUBTED, doubted
from ocr.summary.claims import SURE

Make = Callable[..., Word]


@pytest.fixture
def marked(make_word: Make) -> Callable[..., list[str]]:
    """Which of `texts`, set `gap` pixels apart, are marked."""

    def make(texts: Sequence[str], gap: int = 10, confidences: Sequence[float] = ()) -> list[str]:
        words, left = [], 0
        for text, confidence in zip(texts, confidences or [0.97] * len(texts), strict=True):
            words.append(make_word(text, left, 0, confidence=confidence))
            left = words[-1].box.right + gap
        (line,) = doubted([Line(words=tuple(words), start=0)])
        assert [word.text for word in line.words] == list(texts)
        return [
            word.text
            for word, before in zip(line.words, words, strict=True)
            if word.confidence < before.confidence
        ]

    return make


def test_doubted_marks_below_what_a_summary_takes_for_sure() -> None:
    assert DOUBTED < SURE


def test_doubted_marks_nothing_when_a_row_of_a_table_is_in_order(
    marked: Callable[..., list[str]],
) -> None:
    assert marked(["Glucose", "168", "H", "mg/dL", "70-99", "2024-03-11"]) == []


def test_doubted_marks_both_pieces_when_a_number_was_cut_in_two(
    marked: Callable[..., list[str]],
) -> None:
    assert marked(["Tel", "0163", "2"], gap=2) == ["0163", "2"]
    assert marked(["take", "2", "tablets"], gap=2) == []  # close set, but no number beside it


@pytest.mark.parametrize("prefix", ["HZ-", "120/"])
def test_doubted_marks_the_rest_when_a_token_was_cut_at_its_joint(
    marked: Callable[..., list[str]], prefix: str
) -> None:
    assert "0734" in marked([prefix, "0734"])


@pytest.mark.parametrize(("number", "rest"), [("2", ".39"), ("16", "-34"), ("2", "+")])
def test_doubted_marks_a_number_when_the_next_token_is_the_rest_of_it(
    marked: Callable[..., list[str]], number: str, rest: str
) -> None:
    assert number in marked(["is", number, rest])


def test_doubted_marks_bare_numbers_only_when_no_column_parts_them(
    marked: Callable[..., list[str]],
) -> None:
    assert marked(["16", "34", "mL"]) == ["16", "34"]
    assert marked(["16", "34", "mL"], gap=40) == []
    assert marked(["12", "March", "2024"]) == []


def test_doubted_leaves_a_range_alone_when_its_dash_stands_by_itself(
    marked: Callable[..., list[str]],
) -> None:
    assert marked(["from", "3.5", "-", "5.1"]) == []


def test_doubted_marks_a_figure_only_at_the_head_of_a_line_when_it_may_hold_a_list_number(
    marked: Callable[..., list[str]],
) -> None:
    assert marked(["4.60", "tablets"]) == ["4.60"]
    assert marked(["take", "4.60", "tablets"]) == []
    assert marked(["4.", "Metformin"]) == []


def test_doubted_marks_a_number_when_what_is_around_it_could_not_be_read(
    marked: Callable[..., list[str]],
) -> None:
    assert marked(["lov.", "8852", "[Mss"], confidences=[0.2, 0.99, 0.3]) == ["8852"]
    assert marked(["lot", "8852", "[Mss"], confidences=[0.95, 0.99, 0.3]) == []


@pytest.mark.parametrize("token", ["44,6", "HbAlc", "H%", "MG/HR/", ",4", "5.0.25"])
def test_doubted_marks_a_token_when_nobody_would_write_it(
    marked: Callable[..., list[str]], token: str
) -> None:
    assert marked(["count", token]) == [token]


def test_doubted_leaves_words_alone_when_they_are_known_and_not_read(make_word: Make) -> None:
    line = Line(words=(make_word("4.60", 0, 0),), start=0)
    assert doubted([line], known="tesseract") == (line,)
    assert doubted([line], known="other") != (line,)


@pytest.mark.parametrize(
    ("texts", "torn"),
    [
        (["Hemoglobin", "A", "1c/Hemoglobin"], ["A", "1c/Hemoglobin"]),
        (["of", "0.044", "M", "G/ACTUAT"], ["M", "G/ACTUAT"]),
    ],
)
def test_doubted_marks_a_letter_and_what_it_was_torn_from(
    marked: Callable[..., list[str]], texts: list[str], torn: list[str]
) -> None:
    assert marked(texts) == torn


def test_doubted_marks_a_unit_that_touches_a_word(marked: Callable[..., list[str]]) -> None:
    assert marked(["calcifications", "u", "pper"], gap=1) == ["u"]
    assert marked(["give", "5", "u", "insulin"]) == []


def test_doubted_marks_what_may_be_flag_or_unit_behind_a_number(
    marked: Callable[..., list[str]],
) -> None:
    assert marked(["Glucose", "67.5", "I", "mg/dL"]) == ["I"]
    assert marked(["MCH", "32.4", "PS"], confidences=[0.9, 0.99, 0.83]) == ["PS"]
    assert marked(["MCH", "32.4", "PS"], confidences=[0.9, 0.99, 0.95]) == []
    assert marked(["Type", "I", "diabetes"]) == []


def test_doubted_marks_a_unit_that_its_page_writes_otherwise(make_word: Make) -> None:
    units = ["g/dL", "g/dL", "g/dL", "g/dl"]
    lines = [Line(words=(make_word(unit, 0, 60 * n),), start=0) for n, unit in enumerate(units)]
    sure = [line.words[0].confidence > DOUBTED for line in doubted(lines)]
    assert sure == [True, True, True, False]
    assert not any(line.words[0].confidence > DOUBTED for line in doubted(lines[2:]))
