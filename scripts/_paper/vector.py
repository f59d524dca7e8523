"""Placed pages to PDF, and PDF to pixels. There is one drawing, so every form shows the same."""

from collections.abc import Iterator, Sequence
from io import BytesIO

import pypdfium2 as pdfium
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from scripts._paper.marks import Fill, Placed, Run, Stroke

POINTS_PER_INCH = 72


def pdf(pages: Sequence[Placed], *, title: str, author: str) -> bytes:
    """A born-digital PDF. Its bytes depend on nothing but the arguments."""
    stream = BytesIO()
    canvas = _canvas(stream, title, author)
    for page in pages:
        canvas.setPageSize(page.size)
        _draw(page, canvas)
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def image_pdf(jpegs: Sequence[bytes], *, size: tuple[float, float], title: str) -> bytes:
    """A PDF without text: one JPEG a page, `size` in points, as a scanner's software makes it."""
    stream = BytesIO()
    canvas = _canvas(stream, title, "")
    for jpeg in jpegs:
        canvas.setPageSize(size)
        canvas.drawImage(ImageReader(BytesIO(jpeg)), 0, 0, *size)
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def pixels(pages: Sequence[Placed], *, dpi: int) -> Iterator[Image.Image]:
    """The pages as RGB images at `dpi`."""
    document = pdfium.PdfDocument(pdf(pages, title="", author=""))
    try:
        for page in document:
            yield page.render(scale=dpi / POINTS_PER_INCH).to_pil().convert("RGB")
    finally:
        document.close()


def _canvas(stream: BytesIO, title: str, author: str) -> Canvas:
    # Uncompressed, because the bytes zlib makes differ between its versions and forks.
    canvas = Canvas(stream, invariant=1, pageCompression=0)
    canvas.setTitle(title)
    canvas.setAuthor(author)
    return canvas


def _draw(page: Placed, canvas: Canvas) -> None:
    for fill in page.fills:
        _fill(fill, page.size[1], canvas)
    for stroke in page.strokes:
        _stroke(stroke, page.size[1], canvas)
    for run in page.runs:
        _run(run, page.size[1], canvas)


def _fill(fill: Fill, height: float, canvas: Canvas) -> None:
    canvas.setFillColorRGB(*fill.ink)
    canvas.rect(
        fill.left, height - fill.top - fill.height, fill.width, fill.height, stroke=0, fill=1
    )


def _stroke(stroke: Stroke, height: float, canvas: Canvas) -> None:
    canvas.setStrokeColorRGB(*stroke.ink)
    canvas.setLineWidth(stroke.width)
    path = canvas.beginPath()
    path.moveTo(stroke.points[0][0], height - stroke.points[0][1])
    for x, y in stroke.points[1:]:
        path.lineTo(x, height - y)
    canvas.drawPath(path)


def _run(run: Run, height: float, canvas: Canvas) -> None:
    text = canvas.beginText(run.x, height - run.y)
    text.setFont(run.font, run.size)
    text.setHorizScale(run.stretch * 100)
    text.setFillColorRGB(*run.ink)
    text.textOut(run.text)
    canvas.drawText(text)
