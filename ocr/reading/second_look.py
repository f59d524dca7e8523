"""Text that the first pass did not see: noticed, looked at again, added.

An engine's confidence is about the words it found; it says nothing about text it passed over, as
happens in tables with ruled or dotted lines. What tells is coverage: how much of what looks like
letters lies inside word boxes.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from core.words import Box, Word
from ocr.reading.pixels import Grey
from ocr.reading.preparation import glyph_height

_MIN_UNSEEN = 12
"""Letters outside all words from which on a second look is worth its time ..."""
_MIN_UNSEEN_SHARE = 0.05
"""... if they are also this share of all letters."""
_SURE = 0.5
"""Confidence that a word of the second look needs."""
_SAME_PLACE = 0.3
"""Words overlap when they share this much of the smaller one."""
_MARGIN = 3

_Stats = NDArray[np.int32]


def needs_second_look(image: Grey, words: Sequence[Word]) -> bool:
    """Whether much of what looks like text lies outside the boxes of `words`."""
    letters = _letters(image)
    if not len(letters):
        return False
    x = letters[:, cv2.CC_STAT_LEFT] + letters[:, cv2.CC_STAT_WIDTH] // 2
    y = letters[:, cv2.CC_STAT_TOP] + letters[:, cv2.CC_STAT_HEIGHT] // 2
    seen = np.zeros(image.shape, dtype=bool)
    for word in words:
        box = word.box
        seen[
            max(box.top - _MARGIN, 0) : box.bottom + _MARGIN,
            max(box.left - _MARGIN, 0) : box.right + _MARGIN,
        ] = True
    unseen = int(np.count_nonzero(~seen[y, x]))
    return unseen >= _MIN_UNSEEN and unseen > _MIN_UNSEEN_SHARE * len(letters)


def without_rules(image: Grey) -> Grey:
    """The page with straight lines painted over, solid and dotted: they hide text from engines."""
    glyph = glyph_height(image)
    ink = np.where(image < 140, 255, 0).astype(np.uint8)
    solid = np.maximum(_runs(ink, glyph * 6, across=True), _runs(ink, glyph * 6, across=False))
    cleared = np.where(_grown(solid) > 0, 255, image).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(
        np.where(cleared < 140, 1, 0).astype(np.uint8), connectivity=8
    )
    small = (stats[:, cv2.CC_STAT_WIDTH] <= glyph * 0.3) & (
        stats[:, cv2.CC_STAT_HEIGHT] <= glyph * 0.3
    )
    small[0] = False
    dots = np.where(small[labels], 255, 0).astype(np.uint8)
    rows = np.maximum(
        _runs(dots, glyph * 3, across=True, bridge=glyph * 0.5),
        _runs(dots, glyph * 3, across=False, bridge=glyph * 0.5),
    )
    in_rows = np.unique(labels[(_grown(rows) > 0) & (dots > 0)])
    return np.where(np.isin(labels, in_rows), 255, cleared).astype(np.uint8)


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


def _letters(image: Grey) -> _Stats:
    """Components of the size of letters."""
    glyph = glyph_height(image)
    ink = cv2.adaptiveThreshold(
        image, 255, cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY_INV, 31, 15
    )
    stats = np.asarray(cv2.connectedComponentsWithStats(ink, connectivity=8)[2][1:], np.int32)
    height, width = stats[:, cv2.CC_STAT_HEIGHT], stats[:, cv2.CC_STAT_WIDTH]
    return stats[
        (height > glyph * 0.45)
        & (height < glyph * 2.6)
        & (width > glyph * 0.12)
        & (width < glyph * 4)
        & (stats[:, cv2.CC_STAT_AREA] > glyph * glyph * 0.06)
    ]


def _runs(ink: Grey, length: float, *, across: bool, bridge: float = 0.0) -> Grey:
    """Ink in straight runs of at least `length` pixels, gaps up to `bridge` closed."""

    def kernel(size: float) -> Grey:
        side = max(1, int(size))
        return np.ones((1, side) if across else (side, 1), np.uint8)

    closed = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, kernel(bridge)) if bridge else ink
    return np.asarray(cv2.morphologyEx(closed, cv2.MORPH_OPEN, kernel(length)), dtype=np.uint8)


def _grown(mask: Grey) -> Grey:
    return np.asarray(cv2.dilate(mask, np.ones((3, 3), np.uint8)), dtype=np.uint8)


def _overlap(a: Box, b: Box) -> float:
    width = min(a.right, b.right) - max(a.left, b.left)
    height = min(a.bottom, b.bottom) - max(a.top, b.top)
    if width <= 0 or height <= 0:
        return 0.0
    smaller = min((box.right - box.left) * (box.bottom - box.top) for box in (a, b))
    return width * height / max(smaller, 1)
