"""The contracts on an EVM in this process (revm), quick enough for millions of calls."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
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

_FORWARD = (
    "5f3560e01c631626ba7e14602e57602036038060205f375f5f825f5f5f355af13d5f5f3e602a573d5ffd5b3d5ff3"
)
_MAGIC_TO_MEMORY = "7f1626ba7e000000000000000000000000000000000000000000000000000000005f52"
_AGREE = "5b6004356064351415606157" + _MAGIC_TO_MEMORY + "60205ff3"
_DISAGREE = (
    "5b" + _MAGIC_TO_MEMORY + "606435600316"  # the last two bits of the signature's first word
    "8060011460a657"  # 1: revert with nothing
    "8060021460aa57"  # 2: revert with the magic word
    "60031460af57"  # 3: answer with its first four bytes
    "5f5f5260205ff3"  # 0: answer zero
    "5b5f5ffd5b60205ffd5b60045ff3"
)
WALLET = bytes.fromhex(_FORWARD + _AGREE + _DISAGREE)
"""A wallet (EVM code). Asked about a signature (EIP-1271), it agrees when the signature begins with
the digest, and else disagrees in one of four ways, by the signature. Anything but that question is
an account's word and a call, which it passes on."""

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
    """Both contracts, deployed, with a clock of its own.

    With `forked_from` they were deployed on a chain of that id, which has forked since.
    """

    def __init__(
        self,
        artifact: Artifact,
        regulator: Address,
        *,
        chain_id: int,
        now: int,
        forked_from: int | None = None,
    ) -> None:
        if artifact.credentials is None:
            raise SetupError("The Credentials contract was not compiled.")
        self._evm = EVM(env=Env(cfg=CfgEnv(chain_id=chain_id)), spec_id="PRAGUE")
        self._block = 0
        self._wallets: set[Address] = set()
        self._delegated: set[Address] = set()
        self.set_time(now)
        credentials = self._deploy(artifact.credentials, regulator)
        self.credentials = credentials
        self.consent = self._deploy(artifact, credentials)
        if forked_from is not None:
            before = Machine(artifact, regulator, chain_id=forked_from, now=now)
            # The same deployer at the same nonces: the address is the same, the immutables differ.
            code = before._evm.get_code(before.consent)
            self._evm.insert_account_info(self.consent, AccountInfo(code=code))
        self._functions = {
            self.consent: _functions(artifact),
            credentials: _functions(artifact.credentials),
        }

    def set_time(self, now: int) -> None:
        """Begin a block at this time."""
        self._block += 1
        self._evm.set_block_env(BlockEnv(timestamp=now, number=self._block))

    def make_wallet(self, account: Address) -> None:
        """Give an account code, through which it acts from now on."""
        self._evm.insert_account_info(account, AccountInfo(code=WALLET))
        self._wallets.add(account)

    def delegate(self, account: Address) -> None:
        """Have an account with a key answer about signatures as a wallet does too (EIP-7702)."""
        self._evm.insert_account_info(account, AccountInfo(code=WALLET))
        self._delegated.add(account)

    def call(
        self, to: Address, name: str, sender: Address, arguments: Mapping[str, Any]
    ) -> Outcome:
        """Call a contract with a transaction of its own; a batch's parts are core.typed_data's."""
        function = self._functions[to][name]
        values = [_plain(arguments[each], function.parts.get(each)) for each in function.names]
        calldata = function.selector + encode(function.kinds, values)
        contract, caller = to, sender
        if sender in self._wallets:  # it has no key: somebody has to call it
            calldata, to, caller = abi_word("address", to) + calldata, sender, DEPLOYER
        if sender in self._delegated:  # this EVM takes no transaction from an account with code
            self._evm.insert_account_info(sender, AccountInfo())
        try:
            self._send(caller, to, calldata)
        except RuntimeError as error:
            return Outcome(refusal=_reason(str(error)))
        finally:
            if sender in self._delegated:
                self.delegate(sender)
        result = self._evm.result
        logs = result.logs if result else []
        if any(log.address.lower() != contract.lower() for log in logs):
            raise AssertionError(f"{name} had another contract log")
        return Outcome(refusal=None, logs=tuple(map(_raw, logs)))

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Take back whatever is called within."""
        checkpoint = self._evm.snapshot()
        try:
            yield
        finally:
            self._evm.revert(checkpoint)

    def takes(self, to: Address, name: str) -> tuple[str, ...]:
        """The names of a function's arguments."""
        return self._functions[to][name].names

    def read(self, to: Address, name: str, *words: bytes) -> bytes:
        """The answer of a view whose arguments are single words."""
        calldata = self._functions[to][name].selector + b"".join(words)
        return self._send(DEPLOYER, to, calldata, is_static=True)

    def deployment(self, artifact: Artifact, argument: Address) -> Outcome:
        """What would become of deploying a contract; it is taken back."""
        with self.undone():
            try:
                self._deploy(artifact, argument)
            except RuntimeError as error:
                return Outcome(refusal=_reason(str(error)))
        return Outcome(refusal=None)

    def _send(
        self, caller: Address, to: Address, calldata: bytes, is_static: bool = False
    ) -> bytes:
        return bytes(self._evm.message_call(caller, to, calldata=calldata, is_static=is_static))

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
