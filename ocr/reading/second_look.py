"""Text that the first engine passed over: noticed by coverage, found, added.

An engine's confidence is about the words it found; it says nothing about text it never saw, as
happens in tables with ruled or dotted lines and on crumpled paper. What tells is coverage: whether
what looks like letters lies inside word boxes. Letters that do not are gathered into strips, for
another engine to read. Ink right beside a word, and inside none, may be a piece that its box lost:
the 1 of 13.7, the sign of >60.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.words import Box, Word
from ocr.reading.pixels import Grey, resized
from ocr.reading.preparation import ink_of, letter_height

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

_BESIDE = 0.6
"""Ink that belongs to a word is closer than this share of its height."""
_PIECE_HEIGHT = (0.35, 1.4)
"""Of the word's height; lower is dust or a full stop, higher a rule."""
_PIECE_WIDTH = 1.5
_OUTSIDE = 0.6
"""Share of its width that ink beside a word has outside of it."""

_Stats = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Ink:
    """A page's connected pieces of ink."""

    shape: tuple[int, ...]
    """Of the copy in which they were found."""
    factor: float
    """Its size over the page's."""
    glyph: float
    """Height of its letters, pixels."""
    pieces: _Stats
    """A row for each piece, as OpenCV gives them."""


def ink_on(page: Grey) -> Ink:
    """The page's ink, found in a copy of working size."""
    factor = min(1.0, _WORKING_SIDE / max(page.shape))
    small = resized(page, factor)
    pieces = np.asarray(
        cv2.connectedComponentsWithStats(ink_of(small), connectivity=8)[2][1:], np.int32
    )
    return Ink(small.shape, factor, letter_height(pieces), pieces)


def unseen_strips(ink: Ink, words: Sequence[Word]) -> tuple[Box, ...]:
    """Boxes around what looks like text outside the boxes of `words`; none when far too many."""
    letters = _letters(ink.pieces, ink.glyph)
    seen = _covered(ink.shape, words, ink.factor)
    x, y = _middles(letters)
    strips = _gathered(letters[~seen[y, x]], ink.shape, ink.glyph)
    if len(strips) > _MAX_STRIPS:
        return ()
    return tuple(_scaled(strip, 1 / ink.factor) for strip in strips)


def has_ink_beside(ink: Ink, word: Word, words: Sequence[Word]) -> bool:
    """Whether ink that may be a piece of `word` stands right beside it, inside none of `words`."""
    box = _scaled(word.box, ink.factor)
    others = [_scaled(other.box, ink.factor) for other in words]
    return any(
        not any(_covers(other, piece) for other in others) for piece in _pieces_beside(ink, box)
    )


def _pieces_beside(ink: Ink, box: Box) -> list[Box]:
    height = box.bottom - box.top
    left, top, width, tall = ink.pieces[:, :4].T
    middle = top + tall // 2
    level = (middle > box.top) & (middle < box.bottom)
    low, high = (share * height for share in _PIECE_HEIGHT)
    sized = (tall >= low) & (tall <= high) & (width <= _PIECE_WIDTH * height)
    reach = _BESIDE * height
    before = (left + width * (1 - _OUTSIDE) <= box.left) | (box.right <= left + width * _OUTSIDE)
    near = (left + width >= box.left - reach) & (left <= box.right + reach)
    return [
        Box(left=int(a), top=int(b), right=int(a + c), bottom=int(b + d))
        for a, b, c, d in ink.pieces[level & sized & before & near][:, :4]
    ]


def _covers(box: Box, piece: Box) -> bool:
    """Whether the piece's middle lies in the box."""
    x, y = (piece.left + piece.right) / 2, (piece.top + piece.bottom) / 2
    return box.left <= x <= box.right and box.top <= y <= box.bottom


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


def _letters(stats: _Stats, glyph: float) -> _Stats:
    """Components of the size of letters."""
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
