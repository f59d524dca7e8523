"""Rules 12 to 15 of the replay: settings, recoveries, emergencies, shares."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from core.audit import replay
from core.events import (
    AccessGranted,
    AllAccessRevoked,
    ChainEvent,
    CircleSet,
    EmergencyClosed,
    EmergencyOpened,
    EmergencyPolicySet,
    EmergencyVetoed,
    Position,
    ReadingKeyPublished,
    RecordOpened,
    RecordSealed,
    RecoveryApproved,
    RecoveryCompleted,
    RecoveryProposed,
    RecoveryVetoed,
    ShareReleased,
    SuccessorSet,
)
from core.findings import Audit, End
from core.hashing import ZERO_ADDRESS, ZERO_HASH, address, keccak256
from core.limits import (
    CLINICIAN_ALONE,
    CLINICIAN_AND_GUARDIAN,
    CUSTODIANS,
    GUARDIANS,
    RECOVERY_SECONDS,
    TWO_CLINICIANS,
)
from core.purposes import Purpose
from core.records import ALL_RECORDS, HISTORY_RECORD

NOON = 1_800_000_000
HOUR, DAY = 3_600, 86_400
KEY = bytes(1216)


def person(name: str) -> Any:
    return address("0x" + keccak256(name.encode())[:20].hex())


PATIENT, NEW_WALLET, STRANGER = person("patient"), person("new wallet"), person("stranger")
ALICE, BOB, CAROL = person("alice"), person("bob"), person("carol")
CLINICIAN, COLLEAGUE = person("clinician"), person("colleague")


class Chronicle:
    """Writes a patient's events as the contract would; a test changes what one of them says."""

    def __init__(self) -> None:
        self.time = NOON
        self.events: list[Any] = []

    def add(self, kind: type[ChainEvent], **terms: Any) -> "Chronicle":
        block = len(self.events) + 1
        at = Position(block=block, log_index=0, timestamp=self.time, transaction=bytes(32))
        owner = {} if kind is ReadingKeyPublished else {"patient": PATIENT}
        self.events.append(kind(at=at, **{**owner, **terms}))
        return self

    def circle(self, *members: Any, circle: int = GUARDIANS, threshold: int = 2) -> "Chronicle":
        return self.add(CircleSet, circle=circle, members=members, threshold=threshold)

    def policy(self, mode: int = TWO_CLINICIANS, **terms: Any) -> "Chronicle":
        usual = {"record": ALL_RECORDS, "mode": mode, "delay": HOUR, "window": 24}
        return self.add(EmergencyPolicySet, **{**usual, **terms})

    def reading_key(self) -> "Chronicle":
        return self.add(ReadingKeyPublished, account=CLINICIAN, previous=ZERO_HASH, key=KEY)

    def open(self, **terms: Any) -> "Chronicle":
        usual = {
            "clinician": CLINICIAN,
            "record": ALL_RECORDS,
            "cosigner": COLLEAGUE,
            "reader_key": keccak256(KEY),
            "reason": b"\1" * 32,
            "opens_at": self.time + HOUR,
            "closes_at": self.time + 25 * HOUR,
        }
        return self.add(EmergencyOpened, **{**usual, **terms})

    def approve(self, *guardians: Any, controller: Any = NEW_WALLET) -> "Chronicle":
        for guardian in guardians:
            self.add(RecoveryApproved, controller=controller, guardian=guardian)
        return self

    def propose(self, controller: Any = NEW_WALLET, due: int | None = None) -> "Chronicle":
        default = self.time + RECOVERY_SECONDS
        return self.add(
            RecoveryProposed, controller=controller, due=default if due is None else due
        )

    def grant(self, **terms: Any) -> "Chronicle":
        usual = {
            "grantee": STRANGER,
            "record": HISTORY_RECORD,
            "purposes": int(Purpose.TREAT),
            "expiry": self.time + DAY,
            "granted_at": self.time,
            "seq": 1,
            "request": ZERO_HASH,
            "envelope": ZERO_HASH,
        }
        return self.add(AccessGranted, **{**usual, **terms})


@pytest.fixture
def chronicle() -> Chronicle:
    return Chronicle()


@pytest.fixture
def moved(chronicle: Chronicle) -> Chronicle:
    """Two guardians have moved control."""
    chronicle.circle(ALICE, BOB, CAROL)
    chronicle.approve(ALICE, CAROL)
    chronicle.propose()
    chronicle.time += RECOVERY_SECONDS
    chronicle.add(RecoveryCompleted, controller=NEW_WALLET)
    return chronicle


@pytest.fixture
def opened(chronicle: Chronicle) -> Chronicle:
    """An emergency case is open."""
    chronicle.circle(ALICE, BOB)
    chronicle.circle(CAROL, circle=CUSTODIANS, threshold=1)
    chronicle.policy()
    chronicle.reading_key()
    chronicle.open()
    chronicle.time += 2 * HOUR
    return chronicle


def rules(chronicle: Chronicle) -> list[int]:
    return [finding.rule for finding in audit_of(chronicle).violations]


def audit_of(chronicle: Chronicle) -> Audit:
    return replay(chronicle.events)


def test_replay_is_consistent_when_control_moved(moved: Chronicle) -> None:
    moved.add(
        RecordSealed,
        author=NEW_WALLET,
        record=HISTORY_RECORD,
        commitment=b"\1" * 32,
        envelope=ZERO_HASH,
    )
    moved.add(SuccessorSet, successor=STRANGER)
    audit = audit_of(moved)
    assert audit.findings == ()
    assert audit.heads[PATIENT][-1] & 1 == 1, "the last bit says that control moved"
    before = replay(moved.events[:4])
    assert before.heads[PATIENT][-1] & 1 == 0


def test_sealing_is_found_when_it_is_by_the_lost_wallet(moved: Chronicle) -> None:
    moved.add(
        RecordSealed,
        author=PATIENT,
        record=HISTORY_RECORD,
        commitment=b"\1" * 32,
        envelope=ZERO_HASH,
    )
    assert rules(moved) == [3]


@pytest.mark.parametrize("grantee", [PATIENT, NEW_WALLET, ZERO_ADDRESS])
def test_grant_is_found_when_it_names_the_patient_or_controller(
    moved: Chronicle, grantee: Any
) -> None:
    moved.grant(grantee=grantee)
    assert rules(moved) == [5]


def test_replay_is_consistent_when_a_recovery_is_vetoed_and_tried_again(
    chronicle: Chronicle,
) -> None:
    chronicle.circle(ALICE, BOB)
    chronicle.approve(ALICE, BOB)
    chronicle.propose()
    chronicle.add(RecoveryVetoed, controller=NEW_WALLET)
    chronicle.approve(ALICE, BOB)
    chronicle.propose()
    chronicle.time += RECOVERY_SECONDS
    chronicle.add(RecoveryCompleted, controller=NEW_WALLET)
    assert audit_of(chronicle).findings == ()


Story = Callable[[Chronicle], object]

RECOVERIES: dict[str, Story] = {
    "by a stranger": lambda c: c.approve(STRANGER),
    "twice by one": lambda c: c.approve(ALICE, ALICE),
    "for nobody": lambda c: c.approve(ALICE, controller=ZERO_ADDRESS),
    "for the controller": lambda c: c.approve(ALICE, controller=PATIENT),
    "too few": lambda c: c.approve(ALICE).propose(),
    "approvals for another": lambda c: c.approve(ALICE, BOB, controller=STRANGER).propose(),
    "due too early": lambda c: c.approve(ALICE, BOB).propose(due=NOON + DAY),
    "vetoed, not pending": lambda c: c.add(RecoveryVetoed, controller=NEW_WALLET),
    "completed, not pending": lambda c: c.add(RecoveryCompleted, controller=NEW_WALLET),
    "completed early": lambda c: (
        c.approve(ALICE, BOB).propose().add(RecoveryCompleted, controller=NEW_WALLET)
    ),
    "another completed": lambda c: (
        c.approve(ALICE, BOB).propose().add(RecoveryVetoed, controller=STRANGER)
    ),
    "approved while pending": lambda c: c.approve(ALICE, BOB).propose().approve(CAROL),
    "a setting in between": lambda c: c.approve(ALICE).policy().approve(BOB).propose(),
}


@pytest.mark.parametrize("story", RECOVERIES.values(), ids=RECOVERIES.keys())
def test_recovery_is_found_when_it_breaks_a_rule(chronicle: Chronicle, story: Story) -> None:
    chronicle.circle(ALICE, BOB, CAROL)
    story(chronicle)
    assert rules(chronicle) == [13]


@pytest.mark.parametrize("what", ["circle", "policy", "successor"])
def test_setting_is_found_when_a_recovery_is_pending(chronicle: Chronicle, what: str) -> None:
    chronicle.circle(ALICE, BOB)
    chronicle.approve(ALICE, BOB)
    chronicle.propose()
    if what == "circle":
        chronicle.circle(CAROL, threshold=1)
    elif what == "policy":
        chronicle.policy()
    else:
        chronicle.add(SuccessorSet, successor=STRANGER)
    assert rules(chronicle) == [12]


def test_grant_is_found_when_a_recovery_is_pending(chronicle: Chronicle) -> None:
    chronicle.circle(ALICE, BOB)
    chronicle.approve(ALICE, BOB)
    chronicle.propose()
    chronicle.grant()
    assert rules(chronicle) == [5]


@pytest.mark.parametrize(
    ("members", "circle", "threshold"),
    [
        ((PATIENT,), GUARDIANS, 1),
        ((ZERO_ADDRESS,), GUARDIANS, 1),
        ((ALICE, ALICE), GUARDIANS, 1),
        ((ALICE,), GUARDIANS, 2),
        ((ALICE,), CUSTODIANS, 0),
        ((), GUARDIANS, 1),
        ((ALICE,), 2, 1),
        (tuple(person(str(n)) for n in range(9)), GUARDIANS, 1),
    ],
)
def test_circle_is_found_when_it_cannot_be(
    chronicle: Chronicle, members: Any, circle: int, threshold: int
) -> None:
    chronicle.circle(*members, circle=circle, threshold=threshold)
    assert rules(chronicle) == [12]


@pytest.mark.parametrize(
    "terms", [{"mode": 4}, {"delay": 7 * DAY + 1}, {"window": 73}, {"window": 0}]
)
def test_policy_is_found_when_out_of_bounds(chronicle: Chronicle, terms: Any) -> None:
    chronicle.policy(**terms)
    assert rules(chronicle) == [12]


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


def test_heads_differ_when_one_event_of_a_recovery_is_left_out(moved: Chronicle) -> None:
    whole = audit_of(moved).heads[PATIENT]
    for place in range(len(moved.events)):
        without = [*moved.events[:place], *moved.events[place + 1 :]]
        assert replay(without).heads[PATIENT] != whole
    altered = replace(moved.events[0], threshold=1)
    assert replay([altered, *moved.events[1:]]).heads[PATIENT] != whole
