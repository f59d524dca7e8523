"""The frame inside a sealed record: compressed, then padded so that its size says little.

Source: Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with
PURBs", PETS 2019, section 4 (Padmé): a length leaks O(log log) bits and grows by 12 % at most.
"""

import zlib

from isal import isal_zlib

from core.errors import InputError
from ipfs.checks import Check, refuse, require

MAX_PAYLOAD_BYTES = 64 * 1024 * 1024
"""Largest payload that is sealed or opened: 64 MiB."""

LENGTH_BYTES = 8
_GZIP_OVERHEAD_BYTES = 64 + MAX_PAYLOAD_BYTES // 1000
"""Ceiling of what gzip adds to bytes it cannot compress (5 bytes a stored block of 16 KiB)."""
_GZIP_WINDOW = 31
"""zlib's code for: a gzip header and trailer around a 32 KiB window."""
_GZIP_LEVEL = 1
"""ISA-L's level that packs text as small as zlib's best; its level 0 can add a quarter."""


def padme(length: int) -> int:
    """The size a message of `length` bytes is padded to.

    Keeps as many of the leading bits of the length as its exponent needs to be written.
    """
    if length < 2:
        return length
    exponent = length.bit_length() - 1
    mask = (1 << (exponent - exponent.bit_length())) - 1
    return (length + mask) & ~mask


MAX_FRAME_BYTES = padme(LENGTH_BYTES + MAX_PAYLOAD_BYTES + _GZIP_OVERHEAD_BYTES)


def make_frame(payload: bytes) -> bytes:
    """Length, gzip and zeros. Raises InputError above MAX_PAYLOAD_BYTES, before any work."""
    require_payload_size(payload)
    packed = isal_zlib.compress(payload, _GZIP_LEVEL, _GZIP_WINDOW)
    body = len(packed).to_bytes(LENGTH_BYTES, "big") + packed
    return body.ljust(padme(len(body)), b"\0")


def open_frame(frame: bytes) -> bytes:
    """The payload. Raises VerificationError when length, padding or gzip is not exact."""
    require(len(frame) >= LENGTH_BYTES, Check.FRAME, "The sealed record is too short inside")
    end = LENGTH_BYTES + int.from_bytes(frame[:LENGTH_BYTES], "big")
    fits = end <= len(frame) == padme(end)
    require(fits, Check.FRAME, "The sealed record states a wrong length inside")
    require(not any(frame[end:]), Check.FRAME, "The sealed record's padding is not zero")
    return _gunzip(frame[LENGTH_BYTES:end])


def require_payload_size(payload: bytes) -> None:
    """Raises InputError when the payload is larger than MAX_PAYLOAD_BYTES."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise InputError(
            f"The history is {len(payload) >> 20} MiB; at most {MAX_PAYLOAD_BYTES >> 20} MiB "
            "can be sealed.",
            remedy="Leave out page images or lower their resolution.",
        )


def _gunzip(packed: bytes) -> bytes:
    # Bounded: a few kilobytes of gzip can otherwise unfold into gigabytes.
    unpacker = zlib.decompressobj(_GZIP_WINDOW)
    try:
        payload = unpacker.decompress(packed, MAX_PAYLOAD_BYTES + 1)
    except zlib.error:
        refuse(Check.FRAME, "The sealed record does not unpack")
    require(len(payload) <= MAX_PAYLOAD_BYTES, Check.FRAME, "The sealed record unpacks too large")
    exact = unpacker.eof and not unpacker.unused_data
    require(exact, Check.FRAME, "The sealed record does not end where its compression ends")
    return payload
