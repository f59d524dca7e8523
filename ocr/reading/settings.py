"""What a reading may use: limits, engine, workers, cache. Read once, at the entry point."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from ocr.reading.engines import Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeLimits:
    """What one file from outside may cost. A decoder that asks for more is stopped."""

    max_file_bytes: int = 25 * 1024 * 1024
    max_pixels: int = 20_000_000
    """A page or frame; A4 at 300 dpi has 8.7 million, a phone's photo 12 million."""
    max_frames: int = 50
    """Of a TIFF, WebP, HEIC or DICOM file."""
    max_pages: int = 200
    """Of a PDF."""
    memory_bytes: int = 768 * 1024 * 1024
    """Address space of a decoding process, so that it and its caller stay below 1 GiB. The most
    that a page of `max_pixels` was seen to need is 640 MiB (RGB in a DICOM file)."""
    cpu_seconds: int = 20
    """Processor time of one decoding process."""
    wall_seconds: float = 20.0
    """Of all decoding processes of one file together; see allowance.py."""
    page_credit_seconds: float = 0.5
    """What every decoded page adds to that; an honest scan takes about a tenth of it."""
    max_output_bytes: int = 64 * 1024 * 1024
    """For each file the decoding process writes."""
    batch_pages: int = 8
    """Pages decoded by one process, so that a long document never fills the disk."""
    max_crashes: int = 3
    """Pages of one file that may kill their decoder, or take too long to read, before the file is
    given up."""


def _usual_engine() -> Engine:
    from ocr.reading.opinions import CheckedEngine  # late: image libraries take a while to load

    return CheckedEngine()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingSettings:
    """How to read. The defaults read English paper on every core and keep nothing."""

    engine: Engine = field(default_factory=_usual_engine)
    limits: DecodeLimits = field(default_factory=DecodeLimits)
    workers: int | None = None
    """Reading processes; None: one for each core; 0: in this process, for tests."""
    page_seconds: float = 26.0
    """Processor time for one page: its share of the decoding, preparing and recognising it."""
    scheduler: str | None = None
    """Address of a dask.distributed scheduler whose workers read instead; None: this machine."""
    cache_dir: Path | None = None
    """Where readings are kept (made 0700); None: nothing is kept."""
    image_dpi: int = 130
    """Resolution of the page images that are shown beside the facts."""
    image_quality: int = 60
    """JPEG quality of those images, 1 to 95."""

    @property
    def worker_count(self) -> int:
        return (os.cpu_count() or 1) if self.workers is None else self.workers
