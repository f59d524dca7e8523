"""open_record and open_record_signed: a reader's receipt."""

import ape
import pytest

from core.hashing import ZERO_ADDRESS, keccak256
from core.purposes import Purpose
from core.records import ALL_RECORDS, HISTORY_RECORD
from tests.contracts.desk import only_event


@pytest.mark.parametrize("way", ["sent", "carried"])
def test_open_logs_the_version_read_when_granted(
    desk, sealed, granted, make_open, patient, doctor, way
):
    message = make_open()
    sent = way == "sent"
    receipt = desk.send(message, doctor) if sent else desk.sign_and_carry(message, doctor)
    assert only_event(receipt, "RecordOpened") == {
        "patient": patient.address,
        "reader": doctor.address,
        "record": HISTORY_RECORD,
        "commitment": sealed,
        "purpose": Purpose.TREAT,
    }


def test_open_moves_the_head_when_done(consent, desk, sealed, granted, make_open, doctor):
    message = make_open()
    desk.send(message, doctor)
    assert consent.heads(message.patient) != message.head


def test_open_works_for_the_controller_when_patient_reads(desk, sealed, make_open, patient):
    message = make_open(reader=patient.address, purpose=int(Purpose.PATRQT))
    receipt = desk.sign_and_carry(message, patient)
    assert only_event(receipt, "RecordOpened")["reader"] == patient.address


def test_open_works_when_all_records_are_granted(
    desk, sealed, make_grant, make_open, patient, doctor
):
    desk.send(make_grant(record=ALL_RECORDS), patient)
    receipt = desk.send(make_open(), doctor)
    assert only_event(receipt, "RecordOpened")["record"] == HISTORY_RECORD


def test_open_reverts_when_reader_has_no_grant(desk, sealed, make_open, stranger):
    message = make_open(reader=stranger.address)
    with ape.reverts("Consent: no access"):
        desk.send(message, stranger)
    with ape.reverts("Consent: no access"):
        desk.sign_and_carry(message, stranger)


def test_open_reverts_when_grant_is_for_another_purpose(desk, sealed, granted, make_open, doctor):
    with ape.reverts("Consent: no access"):
        desk.send(make_open(purpose=int(Purpose.HRESCH)), doctor)


@pytest.mark.parametrize("purpose", [0, 3, 2**32 - 1, 2**32, 2**120])
def test_open_reverts_when_purpose_is_not_one_bit(desk, sealed, make_open, patient, purpose):
    """Only the controller gets so far: to others no grant gives none, or more than there are."""
    with ape.reverts("Consent: unknown purpose"):
        desk.send(make_open(reader=patient.address, purpose=purpose), patient)


def test_open_reverts_when_several_purposes_are_held_and_named(
    desk, sealed, make_grant, make_open, patient, doctor
):
    both = int(Purpose.TREAT | Purpose.HRESCH)
    desk.send(make_grant(purposes=both), patient)
    with ape.reverts("Consent: unknown purpose"):
        desk.send(make_open(purpose=both), doctor)


@pytest.mark.parametrize("record", [HISTORY_RECORD, ALL_RECORDS, keccak256(b"another")])
def test_open_reverts_when_nothing_is_sealed(desk, make_open, patient, record):
    with ape.reverts("Consent: unknown record"):
        desk.send(make_open(reader=patient.address, record=record), patient)


def test_open_reverts_when_grant_was_revoked(
    desk, sealed, granted, make_open, make_revoke, patient, doctor
):
    desk.send(make_revoke(), patient)
    with ape.reverts("Consent: no access"):
        desk.send(make_open(), doctor)


def test_open_reverts_when_grant_has_expired(chain, desk, sealed, granted, make_open, doctor):
    message = make_open(deadline=2 * granted.expiry)
    chain.pending_timestamp = granted.expiry
    with ape.reverts("Consent: no access"):
        desk.sign_and_carry(message, doctor)


def test_open_signed_reverts_when_carried_twice(desk, sealed, granted, make_open, doctor):
    message = make_open()
    signature = desk.sign(doctor, message)
    desk.carry(message, signature)
    with ape.reverts("Consent: wrong signature"):
        desk.carry(message, signature)


def test_open_signed_reverts_when_the_version_was_replaced(
    desk, sealed, granted, make_open, make_seal, patient, doctor
):
    message = make_open()
    signature = desk.sign(doctor, message)
    desk.send(make_seal(), patient)
    with ape.reverts("Consent: wrong signature"):
        desk.carry(message, signature)


@pytest.mark.parametrize("signer", ["patient", "colleague", "stranger"])
def test_open_signed_reverts_when_another_signs(desk, sealed, granted, make_open, request, signer):
    with ape.reverts("Consent: wrong signature"):
        desk.sign_and_carry(make_open(), request.getfixturevalue(signer))


def test_open_signed_reverts_when_deadline_has_passed(
    chain, desk, sealed, granted, make_open, doctor, now
):
    at = now() + 100
    message = make_open(deadline=at)
    signature = desk.sign(doctor, message)
    chain.pending_timestamp = at + 1
    with ape.reverts("Consent: message expired"):
        desk.carry(message, signature)


def test_open_reverts_when_reader_is_empty(desk, sealed, make_open):
    desk.refused(make_open(reader=ZERO_ADDRESS), b"\0", "Consent: wrong signature")
    desk.refused(make_open(reader=ZERO_ADDRESS), b"", "Consent: wrong sender")
