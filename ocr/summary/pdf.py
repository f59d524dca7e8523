"""The one page as PDF: the first side, what stands behind it, and the paper with its boxes.

Numbers are links to the place on the paper, boxes are links back to the line. The same cut as in
HTML (`ocr.summary.front`); a first side that would still run over is scaled down to fit.
"""

import io
from collections.abc import Sequence
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    KeepInFrame,
    PageBreak,
    PageTemplate,
)

from core.history import History
from core.words import Reading
from ocr.summary.alerts import alerts_of
from ocr.summary.front import Front, front_of
from ocr.summary.marks import Mark, links_of, numbered_marks
from ocr.summary.pages import NumberedPage, numbered_pages
from ocr.summary.pdf_parts import Typesetter, register_faces
from ocr.summary.pdf_sections import behind_sections, first_sections

_MARGIN = 10 * mm


def render_pdf(history: History, reading: Reading) -> bytes:
    """An A4 document; the same history and reading give the same bytes."""
    register_faces()
    front = front_of(history, alerts_of(history))
    setter = Typesetter(
        links=links_of(history, reading),
        contradicted=history.contradicted,
        width=A4[0] - 2 * _MARGIN,
    )
    packed = io.BytesIO()
    document = BaseDocTemplate(
        packed, pagesize=A4, title="Patient history", author="Anamnesis", lang="en", invariant=1
    )
    frame = Frame(_MARGIN, _MARGIN, setter.width, A4[1] - 2 * _MARGIN, 0, 0, 0, 0)
    document.addPageTemplates([PageTemplate("side", [frame], onPage=_numbered)])
    document.build([*_sides(history, front, setter), *_paper(history, reading)])
    return packed.getvalue()


def _numbered(canvas: Canvas, document: Any) -> None:
    canvas.saveState()
    canvas.setFont("Vera", 6)
    canvas.drawRightString(A4[0] - _MARGIN, 5 * mm, f"side {document.page}")
    canvas.restoreState()


def _sides(history: History, front: Front, setter: Typesetter) -> list[Any]:
    room = A4[1] - 2 * _MARGIN - 1
    first = first_sections(history, front, setter)
    behind = behind_sections(history, front, setter)
    note = setter.missing_letters()
    return [
        KeepInFrame(setter.width, room, [*first, *note], mode="shrink"),
        PageBreak(),
        *behind,
    ]


def _paper(history: History, reading: Reading) -> list[Any]:
    by_page: dict[tuple[str, int], list[Mark]] = {}
    for mark, key in numbered_marks(history, reading):
        by_page.setdefault(key, []).append(mark)
    dates = {source.document: source.date for source in history.documents}
    found: list[Any] = []
    for key, page in numbered_pages(history, reading).items():
        title = f"{page.page.document}, page {page.page.number} ({dates[key[0]] or 'undated'})"
        found += [PageBreak(), PaperPage(page, title, by_page.get(key, []))]
    return found


class PaperPage(Flowable):  # type: ignore[misc]
    """A page image with its boxes, each a target and a link back to its line."""

    def __init__(self, page: NumberedPage, title: str, marks: Sequence[Mark]) -> None:
        width, height = A4[0] - 2 * _MARGIN, A4[1] - 2 * _MARGIN - 1
        super().__init__()
        self._page, self._title, self._marks = page, title, marks
        self.width, self.height = width, height

    def wrap(self, *_room: float) -> tuple[float, float]:
        return self.width, self.height

    def draw(self) -> None:
        canvas = self.canv
        canvas.setFont("VeraBd", 8)
        canvas.drawString(0, self.height - 8, Typesetter.plain(self._title))
        room = self.height - 14
        scale = min(
            self.width / max(self._page.page.width, 1), room / max(self._page.page.height, 1)
        )
        width, height = self._page.page.width * scale, self._page.page.height * scale
        bottom = room - height
        self._image(width, height, bottom)
        canvas.setLineWidth(0.5)
        for mark in self._marks:
            self._box(mark, width, height, bottom)

    def _image(self, width: float, height: float, bottom: float) -> None:
        image = ImageReader(io.BytesIO(self._page.image))
        self.canv.drawImage(image, 0, bottom, width, height)
        self.canv.setStrokeColorRGB(0.55, 0.58, 0.62)
        self.canv.rect(0, bottom, width, height)

    def _box(self, mark: Mark, width: float, height: float, bottom: float) -> None:
        left, top = mark.left / 100 * width, bottom + height - mark.top / 100 * height
        wide, high = mark.width / 100 * width, mark.height / 100 * height
        self.canv.setStrokeColorRGB(0.11, 0.4, 0.71)
        self.canv.rect(left, top - high, wide, high)
        x, y = self.canv.absolutePosition(0, top + 60)
        self.canv.bookmarkPage(f"e{mark.number}", fit="XYZ", left=x, top=y)
        self.canv.linkRect(
            mark.quote, mark.fact, (left, top - high, left + wide, top), relative=1, thickness=0
        )
