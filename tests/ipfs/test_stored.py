"""gzip members of stored blocks: valid for every reader, laid out one way."""

import gzip
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ipfs.stored import (
    BLOCK_BYTES,
    FULL_HEADER,
    GZIP_HEADER,
    content_size,
    stored_member,
    stored_size,
)

SIZES = (1, 2, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES, 200_001)


def member(content: bytes) -> bytes:
    return GZIP_HEADER + b"".join(stored_member(memoryview(content), length=len(content)))


@pytest.mark.parametrize("size", SIZES)
def test_stored_member_goes_on_from_the_blocks_before(size: int) -> None:
    before = random.Random(size).randbytes(2 * BLOCK_BYTES)
    content = random.Random(size + 1).randbytes(size)
    whole = member(before + content)
    rest = stored_member(
        memoryview(content), length=len(before) + size, checksum=zlib.crc32(before)
    )
    assert whole.endswith(b"".join(rest))
    assert gzip.decompress(whole) == before + content


@pytest.mark.parametrize("size", SIZES)
def test_stored_member_is_gzip_of_the_stated_size(size: int) -> None:
    content = random.Random(size).randbytes(size)
    packed = member(content)
    assert gzip.decompress(packed) == content
    assert len(packed) == stored_size(size)


@pytest.mark.parametrize("size", SIZES)
def test_stored_blocks_are_full_but_for_the_last(size: int) -> None:
    *pieces, _trailer = stored_member(memoryview(bytes(size)), length=size)
    headers, blocks = pieces[::2], pieces[1::2]
    assert [header == FULL_HEADER for header in headers] == [True] * (len(blocks) - 1) + [False]
    assert {len(block) for block in blocks[:-1]} <= {BLOCK_BYTES}
    assert headers[-1][0] == 1


@given(st.integers(min_value=1, max_value=1 << 27))
def test_content_size_gives_back_what_stored_size_was_made_of(length: int) -> None:
    assert content_size(stored_size(length)) == length


def test_full_block_with_its_header_has_64_kib() -> None:
    assert BLOCK_BYTES + len(FULL_HEADER) == 1 << 16


def test_stored_size_adds_five_bytes_a_block() -> None:
    assert stored_size(1) == 10 + 5 + 1 + 8
    assert stored_size(BLOCK_BYTES + 1) == 10 + 2 * 5 + BLOCK_BYTES + 1 + 8
