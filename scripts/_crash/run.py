"""Kill a part at a random moment, see it resume, hold everything to its word; again."""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from core.errors import ChainUnavailableError, StoreUnavailableError
from core.records import HISTORY_RECORD
from ipfs.client import StoreClient, StoreSettings
from ipfs.vault import IpfsVault
from scripts._crash.checks import Acknowledgement, Inspector
from scripts._crash.parts import Parts
from scripts._crash.publisher import connect, make_publisher

PATIENTS = 3
PARTS = ("publisher", "store", "chain")
_VICTIMS = (
    *3 * (("publisher",),),
    *3 * (("chain",),),
    *2 * (("publisher", "chain"),),
    ("store",),
    PARTS,
)
"""Each line as likely as the others; the last is a power cut. The store takes longest to start."""
_LONGEST_WAIT_SECONDS = 0.2
"""Longer than a publication takes: a kill meets every moment of it."""
_AGAIN = 0.4
"""How often the next kill does not wait: it meets parts that are just coming back."""
_RESUME_SECONDS = 60.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class CrashReport:
    """What a run did and found."""

    seed: int
    kills: dict[str, int]
    acknowledged: int
    versions_on_chain: int
    opened: int
    scanned_bytes: int
    seconds: float
    longest_resume_seconds: float
    violations: tuple[str, ...]

    def shown(self) -> dict[str, Any]:
        """For --json."""
        return {
            "seed": self.seed,
            "kills": sum(self.kills.values()),
            "killed": self.kills,
            "acknowledged": self.acknowledged,
            "versions_on_chain": self.versions_on_chain,
            "opened": self.opened,
            "scanned_mb": round(self.scanned_bytes / 1e6, 1),
            "seconds": round(self.seconds, 1),
            "longest_resume_seconds": round(self.longest_resume_seconds, 2),
            "violations": list(self.violations),
        }


def crash(
    home: Path, *, kills: int, seed: int, progress: Callable[[int, int], None]
) -> CrashReport:
    """Kill parts of a stack in `home`, an empty folder, `kills` times.

    `progress` takes kills done and acknowledgements so far. Raises SetupError when a part cannot
    be started at all.
    """
    with Parts(home, seed, PATIENTS) as parts:
        return _Run(parts, kills, seed).all(progress)


class _Run:
    def __init__(self, parts: Parts, kills: int, seed: int) -> None:
        self.parts = parts
        self.planned = kills
        self.dice = random.Random(seed)  # noqa: S311
        self.kills: Counter[str] = Counter()
        self.longest_resume = 0.0
        self.inspector = Inspector(
            ledger=parts.ledger,
            vault=IpfsVault.open_at(
                Path(parts.job.vault), StoreClient(StoreSettings(address=parts.job.ipfs))
            ),
            patients=parts.patients,
            seed=seed,
            home=parts.home,
        )

    def all(self, progress: Callable[[int, int], None]) -> CrashReport:
        began = time.monotonic()
        self.parts.publisher.start(0)
        while self.kills.total() < self.planned and not self.inspector.violations:
            self._strike_at_random()
            while self.kills.total() < self.planned and self.dice.random() < _AGAIN:
                self._strike_at_random()
            self._await_resumption()
            self._patiently(lambda: self.inspector.check(self.dice))
            progress(self.kills.total(), len(self.inspector.acknowledged))
        versions = self._finish()
        return CrashReport(
            seed=self.inspector.seed,
            kills=dict(self.kills),
            acknowledged=len(self.inspector.acknowledged),
            versions_on_chain=versions,
            opened=self.inspector.opened,
            scanned_bytes=self.inspector.scanned_bytes,
            seconds=time.monotonic() - began,
            longest_resume_seconds=self.longest_resume,
            violations=tuple(self.inspector.violations),
        )

    def _strike_at_random(self) -> None:
        self._listen(self.dice.uniform(0, _LONGEST_WAIT_SECONDS))
        left = self.planned - self.kills.total()
        self._strike(self.dice.choice(_VICTIMS)[:left])

    def _strike(self, victims: tuple[str, ...]) -> None:
        """Kill all of them, then start again what nobody else starts again."""
        for victim in victims:
            if victim == "store":
                self.parts.kill_store()
            elif victim == "publisher":
                for line in self.parts.publisher.kill():
                    self._take(line)
            elif not self.parts.kill_chain():
                continue
            self.kills[victim] += 1
        self._listen(0)
        if "publisher" in victims:
            self.parts.publisher.start(len(self.inspector.acknowledged))
        if "store" in victims:
            self.parts.revive_store()

    def _listen(self, seconds: float) -> None:
        """Take what the publisher says during so long, and what it has said by then."""
        until = time.monotonic() + seconds
        while True:
            line = self.parts.publisher.line(max(0.0, until - time.monotonic()))
            if line is not None:
                self._take(line)
            elif time.monotonic() >= until:
                return

    def _await_resumption(self) -> None:
        """Until the next acknowledgement: something was published after the kill."""
        began, before = time.monotonic(), len(self.inspector.acknowledged)
        while len(self.inspector.acknowledged) == before and not self.inspector.violations:
            left = began + _RESUME_SECONDS - time.monotonic()
            line = self.parts.publisher.line(left) if left > 0 else None
            if line is None:
                self.inspector.violations.append("nothing was published after a kill")
            else:
                self._take(line)
        self.longest_resume = max(self.longest_resume, time.monotonic() - began)

    def _patiently(self, look: Callable[[], T]) -> T:
        """The answer once the parts answer: a kill may be quicker than what was said before it."""
        give_up = time.monotonic() + _RESUME_SECONDS
        while True:
            try:
                return look()
            except (ChainUnavailableError, StoreUnavailableError):
                if time.monotonic() > give_up:
                    raise
                time.sleep(0.02)

    def _take(self, line: str) -> None:
        kind, _, rest = line.partition(" ")
        if kind != "ack":
            self.inspector.violations.append(line)
            return
        number, commitment, version = rest.split()
        self.inspector.take(
            Acknowledgement(
                number=int(number), commitment=bytes.fromhex(commitment), version=int(version)
            )
        )

    def _finish(self) -> int:
        """End the publisher, resume what it left, and look at everything once more."""
        for line in self.parts.publisher.kill():
            self._take(line)
        publisher = make_publisher(self.parts.job, self._patiently(lambda: connect(self.parts.job)))
        for resumed in publisher.resume():
            if resumed.error is not None:
                self.inspector.violations.append(resumed.error.user_message())
        self._take_the_last()
        return self.inspector.check_all()

    def _take_the_last(self) -> None:
        """The payload that was under way may be on the chain by now, its word unsaid."""
        number = len(self.inspector.acknowledged)
        patient = self.parts.patients[number % PATIENTS]
        present = self.parts.ledger.commitment(patient.account, HISTORY_RECORD)
        known = {each.commitment for each in self.inspector.acknowledged}
        version = self.inspector.vault.version(present)
        if version is not None and present not in known:
            self.inspector.take(Acknowledgement(number=number, commitment=present, version=version))
