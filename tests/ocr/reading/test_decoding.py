"""Files from outside to raw pages: every format, every damage, every bomb."""

import io
import math
import os
import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas

from core.errors import EncryptedPaperError, PaperError, PaperLimitError, UnreadablePaperError
from ocr.reading import DecodeLimits
from ocr.reading.decoding.parent import DecoderCrashError, decode_batch
from ocr.reading.decoding.protocol import DecodeResult, RawPage
from ocr.reading.kinds import FileKind

Draw = Callable[..., Image.Image]
MakePdf = Callable[..., bytes]
Decode = Callable[..., DecodeResult]


@pytest.fixture
def decode(tmp_path: Path) -> Decode:
    """Decodes bytes in the real child process; results lie in `tmp_path / "out"`."""

    def run(
        content: bytes,
        kind: FileKind,
        limits: DecodeLimits | None = None,
        *,
        first: int = 1,
        count: int = 8,
    ) -> DecodeResult:
        (tmp_path / "content").write_bytes(content)
        (tmp_path / "out").mkdir(exist_ok=True)
        return decode_batch(
            kind,
            tmp_path / "content",
            tmp_path / "out",
            limits or DecodeLimits(),
            first=first,
            count=count,
            text_dpi=130,
        )

    return run


def _encoded(image: Image.Image, kind: FileKind, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, format=kind.value, **options)
    return out.getvalue()


def _pixels(page: RawPage, tmp_path: Path) -> np.ndarray:
    raw = np.fromfile(tmp_path / "out" / page.file, dtype=np.uint8)
    return raw.reshape(page.height, page.width)


def _png(width: int, height: int) -> bytes:
    """A PNG of one-bit black pixels: a few kilobytes, whatever its size."""

    def chunk(name: bytes, data: bytes) -> bytes:
        crc = zlib.crc32(name + data)
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width + 7) // 8 + 1) * height, 9)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def _raw_pdf(stream: bytes, *, mediabox: bytes = b"0 0 612 792") -> bytes:
    """A one-page PDF around a deflated content stream."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[%s]/Contents 4 0 R>>" % mediabox,
        b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(stream), stream),
    ]
    out, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return (
        out
        + b"xref\n0 5\n0000000000 65535 f \n%strailer<</Size 5/Root 1 0 R>>\n" % table
        + (b"startxref\n%d\n%%%%EOF" % len(out))
    )


@pytest.mark.parametrize("kind", [FileKind.PNG, FileKind.JPEG, FileKind.TIFF])
def test_decode_batch_gives_pixels_and_dpi_when_given_an_image(
    decode: Decode, draw_page: Draw, tmp_path: Path, kind: FileKind
) -> None:
    image = draw_page()
    (page,) = decode(_encoded(image, kind, dpi=(150, 150)), kind).pages
    assert (page.width, page.height, page.dpi) == (*image.size, 150)
    off = np.abs(_pixels(page, tmp_path).astype(int) - np.asarray(image))
    assert off.mean() < 2


@pytest.mark.parametrize("dpi", [(1, 1), (5000, 5000)])
def test_decode_batch_says_unknown_when_the_dpi_makes_no_page(
    decode: Decode, draw_page: Draw, dpi: tuple[int, int]
) -> None:
    (page,) = decode(_encoded(draw_page(), FileKind.PNG, dpi=dpi), FileKind.PNG).pages
    assert page.dpi == 0


def test_decode_batch_turns_a_photo_upright_when_its_exif_says_so(
    decode: Decode, draw_page: Draw, tmp_path: Path
) -> None:
    image = draw_page()
    exif = Image.Exif()
    exif[0x0112] = 6  # turned: to be shown a quarter clockwise
    lying = image.transpose(Image.Transpose.ROTATE_90)
    (page,) = decode(_encoded(lying, FileKind.JPEG, exif=exif), FileKind.JPEG).pages
    assert (page.width, page.height) == image.size
    off = np.abs(_pixels(page, tmp_path).astype(int) - np.asarray(image))
    assert off.mean() < 2


@pytest.mark.parametrize("mode", ["1", "RGB", "RGBA", "LA", "P", "CMYK", "I;16"])
def test_decode_batch_gives_black_on_white_whatever_the_mode(
    decode: Decode, draw_page: Draw, tmp_path: Path, mode: str
) -> None:
    page = draw_page()
    if mode == "I;16":
        image = Image.fromarray(np.asarray(page).astype(np.uint16) * 257)
    elif mode in {"LA", "RGBA"}:
        image = Image.new(mode, page.size, 0)
        image.putalpha(page.point(lambda value: 255 - value))  # black ink on nothing
    else:
        image = page.convert(mode)
    (raw,) = decode(_encoded(image, FileKind.TIFF), FileKind.TIFF).pages
    off = np.abs(_pixels(raw, tmp_path).astype(int) - np.asarray(page))
    assert off.mean() < 4


def test_decode_batch_gives_each_page_when_the_tiff_has_two(
    decode: Decode, draw_page: Draw
) -> None:
    first, second = draw_page(("one",)), draw_page(("two", "lines"))
    content = _encoded(first, FileKind.TIFF, save_all=True, append_images=[second])
    result = decode(content, FileKind.TIFF)
    assert result.total == 2
    assert [page.number for page in result.pages] == [1, 2]
    assert result.pages[1].height == second.height
    assert [page.number for page in decode(content, FileKind.TIFF, first=2).pages] == [2]


def test_decode_batch_shrinks_a_photo_when_it_has_too_many_pixels(decode: Decode) -> None:
    photo = Image.new("L", (6000, 4500), 200)
    (page,) = decode(_encoded(photo, FileKind.JPEG), FileKind.JPEG).pages
    assert (page.width, page.height) == (3000, 2250)


@pytest.mark.parametrize("size", [(4032, 3024), (2480, 3508)], ids=["photo", "A4 at 300 dpi"])
def test_decode_batch_has_room_for_honest_pages(decode: Decode, size: tuple[int, int]) -> None:
    content = _encoded(Image.new("RGB", size, "white"), FileKind.PNG)
    (page,) = decode(content, FileKind.PNG).pages
    assert (page.width, page.height) == size


@pytest.mark.parametrize("kind", [FileKind.PNG, FileKind.JPEG, FileKind.TIFF, FileKind.PDF])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_decode_batch_never_invents_a_page_when_the_file_is_cut_short(
    decode: Decode, draw_page: Draw, make_pdf: MakePdf, kind: FileKind, share: float
) -> None:
    whole = make_pdf() if kind is FileKind.PDF else _encoded(draw_page(), kind)
    try:
        result = decode(whole[: max(20, int(len(whole) * share))], kind)
    except UnreadablePaperError:
        return
    if kind is FileKind.PDF and not result.failed:  # a PDF's structure can be repaired
        assert all(page.words for page in result.pages)
        return
    assert not result.pages
    assert [failed.failure for failed in result.failed] == ["unreadable"]


@pytest.mark.parametrize("kind", [FileKind.PNG, FileKind.JPEG, FileKind.TIFF, FileKind.PDF])
def test_decode_batch_refuses_when_bytes_are_noise(decode: Decode, kind: FileKind) -> None:
    with pytest.raises(UnreadablePaperError):
        decode(os.urandom(500), kind)


def test_decode_batch_refuses_a_png_bomb_before_unpacking_it(decode: Decode) -> None:
    (failed,) = decode(_png(30_000, 30_000), FileKind.PNG).failed
    assert failed.failure == "limit"


def test_decode_batch_refuses_when_a_tiff_header_claims_huge_dimensions(decode: Decode) -> None:
    entries = [(256, 4, 1, 4_000_000_000), (257, 4, 1, 4_000_000_000), (258, 3, 1, 8)]
    entries += [(259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8), (277, 3, 1, 1)]
    entries += [(278, 4, 1, 4_000_000_000), (279, 4, 1, 10)]
    directory = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    content = b"II*\x00" + struct.pack("<IH", 8, len(entries)) + directory + bytes(4)
    try:
        result = decode(content, FileKind.TIFF)
    except (PaperError, DecoderCrashError):
        return
    assert not result.pages


def test_decode_batch_refuses_when_a_tiff_has_too_many_frames(
    decode: Decode, draw_page: Draw
) -> None:
    pages = [Image.new("1", (8, 8))] * 51
    content = _encoded(pages[0], FileKind.TIFF, save_all=True, append_images=pages[1:])
    with pytest.raises(PaperLimitError, match="51 pages"):
        decode(content, FileKind.TIFF)


def test_decode_batch_refuses_when_a_pdf_has_201_pages(decode: Decode, make_pdf: MakePdf) -> None:
    with pytest.raises(PaperLimitError, match="201 pages"):
        decode(make_pdf(*[("page",)] * 201), FileKind.PDF)


def test_decode_batch_is_stopped_when_a_pdf_unpacks_without_end(
    decode: Decode, tight_limits: DecodeLimits
) -> None:
    packer = zlib.compressobj(9)
    block = b" " * (1 << 20)
    stream = b"".join(packer.compress(block) for _ in range(400)) + packer.flush()
    content = _raw_pdf(stream)
    assert len(content) < 1_000_000
    limits = replace(tight_limits, memory_bytes=1 << 28)
    try:
        result = decode(content, FileKind.PDF, limits)
    except DecoderCrashError as crash:
        assert isinstance(crash.error, PaperLimitError)  # noqa: PT017  # one of two good ends
        return
    assert not any(page.words for page in result.pages)


def test_decode_batch_is_stopped_when_a_pdf_draws_without_end(
    decode: Decode, tight_limits: DecodeLimits
) -> None:
    strokes = b"0 0 m 612 792 l 0 792 l 612 0 l S\n" * 1_000_000
    with pytest.raises(DecoderCrashError) as crash:
        decode(_raw_pdf(zlib.compress(strokes, 9)), FileKind.PDF, tight_limits)
    assert isinstance(crash.value.error, PaperLimitError)


def test_decode_batch_is_stopped_when_wall_time_runs_out(decode: Decode, make_pdf: MakePdf) -> None:
    with pytest.raises(DecoderCrashError) as crash:
        decode(make_pdf(), FileKind.PDF, DecodeLimits(wall_seconds=0.001))
    assert isinstance(crash.value.error, PaperLimitError)


def test_decode_batch_refuses_a_page_larger_than_any_paper(decode: Decode) -> None:
    content = _raw_pdf(zlib.compress(b"0 0 9 9 re f"), mediabox=b"0 0 10000000 10000000")
    (failed,) = decode(content, FileKind.PDF).failed
    assert failed.failure == "limit"


def test_decode_batch_asks_for_a_copy_when_the_pdf_wants_a_password(
    decode: Decode, make_pdf: MakePdf
) -> None:
    with pytest.raises(EncryptedPaperError, match="password"):
        decode(make_pdf(encrypt=StandardEncryption("secret")), FileKind.PDF)


def test_decode_batch_reads_a_pdf_when_only_its_owner_has_a_password(
    decode: Decode, make_pdf: MakePdf
) -> None:
    content = make_pdf(encrypt=StandardEncryption("", ownerPassword="owner"))
    assert decode(content, FileKind.PDF).pages[0].words


def test_decode_batch_takes_the_words_when_a_pdf_was_born_digital(
    decode: Decode, make_pdf: MakePdf, note: tuple[str, ...], tmp_path: Path
) -> None:
    (page,) = decode(make_pdf(), FileKind.PDF).pages
    assert " ".join(word.text for word in page.words) == " ".join(note)
    assert (page.width, page.height, page.dpi) == (759, 542, 130)
    pixels = _pixels(page, tmp_path)
    for word in page.words:
        left, top, right, bottom = word.box
        assert pixels[top:bottom, left:right].min() < 128


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_decode_batch_places_words_as_displayed_when_the_page_is_turned(
    decode: Decode, make_pdf: MakePdf, tmp_path: Path, rotation: int
) -> None:
    (page,) = decode(make_pdf(rotation=rotation), FileKind.PDF).pages
    assert (page.width > page.height) == (rotation == 180)
    pixels = _pixels(page, tmp_path)
    for word in page.words:
        left, top, right, bottom = word.box
        assert pixels[top:bottom, left:right].min() < 128


def test_decode_batch_recognises_rather_than_trusts_when_text_is_invisible(
    decode: Decode, make_pdf: MakePdf
) -> None:
    (page,) = decode(make_pdf(mode=3), FileKind.PDF).pages
    assert page.words == ()
    assert page.dpi == 300


def _pdf_with(*drawn: Callable[[canvas.Canvas], None]) -> bytes:
    out = io.BytesIO()
    paper = canvas.Canvas(out, pagesize=(420, 300))
    for draw in drawn:
        draw(paper)
    paper.showPage()
    paper.save()
    return out.getvalue()


def test_decode_batch_recognises_when_a_scan_brings_its_own_text(
    decode: Decode, draw_page: Draw
) -> None:
    scan = ImageReader(draw_page())
    content = _pdf_with(
        lambda paper: paper.drawString(40, 250, "what another program once made of this scan"),
        lambda paper: paper.drawImage(scan, 0, 0, 420, 300),
    )
    (page,) = decode(content, FileKind.PDF).pages
    assert page.words == ()
    own = math.sqrt(900 * 300 / (420 * 300)) * 72
    assert page.dpi == pytest.approx(own, abs=2)


def test_decode_batch_names_pictures_when_they_may_hold_text(
    decode: Decode, draw_page: Draw
) -> None:
    picture = ImageReader(draw_page())
    content = _pdf_with(
        lambda paper: paper.drawString(40, 250, "Result of the outside laboratory:"),
        lambda paper: paper.drawImage(picture, 40, 40, 210, 70),
    )
    (page,) = decode(content, FileKind.PDF).pages
    assert page.words
    ((left, top, right, bottom),) = page.pictures
    assert (left, right) == pytest.approx((40 * 300 / 72, 250 * 300 / 72), abs=2)
    assert (top, bottom) == pytest.approx((190 * 300 / 72, 260 * 300 / 72), abs=2)


def test_decode_batch_drops_words_when_they_leave_no_ink(decode: Decode) -> None:
    def hidden(paper: canvas.Canvas) -> None:
        paper.setFillGray(1)
        paper.drawString(40, 100, "penicillin")
        paper.setFillGray(0)
        paper.drawString(900, 100, "offpage")

    content = _pdf_with(
        lambda paper: paper.drawString(40, 250, "Allergies: none known so far"), hidden
    )
    (page,) = decode(content, FileKind.PDF).pages
    assert [word.text for word in page.words] == ["Allergies:", "none", "known", "so", "far"]


def test_decode_batch_reads_form_fields_when_they_are_filled(decode: Decode) -> None:
    def form(paper: canvas.Canvas) -> None:
        paper.drawString(40, 250, "Medication taken at present:")
        paper.acroForm.textfield(name="drug", value="Ramipril", x=40, y=180, width=200, height=30)

    (page,) = decode(_pdf_with(form), FileKind.PDF).pages
    assert "Ramipril" in [word.text for word in page.words]


def test_decode_batch_splits_words_when_columns_have_no_space_between(decode: Decode) -> None:
    def columns(paper: canvas.Canvas) -> None:
        paper.drawString(40, 250, "Potassium")
        paper.drawString(200, 250, "4.3")
        paper.drawString(280, 250, "mmol/L")

    (page,) = decode(_pdf_with(columns), FileKind.PDF).pages
    assert [word.text for word in page.words] == ["Potassium", "4.3", "mmol/L"]
