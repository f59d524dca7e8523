"""What a file is, by its first bytes."""

import pytest

from ocr.reading.kinds import FileKind, sniff


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n....", FileKind.PNG),
        (b"\xff\xd8\xff\xe0....", FileKind.JPEG),
        (b"II*\x00....", FileKind.TIFF),
        (b"MM\x00*....", FileKind.TIFF),
        (b"%PDF-1.7\n", FileKind.PDF),
        (b"\r\nmail header\r\n%PDF-1.4\n", FileKind.PDF),
        (b"\x00\x00\x00\x18ftypheic....", FileKind.HEIC),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", FileKind.WEBP),
        (b"\x00\x00\x00\x20ftypavif....", FileKind.AVIF),
        (b"GIF89a", FileKind.GIF),
        (bytes(128) + b"DICM", FileKind.DICOM),
        (b"", FileKind.EMPTY),
        (b"PK\x03\x04 a docx", FileKind.OTHER),
        (b'{"resourceType": "Bundle"}', FileKind.OTHER),
    ],
)
def test_sniff_tells_the_kind_when_given_the_head(head: bytes, kind: FileKind) -> None:
    assert sniff(head) is kind


def test_sniff_finds_no_pdf_when_its_mark_comes_late() -> None:
    assert sniff(bytes(2000) + b"%PDF-1.7") is FileKind.OTHER
