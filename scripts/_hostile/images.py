"""Pictures that claim more than they hold, unpack to more than they claim, or go in circles."""

import io
import struct
import zlib
from collections.abc import Iterator
from functools import cache, partial

from PIL import Image
from pydicom.uid import DeflatedExplicitVRLittleEndian

from scripts._hostile.case import Case, file_case
from scripts._hostile.honest import dicom, sound

_HUGE = 65_000


def hostile_images() -> Iterator[Case]:
    """Bombs, loops, boxes and thousands of frames."""
    yield from _pngs()
    yield from _tiffs()
    yield from _others()
    yield from _dicoms()


def _chunk(name: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)


def _png(width: int, height: int, *, rows: bytes | None = None, extra: bytes = b"") -> bytes:
    """One-bit black; `rows` replaces the packed pixels."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    packed = zlib.compress(bytes((width + 7) // 8 + 1) * height, 9) if rows is None else rows
    body = _chunk(b"IHDR", header) + extra + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def _pngs() -> Iterator[Case]:
    for side in (5_000, 30_000, 60_000):
        yield file_case("bomb", f"{side}.png", partial(_png, side, side), expected="refused")
    claim = _png(2**31 - 1, 2**31 - 1, rows=zlib.compress(b""))
    yield file_case("boxes", "largest.png", claim, expected="refused")
    yield file_case("boxes", "none.png", _png(0, 0), expected="refused")
    yield file_case("boxes", "ribbon.png", lambda: _png(19_000_000, 1))
    yield file_case("boxes", "thread.png", lambda: _png(1, 10_000_000))
    yield file_case("boxes", "dot.png", _png(1, 1))
    yield file_case("bomb", "rows.png", lambda: _png(100, 100, rows=_zeros()))
    for name, head in ((b"zTXt", b"a\0\0"), (b"iTXt", b"a\0\1\0\0\0"), (b"iCCP", b"a\0\0")):
        yield file_case("bomb", f"{name.decode()}.png", partial(_annotated, name, head))
    comments = _chunk(b"tEXt", b"a\0b") * 200_000
    yield file_case("bomb", "comments.png", _png(100, 100, extra=comments))


@cache
def _zeros() -> bytes:
    """300 MB, packed to 300 kB."""
    packer = zlib.compressobj(6)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(300)) + packer.flush()


def _annotated(name: bytes, head: bytes) -> bytes:
    return _png(100, 100, extra=_chunk(name, head + _zeros()))


def _tiff(entries: list[tuple[int, int, int, int]], rest: bytes = b"", *, after: int = 0) -> bytes:
    """Little-endian, one directory at offset 8 followed by `rest`; `after` is the next one's."""
    directory = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    head = b"II*\x00" + struct.pack("<IH", 8, len(entries))
    return head + directory + struct.pack("<I", after) + rest


def _entries(
    width: int, height: int, data: int, length: int, *, compression: int = 1
) -> list[tuple[int, int, int, int]]:
    values = {256: width, 257: height, 258: 8, 259: compression, 262: 1, 273: data, 277: 1}
    values |= {278: height, 279: length}
    return [(tag, 4, 1, value) for tag, value in values.items()]


def _tiffs() -> Iterator[Case]:
    pixels = bytes(100)
    after_nine = 8 + 2 + 9 * 12 + 4
    small = _entries(10, 10, after_nine, 100)
    yield file_case("loop", "itself.tif", _tiff(small, pixels, after=8))
    yield file_case("loop", "beyond.tif", _tiff(small, pixels, after=0xFFFFFFF0))
    huge = _entries(4_000_000_000, 4_000_000_000, 8, 100)
    yield file_case("boxes", "huge.tif", _tiff(huge), expected="refused")
    many = [(tag, 4, 1, 1) for tag in range(60_000)]
    yield file_case("boxes", "entries.tif", _tiff(many))
    claims = [(tag, kind, 0xFFFFFFFF, 8) for tag, kind, _, _ in small]
    yield file_case("boxes", "counts.tif", _tiff(claims))
    for side in (10, 4_400):
        yield file_case("bomb", f"deflate-{side}.tif", partial(_packed_tiff, side, after_nine))
    for frames in (51, 1_500):
        yield file_case("pages", f"{frames}.tif", partial(_frames, "TIFF", frames))
    yield file_case("loop", "two.tif", _two_directories(pixels))


def _packed_tiff(side: int, data: int) -> bytes:
    packed = _zeros()
    return _tiff(_entries(side, side, data, len(packed), compression=8), packed)


def _two_directories(pixels: bytes) -> bytes:
    """The second directory names the first as the one after it."""
    first = _entries(10, 10, 8 + 2 * 114, 100)
    body = _tiff(first, after=8 + 114)
    second = b"".join(struct.pack("<HHII", *entry) for entry in first)
    return body + struct.pack("<H", len(first)) + second + struct.pack("<I", 8) + pixels


def _frames(kind: str, count: int) -> bytes:
    frames = [Image.new("L", (9, 9), shade % 256) for shade in range(count)]
    out = io.BytesIO()
    frames[0].save(out, format=kind, save_all=True, append_images=frames[1:])
    return out.getvalue()


def _others() -> Iterator[Case]:
    jpeg = sound("JPEG")
    frame = jpeg.index(b"\xff\xc0") + 5
    for name, size in {"65k": (65_500, 65_500), "flat": (1, 65_500), "none": (0, 700)}.items():
        patched = jpeg[:frame] + struct.pack(">HH", *size) + jpeg[frame + 4 :]
        yield file_case("boxes", f"{name}.jpg", patched)
    yield file_case("bomb", "scans.jpg", _progressive_scans)
    comments = b"\xff\xfe\xff\xff" + bytes(0xFFFF - 2)
    yield file_case("bomb", "comments.jpg", jpeg[:2] + comments * 300 + jpeg[2:])
    yield file_case("bomb", "exif.jpg", jpeg[:2] + _looping_exif() + jpeg[2:])
    yield file_case("pages", "1000.webp", lambda: _frames("WEBP", 1_000), expected="refused")
    heic = sound("HEIC")
    where = heic.index(b"ispe") + 8
    for side in (_HUGE, 2**31 - 1, 0):
        patched = heic[:where] + struct.pack(">II", side, side) + heic[where + 8 :]
        yield file_case("boxes", f"{side}.heic", patched)
    boxes = b"".join(struct.pack(">I", 8) + b"free" for _ in range(500_000))
    yield file_case("bomb", "boxes.heic", heic[:24] + boxes + heic[24:])
    endless = heic[:24] + struct.pack(">I", 0) + b"meta" + heic[32:]
    yield file_case("loop", "endless.heic", endless)


def _progressive_scans() -> bytes:
    """A 4,000 by 4,000 progressive JPEG whose last scan comes two hundred times."""
    out = io.BytesIO()
    Image.new("L", (4_000, 4_000), 200).save(out, format="JPEG", progressive=True)
    content = out.getvalue()
    scan = content[content.rindex(b"\xff\xda") : -2]
    return content[:-2] + scan * 200 + content[-2:]


def _looping_exif() -> bytes:
    """An EXIF block whose directory points at itself, also as its own sub-directory."""
    entry = struct.pack("<HHII", 0x8769, 4, 1, 8)
    block = b"Exif\0\0II*\x00" + struct.pack("<IH", 8, 1) + entry + struct.pack("<I", 8)
    return b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block


def _dicoms() -> Iterator[Case]:
    yield file_case("boxes", "huge.dcm", dicom(Rows=65_535, Columns=65_535), expected="refused")
    yield file_case("boxes", "none.dcm", dicom(Rows=0, Columns=0), expected="refused")
    yield file_case("boxes", "bits.dcm", dicom(BitsAllocated=64, BitsStored=64))
    yield file_case("pages", "frames.dcm", dicom(NumberOfFrames=2_000_000), expected="refused")
    yield file_case("pages", "minus.dcm", dicom(NumberOfFrames=-1), expected="refused")
    packed = dicom(DeflatedExplicitVRLittleEndian, ImageComments="a")
    yield file_case("misnamed", "deflated.dcm", packed, expected="read")
    yield file_case("bomb", "deflated.dcm", lambda: _inflating(packed))
    nested = b"\xfe\xff\x00\xe0\xff\xff\xff\xff" + b"\x08\x00\x40\x11SQ\x00\x00\xff\xff\xff\xff"
    yield file_case("loop", "nested.dcm", sound("DICOM")[:400] + nested * 50_000)


def _inflating(deflated: bytes) -> bytes:
    """The same file, its data set grown to 600 MB: DICOM deflates raw, after the meta group."""
    length = struct.unpack_from("<I", deflated, 140)[0]
    start = 144 + length
    dataset = zlib.decompress(deflated[start:], -zlib.MAX_WBITS)
    packer = zlib.compressobj(6, wbits=-zlib.MAX_WBITS)
    element = struct.pack("<HH2sHI", 0x7FE1, 0x1010, b"OB", 0, 600 << 20)
    parts = [packer.compress(dataset + element)]
    parts += [packer.compress(bytes(1 << 20)) for _ in range(600)]
    return deflated[:start] + b"".join(parts) + packer.flush()
