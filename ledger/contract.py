"""A deployed contract as calls and answers, by the ABI of its artifact."""

from dataclasses import dataclass
from typing import Any

from eth_abi.exceptions import DecodingError, EncodingError
from web3 import Web3

from core.errors import InputError, WrongContractError
from core.hashing import Address, keccak256
from ledger.artifact import Artifact
from ledger.rpc import NodeRefusedError, Rpc, data

_ERROR_STRING = keccak256(b"Error(string)")[:4]


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
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
    inputs: tuple[Input, ...]
    outputs: tuple[str, ...]


class Contract:
    """One deployed contract behind one node."""

    def __init__(self, rpc: Rpc, artifact: Artifact, account: Address, *, name: str) -> None:
        self.account = account
        self._name = name
        self._rpc = rpc
        self._codec = Web3().codec
        self._functions = _functions(artifact)

    def read(self, name: str, *arguments: Any, block: str) -> Any:
        """The answer of a view at a block (a number in hexadecimal, "latest" or "pending").

        Raises WrongContractError when what stands at the address does not answer so.
        """
        call = {"to": self.account, "data": "0x" + self.encode(name, arguments).hex()}
        try:
            answer = data(self._rpc.call("eth_call", [call, block]))
            values = self._codec.decode(self._functions[name].outputs, answer)
        except DecodingError as error:
            raise WrongContractError(
                f"No {self._name} contract answers at {self.account}."
            ) from error
        return values[0] if len(values) == 1 else values

    def inputs(self, name: str) -> tuple[Input, ...]:
        """The arguments of a function, in order."""
        return self._functions[name].inputs

    def encode(self, name: str, arguments: Any) -> bytes:
        """The calldata of a call. Raises InputError when an argument does not fit its type."""
        function = self._functions[name]
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


def _input(entry: dict[str, Any]) -> Input:
    kind = entry["type"]
    if not kind.startswith("tuple"):
        return Input(name=entry["name"], kind=kind)
    parts = tuple((each["name"], each["type"]) for each in entry["components"])
    inner = ",".join(each for _, each in parts)
    return Input(name=entry["name"], kind=kind.replace("tuple", f"({inner})"), parts=parts)


def _plain(value: Any, kind: str) -> Any:
    """In a batch an account travels as a number: its word, undecoded."""
    return int(value, 16) if kind == "uint256" and isinstance(value, str) else value
