"""The Consent contract as calls and answers: what to send for a message, what state to read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eth_abi.exceptions import DecodingError, EncodingError
from web3 import Web3

from core.eip712 import TypedStruct
from core.errors import InputError, WrongContractError
from core.hashing import ZERO_ADDRESS, Address, address, keccak256
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
    Signed,
    VetoRecovery,
)
from ledger.artifact import Artifact
from ledger.rpc import NodeRefusedError, Rpc, data

_CARRIERS: Mapping[type[TypedStruct], str] = {
    SealRecord: "seal_signed",
    RequestAccess: "request_signed",
    GrantAccess: "grant_signed",
    RevokeAccess: "revoke_signed",
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
"""The function that carries each signed message."""

_CIRCLES: Mapping[type[TypedStruct], int] = {SetGuardians: 0, SetCustodians: 1}

_ERROR_STRING = keccak256(b"Error(string)")[:4]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Who speaks for a patient, and two nonces."""

    controller: Address
    cutoff: int
    settings_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Input:
    """An argument: an array of structs has its fields in `parts`, by name and type."""

    name: str
    kind: str
    parts: tuple[tuple[str, str], ...] = ()

    def value(self, given: Any) -> Any:
        """What the codec takes for it."""
        if not self.parts:
            return given
        return [tuple(_plain(getattr(each, n), kind) for n, kind in self.parts) for each in given]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Function:
    selector: bytes
    inputs: tuple[_Input, ...]
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
        message = signed.message
        function = self._functions[_CARRIERS[type(message)]]
        extra = {
            "signature": signed.signature,
            "key": signed.payload,
            "circle": _CIRCLES.get(type(message)),
            "by": signed.by,
            "guardian": signed.by,
            "cosigner": signed.cosigner or ZERO_ADDRESS,
            "cosignature": signed.cosignature,
        }
        arguments = [
            extra[each.name] if each.name in extra else each.value(getattr(message, each.name))
            for each in function.inputs
        ]
        return self._encode(function, arguments)

    def standing(self, patient: Address, *, block: str) -> Standing:
        """Who speaks for `patient`, and the nonces of what concerns all of its grants."""
        controller, cutoff, settings_seq = self.read("standing", patient, block=block)
        return Standing(
            controller=address(controller), cutoff=int(cutoff), settings_seq=int(settings_seq)
        )

    def signer(self, signed: Signed, *, block: str) -> Address:
        """Whose signature the contract asks for.

        Raises InputError when neither the message nor whoever carries it says so.
        """
        match message := signed.message:
            case SealRecord() | Batch():
                return message.author
            case RequestAccess():
                return message.grantee
            case OpenRecord():
                return message.reader
            case PublishReadingKey():
                return message.account
            case OpenEmergency():
                return message.clinician
            case ReleaseShare():
                return message.custodian
        if type(message) in (EndEmergency, ApproveRecovery):
            if signed.by is None:
                raise InputError(f"Nobody is named who signed {type(message).__name__}.")
            return signed.by
        patient: Address = getattr(message, "patient")  # noqa: B009  # each that is left has one
        return self.standing(patient, block=block).controller

    def _encode(self, function: _Function, arguments: Any) -> bytes:
        try:
            return function.selector + self._codec.encode(
                [each.kind for each in function.inputs], arguments
            )
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
    inputs = tuple(map(_input, entry["inputs"]))
    signature = f"{entry['name']}({','.join(each.kind for each in inputs)})"
    return _Function(
        selector=keccak256(signature.encode())[:4],
        inputs=inputs,
        outputs=tuple(each["type"] for each in entry["outputs"]),
    )


def _input(entry: dict[str, Any]) -> _Input:
    kind = entry["type"]
    if not kind.startswith("tuple"):
        return _Input(name=entry["name"], kind=kind)
    parts = tuple((each["name"], each["type"]) for each in entry["components"])
    inner = ",".join(each for _, each in parts)
    return _Input(name=entry["name"], kind=kind.replace("tuple", f"({inner})"), parts=parts)


def _plain(value: Any, kind: str) -> Any:
    """In a batch an account travels as a number: its word, undecoded."""
    return int(value, 16) if kind == "uint256" and isinstance(value, str) else value
