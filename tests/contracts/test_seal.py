"""seal and seal_signed: which version of a record counts."""

from dataclasses import replace

import ape
import pytest

from core.hashing import ZERO_ADDRESS, ZERO_HASH, keccak256
from core.purposes import Purpose
from core.records import ALL_RECORDS, HISTORY_RECORD
from tests.contracts.desk import only_event

WRONG_PREVIOUS = "Consent: wrong previous commitment"


@pytest.mark.parametrize("way", ["sent", "carried"])
def test_seal_sets_the_commitment_when_controller_wants_it(consent, desk, make_seal, patient, way):
    message = make_seal()
    sent = way == "sent"
    receipt = desk.send(message, patient) if sent else desk.sign_and_carry(message, patient)
    assert consent.records(patient, HISTORY_RECORD) == message.commitment
    assert only_event(receipt, "RecordSealed") == {
        "patient": message.patient,
        "author": message.author,
        "record": message.record,
        "commitment": message.commitment,
        "envelope": message.envelope,
    }


def test_seal_replaces_the_version_when_it_names_it(consent, desk, sealed, make_seal, patient):
    message = make_seal(previous=sealed)
    desk.sign_and_carry(message, patient)
    assert consent.records(patient, HISTORY_RECORD) == message.commitment


def test_seal_keeps_records_apart_when_they_differ(consent, desk, sealed, make_seal, patient):
    other = make_seal(record=keccak256(b"another record"), commitment=keccak256(b"other"))
    desk.send(other, patient)
    assert consent.records(patient, HISTORY_RECORD) == sealed
    assert consent.records(patient, other.record) == other.commitment


@pytest.mark.parametrize("record", [HISTORY_RECORD, ALL_RECORDS])
@pytest.mark.parametrize("way", ["sent", "carried"])
def test_seal_works_for_a_doctor_when_granted_write(
    consent, desk, make_grant, make_seal, patient, doctor, record, way
):
    desk.send(make_grant(record=record, purposes=int(Purpose.TREAT | Purpose.WRITE)), patient)
    message = make_seal(author=doctor.address)
    desk.send(message, doctor) if way == "sent" else desk.sign_and_carry(message, doctor)
    assert consent.records(patient, HISTORY_RECORD) == message.commitment


def test_seal_reverts_when_author_has_no_grant(desk, make_seal, stranger):
    message = make_seal(author=stranger.address)
    with ape.reverts("Consent: not an author"):
        desk.send(message, stranger)
    with ape.reverts("Consent: not an author"):
        desk.sign_and_carry(message, stranger)


def test_seal_reverts_when_grant_is_for_reading_only(desk, granted, make_seal, doctor):
    with ape.reverts("Consent: not an author"):
        desk.send(make_seal(author=doctor.address), doctor)


def test_seal_reverts_when_write_was_granted_on_another_record(
    desk, make_grant, make_seal, patient, doctor
):
    desk.send(make_grant(record=keccak256(b"another"), purposes=int(Purpose.WRITE)), patient)
    with ape.reverts("Consent: not an author"):
        desk.send(make_seal(author=doctor.address), doctor)


def test_seal_signed_reverts_when_write_was_revoked_before_it_was_sent(
    desk, make_grant, make_revoke, make_seal, patient, doctor
):
    desk.send(make_grant(purposes=int(Purpose.WRITE)), patient)
    message = make_seal(author=doctor.address)
    desk.send(make_revoke(), patient)
    with ape.reverts("Consent: not an author"):
        desk.sign_and_carry(message, doctor)


def test_seal_reverts_when_write_has_expired(
    chain, desk, make_grant, make_seal, patient, doctor, now
):
    end = now() + 100
    desk.send(make_grant(purposes=int(Purpose.WRITE), expiry=end), patient)
    message = make_seal(author=doctor.address)
    chain.pending_timestamp = end
    with ape.reverts("Consent: not an author"):
        desk.send(message, doctor)


def test_seal_signed_reverts_when_patient_signs_for_another_author(
    desk, make_grant, make_seal, patient, doctor
):
    desk.send(make_grant(purposes=int(Purpose.WRITE)), patient)
    with ape.reverts("Consent: wrong signature"):
        desk.sign_and_carry(make_seal(author=doctor.address), patient)


@pytest.mark.parametrize("previous", [ZERO_HASH, keccak256(b"never sealed")])
def test_seal_reverts_when_previous_is_not_the_present(desk, sealed, make_seal, patient, previous):
    message = make_seal(previous=previous, commitment=keccak256(b"new"))
    with ape.reverts(WRONG_PREVIOUS):
        desk.send(message, patient)
    with ape.reverts(WRONG_PREVIOUS):
        desk.sign_and_carry(message, patient)


def test_seal_signed_reverts_when_carried_twice(desk, make_seal, patient):
    message = make_seal()
    signature = desk.sign(patient, message)
    desk.carry(message, signature)
    with ape.reverts(WRONG_PREVIOUS):
        desk.carry(message, signature)


def test_seal_reverts_when_nothing_changes(desk, sealed, make_seal, patient):
    with ape.reverts(WRONG_PREVIOUS):
        desk.send(make_seal(previous=sealed, commitment=sealed), patient)


def test_seal_lets_one_author_win_when_two_replace_the_same_version(
    consent, desk, sealed, make_grant, make_seal, patient, doctor
):
    desk.send(make_grant(purposes=int(Purpose.WRITE)), patient)
    theirs = make_seal(author=doctor.address, commitment=keccak256(b"theirs"))
    desk.send(make_seal(commitment=keccak256(b"mine")), patient)
    with ape.reverts(WRONG_PREVIOUS):
        desk.send(theirs, doctor)
    assert consent.records(patient, HISTORY_RECORD) == keccak256(b"mine")


def test_seal_reverts_when_commitment_is_empty(desk, sealed, make_seal, patient):
    with ape.reverts("Consent: empty commitment"):
        desk.send(make_seal(commitment=ZERO_HASH), patient)


def test_seal_reverts_when_record_stands_for_all(desk, make_seal, patient):
    with ape.reverts("Consent: unknown record"):
        desk.send(make_seal(record=ALL_RECORDS), patient)


def test_seal_signed_reverts_when_deadline_has_passed(chain, desk, make_seal, patient, now):
    at = now() + 100
    message = make_seal(deadline=at)
    signature = desk.sign(patient, message)
    chain.pending_timestamp = at + 1
    with ape.reverts("Consent: message expired"):
        desk.carry(message, signature)


def test_seal_reverts_when_patient_or_author_is_empty(desk, make_seal, stranger):
    with ape.reverts("Consent: not an author"):
        desk.send(make_seal(patient=ZERO_ADDRESS), stranger)
    with ape.reverts("Consent: wrong signature"):
        desk.carry(make_seal(patient=ZERO_ADDRESS, author=ZERO_ADDRESS), b"")


def test_seal_signed_keeps_the_author_when_another_patient_is_named(
    desk, make_seal, patient, stranger
):
    """A signature for one patient's record says nothing about another's."""
    message = make_seal()
    signature = desk.sign(patient, message)
    with ape.reverts("Consent: wrong signature"):
        desk.carry(replace(message, patient=stranger.address), signature)
