"""Paper made of text: every line a visual row, two or more spaces a gap between cells."""

import io
import re
from collections.abc import Sequence

from PIL import Image

from core.facts import Fact, Kind
from core.history import History
from core.words import Box, Document, Line, Page, Reading, Word
from ocr.summary import summarise

CHARACTER, HEIGHT, PITCH = 10, 20, 30
"""Pixels of a character's width, a word's height, and from row to row."""


def _blank() -> bytes:
    packed = io.BytesIO()
    Image.new("L", (124, 175), 255).save(packed, "JPEG", quality=20)
    return packed.getvalue()


JPEG = _blank()

HEAD = "Patient: Nora Linden   DOB: 1961-03-14   ID: HM-447102\nDate: 5 March 2024\n"


def make_page(
    text: str, *, document: str = "paper.pdf", number: int = 1, confidence: float = 0.97
) -> Page:
    """A page whose empty lines are gaps. `~word~` is a word read with confidence 0.4."""
    lines: list[Line] = []
    start = 0
    for row, shown in enumerate(text.splitlines()):
        words = tuple(_word(match, row, confidence) for match in re.finditer(r"\S+", shown))
        if words:
            lines.append(Line(words=words, start=start))
            start += len(lines[-1].text) + 1
    return Page(
        document=document, number=number, width=1240, height=1754, dpi=150, lines=tuple(lines)
    )


def _word(match: re.Match[str], row: int, confidence: float) -> Word:
    doubtful = match.group().startswith("~")
    left = 60 + match.start() * CHARACTER
    return Word(
        text=match.group().strip("~"),
        box=Box(
            left=left,
            top=60 + row * PITCH,
            right=left + len(match.group()) * CHARACTER,
            bottom=60 + row * PITCH + HEIGHT,
        ),
        confidence=0.4 if doubtful else confidence,
        engine="tesseract",
    )


def make_document(name: str, *texts: str, confidence: float = 0.97) -> Document:
    pages = tuple(
        make_page(text, document=name, number=number, confidence=confidence)
        for number, text in enumerate(texts, 1)
    )
    return Document(name=name, sha256="0" * 64, pages=pages, images=(JPEG,) * len(pages))


def make_reading(*documents: Document) -> Reading:
    return Reading(documents=documents, refusals=())


def read_texts(**texts: str) -> Reading:
    """One document for each keyword, named NAME.pdf."""
    return make_reading(*(make_document(f"{name}.pdf", text) for name, text in texts.items()))


def history_of_text(text: str, *, head: str = HEAD) -> History:
    return summarise(read_texts(paper=head + text))


def found(history: History, kind: Kind) -> list[Fact]:
    return [fact for fact in history.facts if fact.kind is kind]


def names(facts: Sequence[Fact]) -> list[str]:
    return sorted(fact.name for fact in facts)
