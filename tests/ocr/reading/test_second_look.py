"""Text that was passed over: noticed by coverage, found by a second look, merged by confidence."""

from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image

from core.words import Box, Word
from ocr.reading.second_look import merged, needs_second_look, without_rules

Draw = Callable[..., Image.Image]
Make = Callable[..., Word]


def _over_rows(*rows: int) -> list[Word]:
    """Words that cover rows of the drawn page."""
    return [
        Word(
            text="row",
            box=Box(left=50, top=55 + 60 * row, right=850, bottom=105 + 60 * row),
            confidence=0.95,
            engine="tesseract",
        )
        for row in rows
    ]


def test_needs_second_look_when_a_row_was_passed_over(draw_page: Draw) -> None:
    page = np.asarray(draw_page())
    assert not needs_second_look(page, _over_rows(0, 1, 2))
    assert needs_second_look(page, _over_rows(0, 2))


def test_needs_second_look_never_when_the_page_is_blank() -> None:
    assert not needs_second_look(np.full((300, 300), 255, np.uint8), [])


def test_without_rules_removes_lines_and_keeps_letters(draw_page: Draw) -> None:
    page = np.asarray(draw_page())
    ruled = page.copy()
    for y in (50, 110, 170, 230):
        cv2.line(ruled, (40, y), (860, y), (0,), 2)
        ruled[y + 4 : y + 6, 40:860:6] = 0  # a dotted one below
    plain = without_rules(ruled)
    assert np.count_nonzero(plain[48:58] < 128) < 0.05 * np.count_nonzero(ruled[48:58] < 128)
    kept = np.count_nonzero((page < 128) & (plain < 128)) / np.count_nonzero(page < 128)
    assert kept > 0.85


def test_merged_adds_what_is_new_and_sure(make_word: Make) -> None:
    first = [make_word("dose", 0, 0)]
    new = make_word("40", 200, 0, confidence=0.8)
    unsure = make_word("mg", 300, 0, confidence=0.2)
    assert merged(first, [new, unsure]) == [*first, new]


def test_merged_prefers_the_surer_word_when_both_saw_the_same(make_word: Make) -> None:
    first = [make_word("dqse", 0, 0, confidence=0.3), make_word("40", 200, 0, confidence=0.9)]
    better = make_word("dose", 1, 1, confidence=0.9)
    same = make_word("4O", 201, 1, confidence=0.92)
    assert [word.text for word in merged(first, [better, same])] == ["40", "dose"]
