"""What a dask.distributed cluster adds to reading, and how reading scales from one worker to two.

Run `python -m bench.cluster [--json] [--pages N] [--rounds N]`. The cluster is a scheduler and two
workers on this machine, started for the run.

reading: the first N pages of the sample paper with the usual engines, through the pool with one and
with two reading processes and through the cluster, one after the other, `rounds` times; of each the
fastest. `without_readers` are the CPU seconds a page of the caller and of dask's own processes: the
reading processes are left out. `scaling` is the ratio of pages/s against one process. It is worth
as much as the cores were idle: `load` is the load average before the run.

overhead: 240 pages with an engine that sees nothing. What the caller and dask's own processes
compute for a page, without the reading processes, less what the caller computes for the pool; then
as a share of the CPU time that reading one page of the first part takes. `share_while_reading` is
the same from the first part, where dask has seconds a page for its own upkeep. `idle` is the share
of one core that scheduler and workers take together while they wait.
"""

import argparse
import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from reportlab.pdfgen import canvas

from bench._cluster import LocalCluster, local_cluster
from bench._ocr_pages import sample_papers
from ocr.reading import NullEngine, ReadingSettings, read_paths
from ocr.reading.spent import processor_seconds
from scripts._processes import own_cpu

_NULL_FILES = 12
_NULL_PAGES = 20
"""Of each file."""
_IDLE_SECONDS = 10.0

Row = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options(arguments)
    load = os.getloadavg()
    with tempfile.TemporaryDirectory(prefix="anamnesis-bench-") as name:
        folder = Path(name)
        with local_cluster(folder / "cluster") as cluster:
            reading = _reading(_sample_pages(folder, options.pages), cluster, options.rounds)
            overhead = _overhead(_null_pages(folder / "null"), cluster)
    mean = reading["pool, 2 processes"]["cpu_seconds_a_page"]
    overhead["share_of_reading"] = round(overhead["cpu_seconds_a_page"] / mean, 5)
    added = reading["cluster, 2 workers"]["without_readers"]
    added -= reading["pool, 2 processes"]["without_readers"]
    overhead["share_while_reading"] = round(added / mean, 5)
    result = {
        "load": [round(value, 2) for value in load],
        "reading": reading,
        "scaling": _scaling(reading),
        "overhead": overhead,
    }
    print(json.dumps(result, indent=2) if options.json else _shown(result))
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench.cluster", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--pages", type=int, default=16, help="pages to read for real")
    parser.add_argument("--rounds", type=int, default=2, help="readings of each kind")
    return parser.parse_args(arguments)


def _sample_pages(folder: Path, pages: int) -> list[Path]:
    chosen, count = [], 0
    for paper in sample_papers(folder / "samples"):
        if count < pages:
            chosen.append(paper.path)
            count += len(paper.pages)
    return chosen


def _null_pages(folder: Path) -> list[Path]:
    """Files of pages without text, each of other bytes."""
    folder.mkdir()
    for number in range(_NULL_FILES):
        out = io.BytesIO()
        paper = canvas.Canvas(out, pagesize=(300, 400))
        for page in range(_NULL_PAGES):
            paper.rect(20 + number, 20 + page, 200, 200)
            paper.showPage()
        paper.save()
        (folder / f"{number}.pdf").write_bytes(out.getvalue())
    return sorted(folder.iterdir())


def _reading(paths: list[Path], cluster: LocalCluster, rounds: int) -> Row:
    kinds = {
        "pool, 1 process": ReadingSettings(workers=1),
        "pool, 2 processes": ReadingSettings(workers=2),
        "cluster, 2 workers": ReadingSettings(scheduler=cluster.address),
    }
    read_paths(paths[:2], kinds["cluster, 2 workers"])  # its reading processes have to start
    best: Row = {}
    for _ in range(rounds):
        for kind, settings in kinds.items():
            row = _measured(paths, settings, cluster)
            if kind not in best or row["seconds"] < best[kind]["seconds"]:
                best[kind] = row
    return best


def _measured(paths: list[Path], settings: ReadingSettings, cluster: LocalCluster) -> Row:
    processes = (os.getpid(), *(_dask(cluster) if settings.scheduler else ()))
    before, own, started = processor_seconds(os.getpid()), _own(processes), time.monotonic()
    reading = read_paths(paths, settings)
    seconds, own = time.monotonic() - started, _own(processes) - own
    cpu = processor_seconds(os.getpid()) - before  # dask's processes were started by this one
    pages = sum(len(document.pages) for document in reading.documents)
    assert not reading.refusals, cluster.logs()
    return {
        "pages": pages,
        "seconds": round(seconds, 2),
        "pages_per_second": round(pages / seconds, 3),
        "cpu_seconds_a_page": round(cpu / pages, 3),
        "without_readers": round(own / pages, 4),
    }


def _dask(cluster: LocalCluster) -> tuple[int, ...]:
    return (cluster.scheduler.pid, *(worker.pid for worker in cluster.workers))


def _own(processes: Sequence[int]) -> float:
    return sum(own_cpu(pid) for pid in processes)


def _scaling(reading: Row) -> Row:
    one = reading["pool, 1 process"]["pages_per_second"]
    return {kind: round(row["pages_per_second"] / one, 3) for kind, row in reading.items()}


def _overhead(paths: list[Path], cluster: LocalCluster) -> Row:
    pool = ReadingSettings(engine=NullEngine(), workers=2)
    there = replace(pool, scheduler=cluster.address)
    read_paths(paths[:1], there)  # its reading processes have to start
    here = _own_seconds_a_page(paths, pool, (os.getpid(),))
    idle = _idle_share(_dask(cluster))
    both = _own_seconds_a_page(paths, there, (os.getpid(), *_dask(cluster)))
    return {
        "pages": _NULL_FILES * _NULL_PAGES,
        "pool_cpu_seconds_a_page": round(here, 5),
        "cluster_cpu_seconds_a_page": round(both, 5),
        "cpu_seconds_a_page": round(both - here, 5),
        "idle": round(idle, 4),
    }


def _idle_share(processes: Sequence[int]) -> float:
    before = _own(processes)
    time.sleep(_IDLE_SECONDS)
    return (_own(processes) - before) / _IDLE_SECONDS


def _own_seconds_a_page(
    paths: list[Path], settings: ReadingSettings, processes: Sequence[int]
) -> float:
    before = _own(processes)
    reading = read_paths(paths, settings)
    pages = sum(len(document.pages) for document in reading.documents)
    return (_own(processes) - before) / pages


def _shown(result: Row) -> str:
    rows = [
        f"{kind:<20} {row['pages_per_second']:.3f} pages/s, {row['cpu_seconds_a_page']:.2f} CPU "
        f"seconds a page, {result['scaling'][kind]:.2f} times one process"
        for kind, row in result["reading"].items()
    ]
    overhead = result["overhead"]
    rows.append(
        f"the cluster adds {1000 * overhead['cpu_seconds_a_page']:.1f} ms of CPU time a page, "
        f"{100 * overhead['share_of_reading']:.2f} % of reading it, "
        f"and takes {100 * overhead['idle']:.1f} % of one core while it waits"
    )
    return "\n".join([*rows, f"load average before: {result['load']}"])


if __name__ == "__main__":
    sys.exit(main())
