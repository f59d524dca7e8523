"""Reading what IPFS stores: dag-pb blocks and the UnixFS files in them, each block checked.

Only CIDv0 files are understood (`ipfs.cid` says which); everything else is refused by name.

Sources: the dag-pb specification (a canonical subset of protobuf), UnixFS v1.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from core.errors import VerificationError
from ipfs.checks import Check
from ipfs.cid import DIGEST_BYTES

MAX_BLOCK_BYTES = 2 * 1024 * 1024
"""Largest block that IPFS nodes exchange."""

BlockSource = Callable[[bytes], bytes]
"""From a SHA2-256 digest to the block with that digest."""

_MULTIHASH_PREFIX = b"\x12\x20"
_VARINT_BITS = 63
_BYTES_TYPES = (0, 2)
"""UnixFS types that hold bytes: Raw and File."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One dag-pb node of a UnixFS file."""

    links: tuple[bytes, ...]
    """Digests of the blocks below, in file order."""
    sizes: tuple[int, ...]
    """File bytes below each link."""
    content: memoryview
    """In this block, whose bytes it keeps."""
    file_bytes: int
    """File bytes in and below this block."""


def verify_block(digest: bytes, block: bytes) -> bytes:
    """`block` itself. Raises VerificationError when it is not the one that `digest` names."""
    if not hmac.compare_digest(hashlib.sha256(block).digest(), digest):
        raise VerificationError("A stored block was changed.", check=Check.CID)
    return block


def parse_block(block: bytes) -> Block:
    """Raises VerificationError for what is not a dag-pb node of a UnixFS file."""
    links: list[bytes] = []
    data = memoryview(b"")
    for field, value in _fields(memoryview(block)):
        if field == 1 and isinstance(value, memoryview):
            data = value
        elif field == 2 and isinstance(value, memoryview):
            links.append(_link_digest(value))
    return _unixfs(tuple(links), data)


def read_file(digest: bytes, block_of: BlockSource) -> Iterator[memoryview]:
    """The file's bytes, block after block, each checked against the sizes its parent states."""
    pending: list[tuple[bytes, int | None]] = [(digest, None)]
    while pending:
        current, stated = pending.pop()
        block = parse_block(block_of(current))
        if stated is not None and block.file_bytes != stated:
            raise VerificationError("A stored block states a wrong size.", check=Check.CID)
        if block.content:
            yield block.content
        pending.extend(reversed(list(zip(block.links, block.sizes, strict=True))))


def walk(digest: bytes, block_of: BlockSource) -> Iterator[bytes]:
    """Digests of every block of a file, the root first, each once."""
    seen: set[bytes] = set()
    pending = [digest]
    while pending:
        current = pending.pop()
        if current in seen:
            continue
        seen.add(current)
        yield current
        pending.extend(reversed(parse_block(block_of(current)).links))


def _unixfs(links: tuple[bytes, ...], data: memoryview) -> Block:
    kind, content, stated = None, memoryview(b""), None
    sizes: list[int] = []
    for field, value in _fields(data):
        if field == 1:
            kind = value
        elif field == 2 and isinstance(value, memoryview):
            content = value
        elif field == 3 and isinstance(value, int):
            stated = value
        elif field == 4 and isinstance(value, int):
            sizes.append(value)
    if kind not in _BYTES_TYPES:
        raise VerificationError("This is a directory, not a file.", check=Check.CID)
    total = len(content) + sum(sizes)
    if len(sizes) != len(links) or stated not in (None, total):
        raise VerificationError("A stored block states a wrong size.", check=Check.CID)
    return Block(links=links, sizes=tuple(sizes), content=content, file_bytes=total)


def _link_digest(link: memoryview) -> bytes:
    for field, value in _fields(link):
        if field == 1 and isinstance(value, memoryview):
            if len(value) != 2 + DIGEST_BYTES or value[:2] != _MULTIHASH_PREFIX:
                break
            return bytes(value[2:])
    raise VerificationError("A stored block links to an unknown kind of CID.", check=Check.CID)


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        value, place = _varint(message, place)
        if tag & 7 == 0:
            yield tag >> 3, value
        elif tag & 7 == 2 and place + value <= len(message):
            yield tag >> 3, message[place : place + value]
            place += value
        else:
            raise VerificationError("A stored block is not dag-pb.", check=Check.CID)


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, _VARINT_BITS + 1, 7):
        if place >= len(message):
            break
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
    raise VerificationError("A stored block is not dag-pb.", check=Check.CID)
