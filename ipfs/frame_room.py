"""Where the bytes of a frame go as they are decrypted.

Into places that the frame's size alone decides, so nothing is read before the cipher has accepted
all of it. If the frame is then byte for byte what `ipfs.padding` makes of a payload that it
stores, that payload lies together already. Anything else is put together again and judged by
`open_frame`, which alone refuses.
"""

from collections.abc import Iterator

from isal import isal_zlib

from ipfs.in_place import InPlace
from ipfs.padding import LENGTH_BYTES, MAX_PAYLOAD_BYTES, open_frame, padme, padme_step
from ipfs.stored import (
    BLOCK_BYTES,
    BLOCK_HEADER_BYTES,
    FULL_HEADER,
    GZIP_HEADER,
    TRAILER_BYTES,
    content_size,
    stored_member,
    stored_size,
)

_HEAD_BYTES = LENGTH_BYTES + len(GZIP_HEADER)
_SLOT_BYTES = BLOCK_HEADER_BYTES + BLOCK_BYTES


def certain_blocks(frame_bytes: int) -> int:
    """How many full blocks, none the last, a frame of this size begins with if it is stored."""
    earliest_end = frame_bytes - padme_step(frame_bytes) + 1
    return max(0, (earliest_end - TRAILER_BYTES - _HEAD_BYTES - 1) // _SLOT_BYTES)


class FrameRoom:
    """Room for a frame of a known size. Fill `targets` in order, then ask for the `payload`."""

    def __init__(self, frame_bytes: int) -> None:
        self._frame_bytes = frame_bytes
        self._blocks = certain_blocks(frame_bytes)
        self._beside = bytearray(frame_bytes - self._blocks * BLOCK_BYTES)
        """Everything but the content of the certain blocks."""
        self._content = InPlace(frame_bytes)
        self._checksum = 0
        """Of the certain blocks' content."""

    def targets(self) -> Iterator[memoryview]:
        """Writable pieces; joined, the frame. Each is to be filled before the next is taken."""
        beside, content = memoryview(self._beside), self._content.view
        yield beside[:_HEAD_BYTES]
        for block in range(self._blocks):
            place = _HEAD_BYTES + block * BLOCK_HEADER_BYTES
            yield beside[place : place + BLOCK_HEADER_BYTES]
            target = content[block * BLOCK_BYTES : (block + 1) * BLOCK_BYTES]
            yield target
            # While it is in the processor's cache; nothing is decided by it yet.
            self._checksum = isal_zlib.crc32(target, self._checksum)
        yield beside[self._rest :]

    def payload(self) -> bytes:
        """Raises VerificationError when length, padding or gzip is not exact. Call once."""
        length = content_size(int.from_bytes(self._beside[:LENGTH_BYTES], "big"))
        if self._blocks and self._is_stored(length):
            return self._content.take(length)
        return open_frame(b"".join(self.targets()))

    @property
    def _rest(self) -> int:
        """Where, beside, the certain blocks' headers end."""
        return _HEAD_BYTES + self._blocks * BLOCK_HEADER_BYTES

    def _is_stored(self, length: int) -> bool:
        """Whether the frame is what would be written over `length` bytes that it holds."""
        packed = stored_size(length)
        if length > MAX_PAYLOAD_BYTES or padme(LENGTH_BYTES + packed) != self._frame_bytes:
            return False
        # Such a size reaches beyond the certain blocks: that is what makes them certain.
        self._gather(length)
        with self._content.view[self._blocks * BLOCK_BYTES : length] as rest:
            expected = b"".join(
                (
                    packed.to_bytes(LENGTH_BYTES, "big"),
                    GZIP_HEADER,
                    FULL_HEADER * self._blocks,
                    *stored_member(rest, length=length, checksum=self._checksum),
                )
            )
        return self._beside == expected.ljust(len(self._beside), b"\0")

    def _gather(self, length: int) -> None:
        """Put the content of the last blocks behind that of the certain ones."""
        source = self._rest + BLOCK_HEADER_BYTES
        for start in range(self._blocks * BLOCK_BYTES, length, BLOCK_BYTES):
            size = min(BLOCK_BYTES, length - start)
            self._content.view[start : start + size] = self._beside[source : source + size]
            source += _SLOT_BYTES
