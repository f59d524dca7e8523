"""A reading process of its own: within its limits whatever a page does, ready for the next."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from core.errors import PaperError, PaperLimitError
from ocr.reading.decoding.protocol import RawPage
from ocr.reading.tasks import PageTask
from ocr.reading.workers import ProcessWorker
from tests.fakes.engines import FaultyEngine

Make = Callable[..., ProcessWorker]
SIDE = 40


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Make]:
    """Starts reading processes whose engine does what it is told to."""
    made: list[ProcessWorker] = []

    def make(fault: str) -> ProcessWorker:
        engine = FaultyEngine(fault=fault, place=tmp_path / "pid")
        made.append(ProcessWorker(engine, tmp_path))
        return made[-1]

    yield make
    for each in made:
        each.close()


def _task(folder: Path, *, grey: int = 0, seconds: float = 20.0) -> PageTask:
    """A white page with a square of this grey in its middle."""
    pixels = np.full((SIDE, SIDE), 255, np.uint8)
    pixels[10:30, 10:30] = grey
    (folder / "page-1.grey").write_bytes(pixels.tobytes())
    raw = RawPage(number=1, file="page-1.grey", width=SIDE, height=SIDE, dpi=300)
    return PageTask(
        document="x.png",
        sha256="ab" * 32,
        folder=folder,
        raw=raw,
        image_dpi=300,
        image_quality=60,
        seconds=seconds,
    )


def _words(worker: ProcessWorker, task: PageTask) -> list[str]:
    return [word.text for line in worker.read(task).page.lines for word in line.words]


def test_read_refuses_the_page_when_it_takes_too_much_memory(worker: Make, tmp_path: Path) -> None:
    reader = worker("memory")
    with pytest.raises(PaperLimitError, match="more memory than allowed"):
        reader.read(_task(tmp_path))
    assert _words(reader, _task(tmp_path, grey=255)) == []


@pytest.mark.parametrize("fault", ["time", "sleep"])
def test_read_refuses_the_page_when_it_takes_too_long(
    worker: Make, tmp_path: Path, fault: str
) -> None:
    reader = worker(fault)
    with pytest.raises(PaperLimitError, match="longer than allowed"):
        reader.read(_task(tmp_path, seconds=0.5))
    assert _words(reader, _task(tmp_path, grey=255)) == []


def test_read_leaves_nothing_running_when_its_process_dies(worker: Make, tmp_path: Path) -> None:
    reader = worker("death")
    with pytest.raises(PaperError, match="ended unexpectedly"):
        reader.read(_task(tmp_path))
    assert _is_gone(int((tmp_path / "pid").read_text()))
    assert _words(reader, _task(tmp_path, grey=255)) == []


def test_read_is_limited_in_the_process_and_in_what_it_starts(worker: Make, tmp_path: Path) -> None:
    gibibyte = 1 << 20
    words = _words(worker("limits"), _task(tmp_path))
    assert sorted(map(int, words)) == sorted([gibibyte, gibibyte // 2] * 2 + [0])


def test_read_gives_the_process_no_more_of_the_environment_than_it_needs(
    worker: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANAMNESIS_RPC", "https://user:secret@node.example")
    (said,) = _words(worker("report"), _task(tmp_path))
    assert "secret" not in said
    assert f"HOME={tmp_path}" in said.split()
    assert f"TMPDIR={tmp_path}" in said.split()


def _is_gone(pid: int) -> bool:
    for _ in range(100):
        with suppress(ProcessLookupError):
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            if state != "Z":  # ended, and not yet waited for by whoever adopted it
                time.sleep(0.05)
                continue
        return True
    return False
