"""The desk where tests sign messages and carry them to the contract."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ape import Contract, reverts
from ape.api import AccountAPI, ReceiptAPI
from ape.contracts import ContractContainer, ContractInstance
from ape.exceptions import TransactionError
from eth_account import Account
from ethpm_types import ContractType
from vyper import compiler
from vyper.compiler.input_bundle import FilesystemInputBundle
from vyper.compiler.settings import Settings

from core.eip712 import Domain, TypedStruct
from core.hashing import ZERO_ADDRESS
from core.typed_data import (
    ApproveRecovery,
    Batch,
    EndEmergency,
    GrantAccess,
    OpenEmergency,
    OpenRecord,
    PublishReadingKey,
    ReleaseShare,
    RequestAccess,
    RevokeAccess,
    RevokeAllAccess,
    SealRecord,
    SetCustodians,
    SetEmergencyPolicy,
    SetGuardians,
    SetSuccessor,
    VetoRecovery,
)

PROJECT = Path(__file__).resolve().parents[2]
CONTRACTS = PROJECT / "contracts"
DAY = 86_400

WITHOUT_REASON = TransactionError.DEFAULT_MESSAGE
"""What Ape calls a revert that says nothing: arguments that cannot be decoded."""

TWINS: dict[type[TypedStruct], str] = {
    SealRecord: "seal",
    RequestAccess: "request",
    GrantAccess: "grant",
    RevokeAccess: "revoke",
}
"""Messages with one function to send them and another, `_signed`, to carry them."""

ONCE: dict[type[TypedStruct], str] = {
    RevokeAllAccess: "revoke_all",
    PublishReadingKey: "publish_reading_key",
    OpenRecord: "open_record",
    Batch: "batch",
    SetGuardians: "set_circle",
    SetCustodians: "set_circle",
    SetEmergencyPolicy: "set_emergency_policy",
    OpenEmergency: "open_emergency",
    EndEmergency: "end_emergency",
    ReleaseShare: "release_share",
    ApproveRecovery: "approve_recovery",
    VetoRecovery: "veto_recovery",
    SetSuccessor: "set_successor",
}
"""Messages with one function for both: an empty signature makes the sender the signer."""

CIRCLES: dict[type[TypedStruct], int] = {SetGuardians: 0, SetCustodians: 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Signs for, sends to and carries to one Consent contract."""

    consent: ContractInstance
    domain: Domain
    relayer: AccountAPI

    def sign(self, signer: Any, message: TypedStruct) -> bytes:
        """The 65-byte signature of a test account."""
        return bytes(
            Account.unsafe_sign_hash(message.digest(self.domain), signer.private_key).signature
        )

    def carry(
        self,
        message: TypedStruct,
        signature: bytes,
        *,
        sender: AccountAPI | None = None,
        **extra: Any,
    ) -> ReceiptAPI:
        """Have `sender`, or the relayer, bring a signed message.

        `extra` is what the message does not say: the `key` that is published, `by` whom a case is
        ended, which `guardian` approves, who is the `cosigner` and what the `cosignature`.
        """
        name, arguments = self.signed_call(message, signature, **extra)
        return getattr(self.consent, name)(*arguments, sender=sender or self.relayer)

    def refused(self, message: TypedStruct, signature: bytes, reason: str, **extra: Any) -> None:
        """Check that carrying would revert for this reason; by a call, which is quick."""
        name, arguments = self.signed_call(message, signature, **extra)
        with reverts(reason):
            getattr(self.consent, name).call(*arguments, sender=self.relayer)

    def send(self, message: TypedStruct, sender: AccountAPI, **extra: Any) -> ReceiptAPI:
        """Have an account bring a message of its own, without a signature."""
        name, arguments = self.sent_call(message, **extra)
        return getattr(self.consent, name)(*arguments, sender=sender)

    def sign_and_carry(self, message: TypedStruct, signer: AccountAPI, **extra: Any) -> ReceiptAPI:
        return self.carry(message, self.sign(signer, message), **extra)

    def calldata(self, message: TypedStruct, signature: bytes, **extra: Any) -> bytes:
        """What carrying the message calls the contract with."""
        name, arguments = self.signed_call(message, signature, **extra)
        return bytes(getattr(self.consent, name).encode_input(*arguments))

    def sent_call(self, message: TypedStruct, **extra: Any) -> tuple[str, list[Any]]:
        """Name and arguments of the function by which the account itself sends the message."""
        kind = type(message)
        if kind in TWINS:
            return TWINS[kind], self._arguments(TWINS[kind], message, b"", extra)
        return ONCE[kind], self._arguments(ONCE[kind], message, b"", {"deadline": 0, **extra})

    def signed_call(
        self, message: TypedStruct, signature: bytes, **extra: Any
    ) -> tuple[str, list[Any]]:
        """Name and arguments of the function that takes the signed message."""
        kind = type(message)
        name = f"{TWINS[kind]}_signed" if kind in TWINS else ONCE[kind]
        return name, self._arguments(name, message, signature, extra)

    def _arguments(
        self, name: str, message: TypedStruct, signature: bytes, extra: Mapping[str, Any]
    ) -> list[Any]:
        given = {
            "signature": signature,
            "circle": CIRCLES.get(type(message)),
            "cosigner": ZERO_ADDRESS,
            "cosignature": b"",
            **extra,
        }
        return [
            given[each.name] if each.name in given else _plain(getattr(message, each.name), each)
            for each in getattr(self.consent, name).abis[0].inputs
        ]


def _plain(value: Any, kind: Any) -> Any:
    """A batch's structs as the contract's ABI has them: without `seq`, accounts as words."""
    if not kind.components:
        return list(value) if isinstance(value, tuple) else value
    rows = ([getattr(each, part.name) for part in kind.components] for each in value)
    return [tuple(int(cell, 16) if isinstance(cell, str) else cell for cell in row) for row in rows]


def only_event(receipt: ReceiptAPI, name: str) -> Mapping[str, Any]:
    """Arguments of the receipt's single event, which must have this name."""
    (log,) = receipt.events
    assert log.event_name == name
    return {
        key: bytes(value) if isinstance(value, bytes) else value
        for key, value in log.event_arguments.items()
    }


def compiled(source: Path) -> ContractContainer:
    """A contract of the tests' own, which may import the modules of the real one."""
    bundle = FilesystemInputBundle([CONTRACTS])
    file = bundle.load_file(source)
    output = compiler.compile_from_file_input(
        file,
        input_bundle=bundle,
        settings=Settings(evm_version="cancun"),
        output_formats=["abi", "bytecode", "bytecode_runtime"],
    )
    return ContractContainer(
        ContractType.model_validate(
            {
                "contractName": source.stem,
                "abi": output["abi"],
                "deploymentBytecode": {"bytecode": output["bytecode"]},
                "runtimeBytecode": {"bytecode": output["bytecode_runtime"]},
            }
        )
    )


def at(address: str, contract: ContractInstance) -> ContractInstance:
    """The interface of `contract` at another address."""
    return Contract(address, contract_type=contract.contract_type)
