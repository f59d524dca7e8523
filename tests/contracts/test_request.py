"""request and request_signed: asking, which gives nothing."""

import ape
import pytest

from core.hashing import ZERO_ADDRESS, ZERO_HASH
from core.purposes import Purpose
from core.records import HISTORY_RECORD
from tests.contracts.desk import DAY, only_event


@pytest.mark.parametrize("way", ["sent", "carried"])
def test_request_logs_its_digest_when_made(desk, make_request, doctor, way):
    message = make_request()
    sent = way == "sent"
    receipt = desk.send(message, doctor) if sent else desk.sign_and_carry(message, doctor)
    assert only_event(receipt, "AccessRequested") == {
        "patient": message.patient,
        "grantee": message.grantee,
        "record": message.record,
        "purposes": message.purposes,
        "expiry": message.expiry,
        "request": message.digest(desk.domain),
    }


def test_request_changes_no_state_when_made(consent, desk, make_request, patient, doctor):
    desk.send(make_request(), doctor)
    assert not consent.has_access(patient, doctor, HISTORY_RECORD, Purpose.TREAT)
    assert consent.terms(patient, doctor, HISTORY_RECORD) == (0, 0, 0, 0)
    assert consent.heads(patient) == ZERO_HASH
    assert consent.roster_head() == ZERO_HASH


def test_request_signed_gives_nothing_when_carried_again(
    consent, desk, make_request, patient, doctor
):
    message = make_request()
    signature = desk.sign(doctor, message)
    first, second = (desk.carry(message, signature) for _ in range(2))
    assert only_event(first, "AccessRequested") == only_event(second, "AccessRequested")
    assert consent.terms(patient, doctor, HISTORY_RECORD) == (0, 0, 0, 0)


@pytest.mark.parametrize("signer", ["patient", "stranger"])
def test_request_signed_reverts_when_another_signs(desk, make_request, request, signer):
    with ape.reverts("Consent: wrong signature"):
        desk.sign_and_carry(make_request(), request.getfixturevalue(signer))


def test_request_signed_reverts_when_deadline_has_passed(chain, desk, make_request, doctor, now):
    at = now() + 100
    message = make_request(deadline=at)
    signature = desk.sign(doctor, message)
    chain.pending_timestamp = at + 1
    with ape.reverts("Consent: message expired"):
        desk.carry(message, signature)


@pytest.mark.parametrize(
    ("override", "reason"),
    [
        ({"patient": ZERO_ADDRESS}, "Consent: empty account"),
        ({"purposes": 0}, "Consent: unknown purpose"),
        ({"expiry": 1}, "Consent: expiry in the past"),
        ({"expiry": 2**40 - 1}, "Consent: expiry beyond ten years"),
    ],
)
def test_request_reverts_when_terms_make_no_sense(desk, make_request, doctor, override, reason):
    with ape.reverts(reason):
        desk.send(make_request(**override), doctor)


def test_request_reverts_when_patient_asks_himself(desk, make_request, patient):
    with ape.reverts("Consent: self grant"):
        desk.send(make_request(grantee=patient.address), patient)


def test_request_signed_reverts_when_grantee_is_empty(desk, make_request):
    with ape.reverts("Consent: wrong signature"):
        desk.carry(make_request(grantee=ZERO_ADDRESS), b"")


def test_request_is_answered_when_grant_names_its_digest(
    desk, make_request, make_grant, patient, doctor
):
    asked = make_request(expiry=desk.consent.provider.get_block("latest").timestamp + 10 * DAY)
    digest = only_event(desk.send(asked, doctor), "AccessRequested")["request"]
    receipt = desk.sign_and_carry(make_grant(request=digest, expiry=asked.expiry), patient)
    assert only_event(receipt, "AccessGranted")["request"] == digest
