"""Rules 14 and 15 of the replay: emergency cases and shares."""

from typing import Any

import pytest

from core.events import (
    AllAccessRevoked,
    EmergencyClosed,
    EmergencyVetoed,
    RecordOpened,
    RecordSealed,
    ShareReleased,
)
from core.findings import End
from core.hashing import ZERO_ADDRESS, ZERO_HASH
from core.limits import (
    CLINICIAN_ALONE,
    CLINICIAN_AND_GUARDIAN,
)
from core.purposes import Purpose
from core.records import HISTORY_RECORD
from tests.core.standing.chronicle import (
    ALICE,
    BOB,
    CAROL,
    CLINICIAN,
    COLLEAGUE,
    HOUR,
    NOON,
    PATIENT,
    STRANGER,
    Chronicle,
    Story,
    audit_of,
    rules,
)


def read(chronicle: Chronicle, purpose: int = Purpose.ETREAT) -> None:
    chronicle.add(
        RecordOpened,
        reader=CLINICIAN,
        record=HISTORY_RECORD,
        commitment=b"\1" * 32,
        purpose=int(purpose),
    )


def seal(chronicle: Chronicle) -> None:
    chronicle.add(
        RecordSealed,
        author=PATIENT,
        record=HISTORY_RECORD,
        commitment=b"\1" * 32,
        envelope=ZERO_HASH,
    )


def test_reading_is_live_when_the_case_is_open(opened: Chronicle) -> None:
    seal(opened)
    read(opened)
    opened.add(ShareReleased, clinician=CLINICIAN, custodian=CAROL, share=b"\1" * 32)
    opened.add(EmergencyClosed, clinician=CLINICIAN)
    audit = audit_of(opened)
    assert audit.findings == ()
    (case,) = audit.cases
    assert (case.until, case.closing and case.closing.reason) == (opened.time, End.CLOSED)
    assert audit.cases_between(NOON + HOUR, NOON + HOUR) == (case,)
    assert audit.cases_between(NOON, NOON + HOUR - 1) == ()
    assert audit.cases_between(opened.time, opened.time) == ()
    assert audit.cases_between(NOON + HOUR, opened.time, patient=STRANGER) == ()


ENDINGS: dict[str, tuple[Story, End]] = {
    "vetoed by the patient": (
        lambda c: c.add(EmergencyVetoed, clinician=CLINICIAN, by=PATIENT),
        End.VETOED,
    ),
    "vetoed by a guardian": (
        lambda c: c.add(EmergencyVetoed, clinician=CLINICIAN, by=ALICE),
        End.VETOED,
    ),
    "closed": (lambda c: c.add(EmergencyClosed, clinician=CLINICIAN), End.CLOSED),
    "policy set anew": (lambda c: c.policy(), End.POLICY_CHANGED),
    "everything revoked": (lambda c: c.add(AllAccessRevoked, cutoff=c.time), End.REVOKED_ALL),
}


@pytest.mark.parametrize(("end", "reason"), ENDINGS.values(), ids=ENDINGS.keys())
def test_reading_is_dead_when_the_case_has_ended(
    opened: Chronicle, end: Story, reason: End
) -> None:
    seal(opened)
    end(opened)
    read(opened)
    audit = audit_of(opened)
    assert [finding.rule for finding in audit.violations] == [7]
    assert [receipt.live for receipt in audit.receipts] == [False]
    assert audit.cases[0].closing is not None
    assert audit.cases[0].closing.reason is reason


@pytest.mark.parametrize("purpose", [Purpose.TREAT, Purpose.HRESCH])
def test_reading_is_dead_when_the_case_is_open_and_the_purpose_another(
    opened: Chronicle, purpose: Purpose
) -> None:
    seal(opened)
    read(opened, purpose)
    assert rules(opened) == [7]


@pytest.mark.parametrize("moment", [HOUR - 1, 25 * HOUR])
def test_reading_is_dead_when_the_case_is_not_yet_open_or_over(
    chronicle: Chronicle, moment: int
) -> None:
    chronicle.policy()
    chronicle.reading_key()
    seal(chronicle)
    chronicle.open()
    chronicle.time = NOON + moment
    read(chronicle)
    assert rules(chronicle) == [7]


@pytest.mark.parametrize(
    "terms",
    [
        {"record": HISTORY_RECORD},
        {"opens_at": NOON},
        {"closes_at": NOON + 26 * HOUR},
        {"cosigner": ZERO_ADDRESS},
        {"cosigner": CLINICIAN},
        {"reader_key": b"\1" * 32},
    ],
)
def test_case_is_found_when_it_does_not_follow_the_policy(chronicle: Chronicle, terms: Any) -> None:
    chronicle.policy()
    chronicle.reading_key()
    chronicle.open(**terms)
    assert rules(chronicle) == [14]


@pytest.mark.parametrize(
    ("mode", "cosigner", "expected"),
    [
        (CLINICIAN_AND_GUARDIAN, ALICE, []),
        (CLINICIAN_AND_GUARDIAN, COLLEAGUE, [14]),
        (CLINICIAN_ALONE, ZERO_ADDRESS, []),
        (CLINICIAN_ALONE, COLLEAGUE, [14]),
        (0, COLLEAGUE, [14]),
    ],
)
def test_case_needs_the_second_signature_of_its_policy(
    chronicle: Chronicle, mode: int, cosigner: Any, expected: list[int]
) -> None:
    chronicle.circle(ALICE, BOB)
    chronicle.policy(mode)
    chronicle.reading_key()
    chronicle.open(cosigner=cosigner)
    assert rules(chronicle) == expected


def test_case_is_found_when_there_is_no_policy(chronicle: Chronicle) -> None:
    chronicle.reading_key()
    chronicle.open()
    assert rules(chronicle) == [14]


@pytest.mark.parametrize(
    ("end", "later", "expected"),
    [
        ("none", 0, [14]),
        ("vetoed", 0, [14]),
        ("vetoed", 23 * HOUR, []),
        ("closed", 0, []),
        ("policy set anew", 0, [14]),
        ("none", 23 * HOUR, []),
    ],
)
def test_case_is_found_when_another_of_the_same_clinician_runs(
    opened: Chronicle, end: str, later: int, expected: list[int]
) -> None:
    endings = {"vetoed": "vetoed by the patient", "closed": "closed", "policy set anew": ""}
    if end == "policy set anew":
        opened.policy()
    elif end != "none":
        ENDINGS[endings[end]][0](opened)
    opened.time += later
    opened.open()
    assert rules(opened) == expected


BREACHES: dict[str, Story] = {
    "vetoed by a stranger": lambda c: c.add(EmergencyVetoed, clinician=CLINICIAN, by=STRANGER),
    "no case": lambda c: c.add(EmergencyClosed, clinician=COLLEAGUE),
    "closed twice": lambda c: c.add(EmergencyClosed, clinician=CLINICIAN).add(
        EmergencyClosed, clinician=CLINICIAN
    ),
    "share of a guardian": lambda c: c.add(
        ShareReleased, clinician=CLINICIAN, custodian=ALICE, share=b"\1" * 32
    ),
    "share without a case": lambda c: c.add(
        ShareReleased, clinician=COLLEAGUE, custodian=CAROL, share=b"\1" * 32
    ),
    "share after the end": lambda c: c.add(EmergencyClosed, clinician=CLINICIAN).add(
        ShareReleased, clinician=CLINICIAN, custodian=CAROL, share=b"\1" * 32
    ),
    "share twice": lambda c: c.add(
        ShareReleased, clinician=CLINICIAN, custodian=CAROL, share=b"\1" * 32
    ).add(ShareReleased, clinician=CLINICIAN, custodian=CAROL, share=b"\2" * 32),
}


@pytest.mark.parametrize("story", BREACHES.values(), ids=BREACHES.keys())
def test_ending_or_share_is_found_when_the_contract_cannot_have_allowed_it(
    opened: Chronicle, story: Story
) -> None:
    story(opened)
    assert rules(opened) == [15]


def test_case_may_still_be_refused_when_a_new_policy_overtook_it(opened: Chronicle) -> None:
    """The contract keeps the case's word until it is refused, closed or past its window."""
    opened.policy()
    opened.add(EmergencyVetoed, clinician=CLINICIAN, by=PATIENT)
    audit = audit_of(opened)
    assert audit.findings == ()
    assert audit.cases[0].closing is not None
    assert audit.cases[0].closing.reason is End.POLICY_CHANGED


OVERTAKINGS = {name: ENDINGS[name][0] for name in ("policy set anew", "everything revoked")}


@pytest.mark.parametrize("overtake", OVERTAKINGS.values(), ids=OVERTAKINGS.keys())
def test_case_may_be_opened_anew_when_an_overtaken_one_was_closed(
    opened: Chronicle, overtake: Story
) -> None:
    overtake(opened)
    opened.add(EmergencyClosed, clinician=CLINICIAN)
    opened.open()
    assert rules(opened) == []


@pytest.mark.parametrize("overtake", OVERTAKINGS.values(), ids=OVERTAKINGS.keys())
def test_ending_is_found_when_an_overtaken_case_was_refused_before(
    opened: Chronicle, overtake: Story
) -> None:
    overtake(opened)
    opened.add(EmergencyVetoed, clinician=CLINICIAN, by=PATIENT)
    opened.add(EmergencyClosed, clinician=CLINICIAN)
    assert rules(opened) == [15]
