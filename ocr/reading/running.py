"""Paths to a reading: discover, decode in batches, recognise in parallel, put in order.

    paths --discover--> sources --decode--> raw pages --read--> pages --assemble--> documents

One thread, the caller's, decides; lanes wait for processes. Whatever ends a run (an interrupt, an
error, an exception out of `progress`) kills the processes, removes the private folder and leaves
nothing half done.
"""

import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import InputError, NoPaperError, PaperError
from core.words import Document, Reading, Refusal
from ocr.reading.cache import ReadingCache
from ocr.reading.decoding.parent import DecoderCrashError
from ocr.reading.decoding.protocol import DecodeResult, RawPage
from ocr.reading.discovery import Discovery, Source, discover
from ocr.reading.job import Batch, FileJob
from ocr.reading.lanes import Lanes
from ocr.reading.scratch import scratch_folder
from ocr.reading.settings import ReadingSettings
from ocr.reading.tasks import PageTask, ReadPage

_PAGES_AHEAD = 2
"""Decoded pages waiting for each lane; more would only fill the disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a reading is. `total` grows while files turn out to have several pages."""

    done: int
    """Pages read or refused."""
    total: int
    name: str
    """The document last worked on."""


Report = Callable[[Progress], None]


def read_paths(
    paths: Sequence[Path], settings: ReadingSettings, progress: Report | None = None
) -> Reading:
    """Read files and folders, in the order given; folders recursively and sorted.

    What cannot be read becomes a Refusal, and the rest is read all the same; a reading without
    documents has at least one fatal refusal. `progress` is called from the calling thread; an
    exception it raises cancels the reading.

    Raises NoPaperError when nothing there is paper, SetupError when the engine is missing,
    InputError when the cache folder cannot be made.
    """
    discovery = discover(paths, settings.limits)
    if not discovery.sources and not any(refusal.fatal for refusal in discovery.refusals):
        raise NoPaperError("There is no paper in the places given.")
    settings.engine.version()  # a missing engine is said before anything is worked on
    cache = _cache(settings)
    known = _known(discovery, cache)
    jobs = _read_new(
        [source for source in discovery.sources if source.sha256 not in known],
        settings,
        cache,
        progress or (lambda _: None),
        sum(len(document.pages) for document in known.values()),
    )
    return _assembled(discovery, known, jobs)


def _cache(settings: ReadingSettings) -> ReadingCache | None:
    if settings.cache_dir is None:
        return None
    try:
        return ReadingCache(settings.cache_dir, settings)
    except OSError as error:
        raise InputError(
            f"The cache folder {settings.cache_dir} cannot be used.",
            remedy="Name another one, or read without a cache.",
        ) from error


def _known(discovery: Discovery, cache: ReadingCache | None) -> dict[str, Document]:
    if cache is None:
        return {}
    found = (cache.get(source.sha256, source.name) for source in discovery.sources)
    return {document.sha256: document for document in found if document is not None}


def _read_new(
    sources: Sequence[Source],
    settings: ReadingSettings,
    cache: ReadingCache | None,
    progress: Report,
    known_pages: int,
) -> dict[str, FileJob]:
    progress(Progress(done=known_pages, total=known_pages + len(sources), name=""))
    if not sources:
        return {}
    with scratch_folder() as scratch, closing(Lanes(settings, scratch)) as lanes:
        jobs = [
            FileJob(source, scratch / f"file-{number}", settings.limits)
            for number, source in enumerate(sources)
        ]
        run = _Run(jobs, lanes, settings)
        for job in run.steps():
            if job.finished:
                shutil.rmtree(job.folder, ignore_errors=True)
                document = job.document()
                if cache is not None and document is not None and job.complete:
                    cache.put(document)
            done = known_pages + sum(job.done for job in jobs)
            total = known_pages + sum(job.total for job in jobs)
            progress(Progress(done=done, total=total, name=job.source.name))
    return {job.source.sha256: job for job in jobs}


def _assembled(
    discovery: Discovery, known: dict[str, Document], jobs: dict[str, FileJob]
) -> Reading:
    documents: list[Document] = []
    refusals: list[Refusal] = list(discovery.refusals)
    for source in discovery.sources:
        job = jobs.get(source.sha256)
        document = job.document() if job else known[source.sha256]
        if document is not None:
            documents.append(document)
        if job:
            refusals += job.refusals()
    return Reading(documents=tuple(documents), refusals=tuple(refusals))


class _Run:
    """Feeds the lanes: enough pages for each, decoded no earlier than needed."""

    def __init__(self, jobs: Sequence[FileJob], lanes: Lanes, settings: ReadingSettings) -> None:
        self._open = list(jobs)
        self._lanes = lanes
        self._settings = settings
        self._decoding: dict[Future[DecodeResult], tuple[FileJob, Batch]] = {}
        self._reading: dict[Future[ReadPage], tuple[FileJob, int]] = {}

    def steps(self) -> Iterator[FileJob]:
        """Work until all is done; yields the job that each step was about."""
        self._feed()
        while self._decoding or self._reading:
            running: list[Future[Any]] = [*self._decoding, *self._reading]
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                if future in self._decoding:
                    yield self._take_batch(future)
                else:
                    yield self._take_page(future)
            self._open = [job for job in self._open if not job.finished]
            self._feed()

    def _feed(self) -> None:
        for job in self._open:
            while len(self._decoding) + len(self._reading) < _PAGES_AHEAD * self._lanes.count:
                batch = job.next_batch()
                if batch is None:
                    break
                self._decoding[self._lanes.decode(job, batch)] = (job, batch)

    def _take_batch(self, future: Future[Any]) -> FileJob:
        job, batch = self._decoding.pop(future)
        try:
            pages = job.decoded(batch, future.result())
        except DecoderCrashError as crash:
            job.crashed(batch, crash.error)
        except PaperError as error:
            job.undecodable(error)
        else:
            for raw in pages:
                self._reading[self._lanes.read(self._task(job, raw))] = (job, raw.number)
        return job

    def _take_page(self, future: Future[Any]) -> FileJob:
        job, number = self._reading.pop(future)
        try:
            job.read(future.result())
        except PaperError as error:
            job.unread(number, error)
            if job.given_up:
                self._drop_waiting(job)
        return job

    def _drop_waiting(self, job: FileJob) -> None:
        """Take back those of its pages that no process has begun with."""
        for future, (owner, number) in list(self._reading.items()):
            if owner is job and future.cancel():
                del self._reading[future]
                job.untried(number)

    def _task(self, job: FileJob, raw: RawPage) -> PageTask:
        return PageTask(
            document=job.source.name,
            sha256=job.source.sha256,
            folder=job.folder,
            raw=raw,
            image_dpi=self._settings.image_dpi,
            image_quality=self._settings.image_quality,
            seconds=max(self._settings.page_seconds - job.allowance.seconds_a_page(), 0.0),
        )
