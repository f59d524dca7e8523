"""has_access, terms, controller: what anyone can ask."""

import pytest

from core.hashing import ZERO_ADDRESS, keccak256
from core.purposes import Purpose
from core.records import ALL_RECORDS, HISTORY_RECORD


def test_has_access_is_false_when_nothing_was_granted(consent, patient, doctor):
    assert not consent.has_access(patient, doctor, HISTORY_RECORD, Purpose.TREAT)
    assert consent.terms(patient, doctor, HISTORY_RECORD) == (0, 0, 0, 0)


def test_has_access_is_true_for_the_controller_when_asked_for_anything(consent, patient):
    assert consent.standing(patient)[0] == patient.address
    for purpose in (Purpose.TREAT, Purpose.WRITE, 2**32 - 1):
        assert consent.has_access(patient, patient, HISTORY_RECORD, purpose)


def test_has_access_is_false_for_nobody_when_accounts_are_empty(consent, patient):
    assert not consent.has_access(ZERO_ADDRESS, ZERO_ADDRESS, HISTORY_RECORD, Purpose.TREAT)
    assert not consent.has_access(patient, ZERO_ADDRESS, HISTORY_RECORD, Purpose.TREAT)


@pytest.mark.parametrize(
    ("purpose", "expected"),
    [
        (Purpose.TREAT, True),
        (Purpose.HRESCH, True),
        (Purpose.TREAT | Purpose.HRESCH, True),
        (Purpose.TREAT | Purpose.WRITE, False),
        (Purpose.WRITE, False),
        (0, False),
    ],
)
def test_has_access_wants_every_bit_when_asked_for_several(
    consent, desk, make_grant, patient, doctor, purpose, expected
):
    desk.send(make_grant(purposes=int(Purpose.TREAT | Purpose.HRESCH)), patient)
    assert consent.has_access(patient, doctor, HISTORY_RECORD, purpose) is expected


def test_has_access_does_not_add_grants_up_when_each_holds_half(
    consent, desk, make_grant, patient, doctor
):
    desk.send(make_grant(purposes=int(Purpose.TREAT)), patient)
    desk.send(make_grant(record=ALL_RECORDS, purposes=int(Purpose.HRESCH)), patient)
    for purpose in (Purpose.TREAT, Purpose.HRESCH):
        assert consent.has_access(patient, doctor, HISTORY_RECORD, purpose)
    assert not consent.has_access(patient, doctor, HISTORY_RECORD, Purpose.TREAT | Purpose.HRESCH)


def test_has_access_is_false_when_the_grant_is_for_another_place(
    consent, granted, patient, doctor, colleague
):
    asked = [
        (patient, doctor, keccak256(b"another record")),
        (patient, doctor, ALL_RECORDS),
        (patient, colleague, HISTORY_RECORD),
        (colleague, doctor, HISTORY_RECORD),
        (doctor, patient, HISTORY_RECORD),
    ]
    assert not any(consent.has_access(*place, Purpose.TREAT) for place in asked)


def test_has_access_ends_when_the_grant_expires(chain, consent, granted, patient, doctor):
    chain.mine(timestamp=granted.expiry - 1)
    assert consent.has_access(patient, doctor, HISTORY_RECORD, Purpose.TREAT)
    chain.mine(timestamp=granted.expiry)
    assert not consent.has_access(patient, doctor, HISTORY_RECORD, Purpose.TREAT)
