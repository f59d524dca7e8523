"""What a file is, decided by its first bytes. Names lie."""

from enum import StrEnum

HEAD_BYTES = 1024
"""How much of a file `sniff` wants to see. A PDF may start with that much foreign matter."""


class FileKind(StrEnum):
    """Paper that can be read (the first seven), other pictures, and the rest."""

    PNG = "PNG"
    JPEG = "JPEG"
    TIFF = "TIFF"
    PDF = "PDF"
    WEBP = "WEBP"
    HEIC = "HEIC"
    DICOM = "DICOM"
    AVIF = "AVIF"
    GIF = "GIF"
    BMP = "BMP"
    EMPTY = "empty"
    OTHER = "other"


PAGED = frozenset({FileKind.TIFF, FileKind.PDF, FileKind.WEBP, FileKind.HEIC, FileKind.DICOM})
"""Files that may hold several pages."""
READABLE = PAGED | {FileKind.PNG, FileKind.JPEG}
OTHER_PICTURES = frozenset({FileKind.AVIF, FileKind.GIF, FileKind.BMP})
PAPER_SUFFIXES = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".pdf", ".webp", ".heic", ".heif", ".dcm"}
)
READABLE_SHOWN = "PNG, JPEG, WebP, HEIC, TIFF, DICOM or PDF"
"""For people."""

_SIGNATURES = (
    (0, b"\x89PNG\r\n\x1a\n", FileKind.PNG),
    (0, b"\xff\xd8\xff", FileKind.JPEG),
    (0, b"II*\x00", FileKind.TIFF),
    (0, b"MM\x00*", FileKind.TIFF),
    (0, b"II+\x00", FileKind.TIFF),
    (0, b"MM\x00+", FileKind.TIFF),
    (8, b"WEBP", FileKind.WEBP),
    (0, b"GIF8", FileKind.GIF),
    (128, b"DICM", FileKind.DICOM),
)
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"})


def sniff(head: bytes) -> FileKind:
    """The kind of a file from its first HEAD_BYTES bytes (or all of them, if fewer)."""
    if not head:
        return FileKind.EMPTY
    for offset, signature, kind in _SIGNATURES:
        if head.startswith(signature, offset):
            return kind
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        return FileKind.HEIC
    if head[4:8] == b"ftyp" and head[8:12] in {b"avif", b"avis"}:
        return FileKind.AVIF
    if head.startswith(b"BM") and head[6:10] == bytes(4) and len(head) > 26:
        return FileKind.BMP
    return FileKind.PDF if b"%PDF-" in head[:HEAD_BYTES] else FileKind.OTHER
