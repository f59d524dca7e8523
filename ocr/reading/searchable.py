"""A searchable PDF: the page as it looks, its words invisibly in their places.

Text render mode 3 (ISO 32000-1, 9.3.6) draws nothing and is found by every search. Each word is
stretched to its box, so that a viewer marks the ink and not some place beside it.
"""

import io

from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.pdfmetrics import registerFont, stringWidth
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from core.words import Document, Page, Word

_POINTS_PER_INCH = 72.0
_INVISIBLE = 3
_FONT = "Vera"
"""It comes with the PDF library, is embedded by need, and knows the letters of Western Europe."""
_BASELINE = 0.22
"""Share of a word's box below the line that its letters stand on, when there are descenders."""


def searchable_pdf(document: Document) -> bytes:
    """All pages of `document` that were read, in order, at their true size."""
    registerFont(TTFont(_FONT, "Vera.ttf"))
    out = io.BytesIO()
    canvas = Canvas(out, pageCompression=1, invariant=1)
    for page, image in zip(document.pages, document.images, strict=True):
        _page(canvas, page, image)
    canvas.save()
    return out.getvalue()


def _page(canvas: Canvas, page: Page, image: bytes) -> None:
    scale = _POINTS_PER_INCH / page.dpi
    width, height = page.width * scale, page.height * scale
    canvas.setPageSize((width, height))
    canvas.drawImage(ImageReader(io.BytesIO(image)), 0, 0, width, height)
    for line in page.lines:
        for word in line.words:
            _word(canvas, word, scale, height)
    canvas.showPage()


def _word(canvas: Canvas, word: Word, scale: float, page_height: float) -> None:
    size = max((word.box.bottom - word.box.top) * scale, 1.0)
    natural = stringWidth(word.text, _FONT, size)
    if natural <= 0:
        return
    text = canvas.beginText()
    text.setTextRenderMode(_INVISIBLE)
    text.setFont(_FONT, size)
    text.setHorizScale(100 * (word.box.right - word.box.left) * scale / natural)
    bottom = page_height - word.box.bottom * scale
    text.setTextOrigin(word.box.left * scale, bottom + _BASELINE * size)
    text.textOut(f"{word.text} ")
    canvas.drawText(text)
