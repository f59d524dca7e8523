"""The relayer: no key, no ether, many threads, slow blocks, a node that dies."""

import threading
from dataclasses import replace

import pytest

from core.errors import (
    ChainUnavailableError,
    ConsentRefusedError,
    InputError,
    WrongContractError,
)
from core.events import AccessGranted, RecordSealed
from core.hashing import address
from core.typed_data import Signed
from ledger.client import EvmLedger
from ledger.node import LocalNode
from ledger.relayer import relayer_account
from ledger.rpc import Rpc
from ledger.sender import RelayerFundsError, Sender
from ledger.settings import LedgerSettings
from ledger.wallet import KeySigner
from tests.ledger.messages import Messages, signed

NOWHERE = address("0x" + "0f" * 20)


class FaultyRpc(Rpc):
    """A node that stops answering one method."""

    def __init__(self, url: str, *, silent_on: str) -> None:
        super().__init__(url)
        self._silent_on = silent_on

    def call(self, method, params=()):  # type: ignore[no-untyped-def]
        if method == self._silent_on:
            raise ChainUnavailableError("The chain's node gave no answer.")
        return super().call(method, params)


def sender_over(rpc: Rpc, settings: LedgerSettings, **overrides: float) -> Sender:
    assert settings.relayer_key is not None
    return Sender(
        rpc,
        relayer_account(settings.relayer_key),
        chain_id=settings.chain_id,
        block="pending",
        confirmation_seconds=overrides.get("confirmation_seconds", 5),
    )


def test_relay_refuses_when_there_is_no_relayer(
    reader: EvmLedger, patient: KeySigner, say: Messages
) -> None:
    with pytest.raises(InputError, match="only reads"):
        reader.relay(signed(reader, patient, say.seal()))


def test_relay_says_who_needs_ether_when_the_relayer_has_none(
    settings: LedgerSettings, patient: KeySigner, say: Messages, tmp_path
) -> None:
    poor = EvmLedger.connect(replace(settings, relayer_key=tmp_path / "poor.key"))
    account = relayer_account(tmp_path / "poor.key").address
    with pytest.raises(RelayerFundsError, match=account) as refused:
        poor.relay(signed(poor, patient, say.seal()))
    assert "Send some" in refused.value.remedy


def test_relay_sends_every_message_once_when_threads_compete(
    ledger: EvmLedger, patient: KeySigner, say: Messages
) -> None:
    """Eight different grants and eight times the same sealing, all at once."""
    doctors = [KeySigner.create().account for _ in range(8)]
    grants = [signed(ledger, patient, say.grant(grantee=each)) for each in doctors]
    sealing = signed(ledger, patient, say.seal())
    refusals: list[ConsentRefusedError] = []

    def relay(message: Signed) -> None:
        try:
            ledger.relay(message)
        except ConsentRefusedError as error:
            refusals.append(error)

    threads = [threading.Thread(target=relay, args=(each,)) for each in [*grants, *[sealing] * 8]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    events = ledger.events()
    assert {event.grantee for event in events if isinstance(event, AccessGranted)} == set(doctors)
    assert sum(isinstance(event, RecordSealed) for event in events) == 1
    assert len(refusals) == 7


def test_relay_finds_its_nonce_when_another_process_uses_the_same_key(
    settings: LedgerSettings, ledger: EvmLedger, patient: KeySigner, say: Messages
) -> None:
    twin = EvmLedger.connect(settings)
    for _ in range(3):
        ledger.relay(signed(ledger, patient, say.seal()))
        twin.relay(signed(twin, patient, say.seal()))
    assert len(ledger.events()) == 6


def test_relay_fails_when_the_contract_is_gone_in_the_middle(
    node: LocalNode, ledger: EvmLedger, doctor: KeySigner, say: Messages
) -> None:
    """A chain that was reset under us: a call to an empty address would seem to succeed."""
    message = signed(ledger, doctor, say.request())
    node.rpc().call("anvil_setCode", [ledger.settings.contract, "0x"])
    with pytest.raises(WrongContractError):
        ledger.relay(message)
    with pytest.raises(WrongContractError):
        ledger.head(say.patient)


def test_relay_says_unconfirmed_when_the_node_dies_after_sending(
    settings: LedgerSettings, ledger: EvmLedger, patient: KeySigner, say: Messages
) -> None:
    rpc = FaultyRpc(settings.rpc_url, silent_on="eth_getTransactionReceipt")
    dying = EvmLedger(settings, rpc, sender_over(rpc, settings))
    message = signed(ledger, patient, say.seal())
    with pytest.raises(ChainUnavailableError):
        dying.relay(message)
    with pytest.raises(ConsentRefusedError):  # it had arrived: repeating does nothing twice
        ledger.relay(message)
    assert len(ledger.events()) == 1


def test_relay_gives_up_when_no_receipt_comes_in_time(
    node: LocalNode, settings: LedgerSettings, patient: KeySigner, say: Messages
) -> None:
    rpc = node.rpc()
    hasty = EvmLedger(settings, rpc, sender_over(rpc, settings, confirmation_seconds=0.2))
    message = signed(hasty, patient, say.seal())
    rpc.call("evm_setAutomine", [False])
    try:
        with pytest.raises(ChainUnavailableError, match="not confirmed"):
            hasty.relay(message)
    finally:
        rpc.call("evm_setAutomine", [True])
        rpc.call("evm_mine")
    assert len(hasty.events()) == 1


def test_relay_numbers_without_gaps_when_blocks_come_slowly(
    node: LocalNode, ledger: EvmLedger, patient: KeySigner, say: Messages
) -> None:
    """Three senders wait while the node mines nothing; then all three are in one block."""
    rpc = node.rpc()
    doctors = [KeySigner.create().account for _ in range(3)]
    grants = [signed(ledger, patient, say.grant(grantee=each)) for each in doctors]
    threads = [threading.Thread(target=ledger.relay, args=(each,)) for each in grants]
    rpc.call("evm_setAutomine", [False])
    for thread in threads:
        thread.start()
    while int(rpc.call("txpool_status")["pending"], 16) < 3:
        pass
    rpc.call("evm_setAutomine", [True])
    rpc.call("evm_mine")
    for thread in threads:
        thread.join()
    events = ledger.events()
    assert [(event.at.block - events[0].at.block, event.at.log_index) for event in events] == [
        (0, 0),
        (0, 1),
        (0, 2),
    ]
