"""From the document model to placed marks, and from placed marks to the text of a page.

Coordinates are PDF points from the top left corner, y downwards to the baseline. The text that
goes into the truth is read back from the placed marks, so it cannot differ from what is drawn.
"""

import math
import random
from dataclasses import dataclass, field
from functools import singledispatch
from itertools import groupby
from pathlib import Path

import reportlab
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from scripts._paper import model
from scripts._paper.model import BLACK, Ink, Look

REGULAR, BOLD, ITALIC = "Vera", "VeraBd", "VeraIt"
_GREY: Ink = (0.55, 0.55, 0.58)
_PEN: Ink = (0.12, 0.16, 0.45)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A string on one baseline."""

    x: float
    y: float
    text: str
    font: str
    size: float
    stretch: float
    ink: Ink


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """A polyline."""

    points: tuple[tuple[float, float], ...]
    width: float
    ink: Ink


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """A filled rectangle."""

    left: float
    top: float
    width: float
    height: float
    ink: Ink


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """One page, ready to draw: fills lie below strokes, strokes below runs."""

    size: tuple[float, float]
    fills: tuple[Fill, ...]
    strokes: tuple[Stroke, ...]
    runs: tuple[Run, ...]

    @property
    def text(self) -> str:
        """The runs in reading order: rows from the top, cells of a row joined by a space."""
        ordered = sorted(self.runs, key=lambda run: (round(run.y, 1), run.x))
        rows = groupby(ordered, key=lambda run: round(run.y, 1))
        return "\n".join(" ".join(run.text for run in row) for _, row in rows)


def register_fonts() -> None:
    """Make the faces of the reportlab wheel (Bitstream Vera) known to reportlab."""
    folder = Path(reportlab.__file__).parent / "fonts"
    for name in (REGULAR, BOLD, ITALIC):
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, folder / f"{name}.ttf"))


def place(sheet: model.Sheet, size: tuple[float, float], look: Look) -> Placed:
    """Lay one page out. Raises ValueError when its blocks reach into the footer."""
    register_fonts()
    pen = _Pen(size=size, look=look)
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


@dataclass(slots=True, kw_only=True)
class _Pen:
    """Where the next block goes, and what has been put down so far."""

    size: tuple[float, float]
    look: Look
    y: float = 40
    fills: list[Fill] = field(default_factory=list)
    strokes: list[Stroke] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)

    @property
    def left(self) -> float:
        return self.look.margin

    @property
    def right(self) -> float:
        return self.size[0] - self.look.margin

    @property
    def line(self) -> float:
        return self.look.size * self.look.leading

    def width(self, text: str, font: str, size: float) -> float:
        return float(pdfmetrics.stringWidth(text, font, size)) * self.look.stretch

    def run(
        self,
        x: float,
        y: float,
        text: str,
        *,
        font: str = REGULAR,
        size: float | None = None,
        ink: Ink = BLACK,
    ) -> float:
        """Put a string down; returns where it ends."""
        size = size or self.look.size
        end = x + self.width(text, font, size)
        if end > self.size[0] - 8:
            raise ValueError(f"a line ends {end - self.size[0]:.0f} points beyond the paper")
        if text:
            self.runs.append(
                Run(x=x, y=y, text=text, font=font, size=size, stretch=self.look.stretch, ink=ink)
            )
        return end

    def rule(self, y: float, *, width: float = 0.7, ink: Ink = BLACK) -> None:
        self.stroke(((self.left, y), (self.right, y)), width=width, ink=ink)

    def stroke(
        self, points: tuple[tuple[float, float], ...], *, width: float = 0.7, ink: Ink = BLACK
    ) -> None:
        self.strokes.append(Stroke(points=points, width=width, ink=ink))

    def wrap(self, text: str, width: float, font: str, size: float) -> list[str]:
        lines: list[str] = []
        for word in text.split():
            longer = f"{lines[-1]} {word}" if lines else word
            if lines and self.width(longer, font, size) <= width:
                lines[-1] = longer
            else:
                lines.append(word)
        return lines


@singledispatch
def _draw(block: object, pen: _Pen) -> None:  # noqa: ARG001
    raise TypeError(f"no drawing for {type(block).__name__}")


@_draw.register
def _letterhead(block: model.Letterhead, pen: _Pen) -> None:
    {"left": _letterhead_left, "centre": _letterhead_centre, "bar": _letterhead_bar}[
        pen.look.header
    ](block, pen)


def _letterhead_left(block: model.Letterhead, pen: _Pen) -> None:
    accent = pen.look.accent
    for corner in ((0, 9), (9, 0), (9, 9), (9, 18), (18, 9)):
        pen.fills.append(
            Fill(left=pen.left + corner[0], top=pen.y + corner[1] - 9, width=8, height=8, ink=accent)
        )
    pen.run(pen.left + 36, pen.y + 8, block.name, font=BOLD, size=15, ink=accent)
    for number, line in enumerate(block.lines):
        pen.run(pen.left + 36, pen.y + 23 + number * 11, line, size=8)
    pen.y += 24 + len(block.lines) * 11
    pen.rule(pen.y, width=1.4, ink=accent)
    pen.y += 24


def _letterhead_centre(block: model.Letterhead, pen: _Pen) -> None:
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


def _letterhead_bar(block: model.Letterhead, pen: _Pen) -> None:
    accent = pen.look.accent
    pen.fills.append(Fill(left=0, top=0, width=pen.size[0], height=9, ink=accent))
    pen.run(pen.left, pen.y + 8, block.name, font=BOLD, size=16, ink=accent)
    for number, line in enumerate(block.lines):
        pen.run(pen.left, pen.y + 23 + number * 11, line, size=8)
    pen.y += 38 + len(block.lines) * 11


@_draw.register
def _fax_line(block: model.FaxLine, pen: _Pen) -> None:
    step = (pen.size[0] - 72) / len(block.cells)
    for number, cell in enumerate(block.cells):
        pen.run(36 + number * step, 20, cell, size=8)
    pen.y = 52


@_draw.register
def _title(block: model.Title, pen: _Pen) -> None:
    size = pen.look.size + 3
    pen.run(pen.left, pen.y, block.text, font=BOLD, size=size)
    pen.y += size * 1.6


@_draw.register
def _heading(block: model.Heading, pen: _Pen) -> None:
    pen.y += pen.look.size * 0.7
    pen.run(pen.left, pen.y, block.text, font=BOLD, size=pen.look.size + 0.8, ink=pen.look.accent)
    pen.y += pen.line * 1.05


@_draw.register
def _fields(block: model.Fields, pen: _Pen) -> None:
    for row in block.rows:
        step = (pen.right - pen.left) / len(row)
        for number, (label, value) in enumerate(row):
            x = pen.left + number * step
            end = pen.run(x, pen.y, f"{label}:", font=BOLD)
            pen.run(end + pen.look.size * 0.4, pen.y, value)
        pen.y += pen.line * 1.08
    pen.y += pen.line * 0.5


@_draw.register
def _paragraph(block: model.Paragraph, pen: _Pen) -> None:
    size = pen.look.size - 1.5 if block.small else pen.look.size
    for line in pen.wrap(block.text, pen.right - pen.left, REGULAR, size):
        pen.run(pen.left, pen.y, line, size=size)
        pen.y += size * pen.look.leading
    pen.y += size * 0.45


@_draw.register
def _items(block: model.Items, pen: _Pen) -> None:
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
def _table(block: model.Table, pen: _Pen) -> None:
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


def _band(number: int, top: float, height: float, pen: _Pen) -> None:
    shaded = number == 0 if pen.look.grid == "boxes" else number % 2 == 0
    if pen.look.grid != "rules" and shaded:
        ink = (0.86, 0.88, 0.91) if number == 0 else (0.945, 0.955, 0.965)
        pen.fills.append(
            Fill(left=pen.left, top=top, width=pen.right - pen.left, height=height, ink=ink)
        )


def _grid(edges: list[float], rows: int, height: float, pen: _Pen) -> None:
    top = pen.y - pen.look.size
    lines = range(rows + 1) if pen.look.grid == "boxes" else (0, 1, rows)
    for line in lines:
        pen.rule(top + line * height, width=0.8 if line in (0, 1, rows) else 0.4)
    if pen.look.grid == "boxes":
        for x in edges:
            pen.stroke(((x, top), (x, top + rows * height)), width=0.5)


@_draw.register
def _trace(block: model.Trace, pen: _Pen) -> None:
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
_BEAT = (
    *((0.0, 0.0), (0.14, 0.0), (0.18, 0.1), (0.22, 0.13), (0.26, 0.1), (0.3, 0.0), (0.37, 0.0)),
    *((0.39, -0.09), (0.42, 1.0), (0.45, -0.24), (0.47, 0.0), (0.58, 0.01), (0.64, 0.12)),
    *((0.7, 0.22), (0.75, 0.2), (0.8, 0.06), (0.84, 0.0)),
)
"""(share of the beat, height over the R wave): P wave, QRS complex, T wave."""


@_draw.register
def _signature(block: model.Signature, pen: _Pen) -> None:
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
    height, points = 9.0, []
    for step in range(90):
        turn = step * 0.36
        height = max(2.5, min(12.0, height + dice.uniform(-1.2, 1.1)))
        across = step * 1.25 + math.cos(turn) * 4.5
        points.append((x + across, y - math.sin(turn) * height * 0.6 - step * 0.03))
    return tuple(points)


def _stamp(pen: _Pen) -> None:
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
def _gap(block: model.Gap, pen: _Pen) -> None:
    pen.y += block.height
