"""Bytes of a known size that are written where they will stay.

A record has up to 64 MiB, and each further copy of it costs about what encrypting it does.
"""

from io import BytesIO


class InPlace:
    """`view` is written, `take` hands it out without a copy."""

    def __init__(self, size: int) -> None:
        """Room for `size` bytes, at least one."""
        self._file = BytesIO()
        self._file.seek(size - 1)
        self._file.write(b"\0")
        self.view = self._file.getbuffer()

    def take(self, size: int) -> bytes:
        """The first `size` bytes. No view may be in use any more; call once."""
        self.view.release()
        self._file.truncate(size)
        return self._file.getvalue()
