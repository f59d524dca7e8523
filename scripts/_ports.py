"""TCP ports of the loopback address: whether one is free, and who holds it."""

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DAPP = 8501
READING = 8502
CHAIN = 8545
"""Where the stack listens when nothing else does. Only the dapp's must stay the same."""

_LISTEN = "0A"
"""TCP_LISTEN in /proc/net/tcp (Linux, include/net/tcp_states.h)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    pid: int
    command: str


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:`port` now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def holder(port: int, proc: Path = Path("/proc")) -> Holder | None:
    """Who listens on `port`; None when nobody does, or when the system does not let us see."""
    sockets = {f"socket:[{inode}]" for inode in _listening(port, proc)}
    if not sockets:
        return None
    for folder in proc.iterdir():
        if folder.name.isdigit() and _holds(folder, sockets):
            return Holder(pid=int(folder.name), command=_command(folder))
    return None


def _listening(port: int, proc: Path) -> Iterator[str]:
    for table in ("tcp", "tcp6"):
        try:
            rows = (proc / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            columns = row.split()
            if columns[3] == _LISTEN and int(columns[1].rsplit(":", 1)[1], 16) == port:
                yield columns[9]


def _holds(process: Path, sockets: set[str]) -> bool:
    try:
        return any(str(fd.readlink()) in sockets for fd in (process / "fd").iterdir())
    except OSError:
        return False


def _command(process: Path) -> str:
    try:
        return (process / "comm").read_text().strip()
    except OSError:
        return "unknown"
