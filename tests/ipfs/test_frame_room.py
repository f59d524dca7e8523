"""Frames filled piece by piece: whatever is inside, the answer is `open_frame`'s."""

import base64
import gzip
import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import VerificationError
from ipfs import frame_room, padding
from ipfs.frame_room import FrameRoom, certain_blocks
from ipfs.padding import make_frame, open_frame, padme
from ipfs.stored import BLOCK_BYTES, GZIP_HEADER, stored_member, stored_size

SLOT = 1 << 16


def noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def framed(packed: bytes) -> bytes:
    body = len(packed).to_bytes(8, "big") + packed
    return body.ljust(padme(len(body)), b"\0")


def stored(content: bytes) -> bytes:
    member = stored_member(memoryview(content), length=len(content))
    return framed(GZIP_HEADER + b"".join(member))


def filled(frame: bytes) -> FrameRoom:
    room, place = FrameRoom(len(frame)), 0
    for target in room.targets():
        target[:] = frame[place : place + len(target)]
        place += len(target)
    assert place == len(frame)
    return room


def answer(frame: bytes) -> bytes | str:
    try:
        return filled(frame).payload()
    except VerificationError as refused:
        return refused.what


def expected(frame: bytes) -> bytes | str:
    try:
        return open_frame(frame)
    except VerificationError as refused:
        return refused.what


def edges() -> Iterator[int]:
    """Sizes of content around those where blocks and padded sizes change."""
    for blocks in (1, 2, 4, 5, 9):
        yield from range(blocks * BLOCK_BYTES - 1, blocks * BLOCK_BYTES + 8)
    for exponent in (16, 17, 18, 19):
        fits = next(n for n in range(1 << exponent, 0, -1) if 8 + stored_size(n) <= 1 << exponent)
        yield from range(fits - 6, fits + 7)


def test_payload_gives_back_what_was_stored_around_every_edge() -> None:
    for size in edges():
        content = noise(size)
        assert filled(stored(content)).payload() == content, size


def test_payload_takes_stored_content_as_it_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_room, "open_frame", lambda _: pytest.fail("put together again"))
    for size in (5 * BLOCK_BYTES, 5 * BLOCK_BYTES + 1, 1_000_003):
        assert filled(b"".join(make_frame(noise(size)).pieces)).payload() == noise(size)


@pytest.mark.parametrize(
    "content", [b"", b"x", noise(70_000), base64.b64encode(noise(300_000)), bytes(3_000_000)]
)
def test_payload_gives_back_what_was_packed(content: bytes) -> None:
    assert filled(b"".join(make_frame(content).pieces)).payload() == content
    assert filled(framed(gzip.compress(content, 0, mtime=0))).payload() == content


@given(st.integers(min_value=0, max_value=1 << 28), st.data())
def test_certain_blocks_are_never_the_last_of_a_frame(size: int, data: st.DataObject) -> None:
    frame_bytes = padme(size)
    blocks = certain_blocks(frame_bytes)
    end = data.draw(st.integers(frame_bytes - padding.padme_step(frame_bytes) + 1, frame_bytes))
    assert blocks == 0 or 18 + blocks * SLOT < end - 8
    earliest = frame_bytes - padding.padme_step(frame_bytes) + 1
    assert 18 + (blocks + 1) * SLOT >= earliest - 8, "one more could be certain"


def test_certain_blocks_are_nearly_all_of_a_large_frame() -> None:
    assert certain_blocks(padme(10_000_000)) * SLOT > 9_600_000


def test_payload_answers_as_open_frame_does_when_a_byte_is_changed() -> None:
    content = noise(3 * BLOCK_BYTES + 100)
    frame = stored(content)
    inside = 8 + stored_size(len(content))
    places = [*range(24), *range(inside - 12, inside + 3), len(frame) - 1, 40_000]
    for block in range(4):
        places += range(18 + block * SLOT - 1, 18 + block * SLOT + 6)
    for place in places:
        for bit in (0x01, 0x10):
            changed = bytearray(frame)
            changed[place] ^= bit
            assert answer(bytes(changed)) == expected(bytes(changed)), place
            refused = isinstance(answer(bytes(changed)), str)
            assert refused or place in GZIP_FREE or bit == 0x10, place


GZIP_FREE = range(8 + 3, 8 + 10)
"""Of the gzip header: "this is text", modification time, extra flags, system; nobody minds them.
Nor does anybody mind the upper bits of the first byte of a stored block."""


@settings(max_examples=25)
@given(st.integers(min_value=0, max_value=400_000), st.randoms(use_true_random=False))
def test_payload_answers_as_open_frame_does_whatever_the_bytes(
    size: int, source: random.Random
) -> None:
    frame = bytearray(stored(source.randbytes(size) or b"x"))
    for _ in range(source.randint(0, 3)):
        frame[source.randrange(len(frame))] = source.randrange(256)
    cut = bytes(frame[: source.choice((len(frame), len(frame) - 1, 9, 8))])
    assert answer(cut) == expected(cut)


@pytest.mark.parametrize("length", [0, 1, 17, 18, 1 << 40, (1 << 64) - 1])
def test_payload_refuses_when_the_length_inside_is_another(length: int) -> None:
    frame = length.to_bytes(8, "big") + stored(noise(300_000))[8:]
    assert answer(frame) == expected(frame)
    assert "wrong length" in str(answer(frame))


def test_payload_refuses_stored_content_above_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    content = noise(300_000)
    with monkeypatch.context() as taken:
        taken.setattr(frame_room, "MAX_PAYLOAD_BYTES", len(content))
        taken.setattr(frame_room, "open_frame", lambda _: pytest.fail("put together again"))
        assert filled(stored(content)).payload() == content
    for module in (padding, frame_room):
        monkeypatch.setattr(module, "MAX_PAYLOAD_BYTES", len(content) - 1)
    with pytest.raises(VerificationError, match="too large"):
        filled(stored(content)).payload()
