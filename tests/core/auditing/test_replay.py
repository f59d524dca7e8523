"""The auditor's replay: intervals, receipts, heads, and every broken rule."""

from dataclasses import replace

import pytest

from core.audit import compare, extend_head, extend_roster, replay, require_consistent
from core.errors import VerificationError
from core.findings import ChainState, End, Severity, Status
from core.hashing import ZERO_HASH, abi_word, keccak256
from core.limits import LONGEST_GRANT_SECONDS
from core.records import ALL_RECORDS, HISTORY_RECORD
from tests.core.auditing.chronicle import (
    DOCTOR,
    HOUR,
    NOON,
    OTHER_PATIENT,
    PATIENT,
    STRANGER,
    TREAT,
    WRITE,
    Chronicle,
    chain_of,
    rules,
)


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
