"""Blocks as a CAR file, version 1, the way `dag export` answers.

Source: the IPLD CARv1 specification.
"""

from collections.abc import Iterable, Iterator

_CIDV0_PREFIX = b"\x12\x20"
_IDENTITY = b"\x00"
_VARINT_BASE = 0x80


def car(root: bytes, blocks: Iterable[tuple[bytes, bytes]]) -> Iterator[bytes]:
    """The file, piece by piece: a header that names `root`, then each digest with its block."""
    yield _section(_header(_CIDV0_PREFIX + root))
    for digest, block in blocks:
        yield _section(_CIDV0_PREFIX + digest + block)


def _header(cid: bytes) -> bytes:
    # DAG-CBOR of {"roots": [CID], "version": 1}; tag 42 holds a CID behind a zero byte.
    link = _IDENTITY + cid
    return b"\xa2eroots\x81\xd8\x2a\x58" + bytes((len(link),)) + link + b"gversion\x01"


def _section(content: bytes) -> bytes:
    return _varint(len(content)) + content


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value >= _VARINT_BASE:
        encoded.append(value % _VARINT_BASE | _VARINT_BASE)
        value //= _VARINT_BASE
    encoded.append(value)
    return bytes(encoded)
