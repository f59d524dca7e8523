"""PDFs that unpack, recurse, grow or lie; and those that ask for a password."""

import io
import zlib
from collections.abc import Iterator

from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen import canvas

from scripts._hostile.case import Case, file_case
from scripts._hostile.honest import pdf

CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"
_PAGES = b"<</Type/Pages/Count 1/Kids[3 0 R]>>"
_PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R%s>>"
_BOXES = {
    "huge": b"0 0 1000000000 1000000000",
    "wide": b"0 0 2000000 1",
    "empty": b"0 0 0 0",
    "negative": b"0 0 -612 -792",
    "upside-down": b"612 792 0 0",
    "far": b"1e30 1e30 2e30 2e30",
    "overflow": b"0 0 99999999999999999999999 99999999999999999999999",
    "words": b"/a /b /c /d",
    "short": b"0 0",
}


def hostile_pdfs() -> Iterator[Case]:
    """Bombs, loops, boxes, thousands of pages, encryption."""
    yield from _bombs()
    yield from _loops()
    for name, box in _BOXES.items():
        page = _PAGE.replace(b"0 0 612 792", box)
        yield file_case("boxes", f"{name}.pdf", built(CATALOG, _PAGES, page % b"", stream(b"")))
    unit = built(CATALOG, _PAGES, _PAGE % b"/UserUnit 100000", stream(b""))
    yield file_case("boxes", "unit.pdf", unit)
    yield from _many()
    yield from _encrypted()


def stream(content: bytes, entries: bytes = b"") -> bytes:
    """A stream object."""
    head = b"<</Length %d%s>>" % (len(content), entries)
    return head + b"stream\n" + content + b"\nendstream"


def built(*objects: bytes, trailer: bytes = b"") -> bytes:
    """A file of these objects, numbered from 1; the first is the catalogue."""
    out, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    head = b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
    end = b"trailer<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF"
    return out + head + end % (size, trailer, len(out))


def packed(block: bytes, times: int, rounds: int = 1) -> bytes:
    """`block` so many times, deflated; the result is packed again `rounds` - 1 times.

    Only two blocks go through the packer: after a full flush it forgets what came before, so that
    the second one's bytes can be repeated, which takes a tenth of the time.
    """
    packer = zlib.compressobj(9)
    first = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    again = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = 1
    for _ in range(times):
        checksum = zlib.adler32(block, checksum)
    end = packer.flush()[:-4] + checksum.to_bytes(4, "big")
    content = first + again * (times - 1) + end
    for _ in range(rounds - 1):
        content = zlib.compress(content, 9)
    return content


def _page_of(content: bytes, entries: bytes = b"/Filter/FlateDecode") -> bytes:
    return built(CATALOG, _PAGES, _PAGE % b"", stream(content, entries))


def _bombs() -> Iterator[Case]:
    blank = b" " * (1 << 20)
    yield file_case("bomb", "flate.pdf", lambda: _page_of(packed(blank, 1500)))
    twice = b"/Filter[/FlateDecode/FlateDecode]"
    yield file_case("bomb", "flate-twice.pdf", lambda: _page_of(packed(blank, 3000, 2), twice))
    yield from _drawn_bombs()


def _drawn_bombs() -> Iterator[Case]:
    strokes = b"0 0 m 612 792 l 0 792 l 612 0 l S\n" * 30_000
    yield file_case("bomb", "strokes.pdf", lambda: _page_of(packed(strokes, 40)))
    words = b"BT /F1 12 Tf 10 10 Td (Metformin 500 mg) Tj ET\n" * 20_000
    font = b"/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>"
    yield file_case(
        "bomb",
        "words.pdf",
        lambda: built(
            CATALOG, _PAGES, _PAGE % font, stream(packed(words, 10), b"/Filter/FlateDecode")
        ),
    )
    state = b"q " * (4 << 20)
    yield file_case("bomb", "states.pdf", lambda: _page_of(packed(state, 4)))
    picture = b"/Type/XObject/Subtype/Image/Width 60000/Height 60000/BitsPerComponent 8"
    entries = picture + b"/ColorSpace/DeviceGray/Filter/FlateDecode"
    uses = _PAGE % b"/Resources<</XObject<</X 5 0 R>>>>"
    draw, image = stream(b"612 0 0 792 0 0 cm /X Do"), stream(packed(bytes(1 << 20), 64), entries)
    yield file_case("bomb", "picture.pdf", built(CATALOG, _PAGES, uses, draw, image))


def _loops() -> Iterator[Case]:
    form = b"/Type/XObject/Subtype/Form/BBox[0 0 612 792]/Resources<</XObject<</X 5 0 R>>>>"
    itself = built(
        CATALOG,
        _PAGES,
        _PAGE % b"/Resources<</XObject<</X 5 0 R>>>>",
        stream(b"/X Do " * 50),
        stream(b"/X Do /X Do", form),
    )
    yield file_case("loop", "form.pdf", itself)
    tree = b"<</Type/Pages/Count 2/Kids[2 0 R 2 0 R]/Parent 2 0 R>>"
    yield file_case("loop", "tree.pdf", built(CATALOG, tree))
    yield file_case("loop", "previous.pdf", built(CATALOG, _PAGES, trailer=b"/Prev 9"))
    yield file_case("loop", "length.pdf", _page_of(b"BT ET", b"/Length 4 0 R"))
    yield file_case("loop", "catalog.pdf", built(b"1 0 R"))
    deep = b"[" * 200_000 + b"]" * 200_000
    yield file_case("loop", "arrays.pdf", built(CATALOG, _PAGES, _PAGE % b"", deep))
    names = b"<</A" * 100_000
    yield file_case("loop", "dictionaries.pdf", built(CATALOG, _PAGES, names))
    levels = [b"<</Type/Pages/Count 1/Kids[%d 0 R]>>" % (n + 1) for n in range(2, 8_000)]
    yield file_case("loop", "levels.pdf", built(CATALOG, *levels))
    yield file_case("loop", "doubling.pdf", _doubling())


def _doubling() -> bytes:
    """Forms that draw the next one ten times, nine deep: a billion drawings."""
    form = b"/Type/XObject/Subtype/Form/BBox[0 0 612 792]/Resources<</XObject<</X %d 0 R>>>>"
    forms = [stream(b"/X Do " * 10, form % (6 + level)) for level in range(9)]
    last = stream(b"0 0 m 9 9 l S", form % 4)
    page = _PAGE % b"/Resources<</XObject<</X 5 0 R>>>>"
    return built(CATALOG, _PAGES, page, stream(b"/X Do"), *forms, last)


def _many() -> Iterator[Case]:
    yield file_case("pages", "201.pdf", lambda: pdf(201), expected="refused")
    kids = b"3 0 R " * 20_000
    tree = b"<</Type/Pages/Count 20000/Kids[%s]>>" % kids
    page = _PAGE % b""
    yield file_case("pages", "same.pdf", built(CATALOG, tree, page, stream(b"")))
    for count in (b"2000000000", b"-1", b"99999999999999999999", b"/Many", b"0"):
        lying = b"<</Type/Pages/Count %s/Kids[3 0 R]>>" % count
        name = f"count-{count.decode().strip('/-')}.pdf"
        yield file_case("pages", name, built(CATALOG, lying, page, stream(b"")))


def _encrypted() -> Iterator[Case]:
    for strength in (40, 128):
        lock = StandardEncryption("secret", ownerPassword="owner", strength=strength)
        out = io.BytesIO()
        paper = canvas.Canvas(out, pagesize=(420, 300), encrypt=lock)
        paper.drawString(40, 250, "Metformin 500 mg twice daily")
        paper.save()
        content = out.getvalue()
        yield file_case("encrypted", f"{strength}.pdf", content, expected="refused")
        broken = content.replace(b"/Standard", b"/Nonesuch")
        yield file_case("encrypted", f"{strength}-unknown.pdf", broken, expected="refused")
        yield file_case("encrypted", f"{strength}-cut.pdf", content[: len(content) * 2 // 3])
