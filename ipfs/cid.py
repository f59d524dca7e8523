"""The CID that IPFS gives to bytes, computed here so that no node has to be believed.

CIDv0 of a UnixFS file as Kubo's `add` makes it by default: chunks of 256 KiB, dag-pb leaves, a
balanced tree with 174 links a node. `docs/formats.md` pins these parameters, since the sealed
format depends on them.

Sources: multiformats CID, the dag-pb and UnixFS v1 specifications, kubo `core/coreunix`.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from core.errors import VerificationError

CHUNK_BYTES = 256 * 1024
MAX_LINKS = 174
DIGEST_BYTES = 32
_MULTIHASH_PREFIX = b"\x12\x20"
"""SHA2-256, 32 bytes."""
_UNIXFS_FILE = 2
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_CID_CHARACTERS = 46


@dataclass(frozen=True, slots=True, kw_only=True)
class _Node:
    """One dag-pb block: its digest, the file bytes and the block bytes below and in it."""

    digest: bytes
    file_bytes: int
    block_bytes: int


def cid_digest(data: bytes) -> bytes:
    """The SHA2-256 digest, 32 bytes, inside the CIDv0 that Kubo's `add` gives to `data`."""
    return _root([_leaf(chunk) for chunk in _chunks(memoryview(data))])


class CidHash:
    """`cid_digest` of bytes that arrive piece by piece."""

    def __init__(self) -> None:
        self._leaves: list[_Node] = []
        self._waiting: list[memoryview] = []
        """Of the chunk that is not hashed yet; at most CHUNK_BYTES in all."""
        self._room = CHUNK_BYTES
        """How many more bytes that chunk may have."""

    def update(self, piece: bytes) -> None:
        rest = memoryview(piece)
        # The last chunk waits: whether a file has one leaf or more shapes its CID.
        while len(rest) > self._room:
            self._leaves.append(_leaf(*self._waiting, rest[: self._room]))
            rest = rest[self._room :]
            self._waiting, self._room = [], CHUNK_BYTES
        self._waiting.append(rest)
        self._room -= len(rest)

    def digest(self) -> bytes:
        """The digest, 32 bytes. Nothing may be added afterwards."""
        return _root([*self._leaves, _leaf(*self._waiting)])


def _root(level: list[_Node]) -> bytes:
    while len(level) > 1:
        groups = range(0, len(level), MAX_LINKS)
        level = [_parent(level[start : start + MAX_LINKS]) for start in groups]
    return level[0].digest


def cid_text(digest: bytes) -> str:
    """A digest as CIDv0 text, "Qm…"."""
    if len(digest) != DIGEST_BYTES:
        raise ValueError(f"a CIDv0 digest has {DIGEST_BYTES} bytes, not {len(digest)}")
    number, text = int.from_bytes(_MULTIHASH_PREFIX + digest, "big"), ""
    while number:
        number, rest = divmod(number, len(_BASE58))
        text = _BASE58[rest] + text
    return text


def parse_cid(text: str) -> bytes:
    """The digest of a CIDv0. Raises VerificationError for anything else."""
    number = 0
    valid = len(text) == _CID_CHARACTERS and all(character in _BASE58 for character in text)
    for character in text if valid else "":
        number = number * len(_BASE58) + _BASE58.index(character)
    raw = number.to_bytes(DIGEST_BYTES + len(_MULTIHASH_PREFIX), "big")
    if not valid or not raw.startswith(_MULTIHASH_PREFIX):
        raise VerificationError("Not a CID of the kind in use here.", check="content identifier")
    return raw[len(_MULTIHASH_PREFIX) :]


def _chunks(data: memoryview) -> Iterator[memoryview]:
    yield data[:CHUNK_BYTES]
    for start in range(CHUNK_BYTES, len(data), CHUNK_BYTES):
        yield data[start : start + CHUNK_BYTES]


def _leaf(*parts: memoryview) -> _Node:
    # As `_node` would, but without copying the chunk, which is nearly all of the block.
    size = sum(map(len, parts))
    before = _number_field(1, _UNIXFS_FILE)
    before += _varint(2 << 3 | 2) + _varint(size) if size else b""
    after = _number_field(3, size)
    unixfs_bytes = len(before) + size + len(after)
    head = _varint(1 << 3 | 2) + _varint(unixfs_bytes) + before
    digest = hashlib.sha256(head)
    for part in parts:
        digest.update(part)
    digest.update(after)
    block_bytes = len(head) + size + len(after)
    return _Node(digest=digest.digest(), file_bytes=size, block_bytes=block_bytes)


def _parent(children: list[_Node]) -> _Node:
    total = sum(child.file_bytes for child in children)
    sizes = b"".join(_number_field(4, child.file_bytes) for child in children)
    return _node(
        links=b"".join(_bytes_field(2, _link(child)) for child in children),
        unixfs=_number_field(1, _UNIXFS_FILE) + _number_field(3, total) + sizes,
        file_bytes=total,
        below=sum(child.block_bytes for child in children),
    )


def _link(child: _Node) -> bytes:
    name = _bytes_field(2, b"")
    return (
        _bytes_field(1, _MULTIHASH_PREFIX + child.digest)
        + name
        + _number_field(3, child.block_bytes)
    )


def _node(*, links: bytes, unixfs: bytes, file_bytes: int, below: int) -> _Node:
    # dag-pb writes links (field 2) before data (field 1): history, and part of the hash.
    block = links + _bytes_field(1, unixfs)
    digest = hashlib.sha256(block).digest()
    return _Node(digest=digest, file_bytes=file_bytes, block_bytes=below + len(block))


def _number_field(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes_field(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    low, value = value & 0x7F, value >> 7
    out = bytearray()
    while value:
        out.append(low | 0x80)
        low, value = value & 0x7F, value >> 7
    out.append(low)
    return bytes(out)
