"""The auditor's replay on stories drawn at random, held against a naive one."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from core.audit import compare, replay
from core.events import (
    AccessGranted,
    AccessRequested,
    AccessRevoked,
    AllAccessRevoked,
    Event,
)
from core.findings import Status
from core.hashing import Address
from core.records import ALL_RECORDS, HISTORY_RECORD
from tests.core.auditing.chronicle import (
    DOCTOR,
    NOON,
    OTHER_PATIENT,
    PATIENT,
    STRANGER,
    TREAT,
    WRITE,
    Chronicle,
    chain_of,
)

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
