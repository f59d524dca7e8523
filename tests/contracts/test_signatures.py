"""Who agreed to what: the signed writes of every day, every field, every kind of account.

All messages, as other signers sign them, are in the tests on vectors.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace

import ape
import pytest

from core.hashing import ZERO_ADDRESS, address
from core.purposes import Purpose
from core.records import HISTORY_RECORD
from core.typed_data import STRUCTS
from tests.contracts.desk import TWINS, WITHOUT_REASON, at, only_event

EVERYDAY = STRUCTS[:7]

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
WRONG = "Consent: wrong signature"
MANNERS = (
    "HONEST",
    "REVERTING",
    "REVERTING_WITH_MAGIC",
    "EXHAUSTING",
    "EMPTY",
    "SHORT",
    "ONE_BIT_OFF",
    "VERBOSE",
)
"""How the test wallet can answer, in the order of its flag; all but the first and last badly."""


@pytest.fixture
def prepared(
    sealed,
    granted,
    make_seal,
    make_request,
    make_grant,
    make_revoke,
    make_revoke_all,
    make_publish,
    make_open,
    patient,
    doctor,
):
    """One valid message of each kind, with its signer."""
    messages = [
        (make_seal(), patient),
        (make_request(), doctor),
        (make_grant(), patient),
        (make_revoke(), patient),
        (make_revoke_all(), patient),
        (make_publish(), doctor),
        (make_open(), doctor),
    ]
    assert tuple(type(message) for message, _ in messages) == EVERYDAY
    return messages


@contextmanager
def forked_to(chain, chain_id) -> Iterator[None]:
    """The same state, as if a fork had taken another chain id."""
    inner = chain.provider.evm_backend.chain
    before = inner.chain_id
    inner.chain_id = chain_id
    try:
        yield
    finally:
        inner.chain_id = before


def flipped(value):
    """Another value of the same type, one bit away."""
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1]) + value[1:]
    if isinstance(value, str):
        return address(f"0x{int(value, 16) ^ 1:040x}")
    return value ^ 1


def split(signature):
    return signature[:32], signature[32:64], signature[64]


def test_signed_write_works_when_nothing_is_changed(desk, prepared, reading_key):
    for message, signer in prepared:
        name, arguments = desk.signed_call(message, desk.sign(signer, message), key=reading_key)
        getattr(desk.consent, name).call(*arguments, sender=desk.relayer)


@pytest.mark.parametrize("index", range(len(EVERYDAY)), ids=[each.__name__ for each in EVERYDAY])
def test_signed_write_reverts_when_one_field_was_signed_otherwise(
    desk, prepared, reading_key, index
):
    message, signer = prepared[index]
    for field in fields(message):
        other = replace(message, **{field.name: flipped(getattr(message, field.name))})
        desk.refused(message, desk.sign(signer, other), WRONG, key=reading_key)


def test_signed_write_reverts_when_signed_for_another_chain(desk, prepared, reading_key):
    other = replace(desk, domain=replace(desk.domain, chain_id=desk.domain.chain_id + 1))
    for message, signer in prepared:
        desk.refused(message, other.sign(signer, message), WRONG, key=reading_key)


def test_signed_write_reverts_when_signed_for_another_contract(
    desk, prepared, reading_key, stranger
):
    domain = replace(desk.domain, verifying_contract=address(stranger.address))
    other = replace(desk, domain=domain)
    for message, signer in prepared:
        desk.refused(message, other.sign(signer, message), WRONG, key=reading_key)


def test_signed_write_reverts_when_signature_is_for_another_message(desk, prepared, reading_key):
    for (message, _), (other, signer) in zip(prepared, prepared[1:] + prepared[:1], strict=True):
        desk.refused(message, desk.sign(signer, other), WRONG, key=reading_key)


def test_signed_write_reverts_when_signer_is_empty(desk, prepared, reading_key):
    """Recovering from garbage yields the zero address, which must not pass for a signer."""
    signer_fields = ("author", "grantee", "patient", "patient", "patient", "account", "reader")
    for (message, signer), field in zip(prepared, signer_fields, strict=True):
        nobodys = replace(message, **{field: ZERO_ADDRESS})
        unrecoverable = bytes(32) + desk.sign(signer, nobodys)[32:]
        for signature in (b"\0", bytes(64) + b"\x1b", bytes(64) + b"\x1c", unrecoverable):
            desk.refused(nobodys, signature, WRONG, key=reading_key)


def test_signed_write_reverts_when_signature_is_blank(desk, prepared, reading_key):
    for message, _ in prepared:
        for blank in (b"\0" * 65, b"\0" * 64 + b"\x1b"):
            desk.refused(message, blank, WRONG, key=reading_key)
        empty = WRONG if type(message) in TWINS else "Consent: wrong sender"
        desk.refused(message, b"", empty, key=reading_key)


def test_signature_reverts_when_s_is_high(desk, make_grant, patient):
    message = make_grant()
    r, s, _ = split(desk.sign(patient, message))
    high = (ORDER - int.from_bytes(s, "big")).to_bytes(32, "big")
    for either in (27, 28):
        desk.refused(message, r + high + bytes([either]), WRONG)


def test_signature_reverts_when_v_is_not_the_signers(desk, make_grant, patient):
    message = make_grant()
    r, s, right = split(desk.sign(patient, message))
    for v in {0, 1, 26, 27, 28, 29, 35, 255} - {right}:
        desk.refused(message, r + s + bytes([v]), WRONG)


def test_signature_reverts_when_length_is_wrong(desk, make_grant, patient):
    message = make_grant()
    signature = desk.sign(patient, message)
    for length in (0, 1, 32, 64, 66, 130, 1_024):
        desk.refused(message, signature.ljust(length, b"\0")[:length], WRONG)


def test_signature_reverts_when_longer_than_the_limit(desk, make_grant):
    desk.refused(make_grant(), bytes(1_025), WITHOUT_REASON)


def test_signature_reverts_when_nothing_can_be_recovered(desk, make_grant, patient):
    message = make_grant()
    rest = desk.sign(patient, message)[32:]
    for r in (bytes(32), b"\xff" * 32):
        desk.refused(message, r + rest, WRONG)


def test_signature_reverts_when_signer_is_a_precompile(desk, make_publish, reading_key):
    for number in range(1, 18):
        message = make_publish(account=address(f"0x{number:040x}"))
        desk.refused(message, b"\0", WRONG, key=reading_key)


def test_signature_counts_for_one_contract_when_two_stand_side_by_side(
    desk, make_grant, patient, project, relayer, credentials
):
    twin = relayer.deploy(project.Consent, credentials)
    message = make_grant()
    signature = desk.sign(patient, message)
    desk.carry(message, signature)
    with ape.reverts(WRONG):
        replace(desk, consent=twin).carry(message, signature)


def test_domain_separator_is_of_this_contract_and_chain_when_read(consent, desk):
    assert consent.domain_separator() == desk.domain.separator()


def test_domain_separator_follows_when_the_chain_forks(consent, desk, chain, make_grant, patient):
    """After a fork keeps the state under a new id, signatures for the old id are void."""
    message = make_grant()
    signature = desk.sign(patient, message)
    forked = replace(desk.domain, chain_id=desk.domain.chain_id + 1)
    with forked_to(chain, forked.chain_id):
        assert consent.domain_separator() == forked.separator()
        desk.refused(message, signature, WRONG)
        elsewhere = replace(desk, domain=forked)
        elsewhere.sign_and_carry(message, patient)


class TestContractWallet:
    """EIP-1271: a contract decides what it signed."""

    @pytest.fixture
    def message(self, make_grant, wallet):
        return make_grant(patient=wallet.address)

    @pytest.fixture
    def manner(self, wallet, relayer):
        def behave(name):
            wallet.behave(1 << MANNERS.index(name), sender=relayer)

        return behave

    @pytest.mark.parametrize("length", [0, 64, 65, 130, 1_024])
    def test_grant_works_when_wallet_agrees(
        self, consent, desk, message, wallet, doctor, relayer, length
    ):
        signature = b"\x1b" * length
        wallet.approve(message.digest(desk.domain), signature, sender=relayer)
        desk.carry(message, signature)
        assert consent.has_access(wallet, doctor, HISTORY_RECORD, Purpose.TREAT)

    def test_grant_reverts_when_wallet_disagrees(self, desk, message):
        for length in (0, 64, 65, 130, 1_024):
            desk.refused(message, b"\x1b" * length, WRONG)

    @pytest.mark.parametrize("name", MANNERS[1:-1])
    def test_grant_reverts_with_our_reason_when_wallet_answers_badly(
        self, desk, message, wallet, relayer, manner, name
    ):
        wallet.approve(message.digest(desk.domain), b"agreed", sender=relayer)
        manner(name)
        with ape.reverts(WRONG):
            desk.carry(message, b"agreed")

    def test_grant_works_when_wallet_says_more_than_it_must(
        self, consent, desk, message, wallet, doctor, manner
    ):
        manner("VERBOSE")
        desk.carry(message, b"agreed")
        assert consent.has_access(wallet, doctor, HISTORY_RECORD, Purpose.TREAT)

    def test_grant_reverts_when_wallet_agreed_to_another_deadline(
        self, desk, message, wallet, relayer
    ):
        wallet.approve(message.digest(desk.domain), b"agreed", sender=relayer)
        with ape.reverts(WRONG):
            desk.carry(replace(message, deadline=message.deadline + 1), b"agreed")

    def test_grant_reverts_when_wallet_agreement_is_used_twice(
        self, desk, message, wallet, relayer
    ):
        wallet.approve(message.digest(desk.domain), b"agreed", sender=relayer)
        desk.carry(message, b"agreed")
        with ape.reverts(WRONG):
            desk.carry(message, b"agreed")

    def test_open_works_when_the_reader_is_a_wallet(
        self, desk, sealed, make_grant, make_open, wallet, patient, relayer
    ):
        desk.send(make_grant(grantee=wallet.address), patient)
        message = make_open(reader=wallet.address)
        wallet.approve(message.digest(desk.domain), b"agreed", sender=relayer)
        receipt = desk.carry(message, b"agreed")
        assert only_event(receipt, "RecordOpened")["reader"] == wallet.address


class TestDelegatedAccount:
    """EIP-7702: an account with a key of its own and code by delegation."""

    @pytest.fixture
    def delegated(self, patient, wallet):
        patient.set_delegate(wallet)
        return at(patient.address, wallet)

    def test_grant_works_when_its_own_key_signs(
        self, consent, chain, desk, delegated, make_grant, patient, doctor
    ):
        assert chain.provider.get_code(patient.address)[:3] == bytes.fromhex("ef0100")
        desk.sign_and_carry(make_grant(), patient)
        assert consent.has_access(patient, doctor, HISTORY_RECORD, Purpose.TREAT)

    def test_grant_works_when_its_code_agrees(
        self, consent, desk, delegated, make_grant, patient, doctor, relayer
    ):
        message = make_grant()
        delegated.behave(1, sender=relayer)
        delegated.approve(message.digest(desk.domain), b"agreed", sender=relayer)
        desk.carry(message, b"agreed")
        assert consent.has_access(patient, doctor, HISTORY_RECORD, Purpose.TREAT)

    def test_grant_reverts_when_another_key_signs(
        self, desk, delegated, make_grant, doctor, stranger
    ):
        message = make_grant()
        for signer in (doctor, stranger):
            desk.refused(message, desk.sign(signer, message), WRONG)

    def test_grant_reverts_when_s_is_high(self, desk, delegated, make_grant, patient):
        message = make_grant()
        r, s, v = split(desk.sign(patient, message))
        high = (ORDER - int.from_bytes(s, "big")).to_bytes(32, "big")
        desk.refused(message, r + high + bytes([27 + 28 - v]), WRONG)
