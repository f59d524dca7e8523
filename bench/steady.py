"""Whether memory stays level while many pages are read.

Run `python -m bench.steady [--json] [--pages N] [--workers N]`. N pages (500), each a file of its
own with a few lines of print that differ, are read with the usual engines in one call. Every 50
pages: resident memory of this process and of each reading process, in MB.

`growth` is what was added between the first mark, by when the models are loaded, and the last. This
process holds the result: `result` is the size of its page images, which it has to grow by.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import reportlab
from PIL import Image, ImageDraw, ImageFont

from ocr.reading import Progress, ReadingSettings, read_paths
from ocr.reading.spent import children
from scripts._processes import command, own_resident

_EVERY = 50
_MB = 1_000_000
_SIZE = (900, 420)
"""Pixels at 150 dpi."""

Row = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    if options.pages < 2 * _EVERY:
        print(f"Between {options.pages} pages there is nothing to compare.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="anamnesis-bench-") as name:
        _draw_pages(Path(name), options.pages)
        result = _measure(Path(name), ReadingSettings(workers=options.workers))
    print(json.dumps(result, indent=2) if options.json else _shown(result))
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench.steady", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--pages", type=int, default=500, help="two marks or more, so from 100 on")
    parser.add_argument("--workers", type=int, default=2, help="reading processes")
    return parser.parse_args(arguments)


def _draw_pages(folder: Path, pages: int) -> None:
    font_file = Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"
    font = ImageFont.truetype(str(font_file), 30)
    for number in range(pages):
        page = Image.new("L", _SIZE, 255)
        pen = ImageDraw.Draw(page)
        lines = (f"Sheet {number} of {pages}", f"Potassium {3 + number / 1000:.3f} mmol/L")
        for row, line in enumerate((*lines, "Metformin 500 mg twice daily")):
            pen.text((60, 60 + 90 * row), line, font=font, fill=0)
        page.save(folder / f"{number:04}.png", dpi=(150, 150))


def _measure(folder: Path, settings: ReadingSettings) -> Row:
    marks: list[Row] = []
    started = time.monotonic()

    def mark(now: Progress) -> None:
        if now.done and now.done % _EVERY == 0 and now.done not in [row["pages"] for row in marks]:
            marks.append({"pages": now.done, **_resident()})

    reading = read_paths([folder], settings, mark)
    images = sum(len(image) for document in reading.documents for image in document.images)
    return {
        "pages": sum(len(document.pages) for document in reading.documents),
        "refusals": len(reading.refusals),
        "seconds": round(time.monotonic() - started, 1),
        "marks": marks,
        "growth": {who: _growth(marks, who) for who in ("caller", "readers")},
        "result": round(images / _MB, 1),
    }


def _resident() -> Row:
    readers = [pid for pid in children(os.getpid()) if "ocr.reading.worker" in command(pid)]
    return {
        "caller": round(own_resident(os.getpid()) / _MB, 1),
        "readers": sorted(round(own_resident(pid) / _MB, 1) for pid in readers),
    }


def _growth(marks: list[Row], who: str) -> Any:
    first, last = marks[0][who], marks[-1][who]
    if isinstance(first, list):
        return [round(b - a, 1) for a, b in zip(first, last, strict=True)]
    return round(last - first, 1)


def _shown(result: Row) -> str:
    rows = [
        f"{row['pages']:>5} pages: caller {row['caller']:.1f} MB, readers {row['readers']} MB"
        for row in result["marks"]
    ]
    growth = result["growth"]
    rows.append(
        f"grown by {growth['caller']} MB (result: {result['result']} MB) and {growth['readers']} MB"
    )
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
