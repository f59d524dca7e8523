"""How the node's process holds on to memory."""

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Numbers of glibc's `mallopt`."""
_KEPT_BYTES = 16 * 1024 * 1024
_MAPPED_BYTES = 4 * 1024 * 1024
"""Above any buffer for a block."""


def keep_freed_memory() -> None:
    """Keep up to 16 MiB of freed memory for the next buffers.

    Every block passes through fresh buffers; by default their pages go back to the kernel and
    are fetched again, which costs more than hashing what is in them. Without glibc nothing happens.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt"):
        library.mallopt(_TRIM_THRESHOLD, _KEPT_BYTES)
        library.mallopt(_MMAP_THRESHOLD, _MAPPED_BYTES)
