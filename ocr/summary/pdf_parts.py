"""Type, links and small drawings for the PDF."""

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any

import reportlab
from reportlab.lib.colors import HexColor
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Paragraph, Table, TableStyle

from core.facts import Fact
from ocr.summary.sparkline import HEIGHT, WIDTH, Sparkline

INK, RED, BLUE, GREY, GREEN = "#16191d", "#8f1018", "#0b4a8f", "#4a525b", "#cfe5cf"
_FACES = {"Vera": "Vera.ttf", "VeraBd": "VeraBd.ttf"}
_SMALL = 6.2
_SIZE = 7.7
_TREND = 0.35
"""Size of a trend beside the page's."""


def register_faces() -> None:
    """Make the faces of the reportlab wheel (Bitstream Vera) known; embedded in part."""
    folder = Path(reportlab.__file__).parent / "fonts"
    for name, file in _FACES.items():
        if name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(name, folder / file))
    pdfmetrics.registerFontFamily("Vera", normal="Vera", bold="VeraBd")


class Typesetter:
    """Makes paragraphs and tables; knows the number of each fact's places."""

    def __init__(
        self, *, links: Mapping[str, Sequence[int]], contradicted: Collection[str], width: float
    ) -> None:
        self.width = width
        self._contradicted = contradicted
        self._links = links
        self._lost = False

    @staticmethod
    def plain(text: str) -> str:
        """`text` in letters that the face has: others as their base letter, else "?"."""
        known = pdfmetrics.getFont("Vera").face.charToGlyph
        found = []
        for letter in text:
            base = letter if ord(letter) in known else unicodedata.normalize("NFKD", letter)[0]
            found.append(base if ord(base) in known else "?")
        return "".join(found)

    def text(self, words: object) -> str:
        """Words of the paper as markup: escaped, in letters that the face has."""
        told = str(words)
        plain = self.plain(told)
        self._lost = self._lost or plain != told
        return escape(plain, quote=False)

    def missing_letters(self) -> list[Any]:
        """A note when letters had to be replaced."""
        note = "Some letters of the paper are not in the type of this file; history.html has them."
        return [self.paragraph(escape(note), size=6, color=GREY)] if self._lost else []

    def target(self, fact: Fact) -> str:
        """The place to which a box on the paper leads back."""
        return f'<a name="{fact.id}"/>'

    def source(self, fact: Fact) -> str:
        """Links to the fact's places: the first by number, how many more."""
        numbers = self._links.get(fact.id, ())
        first = "".join(
            f' <a href="#e{n}" color="{BLUE}"><font size="5.6">{n}</font></a>' for n in numbers[:1]
        )
        more = f'<font size="5.6" color="{GREY}">+{len(numbers) - 1}</font>'
        return first + (more if len(numbers) > 1 else "")

    def check(self, fact: Fact) -> str:
        """A mark on what is doubtful, and who corrected it."""
        marks = (("check", fact.check), ("contradicted", fact.id in self._contradicted))
        doubt = "".join(
            f' <font size="6" color="#6b4500"><b>[{mark}]</b></font>'
            for mark, holds in marks
            if holds
        )
        return doubt + (f" {self.small(fact.corrected)}" if fact.corrected else "")

    def small(self, words: object) -> str:
        return f'<font size="{_SMALL}" color="{GREY}">{self.text(words)}</font>' if words else ""

    def span(self, words: str, width: float) -> str:
        """Small words such as 12.0-15.5, broken only after a hyphen: half a number misleads."""
        fits = pdfmetrics.stringWidth(self.plain(words), "Vera", _SMALL) <= width
        return self.small(words if fits else words.replace("-", "- "))

    def paragraph(self, markup: str, *, size: float = _SIZE, color: str = INK) -> Paragraph:
        style = ParagraphStyle(
            "line",
            fontName="Vera",
            fontSize=size,
            leading=size * 1.2,
            textColor=HexColor(color),
            spaceShrinkage=0,  # links do not move with the words of a line that is squeezed
        )
        return Paragraph(markup, style)

    def heading(self, words: str, *, size: float = 8.6) -> Table:
        """A heading over a rule."""
        bold = self.paragraph(f"<b>{escape(words)}</b>", size=size)
        return self.table([[bold]], [1], rule=1.2, room=0.8, above=3)

    def table(
        self,
        rows: Sequence[Sequence[Any]],
        shares: Sequence[float],
        *,
        width: float | None = None,
        rule: float = 0.3,
        room: float = 0.8,
        above: float = 0,
        repeat: int = 0,
    ) -> Table:
        """Rows with lines under them; `shares` of the width for each column."""
        whole = width or self.width
        columns = [whole * share / sum(shares) for share in shares]
        style = [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 3),
            ("TOPPADDING", (0, 0), (-1, -1), room),
            ("BOTTOMPADDING", (0, 0), (-1, -1), room),
            ("LINEBELOW", (0, 0), (-1, -1), rule, HexColor("#8b949e")),
        ]
        return Table(rows, columns, style=TableStyle(style), spaceBefore=above, repeatRows=repeat)

    def beside(self, parts: Sequence[Sequence[Any]], *, gap: float = 9) -> Table:
        """Parts next to one another, top aligned; each was set for `share(len(parts))`."""
        style = [
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-2, -1), gap),
            ("TOPPADDING", (0, 0), (-1, -1), 0),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
        ]
        widths = [self.width / len(parts)] * len(parts)
        return Table([list(parts)], widths, style=TableStyle(style))

    def share(self, parts: int, *, gap: float = 9) -> float:
        """The width of one of `parts` that stand next to one another."""
        return self.width / parts - gap

    def box(self, words: str, lines: Sequence[Any], *, color: str, fill: str) -> Table:
        """A framed section."""
        title = self.paragraph(f"<b>{escape(words)}</b>", size=8.6, color=color)
        style = [
            ("BOX", (0, 0), (-1, -1), 1.2, HexColor(color)),
            ("LINEBEFORE", (0, 0), (0, -1), 4, HexColor(color)),
            ("BACKGROUND", (0, 0), (-1, -1), HexColor(fill)),
            ("LEFTPADDING", (0, 0), (-1, -1), 7),
            ("TOPPADDING", (0, 0), (-1, -1), 0.8),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 0.8),
        ]
        rows = [[title], *([line] for line in lines)]
        return Table(rows, [self.width], style=TableStyle(style), spaceBefore=3)

    @property
    def inside(self) -> float:
        """The width inside a box."""
        return self.width - 14


class TrendDrawing(Flowable):  # type: ignore[misc]
    """A test over time, with the reference band behind it."""

    def __init__(self, drawing: Sparkline) -> None:
        super().__init__()
        self.width, self.height = WIDTH * _TREND, HEIGHT * _TREND
        self._drawing = drawing

    def draw(self) -> None:
        canvas = self.canv
        canvas.scale(_TREND, _TREND)
        if band := self._drawing.band:
            canvas.setFillColor(HexColor(GREEN))
            canvas.rect(0, HEIGHT - band[0] - band[1], WIDTH, band[1], stroke=0, fill=1)
        canvas.setStrokeColor(HexColor(INK))
        canvas.setFillColor(HexColor(INK))
        dots = [(x, HEIGHT - y) for x, y in self._drawing.dots]
        canvas.lines([(*a, *b) for a, b in pairwise(dots)])
        for x, y in dots[:-1]:
            canvas.circle(x, y, 1.6, stroke=0, fill=1)
        canvas.circle(*dots[-1], 2.6, stroke=0, fill=1)
