"""A patient whose controller was moved: who speaks for him then, and who no longer does."""

import ape
import pytest

from core.hashing import ZERO_ADDRESS
from core.purposes import Purpose
from core.records import HISTORY_RECORD
from tests.contracts.conftest import lasting
from tests.contracts.desk import DAY

NOT_HIS = {
    "make_grant": "Consent: not the controller",
    "make_revoke": "Consent: not the controller",
    "make_revoke_all": "Consent: wrong sender",
}


@lasting
def new_wallet(accounts):
    """What the patient will use after losing the old one."""
    return accounts[7]


@pytest.fixture
def successor(recover, patient, guardian, new_wallet):
    """The new wallet, once it speaks for the patient."""
    recover(patient, guardian, new_wallet)
    return new_wallet


def test_controller_is_the_patient_when_never_moved(consent, patient, stranger):
    assert consent.standing(patient)[0] == patient.address
    assert consent.standing(stranger)[0] == stranger.address
    assert consent.standing(ZERO_ADDRESS)[0] == ZERO_ADDRESS


def test_controller_has_access_when_moved(consent, patient, successor):
    assert consent.standing(patient)[0] == successor.address
    assert consent.has_access(patient, successor, HISTORY_RECORD, Purpose.TREAT)
    assert not consent.has_access(patient, patient, HISTORY_RECORD, Purpose.TREAT)


@pytest.mark.parametrize("maker", ["make_grant", "make_revoke", "make_revoke_all"])
def test_controller_write_is_the_successors_when_moved(desk, patient, successor, request, maker):
    make = request.getfixturevalue(maker)
    with ape.reverts(NOT_HIS[maker]):
        desk.send(make(), patient)
    message = make()
    desk.refused(message, desk.sign(patient, message), "Consent: wrong signature")
    desk.send(make(), successor)
    desk.sign_and_carry(make(), successor)


def test_seal_is_the_successors_when_moved(consent, desk, make_seal, patient, successor):
    old = make_seal()
    desk.refused(old, desk.sign(patient, old), "Consent: not an author")
    desk.sign_and_carry(make_seal(author=successor.address), successor)
    assert consent.records(patient, HISTORY_RECORD) == old.commitment


def test_grant_reverts_when_grantee_is_the_old_or_the_new_wallet(
    desk, make_grant, patient, successor
):
    for account in (patient, successor):
        with ape.reverts("Consent: self grant"):
            desk.send(make_grant(grantee=account.address), successor)


def test_grants_stand_when_the_controller_moves(consent, granted, patient, doctor, successor):
    assert consent.has_access(patient, doctor, HISTORY_RECORD, Purpose.TREAT)


def test_grant_signed_before_dies_when_the_controller_moves(
    desk, make_grant, patient, guardian, new_wallet, recover, now
):
    message = make_grant(deadline=now() + 30 * DAY)
    signature = desk.sign(patient, message)
    recover(patient, guardian, new_wallet)
    desk.refused(message, signature, "Consent: wrong signature")


def test_revoke_all_keeps_the_controller_when_moved(
    consent, desk, make_revoke_all, patient, successor
):
    desk.send(make_revoke_all(), successor)
    assert consent.standing(patient)[0] == successor.address
    assert consent.standing(patient)[1] > 0
