"""Reading dag-pb blocks, hostile ones included."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import VerificationError
from ipfs.dag import parse_block, read_file, verify_block, walk

LEAF = b"\x0a\x09\x08\x02\x12\x03abc\x18\x03"


def link(digest: bytes, size: int) -> bytes:
    return b"\x12\x28\x0a\x22\x12\x20" + digest + b"\x12\x00\x18" + bytes((size,))


def parent(digests: list[bytes], sizes: list[int], total: int) -> bytes:
    links = b"".join(link(digest, len(LEAF)) for digest in digests)
    inside = b"\x08\x02\x18" + bytes((total,)) + b"".join(b"\x20" + bytes((n,)) for n in sizes)
    return links + b"\x0a" + bytes((len(inside),)) + inside


def digest_of(block: bytes) -> bytes:
    return hashlib.sha256(block).digest()


def test_read_file_follows_links_in_order() -> None:
    blocks = {digest_of(LEAF): LEAF}
    root = parent([digest_of(LEAF)] * 2, [3, 3], 6)
    blocks[digest_of(root)] = root
    assert b"".join(read_file(digest_of(root), blocks.__getitem__)) == b"abcabc"
    assert list(walk(digest_of(root), blocks.__getitem__)) == [digest_of(root), digest_of(LEAF)]


@pytest.mark.parametrize(
    "root",
    [
        parent([digest_of(LEAF)], [4], 4),
        parent([digest_of(LEAF)], [3], 4),
        parent([digest_of(LEAF)], [], 0),
        parent([digest_of(LEAF)], [3, 3], 6),
    ],
    ids=["child smaller", "total wrong", "size missing", "size too many"],
)
def test_read_file_refuses_when_sizes_do_not_add_up(root: bytes) -> None:
    blocks = {digest_of(LEAF): LEAF, digest_of(root): root}
    with pytest.raises(VerificationError):
        list(read_file(digest_of(root), blocks.__getitem__))


def test_parse_block_refuses_when_it_is_a_directory() -> None:
    with pytest.raises(VerificationError, match="directory"):
        parse_block(b"\x0a\x02\x08\x01")


def test_verify_block_refuses_when_bytes_were_changed() -> None:
    assert verify_block(digest_of(LEAF), LEAF) == LEAF
    with pytest.raises(VerificationError):
        verify_block(digest_of(LEAF), LEAF + b"\0")


@given(st.binary(max_size=80))
def test_parse_block_reads_or_refuses_any_bytes(block: bytes) -> None:
    try:
        parsed = parse_block(block)
    except VerificationError:
        return
    assert len(parsed.links) == len(parsed.sizes)
