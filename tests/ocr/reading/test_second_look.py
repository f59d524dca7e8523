"""Text that was passed over: noticed by coverage, found by a second look, merged by confidence."""

from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image

from core.words import Box, Word
from ocr.reading.second_look import has_ink_beside, ink_on, merged, unseen_strips

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
    assert unseen_strips(ink_on(page), _over_rows(0, 1, 2)) == ()
    strips = unseen_strips(ink_on(page), _over_rows(0, 2))
    assert strips
    assert all(105 < box.top < box.bottom < 180 for box in strips)


def test_unseen_strips_are_none_when_the_page_is_blank() -> None:
    assert unseen_strips(ink_on(np.full((300, 300), 255, np.uint8)), []) == ()


def test_unseen_strips_leave_out_rules(draw_page: Draw) -> None:
    ruled = np.array(draw_page(), np.uint8)
    for y in (52, 112, 172):
        cv2.line(ruled, (40, y), (860, y), (0,), 2)
    assert unseen_strips(ink_on(ruled), _over_rows(0, 1, 2)) == ()


def test_unseen_strips_are_none_when_there_are_too_many() -> None:
    dice = np.random.default_rng(3)
    page = np.full((900, 900), 255, np.uint8)
    for x, y in dice.integers(0, 880, (400, 2)):
        cv2.rectangle(page, (int(x), int(y)), (int(x) + 9, int(y) + 14), (0,), 2)
    assert unseen_strips(ink_on(page), []) == ()


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


def _number(left: int, right: int) -> Word:
    box = Box(left=left, top=100, right=right, bottom=140)
    return Word(text="3.7", box=box, confidence=0.98, engine="tesseract")


def test_ink_beside_a_number_is_noticed_when_no_word_holds_it() -> None:
    page = np.full((300, 600), 255, np.uint8)
    page[102:138, 180:190] = 0  # the one that the box lost
    page[102:138, 200:260] = 0
    ink, number = ink_on(page), _number(198, 262)
    assert has_ink_beside(ink, number, [number])
    assert not has_ink_beside(ink, number, [number, _number(176, 192)])
    assert not has_ink_beside(ink, _number(178, 262), [_number(178, 262)])


def test_ink_beside_a_number_is_none_of_a_rule_a_speck_or_the_next_column() -> None:
    page = np.full((300, 600), 255, np.uint8)
    page[102:138, 200:260] = 0
    page[40:200, 185:188] = 0
    page[118:122, 192:196] = 0
    page[102:138, 300:340] = 0
    assert not has_ink_beside(ink_on(page), _number(198, 262), [_number(198, 262)])
