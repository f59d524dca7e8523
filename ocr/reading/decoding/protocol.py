"""What the decoding process is asked for and what it answers. Plain values, JSON on the way.

The child answers with dataclasses turned to JSON; the parent, which trusts none of it, checks
every field when it reads them back (see parent.py).
"""

from dataclasses import dataclass
from typing import Literal

RESULT_NAME = "result.json"

Failure = Literal["unreadable", "encrypted", "limit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeRequest:
    """A batch of pages of the file on the child's standard input."""

    kind: str
    """A readable FileKind by its value."""
    folder: str
    """Private folder for the answer."""
    first: int
    """Number of the first page wanted, from 1."""
    count: int
    text_dpi: int
    """Resolution of pages whose words come from the text layer: shown, not recognised."""
    max_pixels: int
    max_frames: int
    max_pages: int
    memory_bytes: int
    cpu_seconds: int
    max_output_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TextWord:
    """A word of a text layer: text, then left, top, right, bottom in pixels of the raster."""

    text: str
    box: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPage:
    """A decoded page: `file` holds width * height grey bytes, row by row from the top."""

    number: int
    file: str
    width: int
    height: int
    dpi: int
    """True resolution, or 0 when the file does not say or lies."""
    words: tuple[TextWord, ...] = ()
    """Empty when the page has to be recognised from its pixels."""
    pictures: tuple[tuple[int, int, int, int], ...] = ()
    """On a page with words: boxes of pictures that may show further text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedPage:
    number: int
    failure: Failure
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeResult:
    """`failure` concerns the whole file; `failed` single pages."""

    total: int = 0
    pages: tuple[RawPage, ...] = ()
    failed: tuple[FailedPage, ...] = ()
    failure: Failure | None = None
    what: str = ""


class DecodeError(Exception):
    """Raised inside the child; `failure` says which class of error the parent will make of it."""

    def __init__(self, failure: Failure, what: str) -> None:
        super().__init__(what)
        self.failure: Failure = failure
        self.what = what
