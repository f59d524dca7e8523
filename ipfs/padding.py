"""The frame inside a sealed record: compressed, then padded so that its size says little.

Source: Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with
PURBs", PETS 2019, section 4 (Padmé): a length leaks O(log log) bits and grows by 12 % at most.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from isal import isal_zlib
from isal.isal_zlib import IsalError

from core.errors import InputError
from ipfs.checks import Check, refuse, require
from ipfs.stored import GZIP_HEADER, stored_member, stored_size

MAX_PAYLOAD_BYTES = 64 * 1024 * 1024
"""Largest payload that is sealed or opened: 64 MiB."""

LENGTH_BYTES = 8
_GZIP_OVERHEAD_BYTES = 64 + MAX_PAYLOAD_BYTES // 1000
"""Ceiling of what gzip adds to bytes it cannot compress (5 bytes a stored block of 16 KiB)."""
_GZIP_WINDOW = 31
"""zlib's code for: a gzip header and trailer around a 32 KiB window."""
_GZIP_LEVEL = 1
"""ISA-L's level that packs text as small as zlib's best; its level 0 can add a quarter."""

_FLAGS_PLACE = 3
_RESERVED_FLAGS = 0xE0
"""Of a gzip header (RFC 1952, 2.3.1.2)."""

_SAMPLED_BYTES = 1 << 18
"""Payloads below this are packed without asking whether it pays."""
_SAMPLES = 16
_SAMPLE_BYTES = 2048
_LEAST_SAVING = 1 / 8
"""Of the samples; below it, packing and unpacking take longer than storing and fetching what they
save. `docs/adr/0034-stored-blocks.md` has the figures."""


def padme(length: int) -> int:
    """The size a message of `length` bytes is padded to.

    Keeps as many of the leading bits of the length as its exponent needs to be written.
    """
    mask = padme_step(length) - 1
    return (length + mask) & ~mask


def padme_step(length: int) -> int:
    """What the size that `length` is padded to is a multiple of."""
    if length < 2:
        return 1
    exponent = length.bit_length() - 1
    return int(1 << (exponent - exponent.bit_length()))


MAX_FRAME_BYTES = padme(LENGTH_BYTES + MAX_PAYLOAD_BYTES + _GZIP_OVERHEAD_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A frame that is made while it is encrypted."""

    size: int
    pieces: Iterator[bytes | memoryview]
    """Joined, the frame; bytes that do not pack are not copied."""


def make_frame(payload: bytes) -> Frame:
    """Length, gzip and zeros. Raises InputError above MAX_PAYLOAD_BYTES, before any work."""
    require_payload_size(payload)
    packed = _packed(payload)
    length = stored_size(len(payload)) if packed is None else len(packed)
    size = padme(LENGTH_BYTES + length)
    return Frame(size=size, pieces=_pieces(payload, packed, length, size))


def _pieces(
    payload: bytes, packed: bytes | None, length: int, size: int
) -> Iterator[bytes | memoryview]:
    yield length.to_bytes(LENGTH_BYTES, "big")
    if packed is None:
        yield GZIP_HEADER
        yield from stored_member(memoryview(payload), length=len(payload))
    else:
        yield packed
    yield bytes(size - LENGTH_BYTES - length)


def _packed(payload: bytes) -> bytes | None:
    """One gzip member; None when the payload had better be stored as it is."""
    large = len(payload) >= _SAMPLED_BYTES
    if large and not _packing_pays(memoryview(payload)):
        return None
    packed = isal_zlib.compress(payload, _GZIP_LEVEL, _GZIP_WINDOW)
    return None if large and len(packed) > stored_size(len(payload)) else packed


def _packing_pays(payload: memoryview) -> bool:
    """Whether samples from all over the payload pack."""
    step = (len(payload) - _SAMPLE_BYTES) // (_SAMPLES - 1)
    starts = range(0, _SAMPLES * step, step)
    sample = b"".join(payload[start : start + _SAMPLE_BYTES] for start in starts)
    packed = isal_zlib.compress(sample, _GZIP_LEVEL, _GZIP_WINDOW)
    return len(packed) <= len(sample) * (1 - _LEAST_SAVING)


def open_frame(frame: bytes) -> bytes:
    """The payload. Raises VerificationError when length, padding or gzip is not exact."""
    require(len(frame) >= LENGTH_BYTES, Check.FRAME, "The sealed record is too short inside")
    end = LENGTH_BYTES + int.from_bytes(frame[:LENGTH_BYTES], "big")
    fits = end <= len(frame) == padme(end)
    require(fits, Check.FRAME, "The sealed record states a wrong length inside")
    zeros = frame.count(0, end) == len(frame) - end
    require(zeros, Check.FRAME, "The sealed record's padding is not zero")
    return _gunzip(memoryview(frame)[LENGTH_BYTES:end])


def require_payload_size(payload: bytes) -> None:
    """Raises InputError when the payload is larger than MAX_PAYLOAD_BYTES."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise InputError(
            f"The history is {len(payload) >> 20} MiB; at most {MAX_PAYLOAD_BYTES >> 20} MiB "
            "can be sealed.",
            remedy="Leave out page images or lower their resolution.",
        )


def _gunzip(packed: memoryview) -> bytes:
    # ISA-L overlooks flags that RFC 1952 reserves; zlib and browsers refuse them.
    reserved = any(flags & _RESERVED_FLAGS for flags in packed[_FLAGS_PLACE : _FLAGS_PLACE + 1])
    require(not reserved, Check.FRAME, "The sealed record does not unpack")
    # Bounded: a few kilobytes of gzip can otherwise unfold into gigabytes.
    unpacker = isal_zlib.decompressobj(_GZIP_WINDOW)
    try:
        payload = unpacker.decompress(packed, MAX_PAYLOAD_BYTES + 1)
    except IsalError:  # type: ignore[misc]  # its stub names an instance
        refuse(Check.FRAME, "The sealed record does not unpack")
    require(len(payload) <= MAX_PAYLOAD_BYTES, Check.FRAME, "The sealed record unpacks too large")
    exact = unpacker.eof and not unpacker.unused_data
    require(exact, Check.FRAME, "The sealed record does not end where its compression ends")
    return payload
