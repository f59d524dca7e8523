"""An IPFS node in memory that also knows blocks; files of one block only, as most are."""

from dataclasses import dataclass, field

from core.errors import StoreError, StoreUnavailableError
from ipfs.cid import CHUNK_BYTES, cid_digest
from ipfs.dag import verify_block


@dataclass
class BlockStore:
    """What vault, export, erasure and inspection need. Public fields let a test break things."""

    blocks: dict[bytes, bytes] = field(default_factory=dict)
    pins: set[bytes] = field(default_factory=set)
    fails_after: int | None = None
    """How many more calls succeed before the node goes away; None: all."""

    def add(self, data: bytes) -> bytes:
        self._answer()
        digest = cid_digest(data)
        self.blocks[digest] = verify_block(digest, leaf(data))
        self.pins.add(digest)
        return digest

    def read(self, digest: bytes, max_bytes: int) -> bytes:
        return content(self.block(digest))[: max_bytes + 1]

    def is_pinned(self, digest: bytes) -> bool:
        self._answer()
        return digest in self.pins

    def unpin(self, digest: bytes) -> None:
        self._answer()
        self.pins.discard(digest)

    def block(self, digest: bytes) -> bytes:
        self._answer()
        if digest not in self.blocks:
            raise StoreError("The IPFS node could not read a block.")
        return verify_block(digest, self.blocks[digest])

    def has_block(self, digest: bytes) -> bool:
        self._answer()
        return digest in self.blocks

    def pinned(self) -> list[bytes]:
        self._answer()
        return sorted(self.pins)

    def collect_garbage(self) -> None:
        self._answer()
        self.blocks = {root: block for root, block in self.blocks.items() if root in self.pins}

    def _answer(self) -> None:
        if self.fails_after is None:
            return
        if self.fails_after == 0:
            raise StoreUnavailableError("The IPFS node does not answer.")
        self.fails_after -= 1


def leaf(data: bytes) -> bytes:
    """The dag-pb block of a file that fits into one."""
    assert 0 < len(data) <= CHUNK_BYTES
    size = _varint(len(data))
    unixfs = b"\x08\x02\x12" + size + data + b"\x18" + size
    return b"\x0a" + _varint(len(unixfs)) + unixfs


def content(block: bytes) -> bytes:
    """The file of a block as `leaf` makes it."""
    place = 1
    while block[place] & 0x80:
        place += 1
    size, shift, place = 0, 0, place + 4
    while True:
        size |= (block[place] & 0x7F) << shift
        shift += 7
        place += 1
        if block[place - 1] < 0x80:
            return block[place : place + size]


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))
