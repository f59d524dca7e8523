"""The reading wing: files of paper to words with boxes.

    from ocr.reading import ReadingSettings, read_paths, write_reading

    reading = read_paths([Path("shoebox")], ReadingSettings())
    write_reading(reading, Path("out"))

Names are loaded when first asked for: the decoding process imports this package too, and has to
start in milliseconds within a small address space.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ocr.reading.engines import Engine, NullEngine, TesseractEngine
    from ocr.reading.opinions import CheckedEngine
    from ocr.reading.rapid import RapidEngine
    from ocr.reading.running import Progress, read_paths
    from ocr.reading.settings import DecodeLimits, ReadingSettings
    from ocr.reading.writing import write_reading

__all__ = [
    "CheckedEngine",
    "DecodeLimits",
    "Engine",
    "NullEngine",
    "Progress",
    "RapidEngine",
    "ReadingSettings",
    "TesseractEngine",
    "read_paths",
    "write_reading",
]

_HOMES = {
    "CheckedEngine": "opinions",
    "DecodeLimits": "settings",
    "Engine": "engines",
    "NullEngine": "engines",
    "Progress": "running",
    "RapidEngine": "rapid",
    "ReadingSettings": "settings",
    "TesseractEngine": "engines",
    "read_paths": "running",
    "write_reading": "writing",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
