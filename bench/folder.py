"""Claim: a folder of ten pages is read and summarised, cold, in 15 s on two idle cores.

    python -m bench.folder [--json] [--no-rival]

The folder is the project's sample paper: nine files with ten pages, three of them PDFs with a text
layer, a scanned PDF, two scans, two photos and a fax of two pages. Cold means `anamnesis summarize
--no-cache` in a process that starts, with a home that is empty. Beside it, in the same run, the
usual call on the same pages, which only reads: `pytesseract.image_to_string(Image.open(p))`, one
page after the other.

Seconds are on the clock, CPU seconds of all processes. Where more than two cores are, two are used.
On a busy machine the clock says little: look at the load that is printed with it, or run it before
all others with `chrt -r 1`.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytesseract

from bench._ocr_pages import drawn, sample_papers
from core.errors import AnamnesisError

_CORES = 2
_CLAIM_SECONDS = 15.0

Row = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="bench.folder", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--no-rival", action="store_true", help="leave the usual call out")
    options = parser.parse_args(arguments)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:_CORES])
    with tempfile.TemporaryDirectory(prefix="anamnesis-bench-") as name:
        rows = _measured(Path(name), rival=not options.no_rival)
    print(json.dumps(rows, indent=2) if options.json else _shown(rows))
    return 0


def _measured(root: Path, *, rival: bool) -> Row:
    papers = list(sample_papers(root / "paper"))
    paths = [paper.path for paper in papers]
    rows: Row = {
        "pages": sum(len(paper.pages) for paper in papers),
        "files": len(papers),
        "cores": len(os.sched_getaffinity(0)),
        "claim_seconds": _CLAIM_SECONDS,
        "load_before": round(os.getloadavg()[0], 1),
        "summarize": _timed(lambda: _summarise(paths, root)),
    }
    if rival:
        rows["usual call, reading only"] = _timed(lambda: _read_usually(paths))
    return rows


def _summarise(paths: Sequence[Path], root: Path) -> None:
    """Raises AnamnesisError when it does not end well."""
    program = Path(sys.executable).with_name("anamnesis")
    command = [program, "summarize", *paths, "--out", root / "out", "--home", root / "home"]
    environment = os.environ | {"ANAMNESIS_WORKERS": str(_CORES)}
    done = subprocess.run([*command, "--no-cache"], env=environment, capture_output=True)
    if done.returncode or not (root / "out" / "history.html").is_file():
        raise AnamnesisError(f"anamnesis summarize ended with {done.returncode}.")


def _read_usually(paths: Sequence[Path]) -> None:
    for path in paths:
        for image in drawn(path):
            pytesseract.image_to_string(image)


def _timed(work: Callable[[], None]) -> Row:
    before, started = os.times(), time.monotonic()
    work()
    seconds = time.monotonic() - started
    cpu = sum(os.times()[:4]) - sum(before[:4])
    return {"seconds": round(seconds, 2), "cpu_seconds": round(cpu, 2)}


def _shown(rows: Row) -> str:
    figures = (
        f"{name:<25}" + "  ".join(f"{key} {value}" for key, value in row.items())
        for name, row in rows.items()
        if isinstance(row, dict)
    )
    rest = "  ".join(f"{key} {value}" for key, value in rows.items() if not isinstance(value, dict))
    return "\n".join([rest, *figures])


if __name__ == "__main__":
    sys.exit(main())
