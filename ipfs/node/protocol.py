"""HTTP as uvicorn speaks it, with room in the kernel for more than a block of an answer.

A Unix socket takes about 208 KiB before its writer has to wait for the reader, less than one
block: node and client would take turns instead of working side by side.
"""

import asyncio
import socket

from uvicorn.protocols.http.h11_impl import H11Protocol

_SEND_BUFFER_BYTES = 1 << 20
"""The kernel grants at most twice its `net.core.wmem_max`."""


class RoomyProtocol(H11Protocol):
    """One connection of a client."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        connection = transport.get_extra_info("socket")
        # TCP finds the right size by itself.
        if connection.family == socket.AF_UNIX:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        super().connection_made(transport)
