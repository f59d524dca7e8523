"""What must hold after every kill: nothing acknowledged is lost, doubled or legible on disk."""

import base64
import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import AnamnesisError, StoreUnavailableError
from core.events import RecordSealed
from core.hashing import Address
from core.records import HISTORY_RECORD, SealContext
from ipfs.vault import IpfsVault
from ledger.client import EvmLedger
from scripts._crash.parts import Patient
from scripts._crash.publisher import canary, payload

_SAMPLE = 2
"""How many earlier versions are opened again after each kill; at the end all are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """What the publisher was told to rely on."""

    number: int
    commitment: bytes
    version: int


@dataclass(slots=True, kw_only=True)
class Inspector:
    """Looks from outside: over its own connections, with the owners' keys."""

    ledger: EvmLedger
    vault: IpfsVault
    patients: tuple[Patient, ...]
    seed: int
    home: Path
    acknowledged: list[Acknowledgement] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    opened: int = 0
    scanned_bytes: int = 0
    _checked: int = 0
    _seen: dict[str, tuple[int, int, int]] = field(default_factory=dict)

    def take(self, acknowledgement: Acknowledgement) -> None:
        """Hold the publisher to this from now on."""
        expected = len(self.acknowledged)
        if acknowledgement.number != expected:
            self._find(f"payload {acknowledgement.number} was acknowledged, not {expected}")
        self.acknowledged.append(acknowledgement)

    def check(self, dice: random.Random) -> None:
        """The new acknowledgements, a few old ones, and the files that changed.

        Raises ChainUnavailableError or StoreUnavailableError when a part is down, to be repeated.
        """
        old, new = self.acknowledged[: self._checked], self.acknowledged[self._checked :]
        sealed = self._sealed()
        for each in (*new, *dice.sample(old, min(_SAMPLE, len(old)))):
            self._open(each, sealed)
        self._scan()
        self._checked += len(new)

    def check_all(self) -> int:
        """Everything at the end, when nobody publishes; the number of versions on the chain."""
        self._seen.clear()
        self._scan()
        sealed = self._sealed()
        for each in self.acknowledged:
            self._open(each, sealed)
        for index, patient in enumerate(self.patients):
            mine = [ack for ack in self.acknowledged if ack.number % len(self.patients) == index]
            commitments = [event.commitment for event in sealed[patient.account]]
            if commitments != [ack.commitment for ack in mine]:
                self._find(f"{len(commitments)} versions are sealed, {len(mine)} acknowledged")
        return sum(map(len, sealed.values()))

    def _open(self, ack: Acknowledgement, sealed: dict[Address, list[RecordSealed]]) -> None:
        patient = self.patients[ack.number % len(self.patients)]
        places = [
            place
            for place, event in enumerate(sealed[patient.account], start=1)
            if event.commitment == ack.commitment
        ]
        if places != [ack.version]:
            self._find(f"version {ack.version} of payload {ack.number} is at {places} on chain")
            return
        event = sealed[patient.account][ack.version - 1]
        context = SealContext(
            domain=self.ledger.domain,
            patient=patient.account,
            record=HISTORY_RECORD,
            version=ack.version,
        )
        try:
            content = self.vault.open(
                patient.identity, ack.commitment, context, event.envelope, patient.account
            )
        except StoreUnavailableError:
            raise
        except AnamnesisError as error:
            self._find(f"payload {ack.number} does not open: {error.user_message()}")
            return
        self.opened += 1
        if content != payload(self.seed, ack.number):
            self._find(f"payload {ack.number} opens to something else")

    def _sealed(self) -> dict[Address, list[RecordSealed]]:
        found: dict[Address, list[RecordSealed]] = {each.account: [] for each in self.patients}
        for event in self.ledger.events():
            if isinstance(event, RecordSealed):
                line = found[event.patient]
                if any(event.commitment == each.commitment for each in line):
                    self._find(f"version {len(line) + 1} is one that was there before")
                line.append(event)
        return found

    def _scan(self) -> None:
        """Search what changed under home for the canary: plain, in hexadecimal, in base64."""
        needles = needles_of(canary(self.seed))
        for path, mark in _files(self.home):
            if self._seen.get(path) == mark:
                continue
            try:
                content = Path(path).read_bytes()
            except (FileNotFoundError, OSError):
                continue  # gone meanwhile
            self._seen[path] = mark
            self.scanned_bytes += len(content)
            if any(needle in content for needle in needles):
                self._find(f"plaintext in {path}")

    def _find(self, what: str) -> None:
        self.violations.append(what)


def needles_of(secret: bytes) -> tuple[bytes, ...]:
    """The bytes, and what they look like in hexadecimal and at any offset in base64."""
    coded = [base64.b64encode(bytes(offset) + secret)[4:-8] for offset in range(3)]
    return (secret, secret.hex().encode(), secret.hex().upper().encode(), *coded)


def _files(home: Path) -> Iterator[tuple[str, tuple[int, int, int]]]:
    folders = [str(home)]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    elif entry.is_file(follow_symlinks=False):
                        about = entry.stat(follow_symlinks=False)
                        yield entry.path, (about.st_ino, about.st_size, about.st_mtime_ns)
        except FileNotFoundError:
            continue
