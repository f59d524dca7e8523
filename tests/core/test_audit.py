"""The auditor's replay: intervals, receipts, heads, and every broken rule."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.audit import compare, extend_head, extend_roster, replay, require_consistent
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
)
from core.findings import Audit, ChainState, End, Severity, Status
from core.hashing import ZERO_HASH, Address, abi_word, address, keccak256
from core.limits import LONGEST_GRANT_SECONDS
from core.records import ALL_RECORDS, HISTORY_RECORD

PATIENT = address("0x" + "a1" * 20)
OTHER_PATIENT = address("0x" + "a2" * 20)
DOCTOR = address("0x" + "d1" * 20)
STRANGER = address("0x" + "e1" * 20)
TREAT, WRITE = 1, 1 << 31
NOON = 1_800_000_000
HOUR = 3_600


class Chronicle:
    """Writes events as the contract would, with the clock under control."""

    def __init__(self) -> None:
        self.time = NOON
        self.events: list[Event] = []
        self.commitments: dict[tuple[Address, bytes], bytes] = {}
        self.sequences: dict[tuple[Address, Address, bytes], int] = {}
        self.cutoffs: dict[Address, int] = {}
        self.keys: dict[Address, bytes] = {}

    def at(self) -> Position:
        block = len(self.events) + 1
        return Position(
            block=block, log_index=0, timestamp=self.time, transaction=block.to_bytes(32, "big")
        )

    def seal(self, *, patient: Address = PATIENT, author: Address | None = None) -> RecordSealed:
        key = (patient, HISTORY_RECORD)
        event = RecordSealed(
            at=self.at(),
            patient=patient,
            author=author or patient,
            record=HISTORY_RECORD,
            commitment=keccak256(len(self.events).to_bytes(4, "big")),
            envelope=ZERO_HASH,
        )
        self.commitments[key] = event.commitment
        return self._add(event)

    def request(
        self, *, patient: Address = PATIENT, grantee: Address = DOCTOR, purposes: int = TREAT
    ) -> AccessRequested:
        return self._add(
            AccessRequested(
                at=self.at(),
                patient=patient,
                grantee=grantee,
                record=HISTORY_RECORD,
                purposes=purposes,
                expiry=self.time + HOUR,
                request=keccak256(b"request" + len(self.events).to_bytes(4, "big")),
            )
        )

    def grant(
        self,
        *,
        patient: Address = PATIENT,
        grantee: Address = DOCTOR,
        record: bytes = HISTORY_RECORD,
        purposes: int = TREAT,
        seconds: int = HOUR,
        request: bytes = ZERO_HASH,
    ) -> AccessGranted:
        return self._add(
            AccessGranted(
                at=self.at(),
                patient=patient,
                grantee=grantee,
                record=record,
                purposes=purposes,
                expiry=self.time + seconds,
                granted_at=max(self.time, self.cutoffs.get(patient, 0) + 1),
                seq=self._spend(patient, grantee, record),
                request=request,
                envelope=ZERO_HASH,
            )
        )

    def revoke(
        self,
        *,
        patient: Address = PATIENT,
        grantee: Address = DOCTOR,
        record: bytes = HISTORY_RECORD,
    ) -> AccessRevoked:
        self._spend(patient, grantee, record)
        return self._add(
            AccessRevoked(at=self.at(), patient=patient, grantee=grantee, record=record)
        )

    def revoke_all(self, *, patient: Address = PATIENT) -> AllAccessRevoked:
        self.cutoffs[patient] = max(self.time, self.cutoffs.get(patient, 0) + 1)
        return self._add(
            AllAccessRevoked(at=self.at(), patient=patient, cutoff=self.cutoffs[patient])
        )

    def publish_key(self, *, account: Address = DOCTOR, length: int = 1216) -> ReadingKeyPublished:
        previous = self.keys.get(account, ZERO_HASH)
        key = bytes([len(self.events) % 256]) * length
        self.keys[account] = keccak256(key)
        return self._add(
            ReadingKeyPublished(at=self.at(), account=account, key=key, previous=previous)
        )

    def open(
        self, *, patient: Address = PATIENT, reader: Address = DOCTOR, purpose: int = TREAT
    ) -> RecordOpened:
        return self._add(
            RecordOpened(
                at=self.at(),
                patient=patient,
                reader=reader,
                record=HISTORY_RECORD,
                commitment=self.commitments.get((patient, HISTORY_RECORD), ZERO_HASH),
                purpose=purpose,
            )
        )

    def _spend(self, *key: object) -> int:
        self.sequences[key] = self.sequences.get(key, 0) + 1  # type: ignore[index]
        return self.sequences[key]  # type: ignore[index]

    def _add(self, event):  # type: ignore[no-untyped-def]
        self.events.append(event)
        return event


@pytest.fixture
def chronicle() -> Chronicle:
    return Chronicle()


def chain_of(audit: Audit) -> ChainState:
    """The state of an honest chain that has seen what `audit` has."""
    return ChainState(
        block=1,
        roster_head=audit.roster_head,
        heads=dict(audit.heads),
        reading_keys=dict(audit.reading_keys),
    )


def rules(audit: Audit) -> list[int]:
    return [finding.rule for finding in audit.violations]


def test_replay_is_nothing_to_audit_when_there_are_no_events() -> None:
    audit = replay([])
    assert audit.status is Status.NOTHING
    with pytest.raises(VerificationError) as refused:
        require_consistent(audit)
    assert refused.value.check == "rule 11"


def test_compare_finds_a_gap_when_there_are_no_events_but_the_contract_has_patients() -> None:
    state = ChainState(block=1, roster_head=b"\1" * 32, heads={}, reading_keys={})
    assert compare(replay([]), state).status is Status.FINDINGS


def test_replay_is_consistent_when_the_story_is_whole(chronicle: Chronicle) -> None:
    chronicle.publish_key()
    chronicle.seal()
    request = chronicle.request()
    chronicle.grant(request=request.request)
    chronicle.open()
    chronicle.open(reader=PATIENT)
    chronicle.revoke()
    chronicle.revoke_all()
    audit = replay(chronicle.events)
    audit = compare(audit, chain_of(audit))
    assert audit.findings == ()
    assert audit.status is Status.CONSISTENT
    require_consistent(audit)


def test_end_at_names_expiry_when_nobody_ended_the_grant(chronicle: Chronicle) -> None:
    chronicle.grant(seconds=HOUR)
    (grant,) = replay(chronicle.events).grants
    assert grant.end_at(NOON + HOUR - 1) is None
    assert grant.end_at(NOON + HOUR) is End.EXPIRED
    assert grant.until == NOON + HOUR


@pytest.mark.parametrize(
    ("how", "reason"),
    [("revoke", End.REVOKED), ("revoke_all", End.REVOKED_ALL), ("grant", End.REPLACED)],
)
def test_end_at_names_the_event_when_it_came_before_expiry(
    chronicle: Chronicle, how: str, reason: End
) -> None:
    chronicle.grant(seconds=HOUR)
    chronicle.time += 60
    getattr(chronicle, how)()
    grant = replay(chronicle.events).grants[0]
    assert (grant.until, grant.end_at(NOON + 60)) == (NOON + 60, reason)


def test_end_at_stays_expired_when_revoked_afterwards(chronicle: Chronicle) -> None:
    chronicle.grant(seconds=60)
    chronicle.time += 120
    chronicle.revoke()
    (grant,) = replay(chronicle.events).grants
    assert grant.end_at(chronicle.time) is End.EXPIRED


def test_readers_at_keeps_the_later_grant_when_revoke_all_falls_in_the_same_second(
    chronicle: Chronicle,
) -> None:
    chronicle.grant(grantee=STRANGER)
    chronicle.revoke_all()
    chronicle.grant(grantee=DOCTOR)
    audit = replay(chronicle.events)
    assert audit.status is Status.CONSISTENT
    assert [grant.event.grantee for grant in audit.readers_at(NOON)] == [DOCTOR]


def test_readers_at_counts_grants_on_all_records_when_asked_for_one(chronicle: Chronicle) -> None:
    chronicle.grant(record=ALL_RECORDS)
    chronicle.grant(grantee=STRANGER, record=keccak256(b"another"))
    readers = replay(chronicle.events).readers_at(NOON, patient=PATIENT, record=HISTORY_RECORD)
    assert [grant.event.grantee for grant in readers] == [DOCTOR]


def test_requests_tell_which_were_answered(chronicle: Chronicle) -> None:
    answered = chronicle.request()
    chronicle.request(grantee=STRANGER)
    grant = chronicle.grant(request=answered.request)
    first, second = replay(chronicle.events).requests
    assert (first.answer, second.answer) == (grant, None)


def test_requests_list_one_once_when_it_was_carried_twice(chronicle: Chronicle) -> None:
    request = chronicle.request()
    chronicle.events.append(replace(request, at=chronicle.at()))
    audit = replay(chronicle.events)
    assert (len(audit.requests), audit.status) == (1, Status.CONSISTENT)


def test_replay_notes_a_grant_when_it_exceeds_its_request(chronicle: Chronicle) -> None:
    request = chronicle.request(purposes=TREAT)
    chronicle.grant(request=request.request, purposes=TREAT | WRITE)
    chronicle.grant(request=keccak256(b"never asked"))
    audit = replay(chronicle.events)
    assert [(each.rule, each.severity) for each in audit.findings] == [(8, Severity.NOTICE)] * 2
    assert audit.status is Status.CONSISTENT


def test_receipts_are_dead_and_found_when_access_had_ended(chronicle: Chronicle) -> None:
    chronicle.seal()
    chronicle.grant(seconds=HOUR)
    chronicle.open()
    chronicle.time += HOUR
    chronicle.open()
    audit = replay(chronicle.events)
    assert [receipt.live for receipt in audit.receipts] == [True, False]
    assert rules(audit) == [7]


def test_replay_finds_a_sealing_when_its_author_may_not_write(chronicle: Chronicle) -> None:
    chronicle.grant(purposes=TREAT)
    chronicle.seal(author=DOCTOR)
    assert rules(replay(chronicle.events)) == [3]


def test_replay_accepts_a_sealing_when_its_author_holds_write(chronicle: Chronicle) -> None:
    chronicle.grant(purposes=WRITE)
    chronicle.seal(author=DOCTOR)
    assert rules(replay(chronicle.events)) == []


def altered(**fields: object):  # type: ignore[no-untyped-def]
    return lambda event: replace(event, **fields)


@pytest.mark.parametrize(
    ("write", "alter", "rule"),
    [
        ("seal", altered(commitment=ZERO_HASH), 2),
        ("grant", altered(seq=2), 4),
        ("grant", altered(purposes=0), 5),
        ("grant", altered(expiry=NOON), 5),
        ("grant", altered(expiry=NOON + LONGEST_GRANT_SECONDS + 1), 5),
        ("grant", altered(grantee=PATIENT), 5),
        ("grant", altered(granted_at=NOON + 1), 5),
        ("revoke_all", altered(cutoff=NOON + 1), 6),
        ("publish_key", altered(previous=b"\1" * 32), 9),
        ("publish_key", altered(key=b"short"), 9),
    ],
)
def test_replay_finds_the_rule_when_one_field_breaks_it(
    chronicle: Chronicle, write: str, alter, rule: int
) -> None:
    chronicle.events.append(alter(getattr(chronicle, write)()))
    chronicle.events.pop(-2)
    assert rules(replay(chronicle.events)) == [rule]


@pytest.mark.parametrize("fields", [{"purpose": 3}, {"commitment": b"\1" * 32}])
def test_replay_finds_a_receipt_when_it_is_not_for_one_purpose_and_the_present_version(
    chronicle: Chronicle, fields: dict[str, object]
) -> None:
    chronicle.seal()
    opened = chronicle.open(reader=PATIENT)
    chronicle.events[-1] = replace(opened, **fields)
    assert rules(replay(chronicle.events)) == [7]


def test_replay_finds_disorder_when_events_are_swapped(chronicle: Chronicle) -> None:
    chronicle.seal()
    chronicle.seal(patient=OTHER_PATIENT)
    first, second = chronicle.events
    assert rules(replay([second, first])) == [1]


def test_replay_finds_disorder_when_time_runs_back(chronicle: Chronicle) -> None:
    chronicle.seal()
    chronicle.time -= 1
    chronicle.seal(patient=OTHER_PATIENT)
    assert rules(replay(chronicle.events)) == [1]


def test_replay_reports_one_gap_once_when_a_grant_is_missing(chronicle: Chronicle) -> None:
    for _ in range(4):
        chronicle.grant()
    del chronicle.events[1]
    assert rules(replay(chronicle.events)) == [4]


def test_timelines_hold_requests_and_keys_too(chronicle: Chronicle) -> None:
    key = chronicle.publish_key(account=PATIENT)
    request = chronicle.request()
    sealed = chronicle.seal()
    chronicle.seal(patient=OTHER_PATIENT)
    assert replay(chronicle.events).timelines[PATIENT] == (key, request, sealed)


def test_heads_follow_the_contract_rule(chronicle: Chronicle) -> None:
    chronicle.request()
    sealed = chronicle.seal()
    granted = chronicle.grant()
    chronicle.seal(patient=OTHER_PATIENT)
    audit = replay(chronicle.events)
    words = [abi_word(each.kind, getattr(sealed, each.name)) for each in sealed.arguments()]
    first = keccak256(ZERO_HASH + keccak256(sealed.topic() + b"".join(words)))
    assert audit.heads[PATIENT] == extend_head(first, granted.leaf())
    assert audit.roster == (PATIENT, OTHER_PATIENT)
    roster = extend_roster(ZERO_HASH, PATIENT)
    assert audit.roster_head == extend_roster(roster, OTHER_PATIENT)


ACTIONS = ("seal", "request", "grant", "revoke", "revoke_all", "publish_key")
ACCOUNTS = (DOCTOR, STRANGER)
PATIENTS = (PATIENT, OTHER_PATIENT)


@st.composite
def stories(draw: st.DrawFn) -> Chronicle:
    """A legal story of two patients and two readers, many events to a second."""
    chronicle = Chronicle()
    for _ in range(draw(st.integers(1, 25))):
        chronicle.time += draw(st.sampled_from([0, 0, 0, 1, 2, 7]))
        patient = draw(st.sampled_from(PATIENTS))
        grantee = draw(st.sampled_from(ACCOUNTS))
        record = draw(st.sampled_from([HISTORY_RECORD, ALL_RECORDS]))
        match draw(st.sampled_from(ACTIONS)):
            case "seal":
                chronicle.seal(patient=patient)
            case "request":
                chronicle.request(patient=patient, grantee=grantee)
            case "grant":
                purposes = draw(st.sampled_from([TREAT, WRITE, TREAT | WRITE]))
                chronicle.grant(
                    patient=patient,
                    grantee=grantee,
                    record=record,
                    purposes=purposes,
                    seconds=draw(st.integers(1, 9)),
                )
            case "revoke":
                chronicle.revoke(patient=patient, grantee=grantee, record=record)
            case "revoke_all":
                chronicle.revoke_all(patient=patient)
            case "publish_key":
                chronicle.publish_key(account=grantee)
    return chronicle


def naive_readers(events: list[Event], moment: int) -> set[tuple[Address, Address, bytes, int]]:
    """The contract's own words, event by event up to `moment`, then its formula."""
    grants: dict[tuple[Address, Address, bytes], AccessGranted] = {}
    cutoffs: dict[Address, int] = {}
    for event in events:
        if event.at.timestamp > moment:
            break
        match event:
            case AccessGranted():
                grants[event.patient, event.grantee, event.record] = event
            case AccessRevoked():
                grants.pop((event.patient, event.grantee, event.record), None)
            case AllAccessRevoked():
                cutoffs[event.patient] = event.cutoff
    return {
        (*key, grant.purposes)
        for key, grant in grants.items()
        if grant.granted_at > cutoffs.get(key[0], 0) and moment < grant.expiry
    }


@settings(max_examples=150, deadline=None)
@given(stories())
def test_readers_at_agrees_with_a_naive_replay_at_every_second(story: Chronicle) -> None:
    audit = replay(story.events)
    assert audit.findings == ()
    for moment in range(NOON - 1, story.time + 12):
        readers = {
            (each.event.patient, each.event.grantee, each.event.record, each.event.purposes)
            for each in audit.readers_at(moment)
        }
        assert readers == naive_readers(story.events, moment)


@settings(max_examples=150, deadline=None)
@given(stories(), st.data())
def test_compare_finds_every_dropped_event_that_a_head_covers(
    story: Chronicle, data: st.DataObject
) -> None:
    honest = replay(story.events)
    index = data.draw(st.integers(0, len(story.events) - 1))
    dropped = story.events[index]
    rest = story.events[:index] + story.events[index + 1 :]
    audit = compare(replay(rest), chain_of(honest))
    if not isinstance(dropped, AccessRequested):
        assert audit.status is Status.FINDINGS


@settings(max_examples=150, deadline=None)
@given(stories(), st.data())
def test_compare_finds_every_swap_within_a_patient(story: Chronicle, data: st.DataObject) -> None:
    honest = replay(story.events)
    covered = [i for i, event in enumerate(story.events) if event.in_head]
    if len(covered) < 2:
        return
    first, second = sorted(data.draw(st.permutations(covered))[:2])
    events = list(story.events)
    moved = (events[first].at, events[second].at)
    events[first], events[second] = (
        replace(events[second], at=moved[0]),
        replace(events[first], at=moved[1]),
    )
    if events[first].leaf() == events[second].leaf():
        return
    audit = compare(replay(events), chain_of(honest))
    same_patient = events[first].patient == events[second].patient  # type: ignore[union-attr]
    if same_patient:
        assert audit.status is Status.FINDINGS
