"""Guardians and recoveries as the flow makes and reads them, on the contract itself."""

import pytest

from core.errors import ConsentRefusedError, InputError, VerificationError
from core.events import CircleSet, Event
from core.flows.guardians import (
    guardianship,
    is_sealed_to_former_key,
    prepare_approval,
    prepare_guardians,
    prepare_refusal,
)
from core.flows.submit import sign_and_submit
from core.limits import MOST_MEMBERS, RECOVERY_SECONDS
from ledger.client import EvmLedger
from ledger.settings import LedgerSettings
from ledger.wallet import KeySigner
from tests.ledger.messages import Messages

Circle = tuple[KeySigner, KeySigner, KeySigner]


@pytest.fixture
def circle(ledger: EvmLedger, patient: KeySigner) -> Circle:
    """Three guardians, of whom two act together."""
    members = (KeySigner.create(), KeySigner.create(), KeySigner.create())
    name(ledger, patient, *members)
    return members


def name(ledger: EvmLedger, patient: KeySigner, *members: KeySigner, threshold: int = 2) -> None:
    accounts = [each.account for each in members]
    message = prepare_guardians(
        ledger, patient=patient.account, members=accounts, threshold=threshold
    )
    sign_and_submit(ledger, patient, message)


def ask(ledger: EvmLedger, guardian: KeySigner, patient: KeySigner, heir: KeySigner) -> None:
    message = prepare_approval(ledger, patient=patient.account, controller=heir.account)
    sign_and_submit(ledger, guardian, message)


def test_guardianship_is_empty_when_nobody_was_named(ledger: EvmLedger, patient: KeySigner) -> None:
    state = guardianship(ledger, patient.account)
    assert (state.controller, state.members, state.threshold) == (patient.account, (), 0)
    assert state.pending is None
    assert state.approvals == {}


def test_guardianship_counts_who_asked_until_enough_did(
    ledger: EvmLedger, patient: KeySigner, stranger: KeySigner, circle: Circle
) -> None:
    assert guardianship(ledger, patient.account).missing(stranger.account) == 2
    ask(ledger, circle[0], patient, stranger)
    state = guardianship(ledger, patient.account)
    assert set(state.members) == {each.account for each in circle}
    assert state.approvals == {stranger.account: (circle[0].account,)}
    assert state.missing(stranger.account) == 1
    assert state.missing(circle[2].account) == 2
    before = ledger.now()
    ask(ledger, circle[1], patient, stranger)
    state = guardianship(ledger, patient.account)
    assert state.approvals == {}
    assert state.pending is not None
    assert state.pending.controller == stranger.account
    assert state.pending.due >= before + RECOVERY_SECONDS
    assert state.controller == patient.account


def test_guardianship_forgets_who_asked_when_something_is_set_in_between(
    ledger: EvmLedger, patient: KeySigner, stranger: KeySigner, circle: Circle
) -> None:
    ask(ledger, circle[0], patient, stranger)
    name(ledger, patient, *circle)
    assert guardianship(ledger, patient.account).approvals == {}
    ask(ledger, circle[1], patient, stranger)
    assert guardianship(ledger, patient.account).pending is None


def test_recovery_is_refused_by_the_controller_and_not_complete_before_its_week(
    ledger: EvmLedger, patient: KeySigner, stranger: KeySigner, circle: Circle
) -> None:
    with pytest.raises(ConsentRefusedError, match="No recovery is under way"):
        prepare_refusal(ledger, patient=patient.account)
    for guardian in circle[:2]:
        ask(ledger, guardian, patient, stranger)
    with pytest.raises(ConsentRefusedError, match="not over"):
        ledger.complete_recovery(patient.account)
    with pytest.raises(ConsentRefusedError, match="until that is decided"):
        name(ledger, patient, circle[0], threshold=1)
    refusal = prepare_refusal(ledger, patient=patient.account)
    with pytest.raises(ConsentRefusedError, match="not by the account"):
        sign_and_submit(ledger, circle[0], refusal)
    sign_and_submit(ledger, patient, refusal)
    assert guardianship(ledger, patient.account).pending is None


def test_approval_is_refused_when_it_is_no_guardians_or_given_twice(
    ledger: EvmLedger, patient: KeySigner, stranger: KeySigner, circle: Circle
) -> None:
    with pytest.raises(ConsentRefusedError, match="not one of the patient's guardians"):
        ask(ledger, stranger, patient, stranger)
    ask(ledger, circle[0], patient, stranger)
    with pytest.raises(ConsentRefusedError, match="named twice"):
        ask(ledger, circle[0], patient, stranger)
    with pytest.raises(ConsentRefusedError, match="controls the record already"):
        ask(ledger, circle[1], patient, patient)


def test_guardians_are_refused_when_too_many(ledger: EvmLedger, patient: KeySigner) -> None:
    members = [KeySigner.create() for _ in range(MOST_MEMBERS + 1)]
    with pytest.raises(InputError, match="too many"):
        name(ledger, patient, *members)


def test_guardianship_is_refused_when_the_node_withholds_a_setting(
    settings: LedgerSettings, ledger: EvmLedger, patient: KeySigner, circle: Circle
) -> None:
    class Forgetful(EvmLedger):
        def events(self) -> tuple[Event, ...]:
            return tuple(each for each in super().events() if not isinstance(each, CircleSet))

    with pytest.raises(VerificationError, match="do not add up"):
        guardianship(Forgetful.connect(settings), patient.account)


def test_history_is_not_under_a_former_key_when_control_never_moved(
    ledger: EvmLedger, patient: KeySigner, circle: Circle, say: Messages
) -> None:
    sign_and_submit(ledger, patient, say.seal())
    assert not is_sealed_to_former_key(ledger.events(), patient.account)
