"""revoke_all and revoke_all_signed: every grant taken back, by a logical clock."""

from dataclasses import replace

import ape
import pytest

from core.hashing import ZERO_ADDRESS
from core.purposes import Purpose
from core.records import ALL_RECORDS, HISTORY_RECORD
from tests.contracts.desk import only_event


@pytest.fixture
def together(batch, chain, consent, desk, now, patient, relayer):
    """Carry messages in one second; each is made once the ones before it are known."""

    def carry(at, *messages):
        calls = [desk.calldata(each, desk.sign(patient, each)) for each in messages]
        chain.pending_timestamp = at
        receipt = batch.run(consent, calls, sender=relayer)
        assert receipt.timestamp == at

    return carry


@pytest.mark.parametrize("way", ["sent", "carried"])
def test_revoke_all_ends_every_grant_when_controller_wants_it(
    consent, desk, granted, make_grant, make_revoke_all, patient, doctor, colleague, way
):
    desk.send(make_grant(grantee=colleague.address, record=ALL_RECORDS), patient)
    message = make_revoke_all()
    sent = way == "sent"
    receipt = desk.send(message, patient) if sent else desk.sign_and_carry(message, patient)
    assert not consent.has_access(patient, doctor, HISTORY_RECORD, Purpose.TREAT)
    assert not consent.has_access(patient, colleague, HISTORY_RECORD, Purpose.TREAT)
    cutoff = receipt.timestamp
    assert consent.standing(patient)[1] == cutoff
    expected = {"patient": patient.address, "cutoff": cutoff}
    assert only_event(receipt, "AllAccessRevoked") == expected


def test_revoke_all_keeps_the_controller_when_done(consent, desk, make_revoke_all, patient):
    desk.send(make_revoke_all(), patient)
    assert consent.standing(patient)[0] == patient.address
    assert consent.has_access(patient, patient, HISTORY_RECORD, Purpose.TREAT)


def test_revoke_all_leaves_other_patients_alone_when_done(
    consent, desk, granted, make_revoke_all, patient, doctor, colleague
):
    desk.send(make_revoke_all(patient=colleague.address), colleague)
    assert consent.has_access(patient, doctor, HISTORY_RECORD, Purpose.TREAT)


def test_revoke_all_keeps_the_grant_when_made_after_it_in_the_same_second(
    consent, make_grant, make_revoke_all, now, patient, doctor, together
):
    at = now() + 100
    together(at, make_revoke_all(), make_grant(cutoff=at))
    assert consent.terms(patient, doctor, HISTORY_RECORD)[1] == at + 1
    assert consent.has_access(patient, doctor, HISTORY_RECORD, Purpose.TREAT)


def test_revoke_all_voids_the_grant_when_made_before_it_in_the_same_second(
    consent, make_grant, make_revoke_all, now, patient, doctor, together
):
    at = now() + 100
    together(at, make_grant(), make_revoke_all())
    assert consent.terms(patient, doctor, HISTORY_RECORD)[1] == at
    assert not consent.has_access(patient, doctor, HISTORY_RECORD, Purpose.TREAT)


def test_revoke_all_voids_the_grant_when_a_second_one_follows_in_the_same_second(
    consent, make_grant, make_revoke_all, now, patient, doctor, together
):
    at = now() + 100
    first, grant = make_revoke_all(), make_grant(cutoff=at)
    together(at, first, grant, replace(first, cutoff=at))
    assert consent.standing(patient)[1] == at + 1
    assert not consent.has_access(patient, doctor, HISTORY_RECORD, Purpose.TREAT)


def test_revoke_all_keeps_the_last_grant_when_they_alternate_in_the_same_second(
    consent, make_grant, make_revoke_all, now, patient, doctor, together
):
    at = now() + 100
    revocation, grant = make_revoke_all(), make_grant(cutoff=at)
    together(
        at,
        revocation,
        grant,
        replace(revocation, cutoff=at),
        replace(grant, seq=1, cutoff=at + 1),
    )
    assert consent.terms(patient, doctor, HISTORY_RECORD)[1:3] == (at + 2, 2)
    assert consent.has_access(patient, doctor, HISTORY_RECORD, Purpose.TREAT)


@pytest.mark.parametrize("sender", ["doctor", "stranger", "relayer"])
def test_revoke_all_reverts_when_sender_is_not_the_controller(
    desk, make_revoke_all, request, sender
):
    with ape.reverts("Consent: wrong sender"):
        desk.send(make_revoke_all(), request.getfixturevalue(sender))


def test_revoke_all_signed_reverts_when_another_signs(desk, make_revoke_all, stranger):
    with ape.reverts("Consent: wrong signature"):
        desk.sign_and_carry(make_revoke_all(), stranger)


def test_revoke_all_signed_reverts_when_carried_twice(desk, make_revoke_all, patient):
    message = make_revoke_all()
    signature = desk.sign(patient, message)
    desk.carry(message, signature)
    with ape.reverts("Consent: wrong signature"):
        desk.carry(message, signature)


def test_revoke_all_signed_works_when_a_reader_moved_the_head(
    consent, desk, sealed, granted, make_open, make_revoke_all, patient, doctor
):
    message = make_revoke_all()
    signature = desk.sign(patient, message)
    desk.send(make_open(), doctor)
    desk.carry(message, signature)
    assert not consent.has_access(patient, doctor, HISTORY_RECORD, Purpose.TREAT)


def test_revoke_all_signed_reverts_when_deadline_has_passed(
    chain, desk, make_revoke_all, patient, now
):
    at = now() + 100
    message = make_revoke_all(deadline=at)
    signature = desk.sign(patient, message)
    chain.pending_timestamp = at + 1
    with ape.reverts("Consent: message expired"):
        desk.carry(message, signature)


def test_revoke_all_reverts_when_patient_is_empty(desk, make_revoke_all, stranger):
    message = make_revoke_all(patient=ZERO_ADDRESS)
    with ape.reverts("Consent: wrong sender"):
        desk.send(message, stranger)
    with ape.reverts("Consent: wrong signature"):
        desk.carry(message, b"\0")
