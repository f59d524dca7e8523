"""Every case by itself, then all together among sound pages; and what broke its word."""

import multiprocessing
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from ocr.reading import ReadingSettings, read_paths
from scripts._hostile.case import Case
from scripts._hostile.honest import SUFFIXES
from scripts._hostile.one import Outcome, judge, prepare

MAX_CPU_SECONDS = 30.0
"""What a case may take on an idle machine; elsewhere the clock runs faster than the processor."""
MAX_SECONDS = 4 * MAX_CPU_SECONDS
MAX_BYTES = 1 << 30
_GIVEN_UP_SECONDS = 180.0
"""A case that takes this long hangs."""
_PRELOADED = ["cv2", "scripts._hostile.corpus", "scripts._hostile.one", "ocr.reading.recognition"]

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileReport:
    """What became of the corpus."""

    seed: int
    outcomes: tuple[Outcome, ...]
    together: tuple[str, ...]
    """What went wrong when all were read as one batch."""
    seconds: float

    @property
    def violations(self) -> tuple[str, ...]:
        alone = (f"{o.name} {what}" for o in self.outcomes for what in o.violations)
        return (*alone, *self.together)

    def families(self) -> dict[str, dict[str, Any]]:
        """Of each family: files, read, refused, the slowest and the largest."""
        found: dict[str, list[Outcome]] = defaultdict(list)
        for outcome in self.outcomes:
            found[outcome.family].append(outcome)
        return {family: _row(outcomes) for family, outcomes in sorted(found.items())}

    def shown(self) -> dict[str, Any]:
        """For --json."""
        return {
            "seed": self.seed,
            **_row(self.outcomes),
            "seconds": round(self.seconds, 1),
            "families": self.families(),
            "violations": list(self.violations),
        }


def hostile(
    cases: Sequence[Case],
    *,
    seed: int,
    settings: ReadingSettings,
    workers: int,
    batch: bool = True,
    progress: Progress = lambda _: None,
) -> HostileReport:
    """Read `cases`, `workers` at a time, each in a process of its own; then all in one folder."""
    started = time.monotonic()
    outcomes = _Pool(settings, workers).all(cases, progress)
    together = _together(cases, settings, workers) if batch else ()
    return HostileReport(
        seed=seed,
        outcomes=outcomes,
        together=together,
        seconds=time.monotonic() - started,
    )


def _row(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "files": len(outcomes),
        "read": sum(outcome.pages > 0 for outcome in outcomes),
        "refused": sum(not outcome.pages for outcome in outcomes),
        "slowest_seconds": round(max(outcome.seconds for outcome in outcomes), 1),
        "most_cpu_seconds": round(max(outcome.cpu_seconds for outcome in outcomes), 1),
        "largest_mib": max(outcome.peak_bytes for outcome in outcomes) >> 20,
    }


@dataclass(frozen=True, slots=True)
class _Running:
    process: BaseProcess
    case: Case
    root: "tempfile.TemporaryDirectory[str]"
    started: float


class _Pool:
    """Processes that are never used twice: what one case breaks is not seen by the next."""

    def __init__(self, settings: ReadingSettings, workers: int) -> None:
        self._settings = settings
        self._workers = workers
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(_PRELOADED)
        self._running: dict[Connection, _Running] = {}

    def all(self, cases: Sequence[Case], progress: Progress) -> tuple[Outcome, ...]:
        waiting = list(reversed(cases))
        outcomes: list[Outcome] = []
        while waiting or self._running:
            while waiting and len(self._running) < self._workers:
                self._start(waiting.pop())
            outcomes += self._finished()
            progress(len(outcomes))
        return tuple(outcomes)

    def _start(self, case: Case) -> None:
        root = tempfile.TemporaryDirectory(prefix="anamnesis-case-")
        prepare(case, Path(root.name))
        ours, theirs = self._context.Pipe(duplex=False)
        arguments = (case.label, Path(root.name), self._settings, theirs)
        process = self._context.Process(target=judge, args=arguments)
        process.start()
        theirs.close()
        self._running[ours] = _Running(process, case, root, time.monotonic())

    def _finished(self) -> list[Outcome]:
        wait(list(self._running), timeout=1.0)
        found = []
        for answers, running in list(self._running.items()):
            late = time.monotonic() - running.started > _GIVEN_UP_SECONDS
            if answers.poll() or late:
                found.append(_bounded(_answer(answers, running.case, hung=late)))
                if late:
                    running.process.kill()
                running.process.join()
                running.root.cleanup()
                del self._running[answers]
        return found


def _answer(answers: Connection, case: Case, *, hung: bool) -> Outcome:
    try:
        if answers.poll():
            outcome: Outcome = answers.recv()
            return outcome
    except EOFError:
        hung = False
    what = "hung" if hung else "ended the process that read it"
    return Outcome(name=case.name, family=case.family, violations=(what,))


def _bounded(outcome: Outcome) -> Outcome:
    more = []
    if outcome.cpu_seconds > MAX_CPU_SECONDS or outcome.seconds > MAX_SECONDS:
        more.append(f"took {outcome.cpu_seconds:.1f} s of {outcome.seconds:.1f} s")
    if outcome.peak_bytes > MAX_BYTES:
        more.append(f"took {outcome.peak_bytes >> 20} MiB")
    return replace(outcome, violations=(*outcome.violations, *more))


def _together(cases: Sequence[Case], settings: ReadingSettings, workers: int) -> tuple[str, ...]:
    """Read all as one batch: the sound pages among them must come out as if they were alone."""
    with tempfile.TemporaryDirectory(prefix="anamnesis-batch-") as root:
        folder = Path(root)
        for number, case in enumerate(cases):
            place = folder / f"{number:04}"
            place.mkdir()
            case.make(place)
        reading = read_paths([folder], replace(settings, workers=workers))
    read = {document.name for document in reading.documents}
    wanted = {f"page{SUFFIXES[kind]}" for kind in SUFFIXES}
    present = {case.name.partition("/")[2] for case in cases if case.family == "sound"}
    missing = sorted((wanted & present) - read)
    return tuple(f"together: {name} was not read" for name in missing)
