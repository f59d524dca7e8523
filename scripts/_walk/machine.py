"""The contracts on an EVM in this process (revm), quick enough for millions of calls."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode
from pyrevm import EVM, AccountInfo, BlockEnv, CfgEnv, Env, Log

from core.errors import SetupError
from core.events import ChainEvent
from core.hashing import Address, abi_word, address, keccak256
from ledger.artifact import Artifact

DEPLOYER = Address("0x" + "d0" * 20)
_REVERTED = re.compile(r"Revert \{.*output: 0x([0-9a-f]*)")
_REASON = re.compile(r"(?:Consent|Credentials): (.*)")

# A wallet in 39 bytes (EIP-1271): it agrees to a digest when the signature begins with it.
WALLET = bytes.fromhex("60043560643514" + "7f1626ba7e" + "00" * 28 + "0260005260206000f3")

RawLog = tuple[tuple[bytes, ...], bytes]
"""Topics and data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a call: the words of its refusal, None if it went through."""

    refusal: str | None
    logs: tuple[RawLog, ...] = ()


@dataclass(frozen=True, slots=True)
class _Function:
    selector: bytes
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    parts: Mapping[str, tuple[str, ...]]


class Machine:
    """Both contracts, deployed, with a clock of its own."""

    def __init__(self, artifact: Artifact, regulator: Address, *, chain_id: int, now: int) -> None:
        if artifact.credentials is None:
            raise SetupError("The Credentials contract was not compiled.")
        self._evm = EVM(env=Env(cfg=CfgEnv(chain_id=chain_id)), spec_id="PRAGUE")
        self._block = 0
        self.set_time(now)
        credentials = self._deploy(artifact.credentials, regulator)
        self.credentials = credentials
        self.consent = self._deploy(artifact, credentials)
        self._functions = {
            self.consent: _functions(artifact),
            credentials: _functions(artifact.credentials),
        }

    def set_time(self, now: int) -> None:
        """Begin a block at this time."""
        self._block += 1
        self._evm.set_block_env(BlockEnv(timestamp=now, number=self._block))

    def give_code(self, account: Address, code: bytes) -> None:
        """Make a wallet of an account, with or without a key of its own (EIP-7702)."""
        self._evm.insert_account_info(account, AccountInfo(code=code))

    def call(self, to: Address, name: str, sender: Address, arguments: Sequence[Any]) -> Outcome:
        """Call a contract with a transaction of its own."""
        function = self._functions[to][name]
        calldata = function.selector + encode(function.kinds, arguments)
        try:
            self._evm.message_call(sender, to, calldata=calldata)
        except RuntimeError as error:
            return Outcome(refusal=_reason(str(error)))
        result = self._evm.result
        return Outcome(refusal=None, logs=tuple(map(_raw, result.logs if result else ())))

    def arguments(self, to: Address, name: str, given: Mapping[str, Any]) -> list[Any]:
        """The values of a call in the order of the ABI; structs of a batch as it has them."""
        function = self._functions[to][name]
        return [_plain(given[each], function.parts.get(each)) for each in function.names]

    def read(self, to: Address, name: str, *words: bytes) -> bytes:
        """The answer of a view whose arguments are single words."""
        calldata = self._functions[to][name].selector + b"".join(words)
        return bytes(self._evm.message_call(DEPLOYER, to, calldata=calldata, is_static=True))

    def _deploy(self, artifact: Artifact, argument: Address) -> Address:
        code = artifact.bytecode + abi_word("address", argument)
        return address(self._evm.deploy(DEPLOYER, code))


def raw_log(event: ChainEvent) -> RawLog:
    """An event as a contract logs it (Solidity ABI specification, Events)."""
    topics, words, tail = [type(event).topic()], [], b""
    arguments = type(event).arguments()
    plain = [each for each in arguments if not each.indexed]
    for each in arguments:
        value = getattr(event, each.name)
        if each.indexed:
            topics.append(abi_word(each.kind, value))
        elif each.kind in ("bytes", "address[]"):
            words.append(abi_word("uint256", 32 * len(plain)))
            tail = _tail(each.kind, value)
        else:
            words.append(abi_word(each.kind, value))
    return tuple(topics), b"".join(words) + tail


def _tail(kind: str, value: Any) -> bytes:
    content = value if kind == "bytes" else b"".join(abi_word("address", each) for each in value)
    return abi_word("uint256", len(value)) + content + bytes(-len(content) % 32)


def _raw(log: Log) -> RawLog:
    topics, data = log.data
    return tuple(map(bytes, topics)), bytes(data)


def _reason(message: str) -> str:
    """The words of a refusal; empty when the EVM stopped without a reason."""
    found = _REVERTED.search(message)
    output = bytes.fromhex(found[1]) if found else b""
    if len(output) < 68:
        return ""
    text = output[68 : 68 + int.from_bytes(output[36:68], "big")].decode()
    words = _REASON.fullmatch(text)
    return words[1] if words else text


def _functions(artifact: Artifact) -> dict[str, _Function]:
    return {
        entry["name"]: _function(entry) for entry in artifact.abi if entry["type"] == "function"
    }


def _function(entry: dict[str, Any]) -> _Function:
    kinds = tuple(map(_kind, entry["inputs"]))
    return _Function(
        keccak256(f"{entry['name']}({','.join(kinds)})".encode())[:4],
        tuple(each["name"] for each in entry["inputs"]),
        kinds,
        {
            each["name"]: tuple(part["name"] for part in each["components"])
            for each in entry["inputs"]
            if "components" in each
        },
    )


def _kind(entry: dict[str, Any]) -> str:
    if not entry["type"].startswith("tuple"):
        return str(entry["type"])
    inner = ",".join(each["type"] for each in entry["components"])
    return str(entry["type"].replace("tuple", f"({inner})"))


def _plain(value: Any, parts: tuple[str, ...] | None) -> Any:
    if parts is None:
        return list(value) if isinstance(value, tuple) else value
    rows = ([getattr(each, part) for part in parts] for each in value)
    return [tuple(int(v, 16) if isinstance(v, str) else v for v in row) for row in rows]
