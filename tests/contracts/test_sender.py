"""A sent write is its direct caller's: a contract that somebody calls cannot act in his name."""

import ape
import pytest

from core.hashing import keccak256
from core.purposes import Purpose
from core.records import HISTORY_RECORD
from tests.contracts.desk import only_event
from tests.contracts.test_controller import NOT_HIS


@pytest.fixture
def through(consent, desk, wallet):
    """Have an account call the wallet, which passes the call on."""

    def call(message, origin, *, key=b""):
        name, arguments = desk.sent_call(message, key=key)
        data = getattr(consent, name).encode_input(*arguments)
        return wallet.call(consent, data, sender=origin)

    return call


@pytest.mark.parametrize("maker", ["make_grant", "make_revoke", "make_revoke_all"])
def test_controller_write_reverts_when_patient_calls_through_a_contract(
    through, patient, request, maker
):
    with ape.reverts(NOT_HIS[maker]):
        through(request.getfixturevalue(maker)(), patient)


def test_seal_reverts_when_patient_calls_through_a_contract(through, make_seal, patient):
    with ape.reverts("Consent: not an author"):
        through(make_seal(), patient)


def test_open_reverts_when_reader_calls_through_a_contract(
    through, sealed, granted, make_open, doctor
):
    with ape.reverts("Consent: wrong sender"):
        through(make_open(), doctor)


def test_seal_and_open_are_the_wallets_when_it_has_the_grant(
    consent, desk, through, sealed, make_grant, make_seal, make_open, patient, wallet, stranger
):
    both = int(Purpose.TREAT | Purpose.WRITE)
    desk.send(make_grant(grantee=wallet.address, purposes=both), patient)
    receipt = through(make_seal(commitment=keccak256(b"by the wallet")), stranger)
    assert only_event(receipt, "RecordSealed")["author"] == wallet.address
    receipt = through(make_open(reader=wallet.address), stranger)
    assert only_event(receipt, "RecordOpened")["reader"] == wallet.address


def test_request_is_the_wallets_when_it_calls(through, make_request, wallet, doctor):
    receipt = through(make_request(), doctor)
    assert only_event(receipt, "AccessRequested")["grantee"] == wallet.address


def test_reading_key_is_the_wallets_when_it_calls(
    consent, through, make_publish, reading_key, wallet, doctor
):
    through(make_publish(account=wallet.address), doctor, key=reading_key)
    assert consent.reading_keys(wallet) == keccak256(reading_key)
    assert consent.reading_keys(doctor) == bytes(32)


def test_controller_writes_are_the_wallets_when_it_is_the_patient(
    consent, through, make_grant, make_revoke, make_revoke_all, wallet, doctor, stranger
):
    through(make_grant(patient=wallet.address), stranger)
    assert consent.has_access(wallet, doctor, HISTORY_RECORD, Purpose.TREAT)
    through(make_revoke(patient=wallet.address), stranger)
    through(make_revoke_all(patient=wallet.address), stranger)
    assert not consent.has_access(wallet, doctor, HISTORY_RECORD, Purpose.TREAT)
