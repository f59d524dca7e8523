"""The desk where tests sign messages and carry them to the contract."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ape import Contract, reverts
from ape.api import AccountAPI, ReceiptAPI
from ape.contracts import ContractContainer, ContractInstance
from eth_account import Account
from ethpm_types import ContractType
from vyper import compiler
from vyper.compiler.input_bundle import FilesystemInputBundle
from vyper.compiler.settings import Settings

from core.typed_data import (
    Domain,
    GrantAccess,
    OpenRecord,
    PublishReadingKey,
    RequestAccess,
    RevokeAccess,
    RevokeAllAccess,
    SealRecord,
    TypedStruct,
)

PROJECT = Path(__file__).resolve().parents[2]
CONTRACTS = PROJECT / "contracts"
DAY = 86_400

SENT: dict[type[TypedStruct], tuple[str, tuple[str, ...]]] = {
    SealRecord: ("seal", ("patient", "record", "commitment", "previous", "envelope")),
    RequestAccess: ("request", ("patient", "record", "purposes", "expiry", "deadline")),
    GrantAccess: (
        "grant",
        ("patient", "grantee", "record", "purposes", "expiry", "request", "envelope"),
    ),
    RevokeAccess: ("revoke", ("patient", "grantee", "record")),
    RevokeAllAccess: ("revoke_all", ("patient",)),
    PublishReadingKey: ("publish_reading_key", ("key",)),
    OpenRecord: ("open_record", ("patient", "record", "purpose")),
}
"""How each message is sent by the account it concerns."""

_SIGNER_FIRST = {
    SealRecord: "author",
    RequestAccess: "grantee",
    PublishReadingKey: "account",
    OpenRecord: "reader",
}
"""Messages whose signer is an argument of its own when somebody else carries them."""


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
        key: bytes = b"",
        sender: AccountAPI | None = None,
    ) -> ReceiptAPI:
        """Have `sender`, or the relayer, bring a signed message; `key` is the one published."""
        name, arguments = self.signed_call(message, signature, key=key)
        return getattr(self.consent, name)(*arguments, sender=sender or self.relayer)

    def refused(
        self, message: TypedStruct, signature: bytes, reason: str, *, key: bytes = b""
    ) -> None:
        """Check that carrying would revert for this reason; by a call, which is quick."""
        name, arguments = self.signed_call(message, signature, key=key)
        with reverts(reason):
            getattr(self.consent, name).call(*arguments, sender=self.relayer)

    def send(self, message: TypedStruct, sender: AccountAPI, *, key: bytes = b"") -> ReceiptAPI:
        """Have an account bring a message of its own, without a signature."""
        name, arguments = self.sent_call(message, key=key)
        return getattr(self.consent, name)(*arguments, sender=sender)

    def sign_and_carry(
        self, message: TypedStruct, signer: AccountAPI, *, key: bytes = b""
    ) -> ReceiptAPI:
        return self.carry(message, self.sign(signer, message), key=key)

    def calldata(self, message: TypedStruct, signature: bytes, *, key: bytes = b"") -> bytes:
        """What carrying the message calls the contract with."""
        name, arguments = self.signed_call(message, signature, key=key)
        return bytes(getattr(self.consent, name).encode_input(*arguments))

    def sent_call(self, message: TypedStruct, *, key: bytes = b"") -> tuple[str, list[Any]]:
        """Name and arguments of the function by which the account itself sends the message."""
        name, fields = SENT[type(message)]
        return name, [key if field == "key" else getattr(message, field) for field in fields]

    def signed_call(
        self, message: TypedStruct, signature: bytes, *, key: bytes = b""
    ) -> tuple[str, list[Any]]:
        """Name and arguments of the function that takes the signed message."""
        kind = type(message)
        name, fields = SENT[kind]
        fields = tuple(field for field in fields if field != "deadline")
        if kind in _SIGNER_FIRST:
            fields = (_SIGNER_FIRST[kind], *fields)
        arguments = [key if field == "key" else getattr(message, field) for field in fields]
        return f"{name}_signed", [*arguments, message.deadline, signature]


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
