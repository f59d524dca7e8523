"""The pages that readings are measured on, each with the words that stand on it.

- rendered, real: `../shared/data/pages` beside the project, when it is there: rendered medical
  pages in five states of wear, and scans of real forms and tables
- samples: the project's own sample paper
- variants: other wear than either, of the pages that both have as PDF with a text layer; made here
  with a fixed seed, to notice rules that fit only the pages they were made on
- clean scans: those of samples and rendered that are scanned flat, in grey, at 200 or 300 dpi; no
  photo, no fax, no small copy, and no page with a text layer, which costs next to nothing
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pypdfium2
from numpy.typing import NDArray
from PIL import Image, ImageSequence

from scripts._paper.generate import write_samples
from scripts._paper.model import Form

SHARED = Path(__file__).resolve().parents[1] / ".." / "shared" / "data" / "pages"
_SEED = 20_240_911
_RIVAL_PDF_DPI = 200
_CLEAN = {
    "samples": {Form.SCANNED_PDF.value, Form.SCAN_PNG.value},
    "rendered": {"clean", "scan"},
}
"""What the two call paper that is scanned well."""
Grey = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One file, and the text of each of its pages."""

    corpus: str
    path: Path
    pages: tuple[str, ...]
    kind: str = ""


def shared_papers() -> Iterator[Paper]:
    """What `../shared/data/pages` holds; nothing when it is absent."""
    if not (SHARED / "meta.json").exists():
        return
    for entry in json.loads((SHARED / "meta.json").read_text()):
        truth = (SHARED / f"{entry['id']}.txt").read_text()
        corpus = "rendered" if entry["src"] == "rendered" else "real"
        path = SHARED / f"{entry['id']}.png"
        yield Paper(corpus=corpus, path=path, pages=(truth,), kind=entry["degrade"])


def sample_papers(folder: Path) -> Iterator[Paper]:
    """The project's own sample paper, written into `folder`."""
    folder.mkdir()
    write_samples(folder)
    for entry in json.loads((folder / "truth.json").read_text())["documents"]:
        path = folder / entry["file"]
        yield Paper(corpus="samples", path=path, pages=tuple(entry["text"]), kind=entry["form"])


def clean_scans(papers: Iterable[Paper]) -> Iterator[Paper]:
    """Those of `papers` that are clean scans, as a corpus of their own."""
    for paper in papers:
        if paper.kind in _CLEAN.get(paper.corpus, ()):
            yield replace(paper, corpus="clean scans")


def variants(folder: Path) -> Iterator[Paper]:
    """Worn copies of every shared page that has a PDF, written into `folder`."""
    folder.mkdir()
    dice = np.random.default_rng(_SEED)
    for number, pdf in enumerate(sorted(SHARED.glob("*.pdf"))):
        truth = pdf.with_suffix(".txt").read_text()
        for offset in (0, 3):
            kind = list(_WEAR)[(number + offset) % len(_WEAR)]
            dpi, wear = _WEAR[kind]
            path = folder / f"{pdf.stem}-{kind}.png"
            Image.fromarray(wear(_rendered(pdf, dpi), dice)).save(path, dpi=(dpi, dpi))
            yield Paper(corpus="variants", path=path, pages=(truth,), kind=kind)


def drawn(path: Path) -> Iterator[Image.Image]:
    """The pages of a file as one would hand them to a recogniser; those of a PDF at 200 dpi."""
    if path.suffix == ".pdf":
        document = pypdfium2.PdfDocument(path)
        for page in document:
            yield page.render(scale=_RIVAL_PDF_DPI / 72).to_pil()
        document.close()
        return
    with Image.open(path) as image:
        if getattr(image, "n_frames", 1) == 1:
            yield image
        else:
            yield from (frame.copy() for frame in ImageSequence.Iterator(image))


def _rendered(pdf: Path, dpi: int) -> Grey:
    document = pypdfium2.PdfDocument(pdf)
    try:
        page = document[0].render(scale=dpi / 72, grayscale=True).to_pil().convert("L")
    finally:
        document.close()
    return np.asarray(page, dtype=np.uint8)


def _copied(page: Grey, dice: np.random.Generator) -> Grey:
    """A grey, noisy, slightly crooked copy."""
    page = _noisy(_crooked(page, dice.uniform(-2.5, 2.5)), dice, 0.8, contrast=0.75, spread=11)
    return _jpeg(page, 50)


def _faint(page: Grey, dice: np.random.Generator) -> Grey:
    """Toner nearly empty."""
    return _jpeg(_noisy(_crooked(page, dice.uniform(-1, 1)), dice, 0.6, contrast=0.4, spread=7), 60)


def _small(page: Grey, dice: np.random.Generator) -> Grey:
    """Sent through a messenger."""
    del dice
    return _jpeg(page, 45)


def _faxed(page: Grey, dice: np.random.Generator) -> Grey:
    noise = dice.normal(150, 20, page.shape)
    bits = np.where(_crooked(page, dice.uniform(-1, 1)) > noise, 255, 0).astype(np.uint8)
    salt = dice.random(page.shape)
    bits[salt < 0.003] = 0
    bits[salt > 0.997] = 255
    return bits


def _photo(page: Grey, dice: np.random.Generator) -> Grey:
    """Held by hand under a lamp, with a shadow, on a dark table."""
    height, width = page.shape
    square = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    inward = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]], np.float32)
    moved = square + inward * dice.uniform(0.005, 0.05, (4, 2)).astype(np.float32) * (width, height)
    view = cv2.getPerspectiveTransform(square, moved.astype(np.float32))
    seen = cv2.warpPerspective(page, view, (width, height), borderValue=(70,))
    y, x = np.mgrid[0:height, 0:width]
    lamp = np.clip(1.05 - 0.45 * x / width - 0.25 * y / height, 0.3, 1.0)
    shadow = ((x / width + y / height) > dice.uniform(0.9, 1.3)).astype(np.float32)
    light = lamp * (1 - 0.3 * cv2.GaussianBlur(shadow, (0, 0), width / 60))
    return _jpeg(_noisy((seen * light).astype(np.uint8), dice, 1.1, contrast=1.0, spread=6), 65)


_WEAR = {
    "copy150": (150, _copied),
    "photo250": (250, _photo),
    "small96": (100, _small),
    "fax204": (204, _faxed),
    "faint240": (240, _faint),
    "photo180": (180, _photo),
    "small130": (130, _small),
}


def _crooked(page: Grey, degrees: float) -> Grey:
    height, width = page.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
    turned = cv2.warpAffine(page, turn, (width, height), borderValue=(int(np.median(page)),))
    return np.asarray(turned, dtype=np.uint8)


def _noisy(
    page: Grey, dice: np.random.Generator, blur: float, *, contrast: float, spread: float
) -> Grey:
    soft = cv2.GaussianBlur(page, (0, 0), blur).astype(np.float32)
    grain = dice.normal(0, spread, page.shape)
    return np.clip(soft * contrast + 245 * (1 - contrast) + grain, 0, 255).astype(np.uint8)


def _jpeg(page: Grey, quality: int) -> Grey:
    encoded = cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)
