"""Asking a node by hand, without the client."""

import fcntl
import http.client
import socket
import termios
from array import array
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ipfs.sockets import socket_path
from ipfs.supervisor import NodeProcess


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=30)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(30)
        with socket_path(self._path) as path:
            self.sock.connect(path)


def call(
    node: NodeProcess, command: str, *, method: str = "POST", body: Any = None, **headers: str
) -> tuple[int, bytes]:
    """Status and body of one request to the node's socket."""
    connection = _UnixConnection(Path(node.address.removeprefix("/unix")))
    return _ask(connection, command, method, body, headers)


def call_by_tcp(
    node: NodeProcess, command: str, *, method: str = "POST", body: Any = None, **headers: str
) -> tuple[int, bytes]:
    """Status and body of one request to the node's port on loopback."""
    assert node.tcp_address is not None
    _, _, host, _, port = node.tcp_address.split("/")
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    return _ask(connection, command, method, body, headers)


@contextmanager
def unread_answer(node: NodeProcess, command: str) -> Iterator[Callable[[], int]]:
    """Ask the node's socket and read nothing; how many bytes of the answer lie ready."""
    connection = _UnixConnection(Path(node.address.removeprefix("/unix")))
    connection.request("POST", f"/api/v0/{command}")
    count = array("i", [0])

    def waiting() -> int:
        fcntl.ioctl(connection.sock, termios.FIONREAD, count)
        return count[0]

    try:
        yield waiting
    finally:
        connection.close()


def _ask(
    connection: http.client.HTTPConnection,
    command: str,
    method: str,
    body: Any,
    headers: dict[str, str],
) -> tuple[int, bytes]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, f"/api/v0/{command}", body=body, headers=named)
    answer = connection.getresponse()
    status, content = answer.status, answer.read()
    connection.close()
    return status, content
