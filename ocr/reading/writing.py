"""A reading to files: NAME.txt and NAME.words.json for every page, pictures and PDF on demand."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.words import Document, Page, Reading
from ocr.reading.cache import write_atomically

_PDF = ".searchable.pdf"
_MODE = 0o600
"""The files hold patient text."""


def write_reading(
    reading: Reading, out_dir: Path, *, overlays: bool = False, pdf: bool = False
) -> tuple[Path, ...]:
    """Write text and words of every page into `out_dir` (made if missing), each file atomically.

    NAME is the document's name without its suffix, with `.pN` when it has several pages; where
    two documents would share a name, the later one keeps its suffix. With `overlays`,
    NAME.overlay.jpg shows each page with its words framed; with `pdf`, every document becomes a
    searchable NAME.searchable.pdf. Returns the paths written, in order. Raises OSError.
    """
    out_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    written: list[Path] = []
    for name, content in _files(reading, overlays=overlays, pdf=pdf):
        write_atomically(out_dir / name, content, mode=_MODE)
        written.append(out_dir / name)
    return tuple(written)


def _files(reading: Reading, *, overlays: bool, pdf: bool) -> Iterator[tuple[str, bytes]]:
    """File names and contents; one at a time, for a long reading's pictures are large."""
    for base, document, names in _named(reading.documents, pdf=pdf):
        for name, page, image in zip(names, document.pages, document.images, strict=True):
            yield f"{name}.txt", f"{page.text}\n".encode()
            yield f"{name}.words.json", _words_json(page)
            if overlays:
                from ocr.reading.overlay import overlay

                yield f"{name}.overlay.jpg", overlay(page, image)
        if pdf:
            from ocr.reading.searchable import searchable_pdf

            yield f"{base}{_PDF}", searchable_pdf(document)


def _named(
    documents: tuple[Document, ...], *, pdf: bool
) -> Iterator[tuple[str, Document, list[str]]]:
    """Each document with a name of its own and one for each of its pages."""
    taken: set[str] = set()
    for document in documents:
        for base in _bases(document.name):
            names = [_page_name(base, page, document) for page in document.pages]
            claimed = {name.casefold() for name in (*names, *([f"{base}{_PDF}"] if pdf else []))}
            if taken.isdisjoint(claimed):
                break
        taken |= claimed
        yield base, document, names


def _bases(name: str) -> Iterator[str]:
    """Names to try, from the plainest on; never ends."""
    yield Path(name).stem
    yield name
    number = 2
    while True:
        yield f"{name} ({number})"
        number += 1


def _page_name(base: str, page: Page, document: Document) -> str:
    several = len(document.pages) > 1 or page.number > 1
    return f"{base}.p{page.number}" if several else base


def _words_json(page: Page) -> bytes:
    values: dict[str, Any] = {
        "document": page.document,
        "page": page.number,
        "width": page.width,
        "height": page.height,
        "dpi": page.dpi,
        "words": [
            {
                "text": word.text,
                "box": [word.box.left, word.box.top, word.box.right, word.box.bottom],
                "confidence": round(word.confidence, 4),
                "engine": word.engine,
                "line": number,
                **({"rival": word.rival} if word.rival else {}),
            }
            for number, line in enumerate(page.lines)
            for word in line.words
        ],
    }
    return json.dumps(values, ensure_ascii=False, indent=1).encode() + b"\n"
