"""Rows between rules: cells read one by one, unless they stack values."""

from collections.abc import Callable, Sequence

import pytest

from core.words import Word
from ocr.reading.layout import lines
from ocr.reading.rules import Grid

Make = Callable[..., Word]
Table = Callable[..., list[str]]
GRID = Grid(columns=(0, 300, 600, 900), rows=(100, 140, 260, 300))


@pytest.fixture
def texts(make_word: Make) -> Table:
    """Lines of a page with `words` (text, left, top), all in one table."""

    def make(words: Sequence[tuple[str, int, int]], grid: Grid = GRID) -> list[str]:
        made = [
            make_word(part, left + 10 * text.index(part), top)
            for text, left, top in words
            for part in text.split()
        ]
        return [line.text for line in lines(made, [grid])]

    return make


def test_lines_read_a_ruled_row_cell_by_cell_when_its_text_wraps(texts: Table) -> None:
    assert texts(
        [
            ("Drug", 10, 110),
            ("How", 310, 110),
            ("Metformin", 10, 150),
            ("hydrochloride", 10, 180),
            ("one tablet", 310, 150),
            ("with meals", 310, 180),
            ("for diabetes", 610, 165),
        ]
    ) == ["Drug How", "Metformin hydrochloride one tablet with meals for diabetes"]


def test_lines_keep_each_value_beside_its_name_when_a_cell_stacks_values(texts: Table) -> None:
    stacked = [
        ("Lipids", 10, 165),
        ("Cholesterol", 310, 150),
        ("Triglycerides", 310, 180),
        ("183.3", 610, 150),
        ("129.3", 610, 180),
    ]
    read = texts(stacked)
    assert any("Cholesterol" in line and "183.3" in line for line in read)
    assert not any("Cholesterol" in line and "129.3" in line for line in read)


def test_lines_take_telephone_numbers_for_no_values(texts: Table) -> None:
    assert texts(
        [
            ("Ann Example", 10, 150),
            ("Bob Example", 10, 180),
            ("(203) 555-0145", 310, 150),
            ("203-555-0146", 310, 180),
        ]
    ) == ["Ann Example Bob Example (203) 555-0145 203-555-0146"]


def test_lines_read_across_when_a_cell_holds_a_whole_list(texts: Table) -> None:
    words = [("one", 10, 145), ("two", 10, 175), ("three", 10, 205), ("four", 10, 235)]
    sides = [("active", 310, 145), ("past", 310, 175), ("past", 310, 205), ("active", 310, 235)]
    assert texts(words + sides) == ["one active", "two past", "three past", "four active"]


def test_lines_read_across_when_a_rule_divides_some_of_the_columns(texts: Table) -> None:
    grid = Grid(columns=GRID.columns, rows=GRID.rows, partial=(176,))
    words = [("Ann", 10, 150), ("Bob", 10, 180), ("nurse", 310, 150), ("doctor", 310, 180)]
    assert texts(words, grid) == ["Ann nurse", "Bob doctor"]


def test_lines_keep_what_stands_above_and_below_a_table_in_its_place(texts: Table) -> None:
    words = [("after", 10, 400), ("inside", 10, 110), ("before", 10, 20)]
    assert texts(words) == ["before", "inside", "after"]
    assert texts([]) == []
