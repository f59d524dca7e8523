"""What travels between the caller and a reading process."""

from dataclasses import dataclass
from pathlib import Path

from core.words import Page
from ocr.reading.decoding.protocol import RawPage


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTask:
    """A page to recognise. Plain values, so that it can be sent to another process."""

    document: str
    sha256: str
    """Of the file that the page is from."""
    folder: Path
    """Private folder that holds the raw page; the engine's input goes there too."""
    raw: RawPage
    image_dpi: int
    image_quality: int
    seconds: float
    """Of processor time, for the caller who asks a process; of the clock, within that process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPage:
    page: Page
    image: bytes
    """JPEG in the pixel space of the page's boxes."""
