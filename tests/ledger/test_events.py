"""Decoding refuses what does not fit to the bit; ranges split only when the node says so."""

from typing import Any

import pytest

from core.errors import ChainUnavailableError, VerificationError
from core.events import (
    AccessGranted,
    AllAccessRevoked,
    CircleSet,
    Position,
    ReadingKeyPublished,
)
from core.hashing import Address, address
from ledger.events import EventReader, decode
from ledger.rpc import NodeRefusedError, Rpc

PATIENT = address("0x" + "a1" * 20)
CONTRACT = address("0x" + "c0" * 20)
AT = Position(block=1, log_index=0, timestamp=2, transaction=bytes(32))


def word(value: int) -> str:
    return f"{value:064x}"


def topic(value: int | bytes) -> str:
    return "0x" + (value.hex() if isinstance(value, bytes) else word(value))


REVOKED = [topic(AllAccessRevoked.topic()), topic(int(PATIENT, 16))]
CIRCLE = [topic(CircleSet.topic()), topic(int(PATIENT, 16)), topic(1)]
PUBLISHED = [topic(ReadingKeyPublished.topic()), topic(int(PATIENT, 16))]


def test_decode_reads_every_argument() -> None:
    event = decode(REVOKED, "0x" + word(7), AT)
    assert event == AllAccessRevoked(at=AT, patient=PATIENT, cutoff=7)


def test_decode_reads_bytes_when_they_do_not_fill_a_word() -> None:
    data = "0x" + word(5) + word(64) + word(3) + "aabbcc".ljust(64, "0")
    event = decode(PUBLISHED, data, AT)
    assert isinstance(event, ReadingKeyPublished)
    assert event.key == bytes.fromhex("aabbcc")


def test_decode_reads_accounts_when_there_are_several() -> None:
    data = "0x" + word(64) + word(2) + word(2) + word(int(PATIENT, 16)) + word(5)
    event = decode(CIRCLE, data, AT)
    five = Address("0x" + "0" * 39 + "5")
    assert event == CircleSet(
        at=AT, patient=PATIENT, circle=1, members=(PATIENT, five), threshold=2
    )


@pytest.mark.parametrize(
    ("topics", "data", "what"),
    [
        ([], "0x", "unknown kind"),
        ([topic(1)], "0x", "unknown kind"),
        (REVOKED[:1], "0x" + word(7), "number of topics"),
        ([*REVOKED, topic(1)], "0x" + word(7), "number of topics"),
        (REVOKED, "0x", "too short"),
        (REVOKED, "0x" + word(7) + word(0), "wrong length"),
        (CIRCLE, "0x" + word(64) + word(1) + word(2) + word(5), "too short"),
        (CIRCLE, "0x" + word(64) + word(1) + word(1) + word(1 << 160), "padding"),
        (CIRCLE, "0x" + word(32) + word(1) + word(0), "wrong offset"),
        ([REVOKED[0], topic(1 << 160)], "0x" + word(7), "padding"),
        ([REVOKED[0], "0x01"], "0x" + word(7), "wrong length"),
        (REVOKED, "0xzz", "not hexadecimal"),
        (REVOKED, word(7), "wrong length"),
        (PUBLISHED, "0x" + word(5) + word(96) + word(0), "wrong offset"),
        (PUBLISHED, "0x" + word(5) + word(64) + word(1 << 200), "too short"),
        (PUBLISHED, "0x" + word(5) + word(64) + word(1) + "aa01".ljust(64, "0"), "padding"),
        (PUBLISHED, "0x" + word(5) + word(64) + word(0) + word(0), "wrong length"),
    ],
)
def test_decode_refuses_what_the_contract_cannot_have_written(
    topics: list[str], data: str, what: str
) -> None:
    with pytest.raises(VerificationError, match=what):
        decode(topics, data, AT)


class RangedRpc(Rpc):
    """A node that holds one log a block and answers for a few blocks at once only."""

    def __init__(self, *, most: int, refusal: str = "query exceeds max block range") -> None:
        super().__init__("http://127.0.0.1:1")
        self.most = most
        self.refusal = refusal
        self.asked: list[tuple[int, int]] = []
        self.changes: dict[str, Any] = {}

    def call(self, method: str, params: Any = ()) -> Any:
        if method == "eth_getBlockByHash":
            return {"timestamp": hex(int(params[0], 16) * 10)}
        first, last = int(params[0]["fromBlock"], 16), int(params[0]["toBlock"], 16)
        self.asked.append((first, last))
        if last - first >= self.most:
            raise NodeRefusedError(method, code=-32000, message=self.refusal, data="")
        return [self._log(block) for block in range(first, last + 1)]

    def _log(self, block: int) -> dict[str, Any]:
        return {
            "address": CONTRACT,
            "topics": REVOKED,
            "data": "0x" + word(block),
            "blockNumber": hex(block),
            "blockHash": hex(block),
            "logIndex": "0x0",
            "transactionHash": topic(block),
        } | self.changes


def test_read_splits_a_range_when_the_node_finds_it_too_wide() -> None:
    rpc = RangedRpc(most=3)
    events = EventReader(rpc, CONTRACT, range_blocks=10).read(1, 24)
    assert [event.at.block for event in events] == list(range(1, 25))
    assert [event.at.timestamp for event in events] == [10 * block for block in range(1, 25)]
    assert max(last - first for first, last in rpc.asked) == 9


def test_read_does_not_split_when_the_node_refuses_for_another_reason() -> None:
    rpc = RangedRpc(most=3, refusal="daily request count exceeded")
    with pytest.raises(NodeRefusedError):
        EventReader(rpc, CONTRACT, range_blocks=10).read(1, 24)
    assert rpc.asked == [(1, 10)]


def test_read_gives_up_when_one_block_is_too_wide() -> None:
    with pytest.raises(NodeRefusedError):
        EventReader(RangedRpc(most=0), CONTRACT, range_blocks=10).read(1, 4)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"address": PATIENT}, "another contract"),
        ({"removed": True}, "removed"),
        ({"blockNumber": "0x99"}, "outside"),
    ],
)
def test_read_refuses_a_log_when_it_was_not_asked_for(changes: dict[str, Any], what: str) -> None:
    rpc = RangedRpc(most=100)
    rpc.changes = changes
    with pytest.raises(VerificationError, match=what):
        EventReader(rpc, CONTRACT, range_blocks=10).read(1, 2)


def test_read_refuses_when_the_answer_is_not_a_list_of_logs() -> None:
    rpc = RangedRpc(most=100)
    rpc.changes = {"topics": "none"}
    with pytest.raises(ChainUnavailableError, match="malformed"):
        EventReader(rpc, CONTRACT, range_blocks=10).read(1, 2)


def test_topics_are_those_of_the_compiled_contract(artifact) -> None:  # type: ignore[no-untyped-def]
    from core.events import EVENTS

    declared = {
        entry["name"]: [(each["name"], each["type"], each["indexed"]) for each in entry["inputs"]]
        for entry in artifact.abi
        if entry["type"] == "event"
    }
    ours = {
        event.__name__: [(each.name, each.kind, each.indexed) for each in event.arguments()]
        for event in EVENTS
    }
    assert ours == declared
    assert AccessGranted.topic().hex().startswith("265ec45b")
