"""What a worker of a cluster does for a reading: show what it is, and read single pages.

Foreign paper is never touched in the cluster's own process: every thread of it keeps a reading
process, with that one's limits and empty environment. Errors come back as values, because dask
logs the arguments of what raises; and an Errand shows nothing of itself, because dask logs what it
finds odd.
"""

import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from distributed import get_worker

from core.errors import AnamnesisError, ClusterMismatchError, PaperError, SetupError
from ocr.reading.cache import PIPELINE_VERSION
from ocr.reading.engines import Engine
from ocr.reading.tasks import PageTask, ReadPage
from ocr.reading.workers import ProcessWorker

_LOOK_SECONDS = 0.5
"""How often a worker looks whether its page is still wanted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """With what a page is read. The same reader makes the same words of the same page."""

    engine: Engine = field(repr=False)
    engine_version: str
    pipeline_version: int = PIPELINE_VERSION


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One page for a cluster. It names a folder and no file; its text layer is not shown."""

    task: PageTask = field(repr=False)
    reader: Reader = field(repr=False)

    @property
    def key(self) -> str:
        """64 hex digits: the same for the same page of the same file, read in the same way."""
        task, reader = self.task, self.reader
        parts = (
            reader.pipeline_version,
            reader.engine.name,
            reader.engine_version,
            task.sha256,
            task.raw.number,
            task.image_dpi,
            task.image_quality,
        )
        return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduction:
    """What a worker says of itself before it is given pages."""

    pipeline_version: int
    engine_version: str
    """Empty: the engine is missing there."""
    shares_folder: bool
    """It reads what the caller wrote, and can write beside it."""


def introduce(engine: Engine, mark: Path, content: bytes) -> Introduction:
    """Runs on the worker: `mark` is a file that the caller made, holding `content`."""
    try:
        engine_version = engine.version()
    except SetupError:
        engine_version = ""
    try:
        shares = mark.read_bytes() == content and os.access(mark.parent, os.W_OK)
    except OSError:
        shares = False
    return Introduction(
        pipeline_version=PIPELINE_VERSION, engine_version=engine_version, shares_folder=shares
    )


def read_there(errand: Errand) -> ReadPage | AnamnesisError | None:
    """Runs on the worker. None: the page's folder is gone, so its caller wants it no more."""
    folder = errand.task.folder
    if not folder.is_dir():
        return None
    try:
        worker = _reading_process(errand.reader)
        with _stopped_when_gone(worker, folder):
            return worker.read(errand.task)
    except AnamnesisError as error:
        return error if folder.is_dir() else None
    except Exception:  # noqa: BLE001  # one page; no detail, dask would log it
        return PaperError("Reading it failed.")


class _Mine(threading.local):
    """Of each thread: its reading process, and what that one reads with."""

    worker: ProcessWorker | None = None
    reader: Reader | None = None


_mine = _Mine()


def _reading_process(reader: Reader) -> ProcessWorker:
    if _mine.worker is None or _mine.reader != reader:
        _dismiss()
        # again, for workers that joined after the introductions
        same = reader.pipeline_version == PIPELINE_VERSION
        if not same or reader.engine.version() != reader.engine_version:
            raise ClusterMismatchError(
                "A worker that joined the cluster reads with other versions."
            )
        _mine.worker = ProcessWorker(reader.engine, Path(get_worker().local_directory))
        _mine.reader = reader
    return _mine.worker


def _dismiss() -> None:
    if _mine.worker is not None:
        _mine.worker.close()
    _mine.worker = _mine.reader = None


@contextmanager
def _stopped_when_gone(worker: ProcessWorker, folder: Path) -> Iterator[None]:
    """End the reading process in the middle of its page when `folder` disappears."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_LOOK_SECONDS):
            if not folder.is_dir():
                worker.close()
                return

    watcher = threading.Thread(target=watch, daemon=True, name="page-wanted")
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
        if not folder.is_dir():
            _dismiss()
