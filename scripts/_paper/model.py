"""The document model: what stands on a paper, before anybody decides where.

All lengths are PDF points (1/72 inch).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from scripts._paper.statements import Statement

Ink = tuple[float, float, float]
"""Red, green, blue, each 0 to 1."""

BLACK: Ink = (0.08, 0.08, 0.1)
A4 = (595.28, 841.89)
A5 = (419.53, 595.28)
A5_LANDSCAPE = (595.28, 419.53)


class Form(StrEnum):
    """How a paper reaches the reader."""

    BORN_PDF = "born-digital PDF"
    SCANNED_PDF = "scanned PDF"
    SCAN_PNG = "scanned PNG"
    PHONE_JPEG = "phone photo"
    FAX_TIFF = "fax"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The house style of one clinic."""

    accent: Ink = BLACK
    size: float = 9.5
    """Body type size."""
    stretch: float = 0.92
    """Horizontal scale of the type; Vera is wide, most office faces are not."""
    leading: float = 1.42
    """Line height over type size."""
    margin: float = 56
    grid: Literal["rules", "boxes", "bands"] = "rules"
    header: Literal["left", "centre", "bar"] = "left"


@dataclass(frozen=True, slots=True)
class Letterhead:
    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FaxLine:
    """The line a fax machine prints above the page."""

    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Title:
    text: str


@dataclass(frozen=True, slots=True)
class Heading:
    text: str


@dataclass(frozen=True, slots=True)
class Fields:
    """Label and value pairs, side by side; one tuple per printed row."""

    rows: tuple[tuple[tuple[str, str], ...], ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str
    small: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """A numbered list; each item has a strong first line and plain ones below."""

    items: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Table:
    header: tuple[str, ...]
    shares: tuple[float, ...]
    """Width of each column over the width of the table."""
    rows: tuple[tuple[str, ...], ...]
    air: float = 1.75
    """Row height over type size."""


@dataclass(frozen=True, slots=True)
class Trace:
    """A strip of electrocardiogram paper."""

    height: float
    beats: int


@dataclass(frozen=True, slots=True)
class Signature:
    """A scribble over a line, and who signed in print."""

    lines: tuple[str, ...]
    seed: int
    stamp: bool = False


@dataclass(frozen=True, slots=True)
class Gap:
    height: float


Block = (
    Letterhead
    | FaxLine
    | Title
    | Heading
    | Fields
    | Paragraph
    | Items
    | Table
    | Trace
    | Signature
    | Gap
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One page."""

    blocks: tuple[Block, ...]
    footer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One document of the bag."""

    file: str
    title: str
    kind: str
    date: str
    """ISO 8601 date of issue."""
    form: Form
    look: Look
    sheets: tuple[Sheet, ...]
    says: tuple[Statement, ...]
    size: tuple[float, float] = A4
    seed: int = 0
    """Of the wear: every speck and shadow follows from it."""

    @property
    def issuer(self) -> str:
        """The name on the first page's letterhead."""
        blocks = self.sheets[0].blocks
        return next(block.name for block in blocks if isinstance(block, Letterhead))
