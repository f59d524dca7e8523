"""Files that are sound, small and within every limit, but cost more time than a page may."""

import io
import random
import zlib
from collections.abc import Iterator

from PIL import Image, ImageDraw, ImageFont

from scripts._hostile.case import Case, file_case
from scripts._hostile.honest import FONT, LINES
from scripts._hostile.pdfs import CATALOG, built, stream

_SIDE = 4_400
"""Pixels; a square of it is just within what a page may have."""
_SEED = 7


def slow_files() -> Iterator[Case]:
    """Long to recognise, and long to decode page by page."""
    yield file_case("slow", "print.png", _print)
    yield file_case("slow", "specks.png", _specks)
    yield file_case("slow", "pages.pdf", lambda: _drawn_slowly(12))


def _print() -> bytes:
    """Six thousand words, smaller than a package leaflet's."""
    page = Image.new("L", (_SIDE, _SIDE), 255)
    pen, font = ImageDraw.Draw(page), ImageFont.truetype(str(FONT), 22)
    line = " ".join(LINES * 10)
    for top in range(20, _SIDE - 30, 34):
        pen.text((20, top), line, font=font, fill=0)
    return _png(page)


def _specks() -> bytes:
    """Black and white noise, in which a recogniser sees letters."""
    noise = random.Random(_SEED).randbytes(_SIDE * _SIDE // 8)  # noqa: S311  # no secret
    sparse = bytes(a | b for a, b in zip(noise, noise[1:] + noise[:1], strict=True))
    return _png(Image.frombytes("1", (_SIDE, _SIDE), sparse))


def _png(page: Image.Image) -> bytes:
    out = io.BytesIO()
    page.save(out, format="PNG", compress_level=1)
    return out.getvalue()


def _drawn_slowly(pages: int) -> bytes:
    """Every page draws the same lines, for some seconds each."""
    lines = zlib.compress(b"0 0 m 612 792 l 0 792 l 612 0 l S\n" * 500_000, 9)
    numbers = range(4, 4 + pages)
    kids = b" ".join(b"%d 0 R" % number for number in numbers)
    tree = b"<</Type/Pages/Count %d/Kids[%s]>>" % (pages, kids)
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 3 0 R>>"
    return built(CATALOG, tree, stream(lines, b"/Filter/FlateDecode"), *[page] * pages)
