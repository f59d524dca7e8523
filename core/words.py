"""What was read off the paper: documents, pages, words with boxes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Pixels of the page image, origin at the top left; right and bottom are exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    def union(self, other: "Box") -> "Box":
        return Box(
            left=min(self.left, other.left),
            top=min(self.top, other.top),
            right=max(self.right, other.right),
            bottom=max(self.bottom, other.bottom),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    text: str
    box: Box
    confidence: float
    """0 to 1, as the engines say; low where two disagree; 1 for a born-digital text layer."""
    engine: str
    """"tesseract", "pdf-text", ..."""
    rival: str = ""
    """What another engine read here; empty when it read the same or was not asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Words of one visual row, left to right, or of one row of a ruled table, cell by cell.

    `start` is its offset in the page text.
    """

    words: tuple[Word, ...]
    start: int

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page as read. `text` is its lines joined with newlines; spans count in it."""

    document: str
    """File name without its folder, unique within a reading."""
    number: int
    """1 for the first page."""
    width: int
    height: int
    dpi: int
    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file of paper as read."""

    name: str
    sha256: str
    """Hex digest of the file's bytes."""
    pages: tuple[Page, ...]
    images: tuple[bytes, ...]
    """One JPEG per page, in the pixel space of the boxes, for showing the source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A file that was not read, and why, in words for a person."""

    name: str
    reason: str
    fatal: bool
    """False for what a folder may hold beside paper (a text note); True for paper that failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Everything that was read in one go."""

    documents: tuple[Document, ...]
    refusals: tuple[Refusal, ...]
