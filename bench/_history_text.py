"""Transcribed reports as documents: words on lines of a page, as a text layer gives them."""

from core.words import Box, Document, Line, Page, Word

_COLUMNS, _ROWS = 100, 60
_WIDTH, _HEIGHT, _PITCH = 10, 20, 30
"""Pixels of a character, a word's height, and from row to row."""


def document(name: str, text: str) -> Document:
    """`text` wrapped at 100 characters, 60 lines a page."""
    rows: list[list[str]] = [[]]
    for paragraph in text.splitlines() or [""]:
        for word in paragraph.split():
            if len(" ".join([*rows[-1], word])) > _COLUMNS:
                rows.append([])
            rows[-1].append(word)
        rows.append([])
    rows = [row for row in rows if row]
    pages = [rows[i : i + _ROWS] for i in range(0, len(rows), _ROWS)] or [[]]
    return Document(
        name=name,
        sha256="0" * 64,
        pages=tuple(_page(name, n, lines) for n, lines in enumerate(pages, 1)),
        images=(),
    )


def _page(name: str, number: int, rows: list[list[str]]) -> Page:
    lines, start = [], 0
    for row, words in enumerate(rows):
        lines.append(Line(words=_placed(words, row), start=start))
        start += len(lines[-1].text) + 1
    return Page(document=name, number=number, width=1240, height=1900, dpi=150, lines=tuple(lines))


def _placed(words: list[str], row: int) -> tuple[Word, ...]:
    placed, left, top = [], 60, 60 + row * _PITCH
    for text in words:
        box = Box(left=left, top=top, right=left + len(text) * _WIDTH, bottom=top + _HEIGHT)
        placed.append(Word(text=text, box=box, confidence=1.0, engine="pdf-text"))
        left += (len(text) + 1) * _WIDTH
    return tuple(placed)
