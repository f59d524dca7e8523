"""publish_reading_key and publish_reading_key_signed: the key that others seal to."""

import ape
import pytest

from core.hashing import ZERO_ADDRESS, ZERO_HASH, keccak256
from tests.contracts.desk import WITHOUT_REASON, only_event


@pytest.mark.parametrize("way", ["sent", "carried"])
def test_publish_keeps_the_hash_and_logs_the_key_when_account_wants_it(
    consent, desk, make_publish, reading_key, doctor, way
):
    message = make_publish()
    if way == "sent":
        receipt = desk.send(message, doctor, key=reading_key)
    else:
        receipt = desk.sign_and_carry(message, doctor, key=reading_key)
    assert consent.reading_keys(doctor) == keccak256(reading_key)
    assert only_event(receipt, "ReadingKeyPublished") == {
        "account": doctor.address,
        "previous": ZERO_HASH,
        "key": reading_key,
    }


def test_publish_names_the_key_before_when_rotated(
    consent, desk, make_publish, reading_key, doctor
):
    desk.send(make_publish(), doctor, key=reading_key)
    rotated = reading_key[::-1]
    message = make_publish(key_hash=keccak256(rotated))
    receipt = desk.sign_and_carry(message, doctor, key=rotated)
    assert consent.reading_keys(doctor) == keccak256(rotated)
    assert only_event(receipt, "ReadingKeyPublished")["previous"] == keccak256(reading_key)


def test_publish_touches_no_head_when_done(consent, desk, make_publish, reading_key, doctor):
    desk.send(make_publish(), doctor, key=reading_key)
    assert consent.heads(doctor) == ZERO_HASH


@pytest.mark.parametrize("length", [0, 32, 1_215])
def test_publish_reverts_when_key_is_short(consent, desk, make_publish, doctor, length):
    key = b"\x01" * length
    with ape.reverts("Consent: malformed key"):
        desk.send(make_publish(key_hash=keccak256(key)), doctor, key=key)
    with ape.reverts("Consent: malformed key"):
        desk.sign_and_carry(make_publish(key_hash=keccak256(key)), doctor, key=key)


def test_publish_reverts_when_key_is_long(desk, make_publish, doctor):
    with ape.reverts(WITHOUT_REASON):
        desk.send(make_publish(), doctor, key=b"\x01" * 1_217)


@pytest.mark.parametrize("signer", ["patient", "stranger"])
def test_publish_signed_reverts_when_another_signs(
    desk, make_publish, reading_key, request, signer
):
    with ape.reverts("Consent: wrong signature"):
        desk.sign_and_carry(make_publish(), request.getfixturevalue(signer), key=reading_key)


def test_publish_signed_reverts_when_the_carrier_swaps_the_key(
    desk, make_publish, reading_key, doctor
):
    with ape.reverts("Consent: wrong signature"):
        desk.sign_and_carry(make_publish(), doctor, key=reading_key[::-1])


def test_publish_signed_reverts_when_an_old_key_is_carried_again(
    consent, desk, make_publish, reading_key, doctor
):
    message = make_publish()
    signature = desk.sign(doctor, message)
    desk.carry(message, signature, key=reading_key)
    rotated = reading_key[::-1]
    desk.send(make_publish(), doctor, key=rotated)
    with ape.reverts("Consent: wrong signature"):
        desk.carry(message, signature, key=reading_key)
    assert consent.reading_keys(doctor) == keccak256(rotated)


def test_publish_signed_reverts_when_deadline_has_passed(
    chain, desk, make_publish, reading_key, doctor, now
):
    at = now() + 100
    message = make_publish(deadline=at)
    signature = desk.sign(doctor, message)
    chain.pending_timestamp = at + 1
    with ape.reverts("Consent: message expired"):
        desk.carry(message, signature, key=reading_key)


def test_publish_reverts_when_account_is_empty(desk, make_publish, reading_key):
    message = make_publish(account=ZERO_ADDRESS)
    desk.refused(message, b"\0", "Consent: wrong signature", key=reading_key)
    desk.refused(message, b"", "Consent: wrong sender", key=reading_key)
