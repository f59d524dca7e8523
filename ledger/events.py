"""Logs of the contract become events, strictly: what does not fit to the bit is refused.

Source: Solidity ABI specification, Events; Ethereum execution API, eth_getLogs.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from core.errors import ChainUnavailableError, VerificationError
from core.events import EVENTS, Argument, Event, Position
from core.hashing import Address, address
from ledger.rpc import NodeRefusedError, Rpc, number

_BY_TOPIC: dict[bytes, type[Event]] = {event.topic(): event for event in EVENTS}
_RANGE_ERROR = re.compile(
    r"block range|range (is )?too (large|wide|big)|too many (results|logs|blocks)"
    r"|query returned more than|response size|exceed\w* max\w* (results|blocks|range)",
    re.IGNORECASE,
)


class _Log(BaseModel):
    """A log as eth_getLogs gives it."""

    model_config = ConfigDict(extra="ignore")

    address: str
    topics: list[str]
    data: str
    block: str = Field(alias="blockNumber")
    block_hash: str = Field(alias="blockHash")
    index: str = Field(alias="logIndex")
    transaction: str = Field(alias="transactionHash")
    timestamp: str | None = Field(default=None, alias="blockTimestamp")
    removed: bool = False


_LOGS = TypeAdapter(list[_Log])


class EventReader:
    """The events of one contract, block range by block range."""

    def __init__(self, rpc: Rpc, contract: Address, *, range_blocks: int) -> None:
        self._rpc = rpc
        self._contract = contract
        self._range_blocks = range_blocks
        self._timestamps: dict[str, int] = {}

    def read(
        self, first: int, last: int, *, topics: Sequence[str | None] = ()
    ) -> tuple[Event, ...]:
        """Events of blocks `first` to `last`, both included, as the node orders them.

        `topics` filters as eth_getLogs does. Raises VerificationError for a log that the
        contract cannot have written.
        """
        found: list[Event] = []
        for start in range(first, last + 1, self._range_blocks):
            end = min(start + self._range_blocks - 1, last)
            found.extend(self._read_range(start, end, topics))
        return tuple(found)

    def _read_range(self, first: int, last: int, topics: Sequence[str | None]) -> Iterator[Event]:
        try:
            logs = self._logs(first, last, topics)
        except NodeRefusedError as error:
            if first == last or not _RANGE_ERROR.search(error.message):
                raise
            middle = (first + last) // 2
            yield from self._read_range(first, middle, topics)
            yield from self._read_range(middle + 1, last, topics)
            return
        for log in logs:
            yield self._event(log, first, last)

    def _logs(self, first: int, last: int, topics: Sequence[str | None]) -> list[_Log]:
        query = {
            "address": self._contract,
            "fromBlock": hex(first),
            "toBlock": hex(last),
            "topics": list(topics),
        }
        try:
            return _LOGS.validate_python(self._rpc.call("eth_getLogs", [query]))
        except ValidationError as error:
            raise ChainUnavailableError("The chain's node answered with malformed logs.") from error

    def _event(self, log: _Log, first: int, last: int) -> Event:
        block = number(log.block)
        _require(not log.removed, "was removed from the chain")
        _require(first <= block <= last, "lies outside the blocks asked for")
        _require(log.address.lower() == self._contract.lower(), "is another contract's")
        position = Position(
            block=block,
            log_index=number(log.index),
            timestamp=self._timestamp(log),
            transaction=_bytes(log.transaction, 32),
        )
        return decode(log.topics, log.data, position)

    def _timestamp(self, log: _Log) -> int:
        """From the log where the node tells, else from its block, asked for once."""
        if log.timestamp is not None:
            return number(log.timestamp)
        if log.block_hash not in self._timestamps:
            header = self._rpc.call("eth_getBlockByHash", [log.block_hash, False])
            _require(isinstance(header, dict), "has no block")
            self._timestamps[log.block_hash] = number(header.get("timestamp"))
        return self._timestamps[log.block_hash]


def decode(topics: Sequence[str], data: str, at: Position) -> Event:
    """One log as an event. Raises VerificationError unless it is exactly as the contract writes."""
    words = [_bytes(topic, 32) for topic in topics]
    kind = _BY_TOPIC.get(words[0]) if words else None
    if kind is None:
        raise _malformed("is of an unknown kind")
    indexed = [each for each in kind.arguments() if each.indexed]
    others = [each for each in kind.arguments() if not each.indexed]
    _require(len(words) == 1 + len(indexed), "has a wrong number of topics")
    values = {
        each.name: _value(each.kind, word) for each, word in zip(indexed, words[1:], strict=True)
    }
    values |= _decode_data(others, _bytes(data))
    return kind(at=at, **values)


def _decode_data(arguments: Sequence[Argument], data: bytes) -> dict[str, Any]:
    """Static words in a row; one argument at most is dynamic: an offset there, then its tail."""
    head = 32 * len(arguments)
    _require(len(data) >= head, "is too short")
    values: dict[str, Any] = {}
    end = head
    for place, argument in enumerate(arguments):
        word = data[32 * place : 32 * place + 32]
        if argument.kind in _TAILS:
            _require(int.from_bytes(word, "big") == head, "has a wrong offset")
            values[argument.name], end = _TAILS[argument.kind](data, head)
        else:
            values[argument.name] = _value(argument.kind, word)
    _require(end == len(data), "has a wrong length")
    return values


def _tail(data: bytes, start: int) -> tuple[bytes, int]:
    length = int.from_bytes(data[start : start + 32], "big")
    content = data[start + 32 : start + 32 + length]
    padding = -length % 32
    end = start + 32 + length + padding
    _require(len(data) >= end, "is too short")
    _require(not any(data[end - padding : end]), "has padding that is not zero")
    return content, end


def _accounts(data: bytes, start: int) -> tuple[tuple[Address, ...], int]:
    count = int.from_bytes(data[start : start + 32], "big")
    end = start + 32 + 32 * count
    _require(len(data) >= end, "is too short")
    words = (data[place : place + 32] for place in range(start + 32, end, 32))
    return tuple(_value("address", word) for word in words), end


_TAILS: Mapping[str, Callable[[bytes, int], tuple[Any, int]]] = {
    "bytes": _tail,
    "address[]": _accounts,
}


def _value(kind: str, word: bytes) -> Any:
    if kind == "bytes32":
        return word
    width = 20 if kind == "address" else int(kind.removeprefix("uint")) // 8
    _require(not any(word[:-width]), "has padding that is not zero")
    return _checksummed(word[12:]) if kind == "address" else int.from_bytes(word, "big")


@cache
def _checksummed(account: bytes) -> Address:
    return address("0x" + account.hex())


def _bytes(text: str, length: int | None = None) -> bytes:
    try:
        value = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raise _malformed("is not hexadecimal") from None
    _require(text.startswith("0x") and length in (None, len(value)), "has a wrong length")
    return value


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise _malformed(what)


def _malformed(what: str) -> VerificationError:
    return VerificationError(
        f"A log of the contract {what}.",
        check="log format",
        remedy="Repeat with another node: this one does not tell what the contract wrote.",
    )
