"""Lanes: threads that wait for decoding and reading processes, and can all be stopped at once."""

import math
import os
import queue
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ocr.reading.decoding.parent import (
    DecoderCrashError,
    decode_batch,
    end_group,
    too_costly,
)
from ocr.reading.decoding.protocol import DecodeResult
from ocr.reading.discovery import copy_source
from ocr.reading.job import Batch, FileJob
from ocr.reading.settings import DecodeLimits, ReadingSettings
from ocr.reading.tasks import PageTask, ReadPage
from ocr.reading.workers import InlineWorker, ProcessWorker, Worker


class Lanes:
    """As many readings at a time as there are workers, and as many decodings as this machine takes.

    Raises what `cluster_workers` does, when the workers are a cluster's.
    """

    def __init__(self, settings: ReadingSettings, scratch: Path) -> None:
        self._settings = settings
        self._workers = _workers(settings, scratch)
        self._idle: queue.SimpleQueue[Worker] = queue.SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)
        self._decoders: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._pages = ThreadPoolExecutor(self.count, thread_name_prefix="reading")
        self._files = self._pages
        if settings.scheduler:  # its workers would wait for pages if their lanes decoded, too
            several = min(self.count, os.cpu_count() or 1)
            self._files = ThreadPoolExecutor(several, thread_name_prefix="decoding")

    @property
    def count(self) -> int:
        return len(self._workers)

    def decode(self, job: FileJob, batch: Batch) -> "Future[DecodeResult]":
        """Raises (in the future) PaperError for the file, DecoderCrashError."""
        return self._files.submit(self._decode, job, batch)

    def read(self, task: PageTask) -> "Future[ReadPage]":
        """Raises (in the future) PaperError for the page, SetupError."""
        return self._pages.submit(self._read, task)

    def close(self) -> None:
        """Kill what runs, drop what waits, return when every thread has ended."""
        with self._lock:
            self._closed = True
            decoders = list(self._decoders)
        for decoder in decoders:
            end_group(decoder)
        for worker in self._workers:
            worker.close()
        for threads in (self._files, self._pages):
            threads.shutdown(wait=True, cancel_futures=True)

    def _decode(self, job: FileJob, batch: Batch) -> DecodeResult:
        content = job.folder / "content"
        if not content.exists():
            job.folder.mkdir(mode=0o700, exist_ok=True)
            copy_source(job.source, content, self._settings.limits)
        folder = Path(tempfile.mkdtemp(dir=job.folder))
        limits = self._limits(job)
        began, pages = time.monotonic(), 0
        started: list[subprocess.Popen[bytes]] = []

        def register(child: "subprocess.Popen[bytes]") -> None:
            started.append(child)
            with self._lock:
                self._decoders.add(child)
                closed = self._closed
            if closed:
                end_group(child)

        try:
            result = decode_batch(
                job.source.kind,
                content,
                folder,
                limits,
                first=batch.first,
                count=batch.count,
                text_dpi=self._settings.image_dpi,
                on_start=register,
            )
            pages = len(result.pages)
            for page in result.pages:
                (folder / page.file).rename(job.folder / page.file)
            return result
        finally:
            job.allowance.spend(time.monotonic() - began, pages)
            with self._lock:
                self._decoders.difference_update(started)

    def _limits(self, job: FileJob) -> DecodeLimits:
        """The usual ones, and the time that the file still has. Raises DecoderCrashError."""
        limits, seconds = self._settings.limits, job.allowance.next_seconds()
        if not seconds:
            raise DecoderCrashError(too_costly())
        cpu_seconds = min(limits.cpu_seconds, math.ceil(seconds))
        return replace(limits, wall_seconds=seconds, cpu_seconds=cpu_seconds)

    def _read(self, task: PageTask) -> ReadPage:
        worker = self._idle.get()
        try:
            return worker.read(task)
        finally:
            self._idle.put(worker)
            with suppress(OSError):
                (task.folder / task.raw.file).unlink(missing_ok=True)


def _workers(settings: ReadingSettings, scratch: Path) -> Sequence[Worker]:
    if settings.scheduler:
        from ocr.reading.cluster import cluster_workers  # late: takes a second to load

        return cluster_workers(settings.scheduler, settings.engine, scratch)
    if settings.worker_count == 0:
        return [InlineWorker(settings.engine)]
    return [ProcessWorker(settings.engine, scratch) for _ in range(settings.worker_count)]
