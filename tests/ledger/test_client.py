"""The contract through a real node: what is done, what is refused, and with which words."""

import logging
from dataclasses import replace

import pytest

from core.errors import (
    ChainUnavailableError,
    ConsentRefusedError,
    InputError,
    VerificationError,
    WrongChainError,
    WrongContractError,
)
from core.events import AccessRequested, RecordOpened, RecordSealed
from core.hashing import ZERO_HASH, address, keccak256
from core.records import ALL_RECORDS, HISTORY_RECORD
from core.typed_data import Signed
from ledger.client import EvmLedger
from ledger.deploy import Deployment, deploy
from ledger.node import LocalNode
from ledger.relayer import relayer_account
from ledger.rpc import Rpc
from ledger.settings import LedgerSettings
from ledger.wallet import KeySigner
from tests.ledger.messages import READING_KEY, TREAT, WRITE, Messages, signed, tell_story

NOWHERE = address("0x" + "0f" * 20)


def test_relay_tells_the_whole_story_as_events(
    ledger: EvmLedger, patient: KeySigner, doctor: KeySigner
) -> None:
    tell_story(ledger, patient, doctor)
    names = [type(event).__name__ for event in ledger.events()]
    assert names == [
        "ReadingKeyPublished",
        "RecordSealed",
        "AccessRequested",
        "AccessGranted",
        "RecordOpened",
        "AccessRevoked",
        "AllAccessRevoked",
    ]
    assert ledger.reading_key(doctor.account) == READING_KEY
    assert not ledger.has_access(patient.account, doctor.account, HISTORY_RECORD, TREAT)


def test_relay_returns_the_transaction_when_it_is_in_a_block(
    ledger: EvmLedger, patient: KeySigner, say: Messages
) -> None:
    transaction = ledger.relay(signed(ledger, patient, say.seal()))
    (event,) = ledger.events()
    assert isinstance(event, RecordSealed)
    assert event.at.transaction == transaction
    assert abs(event.at.timestamp - ledger.now()) < 60


def test_views_answer_zero_when_nothing_happened(ledger: EvmLedger, say: Messages) -> None:
    assert ledger.commitment(say.patient, HISTORY_RECORD) == ZERO_HASH
    assert ledger.head(say.patient) == ZERO_HASH
    assert ledger.cutoff(say.patient) == 0
    assert ledger.terms(say.patient, say.doctor, HISTORY_RECORD).seq == 0
    assert ledger.reading_key(say.doctor) is None
    assert ledger.events() == ()


def test_has_access_is_false_when_the_grant_expired_on_a_quiet_chain(
    node: LocalNode, ledger: EvmLedger, patient: KeySigner, say: Messages
) -> None:
    """No block is made at the expiry: the clock alone ends the grant."""
    ledger.relay(signed(ledger, patient, say.grant(expiry=ledger.now() + 2)))
    assert ledger.has_access(say.patient, say.doctor, HISTORY_RECORD, TREAT)
    rpc = node.rpc()
    block = rpc.quantity("eth_blockNumber")
    rpc.call("evm_increaseTime", [hex(5)])
    assert not ledger.has_access(say.patient, say.doctor, HISTORY_RECORD, TREAT)
    assert rpc.quantity("eth_blockNumber") == block


def test_connect_refuses_when_the_chain_is_another(settings: LedgerSettings) -> None:
    with pytest.raises(WrongChainError, match="serves chain 31337, not 1"):
        EvmLedger.connect(replace(settings, chain_id=1))


def test_connect_refuses_when_nothing_is_at_the_address(settings: LedgerSettings) -> None:
    with pytest.raises(WrongContractError, match="No contract"):
        EvmLedger.connect(replace(settings, contract=NOWHERE))


def test_connect_refuses_when_another_contract_is_there(settings: LedgerSettings) -> None:
    altered = bytearray(settings.artifact.runtime)
    altered[-1] ^= 1
    artifact = replace(settings.artifact, runtime=bytes(altered))
    with pytest.raises(WrongContractError, match="Another contract"):
        EvmLedger.connect(replace(settings, artifact=artifact))


def test_connect_refuses_when_our_code_signs_for_another_address(
    node: LocalNode, settings: LedgerSettings
) -> None:
    """The code copied to another address carries the domain of the first."""
    rpc = node.rpc()
    code = rpc.call("eth_getCode", [settings.contract, "latest"])
    rpc.call("anvil_setCode", [NOWHERE, code])
    with pytest.raises(WrongContractError, match="signs for another"):
        EvmLedger.connect(replace(settings, contract=NOWHERE))
    rpc.call("anvil_setCode", [NOWHERE, "0x"])


def test_connect_says_so_when_no_node_answers(settings: LedgerSettings) -> None:
    with pytest.raises(ChainUnavailableError, match="gave no answer"):
        EvmLedger.connect(replace(settings, rpc_url="http://127.0.0.1:1/secret-key"))


def test_errors_never_show_the_path_of_the_node(settings: LedgerSettings) -> None:
    with pytest.raises(ChainUnavailableError) as refused:
        EvmLedger.connect(replace(settings, rpc_url="http://user:pass@127.0.0.1:1/secret-key"))
    shown = refused.value.user_message() + repr(refused.value.__cause__)
    assert "secret-key" not in shown
    assert "pass" not in shown


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("purposes", 0, "Consent: unknown purpose"),
        ("expiry", 1, "Consent: expiry in the past"),
        ("expiry", 2**40 - 1, "Consent: expiry beyond ten years"),
        ("grantee", address("0x" + "0" * 40), "Consent: empty account"),
        ("deadline", 1, "Consent: message expired"),
    ],
)
def test_relay_refuses_a_grant_with_the_contracts_reason(
    ledger: EvmLedger, patient: KeySigner, say: Messages, field: str, value: object, reason: str
) -> None:
    message = say.grant(**{field: value})
    with pytest.raises(ConsentRefusedError) as refused:
        ledger.relay(signed(ledger, patient, message))
    assert refused.value.reason == reason
    assert refused.value.remedy


def test_relay_refuses_when_a_stranger_signed(
    ledger: EvmLedger, stranger: KeySigner, say: Messages
) -> None:
    for message in (say.grant(), say.revoke(), say.revoke_all(), say.seal(), say.request()):
        with pytest.raises(ConsentRefusedError) as refused:
            ledger.relay(signed(ledger, stranger, message))
        assert refused.value.reason == "Consent: wrong signature"
    assert ledger.events() == ()


def test_relay_refuses_when_the_signature_is_for_another_contract(
    ledger: EvmLedger, patient: KeySigner, say: Messages
) -> None:
    message = say.grant()
    elsewhere = replace(ledger.domain, verifying_contract=NOWHERE)
    with pytest.raises(ConsentRefusedError, match="not by the account"):
        ledger.relay(Signed(message=message, signature=patient.sign(elsewhere, message)))


@pytest.mark.parametrize("signature", [b"", bytes(65), bytes(64), b"\xff" * 65, bytes(2_000)])
def test_relay_refuses_when_the_signature_is_malformed(
    ledger: EvmLedger, say: Messages, signature: bytes
) -> None:
    with pytest.raises(ConsentRefusedError) as refused:
        ledger.relay(Signed(message=say.grant(), signature=signature))
    assert refused.value.reason == "Consent: wrong signature"


def test_relay_refuses_when_the_other_s_is_used(
    ledger: EvmLedger, patient: KeySigner, say: Messages
) -> None:
    """Each signature has a twin with s on the other half of the curve; only one counts."""
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    message = say.grant()
    genuine = patient.sign(ledger.domain, message)
    s = order - int.from_bytes(genuine[32:64], "big")
    twin = genuine[:32] + s.to_bytes(32, "big") + bytes([55 - genuine[64]])
    with pytest.raises(ConsentRefusedError):
        ledger.relay(Signed(message=message, signature=twin))


@pytest.mark.parametrize("name", ["grant", "revoke", "revoke_all"])
def test_relay_calls_a_message_stale_when_it_was_sent_before(
    ledger: EvmLedger, patient: KeySigner, say: Messages, name: str
) -> None:
    message = signed(ledger, patient, getattr(say, name)())
    ledger.relay(message)
    with pytest.raises(ConsentRefusedError, match="no longer fits") as refused:
        ledger.relay(message)
    assert refused.value.reason == "Consent: wrong signature"


def test_relay_refuses_a_sealing_when_it_was_sent_before(
    ledger: EvmLedger, patient: KeySigner, say: Messages
) -> None:
    message = signed(ledger, patient, say.seal())
    ledger.relay(message)
    with pytest.raises(ConsentRefusedError) as refused:
        ledger.relay(message)
    assert refused.value.reason == "Consent: wrong previous commitment"


def test_relay_kills_an_unsent_grant_when_everything_was_revoked(
    ledger: EvmLedger, patient: KeySigner, say: Messages
) -> None:
    unsent = signed(ledger, patient, say.grant())
    ledger.relay(signed(ledger, patient, say.revoke_all()))
    with pytest.raises(ConsentRefusedError, match="no longer fits"):
        ledger.relay(unsent)


def test_relay_lets_a_stranger_carry_a_request_twice_without_effect(
    ledger: EvmLedger, doctor: KeySigner, say: Messages
) -> None:
    message = signed(ledger, doctor, say.request())
    ledger.relay(message)
    ledger.relay(message)
    first, second = ledger.events()
    assert isinstance(first, AccessRequested)
    assert isinstance(second, AccessRequested)
    assert first.request == second.request == message.message.digest(ledger.domain)
    assert ledger.head(say.patient) == ZERO_HASH


def test_relay_lets_a_doctor_seal_when_the_patient_allowed_writing(
    ledger: EvmLedger, patient: KeySigner, doctor: KeySigner, say: Messages
) -> None:
    sealing = say.seal(author=doctor.account)
    with pytest.raises(ConsentRefusedError, match="may not add"):
        ledger.relay(signed(ledger, doctor, sealing))
    ledger.relay(signed(ledger, patient, say.grant(purposes=WRITE, record=ALL_RECORDS)))
    ledger.relay(signed(ledger, doctor, sealing))
    assert ledger.commitment(say.patient, HISTORY_RECORD) == sealing.commitment


def test_relay_refuses_a_receipt_when_the_head_moved(
    ledger: EvmLedger, patient: KeySigner, doctor: KeySigner, say: Messages
) -> None:
    ledger.relay(signed(ledger, patient, say.seal()))
    ledger.relay(signed(ledger, patient, say.grant()))
    receipt = signed(ledger, doctor, say.receipt())
    ledger.relay(receipt)
    with pytest.raises(ConsentRefusedError, match="no longer fits"):
        ledger.relay(receipt)
    assert isinstance(ledger.events()[-1], RecordOpened)


def test_relay_refuses_a_reading_key_when_another_was_signed(
    ledger: EvmLedger, doctor: KeySigner, say: Messages
) -> None:
    with pytest.raises(InputError, match="not the one that was signed"):
        ledger.relay(signed(ledger, doctor, say.publish(), bytes(1_216)))


@pytest.mark.parametrize("length", [0, 1_215, 1_217])
def test_relay_refuses_a_reading_key_when_its_length_is_wrong(
    ledger: EvmLedger, doctor: KeySigner, say: Messages, length: int
) -> None:
    key = bytes(length)
    with pytest.raises(ConsentRefusedError) as refused:
        ledger.relay(signed(ledger, doctor, say.publish(key_hash=keccak256(key)), key))
    assert refused.value.reason == "Consent: malformed key"


AGREES = "0x631626ba7e60e01b5f5260205ff3"
"""A wallet's code that returns the magic word of EIP-1271 to everybody."""
REFUSES = "0x60205ff3"
"""One that returns zero."""
WALLET = address("0x" + "3a" * 20)


def test_relay_leaves_the_signature_of_a_contract_account_to_the_chain(
    node: LocalNode, ledger: EvmLedger, say: Messages
) -> None:
    node.rpc().call("anvil_setCode", [WALLET, AGREES])
    message = replace(say, patient=WALLET).grant()
    ledger.relay(Signed(message=message, signature=b"whatever it takes"))
    assert ledger.has_access(WALLET, say.doctor, HISTORY_RECORD, TREAT)


def test_relay_refuses_when_a_contract_account_refuses(
    node: LocalNode, ledger: EvmLedger, say: Messages
) -> None:
    node.rpc().call("anvil_setCode", [WALLET, REFUSES])
    message = replace(say, patient=WALLET).grant()
    with pytest.raises(ConsentRefusedError, match="not by the account"):
        ledger.relay(Signed(message=message, signature=b"whatever it takes"))


def test_relay_accepts_the_own_key_of_an_account_with_delegated_code(
    node: LocalNode, ledger: EvmLedger, patient: KeySigner, say: Messages
) -> None:
    """EIP-7702: the account has code now, and its key still counts."""
    delegation = "0xef0100" + WALLET[2:]
    node.rpc().call("anvil_setCode", [patient.account, delegation])
    ledger.relay(signed(ledger, patient, say.grant()))
    assert ledger.has_access(say.patient, say.doctor, HISTORY_RECORD, TREAT)


def test_reading_key_refuses_when_the_node_hides_the_log(
    settings: LedgerSettings, ledger: EvmLedger, doctor: KeySigner, say: Messages
) -> None:
    class Hiding(Rpc):
        def call(self, method, params=()):  # type: ignore[no-untyped-def]
            return [] if method == "eth_getLogs" else super().call(method, params)

    ledger.relay(signed(ledger, doctor, say.publish(), READING_KEY))
    hiding = EvmLedger(settings, Hiding(settings.rpc_url), None)
    with pytest.raises(VerificationError) as refused:
        hiding.reading_key(doctor.account)
    assert refused.value.check == "reading key"


def test_events_start_over_when_the_chain_was_reorganised(
    node: LocalNode, ledger: EvmLedger, patient: KeySigner, say: Messages
) -> None:
    rpc = node.rpc()
    before = rpc.call("evm_snapshot")
    ledger.relay(signed(ledger, patient, say.seal()))
    assert len(ledger.events()) == 1
    rpc.call("evm_revert", [before])
    assert ledger.events() == ()
    ledger.relay(signed(ledger, patient, say.grant()))
    assert [type(event).__name__ for event in ledger.events()] == ["AccessGranted"]


def test_logs_hold_no_signature_key_or_address_of_the_node(
    settings: LedgerSettings,
    patient: KeySigner,
    doctor: KeySigner,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    ledger = EvmLedger.connect(settings)
    say = Messages(ledger=ledger, patient=patient.account, doctor=doctor.account)
    message = signed(ledger, patient, say.grant())
    ledger.relay(message)
    with pytest.raises(ConsentRefusedError) as refused:
        ledger.relay(message)
    assert settings.relayer_key is not None
    key = settings.relayer_key.read_text().strip().removeprefix("0x")
    shown = caplog.text + refused.value.user_message() + repr(refused.value.__cause__)
    assert message.signature.hex() not in shown
    assert key not in shown
    assert settings.rpc_url not in caplog.text


def test_deploy_reuses_the_contract_on_record(
    node: LocalNode, settings: LedgerSettings, deployment: Deployment, tmp_path
) -> None:
    assert settings.relayer_key is not None
    relayer = relayer_account(settings.relayer_key)
    record = tmp_path / "deployment.json"
    assert deploy(node.rpc(), settings.artifact, relayer, record) == deployment
