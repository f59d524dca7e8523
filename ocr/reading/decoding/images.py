"""PNG, JPEG, WebP, HEIC and TIFF to grey pixels, upright. Runs only inside the decoding process."""

import struct
import warnings
from pathlib import Path
from typing import BinaryIO

from PIL import Image, ImageOps, UnidentifiedImageError

from ocr.reading.decoding.protocol import (
    DecodeError,
    DecodeRequest,
    DecodeResult,
    FailedPage,
    RawPage,
)
from ocr.reading.decoding.resolution import plausible_dpi

_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    ZeroDivisionError,
    OverflowError,
    RuntimeError,
    struct.error,
)
"""What Pillow raises on damaged input, by format and place of the damage."""
_MAX_RATIO = 100
"""Of a page's sides; a roll of paper is read in pieces."""
_SEVERAL = frozenset({"TIFF", "WEBP", "HEIC"})
"""Kinds whose frames are pages."""


def decode_image(file: BinaryIO, request: DecodeRequest) -> DecodeResult:
    """Decode the wanted frames. Raises DecodeError when the file as a whole cannot be read."""
    Image.MAX_IMAGE_PIXELS = None  # checked below, against the request
    warnings.simplefilter("ignore")
    try:
        image = Image.open(file, formats=(_format(request.kind),))
        total = int(getattr(image, "n_frames", 1)) if request.kind in _SEVERAL else 1
    except (UnidentifiedImageError, *_DAMAGE) as error:
        raise DecodeError("unreadable", "is damaged: its header makes no sense") from error
    if total > request.max_frames:
        raise DecodeError("limit", f"has {total} pages; {request.max_frames} are allowed")
    pages: list[RawPage] = []
    failed: list[FailedPage] = []
    for number in range(request.first, min(request.first + request.count, total + 1)):
        try:
            pages.append(_frame(image, number, request))
        except DecodeError as error:
            failed.append(FailedPage(number=number, failure=error.failure, what=error.what))
    return DecodeResult(total=total, pages=tuple(pages), failed=tuple(failed))


def _format(kind: str) -> str:
    """Pillow's name for a kind; HEIC gets its decoder here, in one thread: each reserves memory."""
    if kind != "HEIC":
        return kind
    import pi_heif

    pi_heif.register_heif_opener(
        decode_threads=1, thumbnails=False, depth_images=False, aux_images=False
    )
    return "HEIF"


def _frame(image: Image.Image, number: int, request: DecodeRequest) -> RawPage:
    try:
        if request.kind in _SEVERAL:
            image.seek(number - 1)
        dpi = _resolution(image)
        before = image.size
        _fit(image, request.max_pixels)
        dpi = round(dpi * image.width / before[0])
        upright = _grey(ImageOps.exif_transpose(image))
    except _DAMAGE as error:
        raise DecodeError("unreadable", "is damaged or cut short") from error
    name = f"page-{number}.grey"
    Path(request.folder, name).write_bytes(upright.tobytes())
    return RawPage(number=number, file=name, width=upright.width, height=upright.height, dpi=dpi)


def _fit(image: Image.Image, max_pixels: int) -> None:
    """Check the size before pixels are made; a JPEG can be decoded at half its size for free."""
    width, height = image.size
    if width * height > max_pixels and image.format == "JPEG":
        image.draft(None, (width // 2, height // 2))
        width, height = image.size
    if width * height > max_pixels:
        raise DecodeError(
            "limit",
            f"has {width} x {height} pixels; {max_pixels // 1_000_000} million are allowed",
        )
    if min(width, height) < 1:
        raise DecodeError("unreadable", "has no pixels")
    if max(width, height) > _MAX_RATIO * min(width, height):
        raise DecodeError("unreadable", f"has {width} x {height} pixels; no page has this shape")


def _resolution(image: Image.Image) -> int:
    """The file's own dpi if it makes a page of plausible size, else 0."""
    claimed = image.info.get("dpi")
    if not isinstance(claimed, tuple) or len(claimed) != 2:
        return 0
    return plausible_dpi(float(claimed[0]), image.size)


def _grey(image: Image.Image) -> Image.Image:
    """Eight-bit grey on white, whatever the mode was."""
    if image.mode.startswith("I;16") or image.mode in {"I", "F"}:
        return _narrowed(image)
    if image.mode in {"LA", "PA", "RGBA", "La", "RGBa"} or "transparency" in image.info:
        layer = image.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(white, layer).convert("L")
    return image.convert("L")


def _narrowed(image: Image.Image) -> Image.Image:
    wide = image.convert("F")
    low, high = wide.getextrema()
    if not isinstance(low, float) or not isinstance(high, float):
        raise DecodeError("unreadable", "has an unknown pixel format")
    top = 65535.0 if image.mode != "F" and high > 255 else max(high, 1.0)
    return wide.point(lambda value: value * (255.0 / top) + 0.0).convert("L")
