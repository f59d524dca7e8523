"""Paths of Unix sockets, short enough for the kernel and plain enough for HTTP clients."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SOCKET_NAME = "rpc.sock"
"""Of the embedded node, inside its folder."""


@contextmanager
def socket_path(path: Path) -> Iterator[str]:
    """Another name of the socket at `path`, valid inside the block.

    A socket's path may have 107 bytes, and urllib3 turns a host, which is where the path travels,
    into lower case. `/proc/self/fd/N/name` is short and lower case wherever the folder lies.
    Raises OSError when the folder does not exist.
    """
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
