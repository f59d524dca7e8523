"""Grey page images as arrays: their type, their raw files, their JPEG."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import UnreadablePaperError

Grey = NDArray[np.uint8]
"""Rows by columns, 0 black to 255 white."""


def load_grey(path: Path, width: int, height: int) -> Grey:
    """The `width * height` raw bytes of `path`. Raises ValueError when there are not as many."""
    return np.fromfile(path, dtype=np.uint8).reshape(height, width)


def save_pgm(image: Grey, path: Path) -> None:
    """Write binary PGM: no compression to pay for, and tesseract reads it."""
    height, width = image.shape
    path.write_bytes(b"P5 %d %d 255\n" % (width, height) + image.tobytes())


def load_pgm(path: Path) -> Grey:
    """A page that `save_pgm` wrote. Raises PaperError when it is something else."""
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise UnreadablePaperError("Its pixels are missing.")
    return np.asarray(image, dtype=np.uint8)


def resized(image: Grey, factor: float) -> Grey:
    """Scale both sides; cubic upwards, area averages downwards."""
    if factor == 1.0:
        return image
    method = cv2.INTER_CUBIC if factor > 1 else cv2.INTER_AREA
    return np.asarray(
        cv2.resize(image, None, fx=factor, fy=factor, interpolation=method), dtype=np.uint8
    )


def jpeg(image: Grey, quality: int) -> bytes:
    """Grey JPEG. Raises ValueError when the size is beyond what JPEG can hold (65,535)."""
    done, encoded = cv2.imencode(
        ".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
    )
    if not done:
        raise ValueError("the page cannot be written as JPEG")
    return encoded.tobytes()
