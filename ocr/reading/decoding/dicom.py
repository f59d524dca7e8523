"""DICOM secondary captures, and PDFs inside DICOM, to grey pixels. Child process only.

Hospitals hand scanned paper out as Secondary Capture (PS3.3 A.8) or as Encapsulated PDF (PS3.3
A.45). An X-ray or a scan of a body is no paper: its burned-in text says nothing of a history.
"""

import os
import warnings
from pathlib import Path
from typing import Any, BinaryIO

# Threads of the linear algebra behind numpy would reserve address space that is not there.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_color_lut
from pydicom.pixels.utils import pixel_array

from ocr.reading.decoding.pdf import decode_pdf
from ocr.reading.decoding.protocol import (
    DecodeError,
    DecodeRequest,
    DecodeResult,
    FailedPage,
    RawPage,
)
from ocr.reading.decoding.resolution import plausible_dpi

_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_ENCAPSULATED_PDF = "1.2.840.10008.5.1.4.1.1.104.1"
_MM_PER_INCH = 25.4
_SPACINGS = ("NominalScannedPixelSpacing", "PixelSpacing", "ImagerPixelSpacing")


def decode_dicom(file: BinaryIO, request: DecodeRequest) -> DecodeResult:
    """Decode the wanted frames. Raises DecodeError when the file as a whole cannot be read."""
    warnings.simplefilter("ignore")
    try:
        dataset = pydicom.dcmread(file)
        kind = str(dataset.get("SOPClassUID", ""))
        if kind == _ENCAPSULATED_PDF:
            return decode_pdf(bytes(dataset.EncapsulatedDocument), request)
        total = int(dataset.get("NumberOfFrames") or 1)
    except (DecodeError, MemoryError):
        raise
    except Exception as error:  # the library raises whatever the damage leads to
        raise DecodeError("unreadable", "is damaged: its header makes no sense") from error
    if kind != _SECONDARY_CAPTURE and not kind.startswith(f"{_SECONDARY_CAPTURE}."):
        raise DecodeError("unreadable", "is a DICOM image of a body or a device, not of paper")
    if not 1 <= total <= request.max_frames:
        raise DecodeError("limit", f"has {total} pages; {request.max_frames} are allowed")
    return _frames(dataset, total, request)


def _frames(dataset: Dataset, total: int, request: DecodeRequest) -> DecodeResult:
    pages: list[RawPage] = []
    failed: list[FailedPage] = []
    for number in range(request.first, min(request.first + request.count, total + 1)):
        try:
            pages.append(_frame(dataset, number, request))
        except DecodeError as error:
            failed.append(FailedPage(number=number, failure=error.failure, what=error.what))
    return DecodeResult(total=total, pages=tuple(pages), failed=tuple(failed))


def _frame(dataset: Dataset, number: int, request: DecodeRequest) -> RawPage:
    try:
        width, height = int(dataset.Columns), int(dataset.Rows)
        if width * height > request.max_pixels:
            what = f"has {width} x {height} pixels; {request.max_pixels // 1_000_000} million"
            raise DecodeError("limit", f"{what} are allowed")
        grey = _grey(pixel_array(dataset, index=number - 1), dataset)
    except (DecodeError, MemoryError):
        raise
    except Exception as error:  # as above
        raise DecodeError("unreadable", "is damaged or cut short") from error
    if grey.shape != (height, width) or grey.size == 0:
        raise DecodeError("unreadable", "is damaged: its pixels do not fit its header")
    name = f"page-{number}.grey"
    Path(request.folder, name).write_bytes(grey.tobytes())
    return RawPage(number=number, file=name, width=width, height=height, dpi=_dpi(dataset))


def _grey(pixels: NDArray[Any], dataset: Dataset) -> NDArray[np.uint8]:
    """Eight bits, 0 black. The library has turned YBR into RGB already."""
    photometric = str(dataset.PhotometricInterpretation)
    top = (1 << int(dataset.BitsStored)) - 1
    if photometric == "PALETTE COLOR":
        pixels = apply_color_lut(pixels, dataset)
        top = 255 if pixels.dtype == np.uint8 else 65535
    low = -(top // 2 + 1) if int(dataset.get("PixelRepresentation", 0)) else 0
    wide = (pixels.astype(np.float32) - low) * np.float32(255 / top)
    if wide.ndim == 3:
        wide = wide @ np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601
    if photometric == "MONOCHROME1":
        wide = 255 - wide
    return np.asarray(np.clip(np.rint(wide), 0, 255), dtype=np.uint8)


def _dpi(dataset: Dataset) -> int:
    for name in _SPACINGS:
        try:
            millimetres = float(dataset.get(name)[0])
        except (TypeError, ValueError, IndexError):
            continue
        if millimetres > 0:
            size = (int(dataset.Columns), int(dataset.Rows))
            return plausible_dpi(_MM_PER_INCH / millimetres, size)
    return 0
