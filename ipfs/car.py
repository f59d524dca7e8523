"""CAR, version 1: blocks in one file, behind a header that names the roots.

Only what this project stores: CIDv0 roots and blocks. Reading is strict, for an archive comes
from elsewhere: the header must be the one form that says what it says, and every block must hash
to its CID.

Source: https://ipld.io/specs/transport/car/carv1/, DAG-CBOR for the header.
"""

from collections.abc import Iterable, Iterator
from typing import BinaryIO

from core.errors import VerificationError
from ipfs.cid import DIGEST_BYTES
from ipfs.dag import MAX_BLOCK_BYTES, verify_block

CHECK = "archive blocks"
"""The `check` of a VerificationError from here."""

_MULTIHASH_PREFIX = b"\x12\x20"
_CID_BYTES = len(_MULTIHASH_PREFIX) + DIGEST_BYTES
_CID_TAG = b"\xd8\x2a"
"""CBOR tag 42; the CID behind it is prefixed by the multibase byte 0."""
_VARINT_BYTES = 9


def header(roots: Iterable[bytes]) -> bytes:
    """The header with its length in front; `roots` are digests."""
    links = [_CID_TAG + _cbor_head(2, 1 + _CID_BYTES) + b"\0" + _cid(root) for root in roots]
    body = (
        b"\xa2"
        + _cbor_text("roots")
        + _cbor_head(4, len(links))
        + b"".join(links)
        + _cbor_text("version")
        + b"\x01"
    )
    return _varint(len(body)) + body


def section(digest: bytes, block: bytes) -> bytes:
    """One block with its CID and their length in front."""
    return _varint(_CID_BYTES + len(block)) + _cid(digest) + block


def whole_car(root: bytes, blocks: Iterable[tuple[bytes, bytes]]) -> Iterator[bytes]:
    """The file, piece by piece: a header that names `root`, then each digest with its block."""
    yield header([root])
    for digest, block in blocks:
        yield section(digest, block)


def read_car(file: BinaryIO, roots: tuple[bytes, ...]) -> Iterator[tuple[bytes, bytes]]:
    """Digest and bytes of each block, verified. Raises VerificationError.

    The file must name exactly these roots, in this order, and end where a block ends.
    """
    expected = header(roots)
    if file.read(len(expected)) != expected:
        raise _wrong("does not begin with the roots that its manifest names")
    while (length := _read_varint(file)) is not None:
        if not _CID_BYTES < length <= _CID_BYTES + MAX_BLOCK_BYTES:
            raise _wrong("holds a block of an impossible size")
        body = file.read(length)
        if len(body) != length:
            raise _wrong("ends within a block")
        if not body.startswith(_MULTIHASH_PREFIX):
            raise _wrong("holds a block with an unknown kind of CID")
        digest, block = body[len(_MULTIHASH_PREFIX) : _CID_BYTES], body[_CID_BYTES:]
        yield digest, verify_block(digest, block)


def _wrong(what: str) -> VerificationError:
    return VerificationError(f"A CAR file of the archive {what}.", check=CHECK)


def _cid(digest: bytes) -> bytes:
    return _MULTIHASH_PREFIX + digest


def _cbor_text(text: str) -> bytes:
    return _cbor_head(3, len(text)) + text.encode()


def _cbor_head(major: int, value: int) -> bytes:
    """Major type and count, in the shortest form (RFC 8949, section 4.2.1)."""
    if value < 24:
        return bytes((major << 5 | value,))
    size = 1 if value < 1 << 8 else 2 if value < 1 << 16 else 4
    return bytes((major << 5 | {1: 24, 2: 25, 4: 26}[size],)) + value.to_bytes(size, "big")


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _read_varint(file: BinaryIO) -> int | None:
    """None at the end of the file."""
    value = 0
    for place in range(_VARINT_BYTES):
        byte = file.read(1)
        if not byte and place == 0:
            return None
        if not byte:
            raise _wrong("ends within a block's length")
        value |= (byte[0] & 0x7F) << 7 * place
        if byte[0] < 0x80:
            return value
    raise _wrong("states an endless length")
