"""Words to visual rows: what stands side by side on the paper becomes one line.

Engines group words by their own idea of blocks, which tears tables apart. Rows are rebuilt from
the boxes alone: the page's tilt is estimated from them, words are clustered by the height of
their middle, then sorted from left to right. Columns of running text are read one after the
other; columns of a table are not. Between the rules of a ruled table its own order holds.
"""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.words import Line, Word
from ocr.reading.columns import in_reading_order
from ocr.reading.rules import Grid
from ocr.reading.tables import table_rows, within

_MAX_TILT_DEGREES = 5.0
_TILT_STEP_DEGREES = 0.1
_TILT_DOUBT_DEGREES = 1.2
_MIN_WORDS_FOR_TILT = 8
_SAME_ROW = 0.45
"""Words share a row when their middles are closer than this share of the row's height."""


@dataclass(slots=True)
class _Row:
    middle: float
    height: float
    words: list[Word]


def lines(words: Iterable[Word], grids: Sequence[Grid] = ()) -> tuple[Line, ...]:
    """Lines from top to bottom; `start` counts in the text joined with newlines.

    `grids` are the page's ruled tables, from top to bottom.
    """
    rest = [word for word in words if word.text.strip()]
    ordered: list[list[Word]] = []
    for grid in grids:
        inside = [word for word in rest if within(grid, word)]
        rest = [word for word in rest if not within(grid, word)]
        above = [word for word in rest if _middle(word) <= grid.rows[-1]]
        rest = [word for word in rest if _middle(word) > grid.rows[-1]]
        ordered += in_reading_order(_visual_rows(above))
        ordered += table_rows(grid, inside, _visual_rows)
    return _numbered([*ordered, *in_reading_order(_visual_rows(rest))])


def _visual_rows(words: Sequence[Word]) -> list[list[Word]]:
    return [sorted(row.words, key=lambda word: word.box.left) for row in _rows(words)]


def _numbered(rows: Sequence[Sequence[Word]]) -> tuple[Line, ...]:
    numbered: list[Line] = []
    start = 0
    for row in rows:
        line = Line(words=tuple(row), start=start)
        numbered.append(line)
        start += len(line.text) + 1
    return tuple(numbered)


def _rows(words: Sequence[Word]) -> list[_Row]:
    if not words:
        return []
    slope = math.tan(math.radians(tilt(words)))
    typical = statistics.median(_height(word) for word in words)
    rows: list[_Row] = []
    for middle, word in sorted(
        ((_middle(word) - _centre(word) * slope, word) for word in words), key=lambda pair: pair[0]
    ):
        row = _matching(rows, middle, max(typical, 1.0))
        if row is None:
            rows.append(_Row(middle=middle, height=_height(word), words=[word]))
        else:
            row.words.append(word)
            row.middle += (middle - row.middle) / len(row.words)
            row.height += (_height(word) - row.height) / len(row.words)
    return sorted(rows, key=lambda row: row.middle)


def _matching(rows: list[_Row], middle: float, typical: float) -> _Row | None:
    for row in reversed(rows[-3:]):
        if abs(middle - row.middle) < _SAME_ROW * max(row.height, typical):
            return row
    return None


def tilt(words: Sequence[Word]) -> float:
    """Degrees by which rows descend to the right: the angle at which middles pile up the most."""
    if len(words) < _MIN_WORDS_FOR_TILT:
        return 0.0
    middles = np.array([_middle(word) for word in words])
    centres = np.array([_centre(word) for word in words])
    bin_height = max(statistics.median(_height(word) for word in words), 4.0) / 3
    widths = np.array([word.box.right - word.box.left for word in words])
    weights = np.minimum(widths, 20 * bin_height)
    steps = round(_MAX_TILT_DEGREES / _TILT_STEP_DEGREES)
    low, high = _plausible_tilts(words)
    angles = sorted(
        (
            angle
            for step in range(-steps, steps + 1)
            if low <= (angle := step * _TILT_STEP_DEGREES) <= high
        ),
        key=abs,
    )
    piles = [
        _pile((middles - centres * math.tan(math.radians(angle))) / bin_height, weights)
        for angle in angles
    ]
    return angles[int(np.argmax(piles))]


def _plausible_tilts(words: Sequence[Word]) -> tuple[float, float]:
    """Bounds on the tilt, from words that stand side by side.

    Without them, two blocks whose rows are out of step could be tilted into one.
    """
    ordered = sorted(words, key=lambda word: word.box.left)
    slopes = []
    for index, word in enumerate(ordered):
        reach = 2 * _height(word)
        for other in ordered[index + 1 :]:
            gap = other.box.left - word.box.right
            if gap > reach:
                break
            drop = _middle(other) - _middle(word)
            if gap >= 0 and abs(drop) < 0.6 * _height(word):
                slopes.append(drop / max(_centre(other) - _centre(word), 1.0))
    if len(slopes) < _MIN_WORDS_FOR_TILT:
        return -_MAX_TILT_DEGREES, _MAX_TILT_DEGREES
    likely = math.degrees(math.atan(statistics.median(slopes)))
    likely = min(max(likely, -_MAX_TILT_DEGREES), _MAX_TILT_DEGREES)
    return likely - _TILT_DOUBT_DEGREES, likely + _TILT_DOUBT_DEGREES


def _pile(levels: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Sum of squares of what falls into each row-high bin, for two offsets of the bins."""
    levels = levels - levels.min()
    return sum(
        float((np.bincount((levels + phase).astype(int), weights) ** 2).sum())
        for phase in (0.0, 0.5)
    )


def _height(word: Word) -> int:
    return word.box.bottom - word.box.top


def _middle(word: Word) -> float:
    return (word.box.top + word.box.bottom) / 2


def _centre(word: Word) -> float:
    return (word.box.left + word.box.right) / 2
