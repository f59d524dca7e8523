"""Placed marks, the pen that places them, and the text of a page read back from them.

Coordinates are PDF points from the top left corner, y downwards to the baseline. The text that
goes into the truth is read back from the placed marks, so it cannot differ from what is drawn.
"""

from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import reportlab
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from scripts._paper.model import BLACK, Ink, Look

REGULAR, BOLD, ITALIC = "Vera", "VeraBd", "VeraIt"


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


@dataclass(slots=True, kw_only=True)
class Pen:
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
