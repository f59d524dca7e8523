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


def stored_size(length: int) -> int:
    """The size of the gzip member over `length` bytes, at least one."""
    blocks = -(-length // BLOCK_BYTES)
    return len(GZIP_HEADER) + length + blocks * BLOCK_HEADER_BYTES + TRAILER_BYTES


def content_size(packed: int) -> int:
    """`stored_size` the other way round; of no meaning for a size that it does not give."""
    inside = packed - len(GZIP_HEADER) - TRAILER_BYTES
    blocks = -(-inside // (BLOCK_BYTES + BLOCK_HEADER_BYTES))
    return inside - blocks * BLOCK_HEADER_BYTES


def block_header(size: int, *, last: bool) -> bytes:
    """In front of `size` bytes of content."""
    return bytes((last,)) + size.to_bytes(2, "little") + (size ^ 0xFFFF).to_bytes(2, "little")


FULL_HEADER = block_header(BLOCK_BYTES, last=False)


def stored_member(
    content: memoryview, *, length: int, checksum: int = 0
) -> Iterator[bytes | memoryview]:
    """Blocks and trailer of a member over `length` bytes that end with `content`.

    `content` follows on full blocks and has at least one byte; `checksum` is theirs.
    """
    for start in range(0, len(content), BLOCK_BYTES):
        block = content[start : start + BLOCK_BYTES]
        yield block_header(len(block), last=start + len(block) == len(content))
        # Just before it is encrypted: then both find it in the processor's cache.
        checksum = isal_zlib.crc32(block, checksum)
        yield block
    yield checksum.to_bytes(4, "little") + length.to_bytes(4, "little")
