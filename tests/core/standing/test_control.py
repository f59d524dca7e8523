"""Rules 12 and 13 of the replay: settings and recoveries."""

from dataclasses import replace
from typing import Any

import pytest

from core.audit import replay
from core.events import (
    RecordSealed,
    RecoveryCompleted,
    RecoveryVetoed,
    SuccessorSet,
)
from core.hashing import ZERO_ADDRESS, ZERO_HASH
from core.limits import (
    CUSTODIANS,
    GUARDIANS,
    RECOVERY_SECONDS,
)
from core.records import HISTORY_RECORD
from tests.core.standing.chronicle import (
    ALICE,
    BOB,
    CAROL,
    DAY,
    NEW_WALLET,
    NOON,
    PATIENT,
    STRANGER,
    Chronicle,
    Story,
    audit_of,
    person,
    rules,
)


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


def test_heads_differ_when_one_event_of_a_recovery_is_left_out(moved: Chronicle) -> None:
    whole = audit_of(moved).heads[PATIENT]
    for place in range(len(moved.events)):
        without = [*moved.events[:place], *moved.events[place + 1 :]]
        assert replay(without).heads[PATIENT] != whole
    altered = replace(moved.events[0], threshold=1)
    assert replay([altered, *moved.events[1:]]).heads[PATIENT] != whole
