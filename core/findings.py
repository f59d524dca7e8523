"""What an audit finds: values of the replay in `core.audit`, and what can be asked of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from core.events import (
    AccessGranted,
    AccessRequested,
    EmergencyOpened,
    Event,
    Position,
    RecordOpened,
)
from core.hashing import Address
from core.records import ALL_RECORDS


class Severity(StrEnum):
    VIOLATION = "violation"
    """The contract cannot have done this: a log is missing, altered or invented."""
    NOTICE = "notice"
    """Allowed, and worth a look."""


class Status(StrEnum):
    NOTHING = "nothing to audit"
    FINDINGS = "findings"
    CONSISTENT = "consistent"


class End(StrEnum):
    """Why a grant or an emergency case ended."""

    EXPIRED = "expired"
    REVOKED = "revoked"
    REVOKED_ALL = "revoked with all others"
    REPLACED = "replaced by a newer grant"
    VETOED = "refused"
    CLOSED = "closed by the clinician"
    POLICY_CHANGED = "ended by a new emergency policy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One broken rule, where, and in words."""

    rule: int
    severity: Severity
    what: str
    patient: Address | None = None
    at: Position | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """The event that ended a grant before its expiry."""

    reason: End
    at: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One grant as an interval [start, until), in seconds since 1970."""

    event: AccessGranted
    closing: Closing | None = None

    @property
    def start(self) -> int:
        return self.event.at.timestamp

    @property
    def until(self) -> int:
        """The first second without access, as far as the events tell."""
        if self.closing is None:
            return self.event.expiry
        return min(self.event.expiry, self.closing.at.timestamp)

    def live_at(self, moment: int) -> bool:
        return self.live_between(moment, moment)

    def live_between(self, first: int, last: int) -> bool:
        """Whether it was live at any moment from `first` to `last`, both included."""
        return self.start <= last and first < self.until and self.start < self.until

    def end_at(self, moment: int) -> End | None:
        """Why it had ended by `moment`; None while it is live, and before it began."""
        if moment < self.until or moment < self.start:
            return None
        if self.closing is not None and self.closing.at.timestamp < self.event.expiry:
            return self.closing.reason
        return End.EXPIRED


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An emergency case as an interval [opens_at, until), in seconds since 1970.

    Whether the clinician was licensed all that time is for Credentials to say.
    """

    event: EmergencyOpened
    closing: Closing | None = None
    """What ended it before its time."""
    word: End | None = None
    """VETOED or CLOSED, once somebody said so, even if a setting had overtaken the case before."""

    @property
    def until(self) -> int:
        """The first second without access, as far as the events tell."""
        end = self.event.closes_at
        return end if self.closing is None else min(end, self.closing.at.timestamp)

    def is_over(self, moment: int) -> bool:
        """Whether the clinician may open the next one: a veto holds until the window's end."""
        return self.word is End.CLOSED or moment >= self.event.closes_at

    def live_between(self, first: int, last: int) -> bool:
        """Whether it was open at any moment from `first` to `last`, both included."""
        start = self.event.opens_at
        return start <= last and first < self.until and start < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked, and the grant that answered it, if any."""

    event: AccessRequested
    answer: AccessGranted | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A reading on record; `live` says whether access was live at that moment."""

    event: RecordOpened
    live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainState:
    """What the contract's state said at `block`, to hold the replay against."""

    block: int
    roster_head: bytes
    heads: Mapping[Address, bytes]
    reading_keys: Mapping[Address, bytes]
    """keccak256 of the key by account, zero for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Everything that the events tell."""

    events: int
    findings: tuple[Finding, ...]
    grants: tuple[Grant, ...]
    cases: tuple[Case, ...]
    requests: tuple[Request, ...]
    receipts: tuple[Receipt, ...]
    commitments: Mapping[tuple[Address, bytes], bytes]
    """The latest by (patient, record)."""
    reading_keys: Mapping[Address, bytes]
    """keccak256 of the latest by account."""
    heads: Mapping[Address, bytes]
    roster_head: bytes
    timelines: Mapping[Address, tuple[Event, ...]]
    """By patient; an account's own reading keys are in its timeline too."""

    @property
    def roster(self) -> tuple[Address, ...]:
        """Patients in order of first appearance in a head."""
        return tuple(self.heads)

    @property
    def violations(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.severity is Severity.VIOLATION)

    @property
    def status(self) -> Status:
        if self.violations:
            return Status.FINDINGS
        return Status.CONSISTENT if self.events else Status.NOTHING

    def readers_at(
        self, moment: int, *, patient: Address | None = None, record: bytes | None = None
    ) -> tuple[Grant, ...]:
        """The grants live at `moment`, after every event of that second.

        With `record`, those for all records count too. Emergencies are in `cases_between`.
        """
        return self.readers_between(moment, moment, patient=patient, record=record)

    def readers_between(
        self,
        first: int,
        last: int,
        *,
        patient: Address | None = None,
        record: bytes | None = None,
    ) -> tuple[Grant, ...]:
        """The grants live at any moment from `first` to `last`, both included."""
        records = (record, ALL_RECORDS)
        return tuple(
            grant
            for grant in self.grants
            if grant.live_between(first, last)
            and patient in (None, grant.event.patient)
            and (record is None or grant.event.record in records)
        )

    def cases_between(
        self, first: int, last: int, *, patient: Address | None = None
    ) -> tuple[Case, ...]:
        """The emergency cases open at any moment from `first` to `last`, both included."""
        return tuple(
            case
            for case in self.cases
            if case.live_between(first, last) and patient in (None, case.event.patient)
        )
