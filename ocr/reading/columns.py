"""Columns of running text: recognised among rows, and read one after the other.

Two columns of prose share rows on the paper but not in meaning. Tables share both. Told apart by
what fills them: prose has several words on either side of one gutter, in line after line, and
its lines are about as wide as their column; cells are short or ragged.
"""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.words import Word

_MIN_ROWS = 4
_MIN_WORDS = 4.0
"""On average, on each side of the gutter."""
_GUTTER = 1.2
"""Least width of a gutter, in heights of a typical word."""
_FILLED = 0.7
"""Median width of a column's lines over its widest line."""

Row = list[Word]
"""Words from left to right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Split:
    left: Row
    right: Row

    @property
    def gutter(self) -> tuple[int, int]:
        return max(word.box.right for word in self.left), self.right[0].box.left


def in_reading_order(rows: Sequence[Row]) -> list[Row]:
    """`rows` as they are, but for blocks of two prose columns: left lines first, then right."""
    heights = [word.box.bottom - word.box.top for row in rows for word in row]
    if not heights:
        return []
    gutter = _GUTTER * statistics.median(heights)
    ordered: list[Row] = []
    for block in _blocks([_split(row, gutter) or row for row in rows], gutter):
        ordered += block
    return ordered


def _split(row: Row, gutter: float) -> _Split | None:
    """The row at its widest gap, if that is wide enough."""
    gaps = [(row[i + 1].box.left - row[i].box.right, i + 1) for i in range(len(row) - 1)]
    width, at = max(gaps, default=(0, 0))
    return _Split(left=row[:at], right=row[at:]) if width >= gutter else None


def _blocks(rows: Sequence[Row | _Split], gutter: float) -> Iterator[list[Row]]:
    run: list[_Split] = []
    for row in rows:
        if isinstance(row, _Split) and _in_line([*run, row], gutter):
            run.append(row)
            continue
        yield _read(run)
        run = [row] if isinstance(row, _Split) else []
        if isinstance(row, list):
            yield [row]
    yield _read(run)


def _in_line(run: Sequence[_Split], gutter: float) -> bool:
    """Whether one gutter, wide enough, runs through all of them."""
    left = max(split.gutter[0] for split in run)
    return min(split.gutter[1] for split in run) - left >= gutter


def _read(run: Sequence[_Split]) -> list[Row]:
    lefts, rights = [split.left for split in run], [split.right for split in run]
    if len(run) >= _MIN_ROWS and _is_prose(lefts) and _is_prose(rights):
        return [*lefts, *rights]
    return [[*split.left, *split.right] for split in run]


def _is_prose(lines: Sequence[Row]) -> bool:
    words = statistics.fmean(len(line) for line in lines)
    widths = [line[-1].box.right - line[0].box.left for line in lines]
    return words >= _MIN_WORDS and statistics.median(widths) >= _FILLED * max(widths)
