"""Text that was passed over: noticed by coverage, found by a second look, merged by confidence."""

from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image

from core.words import Box, Word
from ocr.reading.second_look import merged, unseen_strips

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


def test_unseen_strips_frame_the_row_that_was_passed_over(draw_page: Draw) -> None:
    page = np.asarray(draw_page(), np.uint8)
    assert unseen_strips(page, _over_rows(0, 1, 2)) == ()
    strips = unseen_strips(page, _over_rows(0, 2))
    assert strips
    assert all(105 < box.top < box.bottom < 180 for box in strips)


def test_unseen_strips_are_none_when_the_page_is_blank() -> None:
    assert unseen_strips(np.full((300, 300), 255, np.uint8), []) == ()


def test_unseen_strips_leave_out_rules(draw_page: Draw) -> None:
    ruled = np.array(draw_page(), np.uint8)
    for y in (52, 112, 172):
        cv2.line(ruled, (40, y), (860, y), (0,), 2)
    assert unseen_strips(ruled, _over_rows(0, 1, 2)) == ()


def test_unseen_strips_are_none_when_there_are_too_many() -> None:
    dice = np.random.default_rng(3)
    page = np.full((900, 900), 255, np.uint8)
    for x, y in dice.integers(0, 880, (400, 2)):
        cv2.rectangle(page, (int(x), int(y)), (int(x) + 9, int(y) + 14), (0,), 2)
    assert unseen_strips(page, []) == ()


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
