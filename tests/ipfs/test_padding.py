"""Padmé and the frame."""

import base64
import gzip
import random
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InputError, VerificationError
from ipfs import padding
from ipfs.padding import (
    MAX_FRAME_BYTES,
    MAX_PAYLOAD_BYTES,
    make_frame,
    open_frame,
    padme,
    padme_step,
)
from ipfs.stored import stored_size

lengths = st.integers(min_value=0, max_value=1 << 40)


@given(lengths)
def test_padme_never_shortens_and_adds_an_eighth_at_most(length: int) -> None:
    assert length <= padme(length) <= length * 1.125


@given(lengths, lengths)
def test_padme_keeps_order(first: int, second: int) -> None:
    low, high = sorted((first, second))
    assert padme(low) <= padme(high)


@given(lengths)
def test_padme_leaves_a_padded_size_alone(length: int) -> None:
    assert padme(padme(length)) == padme(length)


def test_padme_leaves_few_sizes_to_tell_apart() -> None:
    assert len({padme(length) for length in range(1, 100_000)}) < 200


@given(lengths)
def test_padme_step_says_where_sizes_with_one_padded_size_begin(length: int) -> None:
    padded = padme(length)
    assert padded % padme_step(length) == 0
    assert padded - padme_step(padded) < length <= padded


def framed(payload: bytes) -> bytes:
    return b"".join(make_frame(payload).pieces)


@given(st.binary(max_size=3000))
def test_open_frame_returns_what_was_framed(payload: bytes) -> None:
    assert open_frame(framed(payload)) == payload


def test_make_frame_fits_the_limit_when_nothing_compresses() -> None:
    # gzip stores what it cannot compress in blocks of at most 64 KiB, 5 bytes each.
    stored = MAX_PAYLOAD_BYTES + 5 * (MAX_PAYLOAD_BYTES // 16_000) + 64
    assert padme(8 + stored) <= MAX_FRAME_BYTES
    assert stored_size(MAX_PAYLOAD_BYTES) <= stored


def test_make_frame_packs_what_packs_and_stores_the_rest() -> None:
    noise = random.Random(1).randbytes(1_000_000)
    pages = base64.b64encode(noise)
    for payload, packed in ((noise, False), (pages, True), (bytes(1_000_000), True)):
        pieces = list(make_frame(payload).pieces)
        assert open_frame(b"".join(pieces)) == payload
        assert gzip.decompress(b"".join(pieces[1:-1])) == payload
        assert (len(b"".join(pieces[1:-1])) < 0.8 * len(payload)) is packed


@pytest.mark.parametrize(("noise", "packed"), [(0.80, True), (0.95, False)])
def test_make_frame_packs_only_when_the_samples_shrink_by_an_eighth(
    noise: float, packed: bool
) -> None:
    source = random.Random(2)
    parts = (
        source.randbytes(round(4096 * noise)) + bytes(round(4096 * (1 - noise))) for _ in "x" * 200
    )
    pieces = list(make_frame(b"".join(parts)).pieces)
    assert (len(pieces) == 3) is packed


def test_make_frame_packs_when_the_samples_save_exactly_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A block of noise and zeros over and over, so that each sample packs alike.
    payload = (random.Random(8).randbytes(1024) + bytes(1024)) * 301
    apart = (len(payload) - 2048) // 15
    sample = b"".join(payload[apart * n : apart * n + 2048] for n in range(16))
    packed = len(padding.isal_zlib.compress(sample, 1, 31))
    for limit, pieces in ((packed, 3), (packed - 1, 2 + 2 * 10 + 2)):
        monkeypatch.setattr(padding, "_LEAST_SAVING", 1 - limit / len(sample))
        assert len(list(make_frame(payload).pieces)) == pieces


def test_make_frame_looks_at_the_whole_payload_before_it_decides() -> None:
    noise, zeros = random.Random(3).randbytes(300_000), bytes(300_000)
    for payload in (noise + zeros, zeros + noise):
        assert len(b"".join(make_frame(payload).pieces)) < 350_000


def test_make_frame_stores_when_the_samples_promised_too_much() -> None:
    # Zeros exactly where samples are taken, noise everywhere else.
    source, size = random.Random(4), 600_000
    payload = bytearray(source.randbytes(size))
    for number in range(16):
        start = number * ((size - 2048) // 15)
        payload[start : start + 2048] = source.randbytes(1700) + bytes(348)
    packed = sum(map(len, list(make_frame(bytes(payload)).pieces)[1:-1]))
    assert packed <= stored_size(size)


def test_make_frame_judges_packing_by_sixteen_samples_from_beginning_to_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[bytes] = []
    real = padding.isal_zlib.compress

    def watched(data: bytes, *options: int) -> bytes:
        tried.append(data)
        return real(data, *options)

    monkeypatch.setattr(padding.isal_zlib, "compress", watched)
    apart = 20_000
    payload = random.Random(7).randbytes(15 * apart + 2048)
    make_frame(payload)
    assert tried == [b"".join(payload[apart * n : apart * n + 2048] for n in range(16))]


@pytest.mark.parametrize("size", [(1 << 18) - 1, 1 << 18])
def test_make_frame_asks_whether_packing_pays_from_a_size_on(size: int) -> None:
    pieces = list(make_frame(random.Random(5).randbytes(size)).pieces)
    assert (len(pieces) == 3) is (size < 1 << 18)


@given(st.integers(min_value=0, max_value=1 << 19), st.booleans())
@settings(max_examples=20)
def test_make_frame_says_the_size_before_it_makes_the_pieces(length: int, packs: bool) -> None:
    payload = bytes(length) if packs else random.Random(length).randbytes(length)
    frame = make_frame(payload)
    assert frame.size == len(b"".join(frame.pieces))


def test_make_frame_copies_nothing_of_what_it_stores() -> None:
    payload = random.Random(6).randbytes(300_000)
    views = [piece for piece in make_frame(payload).pieces if isinstance(piece, memoryview)]
    assert all(view.obj is payload for view in views)
    assert b"".join(views) == payload


def test_make_frame_refuses_before_compressing_when_payload_is_over_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(padding, "MAX_PAYLOAD_BYTES", 10)
    monkeypatch.setattr(
        padding.isal_zlib, "compress", lambda *_, **__: pytest.fail("compressed first")
    )
    with pytest.raises(InputError):
        make_frame(bytes(11))


def accepted_by_zlib(packed: bytes) -> bytes | None:
    unpacker = zlib.decompressobj(31)
    try:
        payload = unpacker.decompress(packed)
    except zlib.error:
        return None
    return payload if unpacker.eof and not unpacker.unused_data else None


@given(st.sampled_from((0, 1, 9)), st.binary(max_size=200), st.randoms(use_true_random=False))
def test_open_frame_accepts_what_zlib_accepts_and_nothing_else(
    level: int, payload: bytes, source: random.Random
) -> None:
    packed = bytearray(gzip.compress(payload, level, mtime=0))
    for _ in range(source.randint(1, 3)):
        place = source.choice((source.randrange(len(packed)), source.randrange(14)))
        packed[place] ^= 1 << source.randrange(8)
    expected = accepted_by_zlib(bytes(packed))
    if expected is not None:
        assert open_frame(frame_of(bytes(packed))) == expected
        return
    with pytest.raises(VerificationError):
        open_frame(frame_of(bytes(packed)))


def flagged(bit: int) -> bytes:
    """A good gzip member but for a flag that RFC 1952 reserves."""
    packed = gzip.compress(b"history", mtime=0)
    return packed[:3] + bytes((bit,)) + packed[4:]


def frame_of(packed: bytes) -> bytes:
    body = len(packed).to_bytes(8, "big") + packed
    return body.ljust(padme(len(body)), b"\0")


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        bytes(7),
        bytes(8),
        (1 << 63).to_bytes(8, "big") + bytes(100),
        frame_of(gzip.compress(b"history", mtime=0))[:-1],
        frame_of(gzip.compress(b"history", mtime=0)) + b"\0",
        frame_of(gzip.compress(b"history", mtime=0) + b"trailing"),
        frame_of(gzip.compress(b"history", mtime=0)[:-9]),
        frame_of(gzip.compress(b"one", mtime=0) + gzip.compress(b"two", mtime=0)),
        frame_of(b"not gzip at all"),
        frame_of(b""),
        frame_of(gzip.compress(b"history", mtime=0)[:3]),
        *(frame_of(flagged(bit)) for bit in (0x20, 0x40, 0x80)),
    ],
)
def test_open_frame_refuses_when_anything_is_inexact(frame: bytes) -> None:
    with pytest.raises(VerificationError) as refused:
        open_frame(frame)
    assert refused.value.check == "frame"


def test_open_frame_stops_unpacking_when_gzip_is_a_bomb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(padding, "MAX_PAYLOAD_BYTES", 1 << 16)
    with pytest.raises(VerificationError, match="too large"):
        open_frame(frame_of(gzip.compress(bytes(50 << 20), mtime=0)))


def test_open_frame_takes_a_payload_at_the_limit_and_no_byte_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(padding, "MAX_PAYLOAD_BYTES", 1000)
    assert open_frame(frame_of(gzip.compress(bytes(1000), mtime=0))) == bytes(1000)
    with pytest.raises(VerificationError) as refused:
        open_frame(frame_of(gzip.compress(bytes(1001), mtime=0)))
    assert refused.value.check == "frame"
    assert refused.value.what == "The sealed record unpacks too large (check: frame)"


def test_make_frame_takes_a_payload_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(padding, "MAX_PAYLOAD_BYTES", 1000)
    assert open_frame(framed(bytes(1000))) == bytes(1000)


@pytest.mark.parametrize(
    "packed", [gzip.compress(b"one", mtime=0) + b"two", gzip.compress(b"one", mtime=0)[:-9]]
)
def test_open_frame_says_so_when_it_does_not_end_with_its_compression(packed: bytes) -> None:
    with pytest.raises(VerificationError) as refused:
        open_frame(frame_of(packed))
    assert refused.value.what == (
        "The sealed record does not end where its compression ends (check: frame)"
    )


def test_open_frame_never_holds_more_than_a_byte_above_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []
    real = padding.isal_zlib.decompressobj

    class Watched:
        def __init__(self, window: int) -> None:
            self.inner = real(window)

        def decompress(self, packed: bytes, most: int = 0) -> bytes:
            asked.append(most)
            return self.inner.decompress(packed, most)

        @property
        def eof(self) -> bool:
            return self.inner.eof

        @property
        def unused_data(self) -> bytes:
            return self.inner.unused_data

    monkeypatch.setattr(padding.isal_zlib, "decompressobj", Watched)
    open_frame(framed(b"history"))
    assert asked == [MAX_PAYLOAD_BYTES + 1]
