"""Paths of Unix sockets, short enough for the kernel and plain enough for HTTP clients."""

import os
import socket
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


def can_connect(path: Path, timeout_seconds: float = 2.0) -> bool:
    """Whether somebody listens on the socket at `path`."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(timeout_seconds)
        try:
            with socket_path(path) as name:
                probe.connect(name)
        except OSError:
            return False
        return True
