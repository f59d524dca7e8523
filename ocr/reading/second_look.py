"""Text that the first engine passed over: noticed by coverage, found, added.

An engine's confidence is about the words it found; it says nothing about text it never saw, as
happens in tables with ruled or dotted lines and on crumpled paper. What tells is coverage: whether
what looks like letters lies inside word boxes. Letters that do not are gathered into strips, for
another engine to read.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from core.words import Box, Word
from ocr.reading.pixels import Grey, resized
from ocr.reading.preparation import glyph_height, ink_of

_WORKING_SIDE = 2_000
"""Longer side of the copy in which letters are looked for; more only costs time."""
_SURE = 0.6
"""Confidence that a word of the second look needs."""
_SAME_PLACE = 0.3
"""Words overlap when they share this much of the smaller one."""
_MARGIN = 3
_MAX_STRIPS = 80
"""More than this is no text but a picture, a crumpled sheet or a page on its side."""
_GAP = 1.3
"""Letters of one strip are closer than this many heights of a letter."""

_Stats = NDArray[np.int32]


def unseen_strips(page: Grey, words: Sequence[Word]) -> tuple[Box, ...]:
    """Boxes around what looks like text outside the boxes of `words`; none when far too many."""
    factor = min(1.0, _WORKING_SIDE / max(page.shape))
    small = resized(page, factor)
    glyph = glyph_height(small)
    letters = _letters(small, glyph)
    seen = _covered(small.shape, words, factor)
    x, y = _middles(letters)
    unseen = letters[~seen[y, x]]
    strips = _gathered(unseen, small.shape, glyph)
    if len(strips) > _MAX_STRIPS:
        return ()
    return tuple(_scaled(strip, 1 / factor) for strip in strips)


def merged(first: Sequence[Word], second: Sequence[Word]) -> list[Word]:
    """The first look's words, with the second's where it saw something new or saw it better."""
    kept = list(first)
    for word in second:
        if word.confidence < _SURE or not any(c.isalnum() for c in word.text):
            continue
        rivals = [other for other in kept if _overlap(word.box, other.box) >= _SAME_PLACE]
        if all(_weight(other) < 0.8 * word.confidence for other in rivals):
            kept = [other for other in kept if other not in rivals] + [word]
    return kept


def _weight(word: Word) -> float:
    return word.confidence if any(c.isalnum() for c in word.text) else 0.0


def _letters(page: Grey, glyph: float) -> _Stats:
    """Components of the size of letters."""
    stats = np.asarray(
        cv2.connectedComponentsWithStats(ink_of(page), connectivity=8)[2][1:], np.int32
    )
    height, width = stats[:, cv2.CC_STAT_HEIGHT], stats[:, cv2.CC_STAT_WIDTH]
    return stats[
        (height > glyph * 0.55)
        & (height < glyph * 2.6)
        & (width > glyph * 0.12)
        & (width < glyph * 4)
        & (stats[:, cv2.CC_STAT_AREA] > glyph * glyph * 0.06)
    ]


def _middles(letters: _Stats) -> tuple[_Stats, _Stats]:
    return (
        letters[:, cv2.CC_STAT_LEFT] + letters[:, cv2.CC_STAT_WIDTH] // 2,
        letters[:, cv2.CC_STAT_TOP] + letters[:, cv2.CC_STAT_HEIGHT] // 2,
    )


def _covered(shape: tuple[int, ...], words: Sequence[Word], factor: float) -> NDArray[np.bool_]:
    seen = np.zeros(shape, dtype=bool)
    for word in words:
        if not any(c.isalnum() for c in word.text):
            continue  # a rule that was taken for a mark covers no text
        box = _scaled(word.box, factor)
        seen[
            max(box.top - _MARGIN, 0) : box.bottom + _MARGIN,
            max(box.left - _MARGIN, 0) : box.right + _MARGIN,
        ] = True
    return seen


def _gathered(letters: _Stats, shape: tuple[int, ...], glyph: float) -> list[Box]:
    """Letters side by side, as boxes; strips that are not as flat as text are left out."""
    mask = np.zeros(shape, np.uint8)
    for left, top, width, height, _ in letters:
        mask[top : top + height, left : left + width] = 255
    kernel = np.ones((1, max(1, round(glyph * _GAP))), np.uint8)
    joined = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, kernel)
    stats = cv2.connectedComponentsWithStats(joined, connectivity=8)[2][1:]
    return [
        Box(left=int(left), top=int(top), right=int(left + width), bottom=int(top + height))
        for left, top, width, height, _ in stats
        if height < glyph * 2.6 and width > glyph * 0.4
    ]


def _scaled(box: Box, factor: float) -> Box:
    return Box(
        left=int(box.left * factor),
        top=int(box.top * factor),
        right=max(int(box.right * factor), int(box.left * factor) + 1),
        bottom=max(int(box.bottom * factor), int(box.top * factor) + 1),
    )


def _overlap(a: Box, b: Box) -> float:
    width = min(a.right, b.right) - max(a.left, b.left)
    height = min(a.bottom, b.bottom) - max(a.top, b.top)
    if width <= 0 or height <= 0:
        return 0.0
    smaller = min((box.right - box.left) * (box.bottom - box.top) for box in (a, b))
    return width * height / max(smaller, 1)
