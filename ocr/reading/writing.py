"""A reading to files: NAME.txt and NAME.words.json for every page."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.words import Document, Page, Reading
from ocr.reading.cache import write_atomically

_MODE = 0o600
"""The files hold patient text."""


def write_reading(reading: Reading, out_dir: Path) -> tuple[Path, ...]:
    """Write text and words of every page into `out_dir` (made if missing), each file atomically.

    NAME is the document's name without its suffix, with `.pN` when it has several pages; where
    two documents would share a name, the later one keeps its suffix. Returns the paths written,
    in order. Raises OSError.
    """
    out_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    written: list[Path] = []
    for name, page in _named(reading.documents):
        text, words = out_dir / f"{name}.txt", out_dir / f"{name}.words.json"
        write_atomically(text, f"{page.text}\n".encode(), mode=_MODE)
        write_atomically(words, _words_json(page), mode=_MODE)
        written += [text, words]
    return tuple(written)


def _named(documents: tuple[Document, ...]) -> Iterator[tuple[str, Page]]:
    taken: set[str] = set()
    for document in documents:
        for base in _bases(document.name):
            names = [_page_name(base, page, document) for page in document.pages]
            if taken.isdisjoint(name.casefold() for name in names):
                break
        taken.update(name.casefold() for name in names)
        yield from zip(names, document.pages, strict=True)


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
