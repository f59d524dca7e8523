"""Is everything that the chain names in the vault, whole, and does the vault say the same?

The chain is taken as it is answered; `ledger.audit` proves that answer. Three kinds of finding:

* LOST: the chain names it, and the vault cannot give it. A reader would be turned away.
* ASTRAY: the vault holds what the chain does not name (yet, any more, or at all).
* APART: vault and chain disagree about which version is the present one, or about its terms. One
  of the two was restored from the past, or altered.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.errors import VerificationError
from core.events import AccessGranted, Event, RecordSealed
from core.flows.rotate import standing_grants
from core.hashing import ZERO_HASH, Address
from core.ports import Custody, Ledger
from core.records import Condition, Held


class Kind(StrEnum):
    """What is to be made of a finding."""

    LOST = "lost"
    ASTRAY = "astray"
    APART = "apart"


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultFinding:
    """One thing that is not as it should be; no digest in it."""

    kind: Kind
    what: str
    patient: Address | None = None
    record: bytes | None = None
    version: int | None = None

    @property
    def fails(self) -> bool:
        """Whether it makes the verification fail: a stray does not."""
        return self.kind is not Kind.ASTRAY


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultReport:
    """What was looked at, and what was found."""

    patients: int
    records: int
    """Records whose present version the chain holds."""
    versions: int
    """Sealings that were read through."""
    envelopes: int
    """Envelopes that were read through."""
    findings: tuple[VaultFinding, ...]

    def of(self, kind: Kind) -> tuple[VaultFinding, ...]:
        return tuple(finding for finding in self.findings if finding.kind is kind)

    @property
    def failures(self) -> tuple[VaultFinding, ...]:
        return tuple(finding for finding in self.findings if finding.fails)


Progress = Callable[[int, int], None]
"""Told how many patients are done, of how many."""


def require_whole(report: VaultReport) -> None:
    """Raises VerificationError over any loss or disagreement, and over nothing looked at."""
    if report.failures:
        raise VerificationError(
            f"{len(report.failures)} of what the chain names is not in the vault as it should be.",
            check="custody",
            remedy="Import an archive that has it (`anamnesis vault import`), or publish again.",
        )
    if not report.versions:
        raise VerificationError(
            "The vault is empty: nothing was verified.",
            check="custody",
            remedy="Check --home, or import an archive.",
        )


def verify_vault(
    ledger: Ledger, custody: Custody, *, progress: Progress = lambda _done, _all: None
) -> VaultReport:
    """Read everything the vault has on its books through and hold it against the chain.

    Raises StoreUnavailableError and ChainUnavailableError: silence is not a finding.
    """
    patients = custody.patients()
    told = _by_patient(ledger.events())
    records = versions = envelopes = 0
    findings: list[VaultFinding] = []
    for done, patient in enumerate(patients, start=1):
        inspection = _Inspection(ledger, custody, told.get(patient, []), patient)
        findings += inspection.findings()
        records += inspection.records
        versions += inspection.versions
        envelopes += inspection.envelopes
        progress(done, len(patients))
    if strays := custody.stray_pins():
        findings.append(
            VaultFinding(
                kind=Kind.ASTRAY, what=f"The node has {strays} pins that the vault has no use for."
            )
        )
    return VaultReport(
        patients=len(patients),
        records=records,
        versions=versions,
        envelopes=envelopes,
        findings=tuple(findings),
    )


class _Inspection:
    """One patient's records. Counts what it reads through."""

    def __init__(
        self, ledger: Ledger, custody: Custody, events: Sequence[Event], patient: Address
    ) -> None:
        self._ledger = ledger
        self._custody = custody
        self._patient = patient
        self._events = events
        self._held = {each.sealing.commitment: each for each in custody.held(patient)}
        self._sealed: dict[bytes, list[RecordSealed]] = {}
        for event in events:
            if isinstance(event, RecordSealed):
                self._sealed.setdefault(event.record, []).append(event)
        self.records = self.versions = self.envelopes = 0

    def findings(self) -> Iterator[VaultFinding]:
        for record, sealed in self._sealed.items():
            self.records += 1
            yield from self._present(record, sealed[-1])
            yield from self._shared(record, sealed[-1])
        for held in self._held.values():
            yield from self._booked(held)
        for digest in self._custody.custody(self._patient):
            condition = self._custody.custody_condition(digest)
            if condition is not Condition.WHOLE:
                what = f"What custodians keep for emergencies is {condition}."
                yield VaultFinding(kind=Kind.LOST, what=what, patient=self._patient)

    def _present(self, record: bytes, last: RecordSealed) -> Iterator[VaultFinding]:
        present = self._ledger.commitment(self._patient, record)
        if present != last.commitment:
            yield self._finding(
                Kind.APART, "The chain's events and its state name different versions.", record
            )
        if last.commitment not in self._held:
            yield self._finding(
                Kind.LOST, f"The present version is not in the vault{self._lag(record)}.", record
            )
            return
        condition = self._envelope(last.envelope)
        if condition is not Condition.WHOLE:
            yield self._finding(Kind.LOST, f"The owner's envelope is {condition}.", record)

    def _lag(self, record: bytes) -> str:
        """How far the vault is behind the chain, when it has an earlier version."""
        order = [event.commitment for event in self._sealed[record]]
        known = [place for place, commitment in enumerate(order, 1) if commitment in self._held]
        return f": it stands at {known[-1]}, the chain at {len(order)}" if known else ""

    def _shared(self, record: bytes, last: RecordSealed) -> Iterator[VaultFinding]:
        grants = standing_grants(
            self._ledger, patient=self._patient, record=record, events=self._events
        )
        for grant in grants:
            if grant.at.order < last.at.order:
                what = f"The grant to {grant.grantee} is for an earlier version."
                yield self._finding(Kind.ASTRAY, what, record)
                continue
            condition = self._envelope(grant.envelope)
            if condition is not Condition.WHOLE and grant.envelope != ZERO_HASH:
                what = f"The envelope that {grant.grantee} was granted is {condition}."
                yield self._finding(Kind.LOST, what, record)

    def _booked(self, held: Held) -> Iterator[VaultFinding]:
        """One line of the vault's books: is it there, and what does the chain say of it?"""
        self.versions += 1
        context = held.sealing.context
        condition = self._custody.record_condition(held.sealing.commitment)
        order = self._sealed.get(context.record, [])
        if context.domain != self._ledger.domain:
            yield self._about(held, Kind.ASTRAY, "It was sealed for another chain or contract.")
            return
        if condition is not Condition.WHOLE:
            is_named = any(each.commitment == held.sealing.commitment for each in order)
            kind = Kind.LOST if is_named else Kind.ASTRAY
            yield self._about(held, kind, f"The sealed record is {condition}.")
        yield from self._compared(held, order)

    def _compared(self, held: Held, order: Sequence[RecordSealed]) -> Iterator[VaultFinding]:
        sealing, places = held.sealing, _places(order)
        place = places.get(sealing.commitment)
        if place is None and held.confirmed:
            what = "The vault has it as confirmed, and the chain does not know it."
            yield self._about(held, Kind.APART, what)
        elif place is None:
            present = order[-1].commitment if order else ZERO_HASH
            waits = sealing.previous == present
            what = "It waits to be committed." if waits else "It can no longer be committed."
            yield self._about(held, Kind.ASTRAY, what)
        elif place != sealing.context.version:
            what = f"The vault has it as another version than the chain, where it is {place}."
            yield self._about(held, Kind.APART, what)
        elif (sealing.previous, sealing.envelope_digest) != (
            order[place - 2].commitment if place > 1 else ZERO_HASH,
            order[place - 1].envelope,
        ):
            what = "The vault has another predecessor or envelope for it than the chain."
            yield self._about(held, Kind.APART, what)

    def _envelope(self, digest: bytes) -> Condition:
        self.envelopes += 1
        return self._custody.envelope_condition(digest)

    def _about(self, held: Held, kind: Kind, what: str) -> VaultFinding:
        context = held.sealing.context
        return self._finding(kind, what, context.record, context.version)

    def _finding(
        self, kind: Kind, what: str, record: bytes, version: int | None = None
    ) -> VaultFinding:
        return VaultFinding(
            kind=kind, what=what, patient=self._patient, record=record, version=version
        )


def _places(order: Iterable[RecordSealed]) -> dict[bytes, int]:
    """Version of each commitment, by the chain's own count."""
    return {event.commitment: place for place, event in enumerate(order, start=1)}


def _by_patient(events: Iterable[Event]) -> dict[Address, list[Event]]:
    """Sealings and grants, of each patient in the chain's order."""
    told: dict[Address, list[Event]] = {}
    for event in events:
        if isinstance(event, RecordSealed | AccessGranted):
            told.setdefault(event.patient, []).append(event)
    return told
