"""PDF pages to grey pixels, with their words where the text layer is real. Child process only.

A text layer is taken when it says what the page shows. It is not taken on a scan (a picture over
most of the page: its text is someone else's recognition), when the characters have no meaning
(fonts without a Unicode map) or when they are drawn invisibly. Single words that leave no ink on
the page are dropped: what nobody can see on the paper is not on the paper.
"""

import math
import warnings
from dataclasses import dataclass
from pathlib import Path

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from PIL import Image

from ocr.reading.decoding.pdf_space import Bounds, DisplaySpace
from ocr.reading.decoding.pdf_text import TextLayer, read_text
from ocr.reading.decoding.protocol import (
    DecodeError,
    DecodeRequest,
    DecodeResult,
    FailedPage,
    RawPage,
    TextWord,
)

_POINTS_PER_INCH = 72
_OCR_DPI = 300
_MIN_DPI = 50
"""A page that must be drawn coarser than this to stay within the pixels is no page."""
_SCAN_COVER = 0.5
"""Share of the page under one picture from which on the page is a scan."""
_PICTURE_COVER = 0.04
"""Share from which on a picture may hold text; below it, it is a logo or a signature."""
_MIN_CHARACTERS = 16
_MIN_INK = 40
"""Grey levels between the darkest and the lightest pixel of a word that can be seen."""

_Box = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Picture:
    bounds: Bounds
    dpi: float
    cover: float


def decode_pdf(content: bytes, request: DecodeRequest) -> DecodeResult:
    """Decode the wanted pages. Raises DecodeError when the file as a whole cannot be read."""
    warnings.simplefilter("ignore")
    document = _open(content)
    total = len(document)
    if total > request.max_pages:
        raise DecodeError("limit", f"has {total} pages; {request.max_pages} are allowed")
    if total < 1:
        raise DecodeError("unreadable", "has no pages")
    pages: list[RawPage] = []
    failed: list[FailedPage] = []
    for number in range(request.first, min(request.first + request.count, total + 1)):
        try:
            pages.append(_decode_page(document, number, request))
        except DecodeError as error:
            failed.append(FailedPage(number=number, failure=error.failure, what=error.what))
        except (pdfium.PdfiumError, ValueError):
            what = "is damaged"
            failed.append(FailedPage(number=number, failure="unreadable", what=what))
    return DecodeResult(total=total, pages=tuple(pages), failed=tuple(failed))


def _open(content: bytes) -> pdfium.PdfDocument:
    try:
        document = pdfium.PdfDocument(content)
        document.init_forms()
    except pdfium.PdfiumError as error:
        if error.err_code in {pdfium_c.FPDF_ERR_PASSWORD, pdfium_c.FPDF_ERR_SECURITY}:
            raise DecodeError("encrypted", "is protected with a password") from error
        raise DecodeError("unreadable", "is damaged: it has no readable structure") from error
    return document


def _decode_page(document: pdfium.PdfDocument, number: int, request: DecodeRequest) -> RawPage:
    page = _flattened(document, number - 1)
    space = DisplaySpace.of(page)
    pictures = _pictures(page, space)
    layer = read_text(page, space)
    is_scan = any(picture.cover >= _SCAN_COVER for picture in pictures)
    if is_scan or not _is_real(layer):
        image, dpi = _render(page, _scan_dpi(pictures), request)
        return _raw_page(image, number, dpi, request)
    shown = [picture for picture in pictures if picture.cover >= _PICTURE_COVER]
    image, dpi = _render(page, _OCR_DPI if shown else request.text_dpi, request)
    scale = image.width / page.get_width()
    words = tuple(
        TextWord(text=word.text, box=box)
        for word in layer.words
        if (box := _seen(image, _pixels(word.bounds, scale))) is not None
    )
    boxes = tuple(_pixels(picture.bounds, scale) for picture in shown)
    return _raw_page(image, number, dpi, request, words, boxes)


def _raw_page(
    image: Image.Image,
    number: int,
    dpi: int,
    request: DecodeRequest,
    words: tuple[TextWord, ...] = (),
    pictures: tuple[_Box, ...] = (),
) -> RawPage:
    name = f"page-{number}.grey"
    Path(request.folder, name).write_bytes(image.tobytes())
    return RawPage(
        number=number,
        file=name,
        width=image.width,
        height=image.height,
        dpi=dpi,
        words=words,
        pictures=pictures,
    )


def _flattened(document: pdfium.PdfDocument, index: int) -> pdfium.PdfPage:
    """The page with filled form fields, stamps and notes made part of it, so that text has them."""
    page = document[index]
    if pdfium_c.FPDFPage_GetAnnotCount(page) < 1:
        return page
    if pdfium_c.FPDFPage_Flatten(page, pdfium_c.FLAT_NORMALDISPLAY) == pdfium_c.FLATTEN_SUCCESS:
        page.close()
        return document[index]
    return page


def _pictures(page: pdfium.PdfPage, space: DisplaySpace) -> list[_Picture]:
    page_width, page_height = page.get_size()
    found = []
    for item in page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE], max_depth=4):
        left, top, right, bottom = space.box(*item.get_bounds())
        bounds = (max(left, 0.0), max(top, 0.0), min(right, page_width), min(bottom, page_height))
        width, height = bounds[2] - bounds[0], bounds[3] - bounds[1]
        if width > 0 and height > 0:
            density = math.sqrt(math.prod(item.get_px_size()) / ((right - left) * (bottom - top)))
            cover = width * height / (page_width * page_height)
            found.append(_Picture(bounds=bounds, dpi=density * _POINTS_PER_INCH, cover=cover))
    return found


def _scan_dpi(pictures: list[_Picture]) -> int:
    """The scan's own resolution, so that no pixel is invented; 300 where there is no scan."""
    scans = [picture.dpi for picture in pictures if picture.cover >= _SCAN_COVER]
    return min(_OCR_DPI, max(_MIN_DPI, round(max(scans)))) if scans else _OCR_DPI


def _is_real(layer: TextLayer) -> bool:
    meant = layer.characters - layer.unmapped
    return (
        meant >= _MIN_CHARACTERS
        and layer.unmapped <= 0.02 * layer.characters
        and (layer.invisible <= 0.1 * layer.characters)
    )


def _render(page: pdfium.PdfPage, dpi: int, request: DecodeRequest) -> tuple[Image.Image, int]:
    width, height = page.get_size()
    if not (width > 0 and height > 0):
        raise DecodeError("unreadable", "has a page without size")
    scale = min(dpi / _POINTS_PER_INCH, math.sqrt(request.max_pixels / (width * height)))
    if scale * _POINTS_PER_INCH < _MIN_DPI - 1:
        raise DecodeError("limit", "is larger than any paper")
    bitmap = page.render(scale=scale, grayscale=True, limit_image_cache=True)
    return bitmap.to_pil().convert("L"), round(scale * _POINTS_PER_INCH)


def _pixels(bounds: Bounds, scale: float) -> _Box:
    left, top, right, bottom = (side * scale for side in bounds)
    return math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom)


def _seen(image: Image.Image, box: _Box) -> _Box | None:
    """The box cut to the page, or None when nothing is to be seen there."""
    left, top = max(box[0], 0), max(box[1], 0)
    right, bottom = min(box[2], image.width), min(box[3], image.height)
    if left >= right or top >= bottom:
        return None
    darkest, lightest = image.crop((left, top, right, bottom)).getextrema()
    if not isinstance(darkest, int) or not isinstance(lightest, int):
        return None
    return (left, top, right, bottom) if lightest - darkest >= _MIN_INK else None
