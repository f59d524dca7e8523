"""From the story to files: lay out, draw, wear, encode, and write the truth beside them."""

import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image

from core.errors import InputError
from scripts._paper import layout, vector, wear
from scripts._paper.marks import Placed
from scripts._paper.model import Form, Paper
from scripts._paper.story import PAPERS, PATIENT
from scripts._paper.truth import truth

SCAN_DPI = 300
SCANNED_PDF_DPI = 200
FAX_DPI = (204, 196)
PHOTO_PIXELS = (2448, 3264)
"""An 8-megapixel telephone camera, upright."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One file that was written."""

    path: Path
    about: str
    bytes: int


def write_samples(
    out: Path, *, progress: Callable[[Sample], None] | None = None
) -> tuple[Sample, ...]:
    """Write every paper and truth.json into `out`; the bytes are the same on every run.

    `progress` is told of each file as it is written. Raises InputError when `out` cannot be
    written to.
    """
    written: list[Sample] = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        for sample in _files(out):
            written.append(sample)
            if progress is not None:
                progress(sample)
    except OSError as error:
        raise InputError(
            f"Cannot write into {out}: {error.strerror}.", remedy="Name another folder with --out."
        ) from error
    return tuple(written)


def _files(out: Path) -> Iterator[Sample]:
    texts = {}
    for paper in PAPERS:
        pages = [layout.place(sheet, paper.size, paper.look) for sheet in paper.sheets]
        texts[paper.file] = [page.text for page in pages]
        about = f"{paper.title}, {paper.date}, {paper.form}"
        yield _write(out / paper.file, render(paper, pages), about)
    facts = json.dumps(truth(PATIENT, PAPERS, texts), indent=2, ensure_ascii=False) + "\n"
    yield _write(out / "truth.json", facts.encode(), "what the papers say")


def render(paper: Paper, pages: Sequence[Placed]) -> bytes:
    """The file of one paper in its form."""
    return {
        Form.BORN_PDF: _born_pdf,
        Form.SCANNED_PDF: _scanned_pdf,
        Form.SCAN_PNG: _scan_png,
        Form.PHONE_JPEG: _phone_jpeg,
        Form.FAX_TIFF: _fax_tiff,
    }[paper.form](paper, pages)


def _write(path: Path, content: bytes, about: str) -> Sample:
    path.write_bytes(content)
    return Sample(path=path, about=about, bytes=len(content))


def _born_pdf(paper: Paper, pages: Sequence[Placed]) -> bytes:
    return vector.pdf(pages, title=paper.title, author=paper.issuer)


def _tilt(paper: Paper, number: int) -> float:
    """Degrees, at most 0.7 either way, another for every page."""
    return ((paper.seed * 37 + number * 53) % 11 - 5) * 0.13 or 0.2


def _scans(paper: Paper, pages: Sequence[Placed], dpi: int) -> list[Image.Image]:
    return [
        wear.scanned(image, seed=paper.seed + number, degrees=_tilt(paper, number))
        for number, image in enumerate(vector.pixels(pages, dpi=dpi))
    ]


def _scanned_pdf(paper: Paper, pages: Sequence[Placed]) -> bytes:
    jpegs = [_encode(image, "JPEG", quality=62) for image in _scans(paper, pages, SCANNED_PDF_DPI)]
    return vector.image_pdf(jpegs, size=paper.size, title="Scanned document")


def _scan_png(paper: Paper, pages: Sequence[Placed]) -> bytes:
    (image,) = _scans(paper, pages, SCAN_DPI)
    # Grain leaves zlib nothing to match: Huffman codes alone are as small and four times faster.
    return _encode(image, "PNG", dpi=(SCAN_DPI, SCAN_DPI), compress_type=zlib.Z_HUFFMAN_ONLY)


def _phone_jpeg(paper: Paper, pages: Sequence[Placed]) -> bytes:
    (page,) = vector.pixels(pages, dpi=SCAN_DPI)
    size = PHOTO_PIXELS if paper.size[0] < paper.size[1] else PHOTO_PIXELS[::-1]
    photo = wear.photographed(page, seed=paper.seed, size=size)
    return _encode(photo, "JPEG", quality=85, dpi=(72, 72))


def _fax_tiff(paper: Paper, pages: Sequence[Placed]) -> bytes:
    width, height = (
        round(side / vector.POINTS_PER_INCH * dpi)
        for side, dpi in zip(paper.size, FAX_DPI, strict=True)
    )
    images = [
        wear.faxed(
            image, seed=paper.seed + number, size=(width, height), degrees=_tilt(paper, number)
        )
        for number, image in enumerate(vector.pixels(pages, dpi=SCAN_DPI))
    ]
    return _encode(
        images[0],
        "TIFF",
        save_all=True,
        append_images=images[1:],
        compression="group4",
        dpi=FAX_DPI,
    )


def _encode(image: Image.Image, form: str, **options: object) -> bytes:
    stream = BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()
