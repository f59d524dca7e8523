"""Ruled tables: where their rules run on the page, and the page without the dotted ones.

Solid rules are runs of ink far longer than a letter's stroke. Dotted, dashed and shaded ones are
marks smaller than letters in long rows, which engines spell out as colons and "sssss" and by which
they lose the words beside them; they are painted over. Solid rules are left alone: engines know
them, and taking one away cuts the letters that stand on it.
"""

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.reading.pixels import Grey, resized
from ocr.reading.preparation import ink_of, letter_height

_WORKING_SIDE = 2_000
"""Longer side of the copy in which rules are looked for; more only costs time."""
_MIN_RUN = 4.0
"""Heights of a letter that unbroken ink runs in a rule, and in no letter."""
_DOT = 0.5
"""Heights of a letter that a rule's dots stay below."""
_DOT_GAP = 0.8
_MAX_THICKNESS = 0.6
_SAME_PLACE = 0.6
"""Heights of a letter by which two pieces of one rule may be out of line."""
_SPANS = 0.8
"""Share of the table that a rule runs along to divide it."""
_DIVIDES_PARTLY = 0.15
_MIN_RULES = 3
"""Each way: the frame, and one inside it."""

_Pieces = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table's rules, in pixels of its page."""

    columns: tuple[int, ...]
    """Where upright rules stand, from left to right; the frame's come first and last."""
    rows: tuple[int, ...]
    """Where level rules lie, from top to bottom; the frame's come first and last."""
    partial: tuple[int, ...] = ()
    """Level rules that divide some columns only."""

    def scaled(self, factor: float) -> "Grid":
        """The same table on the page scaled by `factor`."""

        def each(places: tuple[int, ...]) -> tuple[int, ...]:
            return tuple(round(place * factor) for place in places)

        return Grid(columns=each(self.columns), rows=each(self.rows), partial=each(self.partial))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    at: float
    """Across its direction."""
    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start

    def shared(self, start: float, end: float) -> float:
        """How much of `start` to `end` it runs along."""
        return max(0.0, min(self.end, end) - max(self.start, start)) / max(end - start, 1)


def without_dotted_rules(page: Grey) -> tuple[Grey, tuple[Grid, ...]]:
    """The page with the dotted rules of its tables painted over, and the tables."""
    factor = min(1.0, _WORKING_SIDE / max(page.shape))
    ink = _ink(resized(page, factor))
    level = _masks(ink, ink.flat, lambda length: np.ones((1, length), np.uint8))
    across = _joined(_pieces(level, ink.glyph, level=True), ink.glyph)
    if len(across) < _MIN_RULES:
        return page, ()
    upright = _masks(ink, ink.small, lambda length: np.ones((length, 1), np.uint8))
    down = _joined(_pieces(upright, ink.glyph, level=False), ink.glyph)
    grids = tuple(grid.scaled(1 / factor) for grid in _grids(across, down, ink.glyph))
    if not grids:
        return page, ()
    dotted = cv2.dilate(level.dotted | upright.dotted, np.ones((3, 3), np.uint8))
    mask = cv2.resize(dotted, page.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return np.where(mask > 0, 255, page).astype(np.uint8), grids


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ink:
    ink: Grey
    labels: NDArray[np.int32]
    flat: NDArray[np.bool_]
    """For each label, whether its component is flatter than letters are."""
    small: NDArray[np.bool_]
    """Whether it is narrower, too."""
    glyph: float


def _ink(page: Grey) -> _Ink:
    ink = ink_of(page)
    labels, stats = cv2.connectedComponentsWithStats(ink, connectivity=8)[1:3]
    glyph = letter_height(np.asarray(stats[1:], np.int32))
    flat = stats[:, cv2.CC_STAT_HEIGHT] < _DOT * glyph
    flat[0] = False  # the paper
    small = flat & (stats[:, cv2.CC_STAT_WIDTH] < _DOT * glyph)
    return _Ink(ink=ink, labels=np.asarray(labels), flat=flat, small=small, glyph=glyph)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Masks:
    solid: Grey
    dotted: Grey


def _masks(ink: _Ink, dots: NDArray[np.bool_], kernel: Callable[[int], Grey]) -> _Masks:
    """What belongs to rules along `kernel`, of which `dots` says what may be a part."""
    run = kernel(max(1, round(_MIN_RUN * ink.glyph)))
    gap = kernel(max(1, round(_DOT_GAP * ink.glyph)))
    marks = np.where(dots[ink.labels], 255, 0).astype(np.uint8)
    dotted = cv2.morphologyEx(cv2.morphologyEx(marks, cv2.MORPH_CLOSE, gap), cv2.MORPH_OPEN, run)
    return _Masks(
        solid=np.asarray(cv2.morphologyEx(ink.ink, cv2.MORPH_OPEN, run), np.uint8),
        dotted=np.asarray(dotted, np.uint8),
    )


def _pieces(masks: _Masks, glyph: float, *, level: bool) -> list[_Rule]:
    """Thin pieces of rules; a shaded area is none."""
    joined = cv2.dilate(masks.solid | masks.dotted, np.ones((3, 3), np.uint8))
    stats = cv2.connectedComponentsWithStats(joined, connectivity=8)[2][1:]
    return [
        _Rule(at=top + height / 2, start=int(left), end=int(left + width))
        if level
        else _Rule(at=left + width / 2, start=int(top), end=int(top + height))
        for left, top, width, height, _ in stats
        if (height if level else width) <= _MAX_THICKNESS * glyph + 2
    ]


def _joined(pieces: Sequence[_Rule], glyph: float) -> list[_Rule]:
    """Pieces in one line as one rule."""
    rules: list[list[_Rule]] = []
    for piece in sorted(pieces, key=lambda piece: piece.at):
        if rules and piece.at - rules[-1][-1].at <= _SAME_PLACE * glyph:
            rules[-1].append(piece)
        else:
            rules.append([piece])
    return [part for rule in rules for part in _runs(rule, glyph)]


def _runs(pieces: Sequence[_Rule], glyph: float) -> Iterator[_Rule]:
    """One rule for each run without a gap wider than a few letters."""
    run: list[_Rule] = []
    for piece in sorted(pieces, key=lambda piece: piece.start):
        if run and piece.start - max(each.end for each in run) > _MIN_RUN * glyph:
            yield _one(run)
            run = []
        run.append(piece)
    if run:
        yield _one(run)


def _one(run: Sequence[_Rule]) -> _Rule:
    longest = max(run, key=lambda piece: piece.length)
    return _Rule(at=longest.at, start=run[0].start, end=max(piece.end for piece in run))


def _grids(level: Sequence[_Rule], upright: Sequence[_Rule], glyph: float) -> list[Grid]:
    """Tables from top to bottom; the longest upright rule left over says where to look next."""
    grids: list[Grid] = []
    rest = sorted(upright, key=lambda rule: -rule.length)
    while rest:
        first = rest[0]
        beside = [
            rule
            for rule in rest
            if rule.shared(first.start, first.end) >= _SPANS
            and first.shared(rule.start, rule.end) >= _SPANS
        ]
        grid = _grid(level, beside, glyph)
        if grid is not None:
            grids.append(grid)
        rest = [rule for rule in rest if rule not in beside]
    return sorted(grids, key=lambda grid: grid.rows)


def _grid(level: Sequence[_Rule], upright: Sequence[_Rule], glyph: float) -> Grid | None:
    top = min(rule.start for rule in upright) - glyph
    bottom = max(rule.end for rule in upright) + glyph
    across = [rule for rule in level if top <= rule.at <= bottom]
    if not across:
        return None
    columns = _framed([rule.at for rule in upright], across, glyph)
    left, right = columns[0], columns[-1]
    rows = sorted(rule.at for rule in across if rule.shared(left, right) >= _SPANS)
    if len(columns) < _MIN_RULES or len(rows) < _MIN_RULES:
        return None
    partly = (rule for rule in across if _DIVIDES_PARTLY <= rule.shared(left, right) < _SPANS)
    return Grid(
        columns=tuple(round(place) for place in columns),
        rows=tuple(round(place) for place in rows),
        partial=tuple(sorted(round(rule.at) for rule in partly)),
    )


def _framed(columns: Sequence[float], level: Sequence[_Rule], glyph: float) -> list[float]:
    """The upright rules, with the ends of the level ones where a table has no frame beside it."""
    framed = sorted(columns)
    left = statistics.median(rule.start for rule in level)
    right = statistics.median(rule.end for rule in level)
    if left < framed[0] - _MIN_RUN * glyph:
        framed.insert(0, left)
    if right > framed[-1] + _MIN_RUN * glyph:
        framed.append(right)
    return framed
