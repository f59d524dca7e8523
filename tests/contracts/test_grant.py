"""grant and grant_signed: who may give access to what, for what, until when."""

from dataclasses import replace

import ape
import pytest

from core.hashing import ZERO_ADDRESS, ZERO_HASH
from core.purposes import Purpose
from core.records import ALL_RECORDS, HISTORY_RECORD
from tests.contracts.desk import DAY, only_event

TEN_YEARS = 3_653 * DAY


def test_grant_gives_access_when_controller_sends(consent, desk, make_grant, patient, doctor):
    desk.send(make_grant(), patient)
    assert consent.has_access(patient, doctor, HISTORY_RECORD, Purpose.TREAT)


def test_grant_signed_gives_access_when_anyone_carries(
    consent, desk, make_grant, patient, doctor, stranger
):
    message = make_grant()
    desk.carry(message, desk.sign(patient, message), sender=stranger)
    assert consent.has_access(patient, doctor, HISTORY_RECORD, Purpose.TREAT)


@pytest.mark.parametrize("way", ["sent", "carried"])
def test_grant_logs_its_terms_when_made(desk, make_grant, patient, way):
    message = make_grant()
    sent = way == "sent"
    receipt = desk.send(message, patient) if sent else desk.sign_and_carry(message, patient)
    assert only_event(receipt, "AccessGranted") == {
        "patient": message.patient,
        "grantee": message.grantee,
        "record": message.record,
        "purposes": message.purposes,
        "expiry": message.expiry,
        "granted_at": receipt.timestamp,
        "seq": 1,
        "request": message.request,
        "envelope": message.envelope,
    }


def test_grant_replaces_its_terms_when_made_again(consent, desk, make_grant, patient, doctor):
    desk.send(make_grant(purposes=int(Purpose.TREAT | Purpose.HRESCH)), patient)
    second = make_grant(purposes=int(Purpose.PATRQT))
    receipt = desk.sign_and_carry(second, patient)
    assert consent.terms(patient, doctor, HISTORY_RECORD) == (
        second.expiry,
        receipt.timestamp,
        2,
        second.purposes,
    )
    assert not consent.has_access(patient, doctor, HISTORY_RECORD, Purpose.TREAT)


def test_grant_covers_every_record_when_made_on_record_zero(
    consent, desk, make_grant, patient, doctor
):
    desk.send(make_grant(record=ALL_RECORDS), patient)
    assert consent.has_access(patient, doctor, b"\x07" * 32, Purpose.TREAT)


@pytest.mark.parametrize("sender", ["doctor", "stranger", "relayer"])
def test_grant_reverts_when_sender_is_not_the_controller(desk, make_grant, request, sender):
    with ape.reverts("Consent: not the controller"):
        desk.send(make_grant(), request.getfixturevalue(sender))


def test_grant_reverts_when_grantee_sends_it_for_himself(desk, make_grant, doctor):
    with ape.reverts("Consent: not the controller"):
        desk.send(make_grant(grantee=doctor.address), doctor)


@pytest.mark.parametrize("signer", ["doctor", "stranger", "relayer"])
def test_grant_signed_reverts_when_another_signs(desk, make_grant, request, signer):
    with ape.reverts("Consent: wrong signature"):
        desk.sign_and_carry(make_grant(), request.getfixturevalue(signer))


@pytest.mark.parametrize("way", ["sent", "carried"])
def test_grant_reverts_when_grantee_is_the_patient(desk, make_grant, patient, way):
    message = make_grant(grantee=patient.address)
    with ape.reverts("Consent: self grant"):
        desk.send(message, patient) if way == "sent" else desk.sign_and_carry(message, patient)


def test_grant_reverts_when_grantee_is_empty(desk, make_grant, patient):
    with ape.reverts("Consent: empty account"):
        desk.send(make_grant(grantee=ZERO_ADDRESS), patient)


@pytest.mark.parametrize("purposes", [0, 2**32, 2**32 + 1, 2**256 - 1])
def test_grant_reverts_when_its_purposes_are_none_or_unknown(desk, make_grant, patient, purposes):
    with ape.reverts("Consent: unknown purpose"):
        desk.send(make_grant(purposes=purposes), patient)


def test_grant_works_when_it_has_every_purpose(consent, desk, make_grant, patient, doctor):
    desk.send(make_grant(purposes=2**32 - 1), patient)
    assert consent.has_access(patient, doctor, HISTORY_RECORD, 2**32 - 1)


def test_grant_reverts_when_expiry_is_the_present_second(chain, desk, make_grant, patient, now):
    at = now() + 100
    message = make_grant(expiry=at)
    chain.pending_timestamp = at
    with ape.reverts("Consent: expiry in the past"):
        desk.send(message, patient)


def test_grant_reverts_when_expiry_is_beyond_ten_years(chain, desk, make_grant, patient, now):
    at = now() + 100
    message = make_grant(expiry=at + TEN_YEARS + 1)
    chain.pending_timestamp = at
    with ape.reverts("Consent: expiry beyond ten years"):
        desk.send(message, patient)


def test_grant_works_when_expiry_is_ten_years_ahead(chain, desk, make_grant, patient, now):
    at = now() + 100
    message = make_grant(expiry=at + TEN_YEARS)
    chain.pending_timestamp = at
    assert desk.send(message, patient).timestamp == at


def test_grant_signed_reverts_when_carried_twice(desk, make_grant, patient):
    message = make_grant()
    signature = desk.sign(patient, message)
    desk.carry(message, signature)
    with ape.reverts("Consent: wrong signature"):
        desk.carry(message, signature)


def test_grant_signed_reverts_when_replayed_after_revocation(
    desk, make_grant, make_revoke, patient
):
    message = make_grant()
    signature = desk.sign(patient, message)
    desk.carry(message, signature)
    desk.send(make_revoke(), patient)
    with ape.reverts("Consent: wrong signature"):
        desk.carry(message, signature)


def test_grant_signed_reverts_when_revoked_before_it_was_sent(
    desk, make_grant, make_revoke, patient
):
    unsent = make_grant()
    signature = desk.sign(patient, unsent)
    desk.send(make_revoke(), patient)
    with ape.reverts("Consent: wrong signature"):
        desk.carry(unsent, signature)


def test_grant_signed_reverts_when_everything_was_revoked_before_it_was_sent(
    desk, make_grant, make_revoke_all, patient
):
    unsent = make_grant()
    signature = desk.sign(patient, unsent)
    desk.send(make_revoke_all(), patient)
    with ape.reverts("Consent: wrong signature"):
        desk.carry(unsent, signature)


def test_grant_signed_reverts_when_messages_come_in_another_order(desk, make_grant, patient):
    first = make_grant()
    second = replace(first, seq=first.seq + 1, purposes=int(Purpose.HRESCH))
    with ape.reverts("Consent: wrong signature"):
        desk.sign_and_carry(second, patient)
    desk.sign_and_carry(first, patient)
    desk.sign_and_carry(second, patient)


def test_grant_signed_leaves_other_nonces_alone_when_carried(
    consent, desk, make_grant, patient, doctor, colleague
):
    for_colleague = make_grant(grantee=colleague.address)
    signature = desk.sign(patient, for_colleague)
    desk.sign_and_carry(make_grant(), patient)
    desk.sign_and_carry(make_grant(record=ALL_RECORDS), patient)
    desk.carry(for_colleague, signature)
    assert consent.has_access(patient, colleague, HISTORY_RECORD, Purpose.TREAT)


def test_grant_signed_reverts_when_deadline_has_passed(chain, desk, make_grant, patient, now):
    at = now() + 100
    message = make_grant(deadline=at)
    signature = desk.sign(patient, message)
    chain.pending_timestamp = at + 1
    with ape.reverts("Consent: message expired"):
        desk.carry(message, signature)


def test_grant_signed_works_when_carried_in_the_last_second(chain, desk, make_grant, patient, now):
    at = now() + 100
    message = make_grant(deadline=at)
    signature = desk.sign(patient, message)
    chain.pending_timestamp = at
    assert desk.carry(message, signature).timestamp == at


def test_grant_reverts_when_patient_is_empty(desk, make_grant, stranger):
    message = make_grant(patient=ZERO_ADDRESS)
    with ape.reverts("Consent: not the controller"):
        desk.send(message, stranger)
    for signature in (b"", bytes(65), desk.sign(stranger, message)):
        with ape.reverts("Consent: wrong signature"):
            desk.carry(message, signature)


def test_grant_needs_no_request_when_patient_gives_it_unasked(
    consent, desk, make_grant, patient, doctor
):
    desk.send(make_grant(request=ZERO_HASH, envelope=ZERO_HASH), patient)
    assert consent.has_access(patient, doctor, HISTORY_RECORD, Purpose.TREAT)
