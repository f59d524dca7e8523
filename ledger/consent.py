"""The Consent contract as calls and answers: what to send for a message, what state to read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eth_abi.exceptions import DecodingError, EncodingError
from web3 import Web3

from core.errors import InputError, WrongContractError
from core.hashing import Address, keccak256
from core.typed_data import (
    GrantAccess,
    OpenRecord,
    PublishReadingKey,
    RequestAccess,
    RevokeAccess,
    RevokeAllAccess,
    SealRecord,
    Signed,
    TypedStruct,
)
from ledger.artifact import Artifact
from ledger.rpc import NodeRefusedError, Rpc, data

_CARRIERS: Mapping[type[TypedStruct], str] = {
    SealRecord: "seal_signed",
    RequestAccess: "request_signed",
    GrantAccess: "grant_signed",
    RevokeAccess: "revoke_signed",
    RevokeAllAccess: "revoke_all_signed",
    PublishReadingKey: "publish_reading_key_signed",
    OpenRecord: "open_record_signed",
}
"""The function that carries each signed message."""

_ERROR_STRING = keccak256(b"Error(string)")[:4]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Function:
    selector: bytes
    names: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


class Consent:
    """One deployed contract behind one node."""

    def __init__(self, rpc: Rpc, artifact: Artifact, account: Address) -> None:
        self.account = account
        self._rpc = rpc
        self._codec = Web3().codec
        self._functions = _functions(artifact)

    def read(self, name: str, *arguments: Any, block: str) -> Any:
        """The answer of a view at a block (a number in hexadecimal, "latest" or "pending").

        Raises WrongContractError when what stands at the address does not answer so.
        """
        function = self._functions[name]
        call = {"to": self.account, "data": "0x" + self._encode(function, arguments).hex()}
        try:
            answer = data(self._rpc.call("eth_call", [call, block]))
            values = self._codec.decode(function.outputs, answer)
        except DecodingError as error:
            raise WrongContractError(f"No Consent contract answers at {self.account}.") from error
        return values[0] if len(values) == 1 else values

    def carry(self, signed: Signed) -> bytes:
        """The calldata that carries a signed message.

        Raises InputError when a field does not fit its type.
        """
        function = self._functions[_CARRIERS[type(signed.message)]]
        extra = {"signature": signed.signature, "key": signed.payload}
        arguments = [
            extra[name] if name in extra else getattr(signed.message, name)
            for name in function.names
        ]
        return self._encode(function, arguments)

    def signer(self, message: TypedStruct, *, block: str) -> Address:
        """Whose signature the contract asks for."""
        match message:
            case SealRecord():
                return message.author
            case RequestAccess():
                return message.grantee
            case OpenRecord():
                return message.reader
            case PublishReadingKey():
                return message.account
            case GrantAccess() | RevokeAccess() | RevokeAllAccess():
                return Web3.to_checksum_address(  # type: ignore[return-value]
                    self.read("controller", message.patient, block=block)
                )
        raise InputError(f"The contract takes no {type(message).__name__}.")

    def _encode(self, function: _Function, arguments: Any) -> bytes:
        try:
            return function.selector + self._codec.encode(function.inputs, arguments)
        except (EncodingError, TypeError, ValueError) as error:
            raise InputError(f"A field does not fit its type ({type(error).__name__}).") from None


def revert_reason(refused: NodeRefusedError) -> str | None:
    """The contract's string in a refused call; None when it was not the contract that refused.

    Source: Solidity ABI specification, Error(string).
    """
    try:
        encoded = bytes.fromhex(refused.data.removeprefix("0x"))
        if encoded[:4] == _ERROR_STRING:
            return str(Web3().codec.decode(["string"], encoded[4:])[0])
    except (ValueError, DecodingError):
        return ""
    return "" if "revert" in refused.message.lower() else None


def _functions(artifact: Artifact) -> dict[str, _Function]:
    return {
        entry["name"]: _function(entry) for entry in artifact.abi if entry["type"] == "function"
    }


def _function(entry: dict[str, Any]) -> _Function:
    inputs = tuple(each["type"] for each in entry["inputs"])
    signature = f"{entry['name']}({','.join(inputs)})"
    return _Function(
        selector=keccak256(signature.encode())[:4],
        names=tuple(each["name"] for each in entry["inputs"]),
        inputs=inputs,
        outputs=tuple(each["type"] for each in entry["outputs"]),
    )
