"""What reading paper costs and how right it is, beside pytesseract as it is usually called.

Run `python -m bench.ocr [--json] [--pages] [--variants] [--workers N] [--no-rival]`. Corpora are
read one after the other in one run; see bench/_ocr_pages.py for what they are (those of
`../shared/data/pages` are skipped, and listed as skipped, when that folder is not there) and
bench/_ocr_scores.py for what is counted. The rival is `pytesseract.image_to_string(Image.open(p))`,
one page after the other; PDF pages are drawn for it at 200 dpi. "clean scans" are pages of samples
and rendered again, so that what a good scan costs stands apart from what worn paper costs.

For each corpus: pages/s and CPU seconds a page with nothing cached, the seconds for the same
paper again (cached), and the peak of resident memory of this process and all it started, in MB.
--no-rival leaves the rival out.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytesseract

from bench._ocr_pages import (
    SHARED,
    Paper,
    clean_scans,
    drawn,
    sample_papers,
    shared_papers,
    variants,
)
from bench._ocr_scores import Score, words_of
from core.words import Reading
from ocr.reading import ReadingSettings, read_paths
from scripts._processes import peak_memory

_POLL_SECONDS = 0.1
_MB = 1_000_000

Row = dict[str, Any]
T = TypeVar("T")


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    with tempfile.TemporaryDirectory(prefix="anamnesis-bench-") as name:
        papers = list(_papers(Path(name), with_variants=options.variants))
        corpora: dict[str, list[Paper]] = {}
        for paper in papers:
            if options.only in (None, paper.corpus):
                corpora.setdefault(paper.corpus, []).append(paper)
        rows = {
            corpus: _measure(found, Path(name) / f"cache-{corpus}", options)
            for corpus, found in corpora.items()
        }
    skipped = [] if SHARED.is_dir() else ["rendered", "real", "variants"]
    if options.json:
        print(json.dumps({"corpora": rows, "skipped": skipped}, indent=2))
    else:
        _print(rows, skipped)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench.ocr", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--pages", action="store_true", help="also the CER of every page")
    parser.add_argument("--variants", action="store_true", help="also other wear; takes minutes")
    parser.add_argument("--workers", type=int, default=None, help="reading processes")
    parser.add_argument("--only", help="one corpus")
    parser.add_argument("--no-rival", action="store_true", help="leave the usual call out")
    return parser.parse_args(arguments)


def _papers(folder: Path, *, with_variants: bool) -> Iterator[Paper]:
    usual = [*sample_papers(folder / "samples"), *shared_papers()]
    yield from usual
    yield from clean_scans(usual)
    if with_variants and SHARED.is_dir():
        yield from variants(folder / "variants")


def _measure(papers: list[Paper], cache: Path, options: argparse.Namespace) -> Row:
    ours, reading = _ours(papers, cache, options.workers)
    by_page: dict[str, float] = {}
    score = Score()
    read = {document.name: document for document in reading.documents}
    for paper in papers:
        pages = {page.number: page for page in read[paper.path.name].pages}
        for number, truth in enumerate(paper.pages, start=1):
            page = pages[number]
            name = f"{paper.path.name} {number} ({paper.kind})"
            by_page[name] = round(score.add(truth, page.text, words_of(page)), 4)
    row: Row = {"anamnesis": score.rates() | ours}
    if options.pages:
        row["pages"] = by_page
    if not options.no_rival:
        row["usual call"] = _usual(papers)
        faster = row["anamnesis"]["pages_per_second"] / row["usual call"]["pages_per_second"]
        row["times the pages/s"] = round(faster, 2)
    return row


def _ours(papers: list[Paper], cache: Path, workers: int | None) -> tuple[Row, Reading]:
    settings = ReadingSettings(cache_dir=cache, workers=workers)
    paths = [paper.path for paper in papers]
    cold, reading = _timed(lambda: read_paths(paths, settings))
    cached, _ = _timed(lambda: read_paths(paths, settings))
    pages = sum(len(paper.pages) for paper in papers)
    return _costs(cold, pages) | {"cached_seconds": round(cached.seconds, 3)}, reading


def _usual(papers: list[Paper]) -> Row:
    score = Score()

    def read() -> list[str]:
        return [
            pytesseract.image_to_string(image) for paper in papers for image in drawn(paper.path)
        ]

    cost, texts = _timed(read)
    truths = [truth for paper in papers for truth in paper.pages]
    for truth, text in zip(truths, texts, strict=True):
        score.add(truth, text)
    rates = score.rates()
    return {k: rates[k] for k in ("cer", "wer", "numeric_recall")} | _costs(cost, len(texts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    seconds: float
    cpu_seconds: float
    """Of this process and of every process it waited for."""
    peak_bytes: int


def _timed(work: Callable[[], T]) -> tuple[Cost, T]:
    before, started = os.times(), time.monotonic()
    with peak_memory(_POLL_SECONDS) as peak:
        result = work()
    after = os.times()
    cpu = sum(after[:4]) - sum(before[:4])
    cost = Cost(seconds=time.monotonic() - started, cpu_seconds=cpu, peak_bytes=peak[0])
    return cost, result


def _costs(cost: Cost, pages: int) -> Row:
    return {
        "pages_per_second": round(pages / cost.seconds, 3),
        "cpu_seconds_a_page": round(cost.cpu_seconds / pages, 3),
        "peak_mb": round(cost.peak_bytes / _MB),
        "seconds": round(cost.seconds, 2),
    }


def _print(rows: dict[str, Row], skipped: list[str]) -> None:
    for corpus, row in rows.items():
        for who in ("anamnesis", "usual call"):
            if who in row:
                figures = "  ".join(f"{key} {value}" for key, value in row[who].items())
                print(f"{corpus:<10} {who:<11} {figures}")
        for name, rate in row.get("pages", {}).items():
            print(f"    {rate:.4f} {name}")
    for corpus in skipped:
        print(f"{corpus:<10} skipped: {SHARED} is not there")


if __name__ == "__main__":
    sys.exit(main())
