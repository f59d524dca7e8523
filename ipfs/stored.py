"""gzip of bytes that do not pack: deflate's stored blocks, laid out one way.

The last block has 1 to BLOCK_BYTES bytes of content, each before it BLOCK_BYTES. Where the bytes
of such a frame belong follows from its size alone, so a reader can decrypt them to where they stay
before anything in them is known to be true.

Source: RFC 1951, 3.2.4; RFC 1952.
"""

from collections.abc import Iterator

from isal import isal_zlib

GZIP_HEADER = b"\x1f\x8b\x08" + bytes(6) + b"\xff"
"""Deflate, no names, modification time 0, system unknown."""
TRAILER_BYTES = 8
BLOCK_HEADER_BYTES = 5
BLOCK_BYTES = 0x1_0000 - BLOCK_HEADER_BYTES
"""Content of a full block; with its header 64 KiB, which ciphers and caches like."""
FULL_HEADER = (
    b"\0" + BLOCK_BYTES.to_bytes(2, "little") + (BLOCK_BYTES ^ 0xFFFF).to_bytes(2, "little")
)
"""Of a full block that is not the last."""


def stored_size(length: int) -> int:
    """The size of the gzip member over `length` bytes, at least one."""
    blocks = -(-length // BLOCK_BYTES)
    return len(GZIP_HEADER) + length + blocks * BLOCK_HEADER_BYTES + TRAILER_BYTES


def content_size(packed: int) -> int:
    """`stored_size` the other way round; of no meaning for a size that it does not give."""
    inside = packed - len(GZIP_HEADER) - TRAILER_BYTES
    blocks = -(-inside // (BLOCK_BYTES + BLOCK_HEADER_BYTES))
    return inside - blocks * BLOCK_HEADER_BYTES


def stored_blocks(content: memoryview) -> Iterator[bytes | memoryview]:
    """Headers and slices of `content`, at least one byte, up to and with the last block."""
    for start in range(0, len(content), BLOCK_BYTES):
        block = content[start : start + BLOCK_BYTES]
        size = len(block)
        last = start + size == len(content)
        yield bytes((last,)) + size.to_bytes(2, "little") + (size ^ 0xFFFF).to_bytes(2, "little")
        yield block


def trailer(content: bytes | memoryview) -> bytes:
    """Checksum and size, as gzip ends."""
    checksum = isal_zlib.crc32(content)
    return checksum.to_bytes(4, "little") + len(content).to_bytes(4, "little")
