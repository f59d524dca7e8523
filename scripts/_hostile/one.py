"""Reading one case in a process of its own, and what is seen of it from outside."""

import ctypes
import os
import resource
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

from core.errors import NoPaperError
from core.words import Reading, Refusal
from ocr.reading import ReadingSettings, read_paths, write_reading
from scripts._hostile.case import Case, Label
from scripts._processes import peak_memory

_PR_SET_CHILD_SUBREAPER = 36
PLACES = ("in", "out", "temporary", "cache", "home")
_LEAVING_SECONDS = 2.0
"""What a killed process may take to be gone."""
_LOOK_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one case."""

    name: str
    family: str
    pages: int = 0
    reasons: tuple[str, ...] = ()
    """Of its refusals, as a person reads them."""
    seconds: float = 0.0
    """On the clock."""
    cpu_seconds: float = 0.0
    """Processor time of all processes that took part."""
    peak_bytes: int = 0
    """Resident, of all processes that took part together."""
    violations: tuple[str, ...] = ()


def prepare(case: Case, root: Path) -> None:
    """Lay out a case in an empty folder: what goes in, and a place for all that may come of it."""
    for name in PLACES:
        (root / name).mkdir()
    case.make(root / "in")


def judge(case: Label, root: Path, settings: ReadingSettings, answers: Connection) -> None:
    """Read a prepared case and send an Outcome. Entry of a process."""
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)  # orphans of a reading become ours
    answers.send(_judged(case, settings, root))


def _judged(case: Label, settings: ReadingSettings, root: Path) -> Outcome:
    places = {name: root / name for name in PLACES}
    tempfile.tempdir = str(places["temporary"])
    os.environ["HOME"] = str(places["home"])
    before = _entries(places["in"])
    started = time.monotonic()
    with peak_memory(_LOOK_SECONDS) as peak:
        reading = _read(places["in"], replace(settings, cache_dir=places["cache"]))
        written = write_reading(reading, places["out"])
    seconds = time.monotonic() - started
    violations = [
        *_unexpected(case, reading),
        *(["left files behind"] if _litter(places, written) else []),
        *(["left processes behind"] if _has_children() else []),
        *(["changed its input"] if _entries(places["in"]) != before else []),
        *(["wrote elsewhere"] if set(root.iterdir()) != set(places.values()) else []),
    ]
    return Outcome(
        name=case.name,
        family=case.family,
        pages=sum(len(document.pages) for document in reading.documents),
        reasons=tuple(refusal.reason for refusal in reading.refusals),
        seconds=seconds,
        cpu_seconds=_cpu_seconds(),
        peak_bytes=max(peak[0], _largest_bytes()),
        violations=tuple(violations),
    )


def _read(folder: Path, settings: ReadingSettings) -> Reading:
    try:
        return read_paths([folder], settings)
    except NoPaperError as error:  # a named refusal of the folder as a whole
        refusal = Refusal(name=folder.name, reason=error.user_message(), fatal=True)
        return Reading(documents=(), refusals=(refusal,))


def _unexpected(case: Label, reading: Reading) -> list[str]:
    found = []
    if not reading.documents and not reading.refusals:
        found.append("vanished without a word")
    if any(not refusal.reason.strip() for refusal in reading.refusals):
        found.append("was refused without a reason")
    if case.expected == "read" and not reading.documents:
        found.append("was not read")
    if case.expected == "refused" and reading.documents:
        found.append("was not refused")
    names = [d.name for d in reading.documents] + [r.name for r in reading.refusals]
    if any(not name.isprintable() or "/" in name for name in names):
        found.append("kept a name that deceives")
    return found


def _litter(places: Mapping[str, Path], written: Sequence[Path]) -> bool:
    """Whether there are files beside the results and whole entries of the cache."""
    return (
        any(places["temporary"].iterdir())
        or any(places["home"].iterdir())
        or set(places["out"].iterdir()) != set(written)
        or any(path.suffix != ".json" for path in places["cache"].iterdir())
    )


def _entries(folder: Path) -> list[tuple[str, int]]:
    found = [(str(path), path.lstat().st_size) for path in sorted(folder.rglob("*"))]
    return [(os.fsencode(name).hex(), size) for name, size in found]


def _has_children() -> bool:
    """Whether any process that the reading started still runs after a moment."""
    until = time.monotonic() + _LEAVING_SECONDS
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if pid == 0:
            if time.monotonic() > until:
                return True
            time.sleep(0.02)


def _cpu_seconds() -> float:
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, whose))


def _largest_bytes() -> int:
    """The largest single process, which misses no moment between two looks."""
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return 1024 * max(resource.getrusage(who).ru_maxrss for who in whose)
