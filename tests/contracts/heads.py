"""The head rule of docs/contracts.md, told once more from raw logs."""

from collections.abc import Iterable, Sequence
from typing import Any

from core.hashing import ZERO_HASH, keccak256

RawLog = tuple[list[bytes], bytes]
"""Topics and data of a log, as a node serves them."""

LIST_SET = keccak256(b"CircleSet(address,uint256,address[],uint256)")
MOVES = keccak256(b"RecoveryCompleted(address,address)")


def raw_logs(chain: Any, address: str) -> list[RawLog]:
    """Every event of the contract at `address`, in order."""
    found = chain.provider.web3.eth.get_logs(
        {"address": address, "fromBlock": 0, "toBlock": "latest"}
    )
    return [([bytes(topic) for topic in log["topics"]], bytes(log["data"])) for log in found]


def leaf(topics: Sequence[bytes], data: bytes) -> bytes:
    """keccak256 of topic0 and every argument as a word; a list counts as keccak256 of its words."""
    if topics[0] == LIST_SET:
        threshold, members = data[32:64], data[96:]
        data = keccak256(members) + threshold
    return keccak256(b"".join(topics) + data)


def recompute(
    logs: Iterable[RawLog], left_out: Sequence[bytes] = ()
) -> tuple[dict[bytes, bytes], bytes]:
    """(heads by patient word, roster head) that the logs add up to."""
    heads: dict[bytes, bytes] = {}
    roster = ZERO_HASH
    for topics, data in logs:
        if topics[0] in left_out:
            continue
        owner = topics[1]
        if owner not in heads:
            roster = keccak256(roster + owner)
        before = heads.get(owner, ZERO_HASH)
        link = keccak256(before + leaf(topics, data))
        moved = 1 if topics[0] == MOVES else before[-1] & 1
        heads[owner] = link[:-1] + bytes([link[-1] & 0xFE | moved])
    return heads, roster


def word(account: Any) -> bytes:
    """An account's address as 32 bytes."""
    return bytes.fromhex(account.address[2:]).rjust(32, b"\0")
