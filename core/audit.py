"""The auditor's replay: fold the events of the chain into who could read what, and when.

Pure: no I/O, no clock, no contract. What breaks a rule becomes a finding and the fold goes on from
what the event claims, so one gap gives one finding and not a cascade.

Rules
 1. Events stand in the order (block, log index), each place once, and time never runs back.
 2. A sealing commits to something new.
 3. Who seals is the controller, or holds a live grant for writing at that moment.
 4. Every grant and every revocation spends exactly one number of its patient, grantee and record.
 5. A grant has a purpose, ends after it begins and within ten years, names somebody else, and is
    stamped max(block time, cutoff + 1). None is made while a recovery is pending.
 6. Revoking everything moves the cutoff to max(block time, cutoff + 1), voids every grant that is
    not stamped above it and ends every emergency case.
 7. A receipt is for the present version, for one purpose, by the controller or by somebody with
    live access at that moment: a grant, or for emergency treatment an open case.
 8. A grant that names a request answers one that the same grantee made for the same record, and
    gives no more than was asked (a notice: the contract does not know requests).
 9. A reading key has 1,216 bytes and names the hash of the one that it replaces.
10. The hash chain over the events is the head in the contract's state, for every patient, and the
    chain over patients in order of first appearance is the roster head: nothing is missing.
11. Nothing proves nothing: an audit over zero events is never consistent.
12. A circle has at most eight members, none of them nobody, the patient or the controller, and a
    threshold that they can reach; an emergency policy keeps its bounds. Nothing is set while a
    recovery is pending.
13. A recovery is approved by guardians, each once since the last setting, is proposed as soon as
    they are enough, is due a week later, and ends once: by a veto, or when due.
14. An emergency case follows the patient's policy: whether at all, from when, until when, for which
    record, with whose second signature; it names the clinician's reading key, and the same
    clinician has no other that runs.
15. Only a case that runs is refused or closed, by who may; a share is released by a custodian in an
    open case, once.

A grant is live at a moment when it is stamped above the cutoff, the moment is before its expiry
and it covers the purpose. The controller may always read and is in no list of readers. Whether a
clinician was licensed is told by the Credentials contract and not replayed here.
"""

from collections.abc import Iterable
from dataclasses import replace

from core.errors import VerificationError
from core.events import (
    AccessGranted,
    AccessRequested,
    AccessRevoked,
    AllAccessRevoked,
    Event,
    Position,
    ReadingKeyPublished,
    RecordOpened,
    RecordSealed,
    RecoveryCompleted,
)
from core.findings import (
    Audit,
    ChainState,
    Closing,
    End,
    Finding,
    Grant,
    Receipt,
    Request,
    Severity,
    Status,
)
from core.hashing import ZERO_ADDRESS, ZERO_HASH, Address, abi_word, keccak256
from core.limits import LONGEST_GRANT_SECONDS
from core.purposes import Purpose
from core.records import ALL_RECORDS, READING_KEY_BYTES
from core.standing import Standing


def replay(events: Iterable[Event]) -> Audit:
    """Fold the events, in the order given, into an audit by the rules above."""
    fold = _Fold()
    for event in events:
        fold.take(event)
    return fold.audit()


def compare(audit: Audit, chain: ChainState) -> Audit:
    """The audit with a finding for every difference from the contract's state (rule 10)."""
    found: list[Finding] = []
    if audit.roster_head != chain.roster_head:
        found.append(_gap("The list of patients differs from the contract's: one is missing."))
    for patient in audit.heads.keys() | chain.heads.keys():
        if audit.heads.get(patient, ZERO_HASH) != chain.heads.get(patient, ZERO_HASH):
            what = "The patient's events do not add up to the contract's head."
            found.append(_gap(what, patient))
    for account in audit.reading_keys.keys() | chain.reading_keys.keys():
        ours = audit.reading_keys.get(account, ZERO_HASH)
        if ours != chain.reading_keys.get(account, ZERO_HASH):
            what = f"The latest reading key of {account} is not the one in the contract."
            found.append(_gap(what, account))
    return replace(audit, findings=audit.findings + tuple(found))


def require_consistent(audit: Audit) -> None:
    """Raises VerificationError over violations, and over nothing."""
    if audit.status is Status.CONSISTENT:
        return
    if audit.status is Status.NOTHING:
        raise VerificationError(
            "There is nothing to audit: the contract has no events.",
            check="rule 11",
            remedy="Check the contract address and the chain.",
        )
    first = audit.violations[0]
    raise VerificationError(
        f"{len(audit.violations)} violations; the first, of rule {first.rule}: {first.what}",
        check=f"rule {first.rule}",
        remedy="Repeat the audit with another node; if it agrees, a log was lost or altered.",
    )


def extend_head(head: bytes, leaf: bytes) -> bytes:
    """The next link of a patient's hash chain: its last bit stays as it was."""
    link = keccak256(head + leaf)
    return link[:-1] + bytes([link[-1] & 0xFE | head[-1] & 1])


def extend_roster(roster: bytes, patient: Address) -> bytes:
    """The next link of the hash chain over patients."""
    return keccak256(roster + abi_word("address", patient))


def mark_moved(head: bytes) -> bytes:
    """The head after a completed recovery: its last bit says that control was ever moved."""
    return head[:-1] + bytes([head[-1] | 1])


_Key = tuple[Address, Address, bytes]
"""Patient, grantee, record."""


class _Fold:
    """The state while folding: the contract's own, plus what an auditor wants to know."""

    def __init__(self) -> None:
        self.count = 0
        self.last: Position | None = None
        self.findings: list[Finding] = []
        self.grants: list[Grant] = []
        self.present: dict[_Key, int] = {}
        self.of_patient: dict[Address, set[_Key]] = {}
        self.sequences: dict[_Key, int] = {}
        self.cutoffs: dict[Address, int] = {}
        self.requests: dict[bytes, Request] = {}
        self.receipts: list[Receipt] = []
        self.commitments: dict[tuple[Address, bytes], bytes] = {}
        self.reading_keys: dict[Address, bytes] = {}
        self.heads: dict[Address, bytes] = {}
        self.roster_head = ZERO_HASH
        self.timelines: dict[Address, list[Event]] = {}
        self.standing = Standing(self._find)

    def audit(self) -> Audit:
        return Audit(
            events=self.count,
            findings=tuple(self.findings),
            grants=tuple(self.grants),
            cases=tuple(self.standing.cases),
            requests=tuple(self.requests.values()),
            receipts=tuple(self.receipts),
            commitments=self.commitments,
            reading_keys=self.reading_keys,
            heads=self.heads,
            roster_head=self.roster_head,
            timelines={account: tuple(line) for account, line in self.timelines.items()},
        )

    def take(self, event: Event) -> None:
        self.count += 1
        self._place(event)
        match event:
            case RecordSealed():
                self._sealed(event)
            case AccessRequested():
                self.requests.setdefault(event.request, Request(event=event))
            case AccessGranted():
                self._granted(event)
            case AccessRevoked():
                self._revoked(event)
            case AllAccessRevoked():
                self._all_revoked(event)
            case ReadingKeyPublished():
                self._key_published(event)
            case RecordOpened():
                self._opened(event)
            case _:
                self.standing.take(event, self.reading_keys)
        self._chain(event)

    def _place(self, event: Event) -> None:
        last, self.last = self.last, event.at
        if last is None:
            return
        if event.at.order <= last.order:
            self._find(1, event, "An event stands out of order.")
        elif event.at.timestamp < last.timestamp:
            self._find(1, event, "Time runs back.")

    def _sealed(self, event: RecordSealed) -> None:
        key = (event.patient, event.record)
        if event.commitment in (ZERO_HASH, self.commitments.get(key)):
            self._find(2, event, "A sealing commits to nothing new.")
        if not self._may(event.patient, event.author, event.record, Purpose.WRITE, event.at):
            self._find(3, event, f"{event.author} sealed a record without the right to write.")
        self.commitments[key] = event.commitment

    def _granted(self, event: AccessGranted) -> None:
        key = (event.patient, event.grantee, event.record)
        self._spend(key, event)
        self._check_terms(event)
        self._answer(event)
        self._close(key, Closing(reason=End.REPLACED, at=event.at))
        self.present[key] = len(self.grants)
        self.of_patient.setdefault(event.patient, set()).add(key)
        self.grants.append(Grant(event=event))
        if event.granted_at <= self.cutoffs.get(event.patient, 0):
            self._close(key, Closing(reason=End.REVOKED_ALL, at=event.at))

    def _check_terms(self, event: AccessGranted) -> None:
        now = event.at.timestamp
        if not event.purposes:
            self._find(5, event, "A grant has no purpose.")
        if not now < event.expiry <= now + LONGEST_GRANT_SECONDS:
            self._find(5, event, "A grant ends before it begins, or after ten years.")
        if event.grantee in (event.patient, self.standing.controller(event.patient), ZERO_ADDRESS):
            self._find(5, event, "A grant names nobody else.")
        if not self.standing.is_settled(event.patient):
            self._find(5, event, "A grant was made while a recovery was pending.")
        if event.granted_at != max(now, self.cutoffs.get(event.patient, 0) + 1):
            self._find(5, event, "A grant carries a wrong stamp.")

    def _answer(self, event: AccessGranted) -> None:
        if event.request == ZERO_HASH:
            return
        request = self.requests.get(event.request)
        asked = request.event if request else None
        if request is None or asked is None or _parties(asked) != _parties(event):
            self._note(8, event, "A grant names a request that is not on the chain.")
            return
        if event.purposes & ~asked.purposes or event.expiry > asked.expiry:
            self._note(8, event, "A grant gives more than was asked.")
        if request.answer is None:
            self.requests[event.request] = replace(request, answer=event)

    def _revoked(self, event: AccessRevoked) -> None:
        key = (event.patient, event.grantee, event.record)
        self._spend(key, event)
        self._close(key, Closing(reason=End.REVOKED, at=event.at))

    def _all_revoked(self, event: AllAccessRevoked) -> None:
        cutoff = max(event.at.timestamp, self.cutoffs.get(event.patient, 0) + 1)
        if event.cutoff != cutoff:
            self._find(6, event, "Revoking everything moved the cutoff wrongly.")
        self.cutoffs[event.patient] = event.cutoff
        for key in tuple(self.of_patient.get(event.patient, ())):
            if self.grants[self.present[key]].event.granted_at <= event.cutoff:
                self._close(key, Closing(reason=End.REVOKED_ALL, at=event.at))
        self.standing.end_cases(event.patient, Closing(reason=End.REVOKED_ALL, at=event.at))

    def _key_published(self, event: ReadingKeyPublished) -> None:
        if event.previous != self.reading_keys.get(event.account, ZERO_HASH):
            self._find(9, event, "A reading key does not replace the one before it.")
        if len(event.key) != READING_KEY_BYTES:
            self._find(9, event, "A reading key has a wrong length.")
        self.reading_keys[event.account] = keccak256(event.key)

    def _opened(self, event: RecordOpened) -> None:
        present = self.commitments.get((event.patient, event.record), ZERO_HASH)
        if event.commitment != present or present == ZERO_HASH:
            self._find(7, event, "A receipt is for a version that was not the present one.")
        if event.purpose.bit_count() != 1:
            self._find(7, event, "A receipt is not for exactly one purpose.")
        live = self._may(event.patient, event.reader, event.record, event.purpose, event.at)
        if not live:
            self._find(7, event, f"{event.reader} opened a record without live access.")
        self.receipts.append(Receipt(event=event, live=live))

    def _may(
        self, patient: Address, account: Address, record: bytes, purpose: int, at: Position
    ) -> bool:
        if account == self.standing.controller(patient):
            return True
        if purpose == Purpose.ETREAT and self.standing.covers(patient, account, record, at):
            return True
        indexes = (self.present.get((patient, account, each)) for each in (record, ALL_RECORDS))
        grants = (self.grants[index] for index in indexes if index is not None)
        return any(
            grant.closing is None
            and at.timestamp < grant.event.expiry
            and purpose & grant.event.purposes == purpose != 0
            for grant in grants
        )

    def _spend(self, key: _Key, event: AccessGranted | AccessRevoked) -> None:
        due = self.sequences.get(key, 0) + 1
        seq = event.seq if isinstance(event, AccessGranted) else due
        if seq != due:
            self._find(4, event, "A grant or revocation is missing before this one.")
        self.sequences[key] = seq

    def _close(self, key: _Key, closing: Closing) -> None:
        index = self.present.pop(key, None)
        if index is not None:
            self.grants[index] = replace(self.grants[index], closing=closing)
            self.of_patient[key[0]].discard(key)

    def _chain(self, event: Event) -> None:
        self.timelines.setdefault(_whose(event), []).append(event)
        if not event.in_head or isinstance(event, ReadingKeyPublished):
            return
        head = self.heads.get(event.patient)
        if head is None:
            self.roster_head = extend_roster(self.roster_head, event.patient)
        link = extend_head(head or ZERO_HASH, event.leaf())
        moved = isinstance(event, RecoveryCompleted)
        self.heads[event.patient] = mark_moved(link) if moved else link

    def _find(self, rule: int, event: Event, what: str) -> None:
        self.findings.append(_at(rule, Severity.VIOLATION, event, what))

    def _note(self, rule: int, event: Event, what: str) -> None:
        self.findings.append(_at(rule, Severity.NOTICE, event, what))


def _whose(event: Event) -> Address:
    return event.account if isinstance(event, ReadingKeyPublished) else event.patient


def _parties(event: AccessRequested | AccessGranted) -> _Key:
    return event.patient, event.grantee, event.record


def _at(rule: int, severity: Severity, event: Event, what: str) -> Finding:
    return Finding(rule=rule, severity=severity, what=what, patient=_whose(event), at=event.at)


def _gap(what: str, patient: Address | None = None) -> Finding:
    return Finding(rule=10, severity=Severity.VIOLATION, what=what, patient=patient)
