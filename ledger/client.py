"""The Consent contract as the flows see it: `core.ports.Ledger` over a chain's node."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.eip712 import Domain
from core.errors import (
    ChainError,
    InputError,
    VerificationError,
    WrongChainError,
    WrongContractError,
)
from core.events import Event, ReadingKeyPublished
from core.hashing import ZERO_HASH, Address, abi_word, address, keccak256
from core.records import EmergencyCase, EmergencyPolicy, Recovery, Terms
from core.typed_data import PublishReadingKey, Signed
from ledger.artifact import Artifact
from ledger.consent import Consent
from ledger.contract import revert_reason
from ledger.events import EventReader
from ledger.relayer import relayer_account
from ledger.revert_map import WRONG_SIGNATURE, refusal, stale
from ledger.rpc import NodeRefusedError, Rpc, data, number
from ledger.sender import Receipt, Sender
from ledger.settings import LedgerSettings
from ledger.signatures import LONGEST_SIGNATURE_BYTES, recover
from ledger.snapshots import Snapshots, block_hash_at, head

LONGEST_KEY_BYTES = 1_216
"""Longer ones do not fit the contract's argument, and it would refuse without a reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """Events up to a block that was the head once."""

    block: int
    hash: str
    events: tuple[Event, ...]


class EvmLedger:
    """Implements `core.ports.Ledger`. Made by `connect`, which checks what it talks to."""

    def __init__(self, settings: LedgerSettings, rpc: Rpc, sender: Sender | None) -> None:
        self.settings = settings
        self.rpc = rpc
        self.consent = Consent(rpc, settings.artifact, settings.contract)
        self._domain = _domain(settings)
        self._sender = sender
        self._block = clock_block(rpc)
        self._reader = EventReader(rpc, settings.contract, range_blocks=settings.log_range_blocks)
        self._snapshots = Snapshots(settings.snapshots) if settings.snapshots else None
        self._lock = threading.Lock()
        self._known: _Known | None = None

    @classmethod
    def connect(cls, settings: LedgerSettings) -> "EvmLedger":
        """Raises ChainUnavailableError, WrongChainError, WrongContractError, SetupError."""
        rpc = Rpc(settings.rpc_url, timeout_seconds=settings.request_seconds)
        require_chain(rpc, settings.chain_id)
        require_contract(rpc, settings.artifact, _domain(settings))
        return cls(settings, rpc, _sender(settings, rpc))

    @property
    def domain(self) -> Domain:
        return self._domain

    def now(self) -> int:
        header = self.rpc.call("eth_getBlockByNumber", [self._block, False])
        return number(header.get("timestamp") if isinstance(header, dict) else None)

    def relay(self, signed: Signed) -> bytes:
        genuine = self._require_signature(signed)
        return self._send(self.consent.carry(signed), genuine=genuine)

    def complete_recovery(self, patient: Address) -> bytes:
        return self._send(self.consent.encode("complete_recovery", (patient,)), genuine=False)

    def commitment(self, patient: Address, record: bytes) -> bytes:
        return bytes(self._read("records", patient, record))

    def head(self, patient: Address) -> bytes:
        return bytes(self._read("heads", patient))

    def controller(self, patient: Address) -> Address:
        return self.consent.standing(patient, block=self._block).controller

    def settings_seq(self, patient: Address) -> int:
        return self.consent.standing(patient, block=self._block).settings_seq

    def is_member(self, patient: Address, circle: int, account: Address) -> bool:
        return bool(self._read("membership", patient, circle, account)[0])

    def threshold(self, patient: Address, circle: int) -> int:
        return int(self._read("membership", patient, circle, patient)[1])

    def recovery(self, patient: Address) -> Recovery | None:
        controller, due = self._read("recovery", patient)
        return Recovery(controller=address(controller), due=int(due)) if due else None

    def emergency_policy(self, patient: Address) -> EmergencyPolicy:
        mode, delay, window, record = self._read("emergency_policy", patient)
        return EmergencyPolicy(mode=mode, delay=delay, window=window, record=bytes(record))

    def emergency_case(self, patient: Address, clinician: Address) -> EmergencyCase:
        opens_at, closes_at, seq = self._read("emergency_case", patient, clinician)
        return EmergencyCase(opens_at=opens_at, closes_at=closes_at, seq=seq)

    def is_emergency_open(self, patient: Address, clinician: Address) -> bool:
        return bool(self._read("is_open", patient, clinician))

    def cutoff(self, patient: Address) -> int:
        return self.consent.standing(patient, block=self._block).cutoff

    def terms(self, patient: Address, grantee: Address, record: bytes) -> Terms:
        expiry, granted_at, seq, purposes = self._read("terms", patient, grantee, record)
        return Terms(expiry=expiry, granted_at=granted_at, seq=seq, purposes=purposes)

    def has_access(self, patient: Address, grantee: Address, record: bytes, purpose: int) -> bool:
        return bool(self._read("has_access", patient, grantee, record, purpose))

    def reading_key(self, account: Address) -> bytes | None:
        expected = bytes(self._read("reading_keys", account))
        if expected == ZERO_HASH:
            return None
        topics = [
            "0x" + each.hex()
            for each in (ReadingKeyPublished.topic(), abi_word("address", account))
        ]
        for event in reversed(self.read_events(self.latest()[0], topics=topics)):
            if isinstance(event, ReadingKeyPublished) and keccak256(event.key) == expected:
                return event.key
        raise VerificationError(
            f"The node does not have the reading key of {account} that the contract names.",
            check="reading key",
            remedy="Repeat with another node.",
        )

    def events(self) -> tuple[Event, ...]:
        """Every event, in order. What was told once is not asked for again, unless the chain
        was reorganised since.
        """
        with self._lock:
            known = self._known
            if known is not None and self.block_hash(known.block) != known.hash:
                known = None
            block, block_hash = self.latest()
            first = self.settings.deployed_block if known is None else known.block + 1
            events = self._reader.read(first, block)
            if known is not None:
                events = known.events + events
            self._known = _Known(block=block, hash=block_hash, events=events)
            return events

    def read_events(self, last: int, *, topics: Sequence[str] = ()) -> tuple[Event, ...]:
        """The events up to block `last`, asked for anew; `topics` as in eth_getLogs."""
        return self._reader.read(self.settings.deployed_block, last, topics=topics)

    def latest(self) -> tuple[int, str]:
        """Number and hash of the latest block."""
        return head(self.rpc)

    def block_hash(self, block: int) -> str | None:
        """The hash of a block; None when the chain has none of that number."""
        return block_hash_at(self.rpc, block)

    def _read(self, name: str, *arguments: object) -> Any:
        return self.consent.read(name, *arguments, block=self._block)

    def _send(self, calldata: bytes, *, genuine: bool) -> bytes:
        """Send a call of the contract; its transaction, once confirmed.

        `genuine`: whether the signature in it is known to be by whom it has to be.
        """
        if self._sender is None:
            raise InputError("This ledger only reads.", remedy="Name a relayer key file.")
        try:
            receipt = self._sender.send(self.settings.contract, calldata)
            if not receipt.succeeded:
                # Somebody else came between simulation and block: ask again for the reason.
                self._sender.simulate(self.settings.contract, calldata)
        except NodeRefusedError as error:
            raise _refused(error, genuine=genuine) from error
        self._require_effect(receipt)
        if self._snapshots is not None:
            self._snapshots.save(self.rpc, at_least=receipt.block)
        return receipt.transaction

    def _require_signature(self, signed: Signed) -> bool:
        """Whether a plain account's own key signed; a contract account is left to the chain.

        Raises ConsentRefusedError for what the contract would refuse in any state.
        """
        message = signed.message
        if isinstance(message, PublishReadingKey):
            _require_payload(message, signed.payload)
        signer = self.consent.signer(signed, block=self._block)
        if recover(message.digest(self.domain), signed.signature) == signer:
            return True
        code = data(self.rpc.call("eth_getCode", [signer, self._block]))
        if not code or len(signed.signature) > LONGEST_SIGNATURE_BYTES:
            raise refusal(WRONG_SIGNATURE)
        return False

    def _require_effect(self, receipt: Receipt) -> None:
        """A call to an address without code succeeds and does nothing."""
        if not receipt.succeeded:
            raise refusal("")
        if self.settings.contract.lower() not in receipt.logs_by:
            raise WrongContractError(f"No Consent contract is at {self.settings.contract}.")


def clock_block(rpc: Rpc) -> str:
    """The block whose state and time a message sent now would meet.

    Anvil makes blocks on demand, so its latest may be hours old: there, the pending one. On a
    chain with regular blocks the latest: what is only pending may never happen.
    """
    version = rpc.call("web3_clientVersion")
    return "pending" if str(version).lower().startswith("anvil") else "latest"


def require_chain(rpc: Rpc, chain_id: int) -> None:
    """Raises WrongChainError when the node serves another chain."""
    served = rpc.quantity("eth_chainId")
    if served != chain_id:
        raise WrongChainError(f"The node at {rpc.place} serves chain {served}, not {chain_id}.")


def require_contract(rpc: Rpc, artifact: Artifact, domain: Domain) -> None:
    """Raises WrongContractError unless exactly our contract, for this domain, is there."""
    account = domain.verifying_contract
    code = data(rpc.call("eth_getCode", [account, "latest"]))
    if not code:
        raise WrongContractError(f"No contract is at {account}.")
    runtime = artifact.runtime
    if code[: len(runtime)] != runtime or len(code) != len(runtime) + artifact.immutable_bytes:
        raise WrongContractError(f"Another contract, or another version, is at {account}.")
    consent = Consent(rpc, artifact, account)
    if consent.read("domain_separator", block="latest") != domain.separator():
        raise WrongContractError(f"The contract at {account} signs for another chain or address.")
    _require_credentials(rpc, artifact, consent)


def _require_credentials(rpc: Rpc, artifact: Artifact, consent: Consent) -> None:
    """Anything else that answers could license whom it likes."""
    account = consent.read("credentials", block="latest")
    code = data(rpc.call("eth_getCode", [account, "latest"]))
    if artifact.credentials is None or code != artifact.credentials.runtime:
        raise WrongContractError(f"Not our Credentials contract is at {account}.")


def _domain(settings: LedgerSettings) -> Domain:
    return Domain(chain_id=settings.chain_id, verifying_contract=address(settings.contract))


def _sender(settings: LedgerSettings, rpc: Rpc) -> Sender | None:
    if settings.relayer_key is None:
        return None
    return Sender(
        rpc,
        relayer_account(settings.relayer_key),
        chain_id=settings.chain_id,
        block=clock_block(rpc),
        confirmation_seconds=settings.confirmation_seconds,
    )


def _require_payload(message: PublishReadingKey, key: bytes) -> None:
    if keccak256(key) != message.key_hash:
        raise InputError(
            "The key sent along is not the one that was signed.", remedy="Sign for this key."
        )
    if len(key) > LONGEST_KEY_BYTES:
        raise refusal("Consent: malformed key")


def _refused(error: NodeRefusedError, *, genuine: bool) -> ChainError:
    """The contract's refusal in words; what the node itself refused stays as it is."""
    reason = revert_reason(error)
    if reason is None:
        return error
    if reason == WRONG_SIGNATURE and genuine:
        return stale()
    return refusal(reason)
