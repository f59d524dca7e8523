"""Sound pages in every format: what gets damaged, and what must still be read beside it."""

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import reportlab
from PIL import Image, ImageDraw, ImageFont
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, SecondaryCaptureImageStorage
from reportlab.pdfgen import canvas

LINES = ("Patient: Nora Example", "Metformin 500 mg twice daily", "Potassium 4.3 mmol/L")
SUFFIXES = {
    "PNG": ".png",
    "JPEG": ".jpg",
    "TIFF": ".tif",
    "WEBP": ".webp",
    "HEIC": ".heic",
    "DICOM": ".dcm",
    "PDF": ".pdf",
}
FONT = Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"
_HEIC = Path(__file__).parent / "heic" / "page.heic"
_INSTANCE = UID("1.2.826.0.1.3680043.8.498.1")


@cache
def sound(kind: str) -> bytes:
    """A small page of `kind`, the same bytes every time. Raises KeyError for an unknown kind."""
    makers: dict[str, Callable[[], bytes]] = {
        "PNG": lambda: encoded("PNG"),
        "JPEG": lambda: encoded("JPEG"),
        "TIFF": lambda: encoded("TIFF", compression="tiff_lzw"),
        "WEBP": lambda: encoded("WEBP"),
        "HEIC": _HEIC.read_bytes,
        "DICOM": dicom,
        "PDF": lambda: pdf(1),
    }
    return makers[kind]()


def drawn(*, width: int = 700, height: int = 260) -> Image.Image:
    """A grey page with LINES at about 150 dpi."""
    page = Image.new("L", (width, height), 255)
    pen = ImageDraw.Draw(page)
    font = ImageFont.truetype(str(FONT), 30)
    for number, line in enumerate(LINES):
        pen.text((40, 40 + 60 * number), line, font=font, fill=0)
    return page


def encoded(kind: str, **options: object) -> bytes:
    """The drawn page in a format that Pillow writes."""
    out = io.BytesIO()
    drawn().save(out, format=kind, **options)
    return out.getvalue()


def pdf(pages: int) -> bytes:
    """A PDF with a text layer."""
    out = io.BytesIO()
    paper = canvas.Canvas(out, pagesize=(420, 300), invariant=True)
    for _ in range(pages):
        for number, line in enumerate(LINES):
            paper.drawString(40, 250 - 20 * number, line)
        paper.showPage()
    paper.save()
    return out.getvalue()


def dicom(syntax: UID = ExplicitVRLittleEndian, **attributes: object) -> bytes:
    """A secondary capture; `attributes` replace what is true of it."""
    pixels = np.asarray(drawn())
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = _INSTANCE
    dataset.SOPClassUID, dataset.SOPInstanceUID = SecondaryCaptureImageStorage, _INSTANCE
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset.PixelData = pixels.tobytes()
    for name, value in attributes.items():
        setattr(dataset, name, value)
    out = io.BytesIO()
    dataset.save_as(out, enforce_file_format=True)
    return out.getvalue()
