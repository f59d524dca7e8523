"""revoke and revoke_signed: one grant taken back."""

import ape
import pytest

from core.hashing import ZERO_ADDRESS
from core.purposes import Purpose
from core.records import ALL_RECORDS, HISTORY_RECORD
from tests.contracts.desk import only_event


@pytest.mark.parametrize("way", ["sent", "carried"])
def test_revoke_ends_access_when_controller_wants_it(
    consent, desk, granted, make_revoke, patient, doctor, way
):
    message = make_revoke()
    sent = way == "sent"
    receipt = desk.send(message, patient) if sent else desk.sign_and_carry(message, patient)
    assert not consent.has_access(patient, doctor, HISTORY_RECORD, Purpose.TREAT)
    assert only_event(receipt, "AccessRevoked") == {
        "patient": patient.address,
        "grantee": doctor.address,
        "record": HISTORY_RECORD,
    }


def test_revoke_leaves_only_the_nonce_when_done(
    consent, desk, granted, make_revoke, patient, doctor
):
    desk.send(make_revoke(), patient)
    assert consent.terms(patient, doctor, HISTORY_RECORD) == (0, 0, 2, 0)


def test_revoke_spends_the_nonce_when_there_is_no_grant(
    consent, desk, make_revoke, patient, stranger
):
    desk.send(make_revoke(grantee=stranger.address), patient)
    assert consent.terms(patient, stranger, HISTORY_RECORD) == (0, 0, 1, 0)


def test_revoke_leaves_the_grant_on_all_records_when_one_record_is_named(
    consent, desk, granted, make_grant, make_revoke, patient, doctor
):
    desk.send(make_grant(record=ALL_RECORDS), patient)
    desk.send(make_revoke(), patient)
    assert consent.has_access(patient, doctor, HISTORY_RECORD, Purpose.TREAT)
    desk.send(make_revoke(record=ALL_RECORDS), patient)
    assert not consent.has_access(patient, doctor, HISTORY_RECORD, Purpose.TREAT)


def test_revoke_leaves_other_doctors_alone_when_one_is_named(
    consent, desk, granted, make_revoke, patient, doctor, colleague
):
    desk.send(make_revoke(grantee=colleague.address), patient)
    assert consent.has_access(patient, doctor, HISTORY_RECORD, Purpose.TREAT)


@pytest.mark.parametrize("sender", ["doctor", "colleague", "stranger", "relayer"])
def test_revoke_reverts_when_sender_is_not_the_controller(
    desk, granted, make_revoke, request, sender
):
    with ape.reverts("Consent: not the controller"):
        desk.send(make_revoke(), request.getfixturevalue(sender))


@pytest.mark.parametrize("signer", ["doctor", "stranger"])
def test_revoke_signed_reverts_when_another_signs(desk, granted, make_revoke, request, signer):
    with ape.reverts("Consent: wrong signature"):
        desk.sign_and_carry(make_revoke(), request.getfixturevalue(signer))


def test_revoke_signed_reverts_when_replayed_on_a_later_grant(
    consent, desk, granted, make_grant, make_revoke, patient, doctor
):
    message = make_revoke()
    signature = desk.sign(patient, message)
    desk.carry(message, signature)
    desk.send(make_grant(), patient)
    with ape.reverts("Consent: wrong signature"):
        desk.carry(message, signature)
    assert consent.has_access(patient, doctor, HISTORY_RECORD, Purpose.TREAT)


def test_revoke_signed_reverts_when_deadline_has_passed(
    chain, desk, granted, make_revoke, patient, now
):
    at = now() + 100
    message = make_revoke(deadline=at)
    signature = desk.sign(patient, message)
    chain.pending_timestamp = at + 1
    with ape.reverts("Consent: message expired"):
        desk.carry(message, signature)


def test_revoke_reverts_when_patient_is_empty(desk, make_revoke, stranger):
    message = make_revoke(patient=ZERO_ADDRESS)
    with ape.reverts("Consent: not the controller"):
        desk.send(message, stranger)
    with ape.reverts("Consent: wrong signature"):
        desk.carry(message, b"")
