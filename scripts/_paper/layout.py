"""From the document model to placed marks: one drawing for each kind of block."""

import math
import random
from functools import singledispatch

from scripts._paper import model
from scripts._paper.marks import BOLD, REGULAR, Fill, Pen, Placed, register_fonts
from scripts._paper.model import Ink, Look

_GREY: Ink = (0.36, 0.36, 0.4)
_PEN: Ink = (0.12, 0.16, 0.45)


def place(sheet: model.Sheet, size: tuple[float, float], look: Look) -> Placed:
    """Lay one page out. Raises ValueError when its blocks reach into the footer."""
    register_fonts()
    pen = Pen(size=size, look=look)
    for block in sheet.blocks:
        _draw(block, pen)
    foot = size[1] - 26
    if pen.y > foot - 8:
        raise ValueError(f"the page is {pen.y - foot + 8:.0f} points too long")
    width = pen.width(sheet.footer, REGULAR, 6.5)
    pen.run((size[0] - width) / 2, foot, sheet.footer, size=6.5, ink=_GREY)
    return Placed(
        size=size, fills=tuple(pen.fills), strokes=tuple(pen.strokes), runs=tuple(pen.runs)
    )


@singledispatch
def _draw(block: object, pen: Pen) -> None:  # noqa: ARG001
    raise TypeError(f"no drawing for {type(block).__name__}")


@_draw.register
def _letterhead(block: model.Letterhead, pen: Pen) -> None:
    {"left": _letterhead_left, "centre": _letterhead_centre, "bar": _letterhead_bar}[
        pen.look.header
    ](block, pen)


def _letterhead_left(block: model.Letterhead, pen: Pen) -> None:
    accent = pen.look.accent
    for corner in ((0, 9), (9, 0), (9, 9), (9, 18), (18, 9)):
        pen.fills.append(
            Fill(
                left=pen.left + corner[0], top=pen.y + corner[1] - 9, width=8, height=8, ink=accent
            )
        )
    pen.run(pen.left + 36, pen.y + 8, block.name, font=BOLD, size=15, ink=accent)
    for number, line in enumerate(block.lines):
        pen.run(pen.left + 36, pen.y + 23 + number * 11, line, size=8)
    pen.y += 24 + len(block.lines) * 11
    pen.rule(pen.y, width=1.4, ink=accent)
    pen.y += 24


def _letterhead_centre(block: model.Letterhead, pen: Pen) -> None:
    middle = pen.size[0] / 2
    width = pen.width(block.name, BOLD, 15)
    pen.run(middle - width / 2, pen.y + 8, block.name, font=BOLD, size=15, ink=pen.look.accent)
    for number, line in enumerate(block.lines):
        width = pen.width(line, REGULAR, 8)
        pen.run(middle - width / 2, pen.y + 23 + number * 11, line, size=8)
    pen.y += 22 + len(block.lines) * 11
    pen.rule(pen.y, width=0.6)
    pen.rule(pen.y + 2.4, width=0.6)
    pen.y += 24


def _letterhead_bar(block: model.Letterhead, pen: Pen) -> None:
    accent = pen.look.accent
    pen.fills.append(Fill(left=0, top=0, width=pen.size[0], height=9, ink=accent))
    pen.run(pen.left, pen.y + 8, block.name, font=BOLD, size=16, ink=accent)
    for number, line in enumerate(block.lines):
        pen.run(pen.left, pen.y + 23 + number * 11, line, size=8)
    pen.y += 38 + len(block.lines) * 11


@_draw.register
def _fax_line(block: model.FaxLine, pen: Pen) -> None:
    step = (pen.size[0] - 72) / len(block.cells)
    for number, cell in enumerate(block.cells):
        pen.run(36 + number * step, 20, cell, size=8)
    pen.y = 52


@_draw.register
def _title(block: model.Title, pen: Pen) -> None:
    size = pen.look.size + 3
    pen.run(pen.left, pen.y, block.text, font=BOLD, size=size)
    pen.y += size * 1.6


@_draw.register
def _heading(block: model.Heading, pen: Pen) -> None:
    pen.y += pen.look.size * 0.7
    pen.run(pen.left, pen.y, block.text, font=BOLD, size=pen.look.size + 0.8, ink=pen.look.accent)
    pen.y += pen.line * 1.05


@_draw.register
def _fields(block: model.Fields, pen: Pen) -> None:
    for row in block.rows:
        step = (pen.right - pen.left) / len(row)
        for number, (label, value) in enumerate(row):
            x = pen.left + number * step
            end = pen.run(x, pen.y, f"{label}:", font=BOLD)
            pen.run(end + pen.look.size * 0.4, pen.y, value)
        pen.y += pen.line * 1.08
    pen.y += pen.line * 0.5


@_draw.register
def _paragraph(block: model.Paragraph, pen: Pen) -> None:
    size = pen.look.size - 1.5 if block.small else pen.look.size
    for line in pen.wrap(block.text, pen.right - pen.left, REGULAR, size):
        pen.run(pen.left, pen.y, line, size=size)
        pen.y += size * pen.look.leading
    pen.y += size * 0.45


@_draw.register
def _items(block: model.Items, pen: Pen) -> None:
    for number, (first, *rest) in enumerate(block.items, start=1):
        pen.run(pen.left, pen.y, f"{number}.", font=BOLD)
        pen.run(pen.left + 18, pen.y, first, font=BOLD)
        pen.y += pen.line
        for text in rest:
            for line in pen.wrap(text, pen.right - pen.left - 18, REGULAR, pen.look.size):
                pen.run(pen.left + 18, pen.y, line)
                pen.y += pen.line
        pen.y += pen.line * 0.4


@_draw.register
def _table(block: model.Table, pen: Pen) -> None:
    height = pen.look.size * block.air
    width = pen.right - pen.left
    edges = [pen.left + width * sum(block.shares[:n]) for n in range(len(block.shares) + 1)]
    top = pen.y - pen.look.size
    for number, row in enumerate((block.header, *block.rows)):
        _band(number, top, height, pen)
        baseline = top + height / 2 + pen.look.size * 0.36
        for x, cell, right in zip(edges, row, edges[1:], strict=False):
            end = pen.run(x + 4, baseline, cell, font=BOLD if number == 0 else REGULAR)
            if end > right:
                raise ValueError(f"{cell!r} is {end - right:.0f} points wider than its column")
        top += height
    _grid(edges, len(block.rows) + 1, height, pen)
    pen.y = top + pen.line * 1.2


def _band(number: int, top: float, height: float, pen: Pen) -> None:
    shaded = number == 0 if pen.look.grid == "boxes" else number % 2 == 0
    if pen.look.grid != "rules" and shaded:
        ink = (0.86, 0.88, 0.91) if number == 0 else (0.945, 0.955, 0.965)
        pen.fills.append(
            Fill(left=pen.left, top=top, width=pen.right - pen.left, height=height, ink=ink)
        )


def _grid(edges: list[float], rows: int, height: float, pen: Pen) -> None:
    top = pen.y - pen.look.size
    lines = range(rows + 1) if pen.look.grid == "boxes" else (0, 1, rows)
    for line in lines:
        pen.rule(top + line * height, width=0.8 if line in (0, 1, rows) else 0.4)
    if pen.look.grid == "boxes":
        for x in edges:
            pen.stroke(((x, top), (x, top + rows * height)), width=0.5)


@_draw.register
def _trace(block: model.Trace, pen: Pen) -> None:
    top, step = pen.y, 7.09  # 2.5 mm; ECG paper has heavy lines every 5 mm
    columns = int((pen.right - pen.left) / step)
    for column in range(columns + 1):
        x = pen.left + column * step
        pen.stroke(((x, top), (x, top + block.height)), width=0.7 - 0.4 * (column % 2), ink=_PINK)
    for row in range(int(block.height / step) + 1):
        y = top + row * step
        pen.stroke(
            ((pen.left, y), (pen.left + columns * step, y)), width=0.7 - 0.4 * (row % 2), ink=_PINK
        )
    beat = columns * step / block.beats
    base = top + block.height * 0.68
    points = tuple(
        (pen.left + (n + at) * beat, base - up * block.height * 0.55)
        for n in range(block.beats)
        for at, up in _BEAT
    )
    pen.stroke(points, width=0.9)
    pen.y += block.height + pen.line * 1.6


_PINK: Ink = (0.96, 0.78, 0.78)


def _wave(start: float, end: float, height: float) -> tuple[tuple[float, float], ...]:
    """A smooth hump, as the P and T waves are."""
    steps = 12
    return tuple(
        (start + (end - start) * n / steps, height * (1 - math.cos(math.tau * n / steps)) / 2)
        for n in range(steps + 1)
    )


_BEAT = (
    (0.0, 0.0),
    *_wave(0.14, 0.29, 0.12),
    *((0.37, 0.0), (0.39, -0.09), (0.415, 1.0), (0.44, -0.24), (0.46, 0.0)),
    *_wave(0.56, 0.8, 0.22),
)
"""(share of the beat, height over the R wave): P wave, QRS complex, T wave."""


@_draw.register
def _signature(block: model.Signature, pen: Pen) -> None:
    pen.y += 34
    pen.stroke(_scribble(block.seed, pen.left + 8, pen.y - 9), width=1.0, ink=_PEN)
    pen.stroke(((pen.left, pen.y), (pen.left + 170, pen.y)), width=0.6)
    if block.stamp:
        _stamp(pen)
    for line in block.lines:
        pen.y += pen.line
        pen.run(pen.left, pen.y, line)
    pen.y += pen.line


def _scribble(seed: int, x: float, y: float) -> tuple[tuple[float, float], ...]:
    """A flowing hand that spells nothing: loops whose height and pace wander."""
    dice = random.Random(seed)  # noqa: S311 - ornament, and the same one every time
    height, pace, across, turn, points = 14.0, 1.2, 0.0, 0.0, []
    for step in range(130):
        turn += dice.uniform(0.24, 0.42)
        height = max(2.0, min(16.0, height + dice.uniform(-1.9, 1.75)))
        pace = max(0.5, min(1.5, pace + dice.uniform(-0.2, 0.2)))
        across += pace
        lean = math.sin(turn) * height * 0.3
        points.append(
            (
                x + across + math.cos(turn) * 3.5 + lean,
                y - math.sin(turn) * height * 0.6 - step * 0.03,
            )
        )
    return tuple(points)


def _stamp(pen: Pen) -> None:
    """A round rubber stamp without a word in it."""
    centre = (pen.right - 60, pen.y + 4)
    for radius, width in ((30, 1.6), (24, 0.7)):
        ring = tuple(
            (centre[0] + radius * math.cos(a / 9), centre[1] + radius * math.sin(a / 9))
            for a in range(58)
        )
        pen.stroke(ring, width=width, ink=_PEN)
    star = tuple(
        (centre[0] + r * math.sin(a * 0.6283), centre[1] - r * math.cos(a * 0.6283))
        for a in range(11)
        for r in [15 if a % 2 == 0 else 7]
    )
    pen.stroke(star, width=1.1, ink=_PEN)


@_draw.register
def _gap(block: model.Gap, pen: Pen) -> None:
    pen.y += block.height
