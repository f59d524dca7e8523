"""Joining a private IPFS network: who holds its swarm key belongs to it, nobody else can.

`python -m ipfs.node.swarm FILE` makes a new key for a new network; each of its nodes needs a copy.

Source: libp2p's pre-shared key networks, "Pre-shared Key Based Private Networks" (PSK v1).
"""

import contextlib
import os
import re
import secrets
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import InputError

KEY_BYTES = 32
LOOPBACK = "/ip4/127.0.0.1/tcp/0"
"""Listen on this machine only, on any free port."""

_KEY = re.compile(r"/key/swarm/psk/1\.0\.0/\s+/base16/\s+([0-9a-fA-F]{64})\s*")
_MAX_KEY_FILE_BYTES = 1024
_LISTEN = re.compile(r"/(ip4/[0-9.]+|ip6/[0-9a-fA-F:.]+)/tcp/\d{1,5}")
_PEER = re.compile(
    r"(/(?:ip4/[0-9.]+|ip6/[0-9a-fA-F:.]+|dns[46]?/[\w.-]+)/tcp/\d{1,5})/p2p/([1-9A-HJ-NP-Za-km-z]+)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Another node of the network."""

    address: str
    """Multiaddr up to the port."""
    id: str

    @classmethod
    def parse(cls, text: str) -> "Peer":
        """From a multiaddr that ends in /p2p/ID. Raises InputError."""
        found = _PEER.fullmatch(text)
        if not found:
            raise InputError(
                "That is not the address of a peer.",
                remedy="Write it as /ip4/192.0.2.1/tcp/4001/p2p/12D3Koo…",
            )
        return cls(address=found[1], id=found[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Swarm:
    """The private network that a node joins. There is no way to join the public one."""

    key: str = field(repr=False)
    """Hexadecimal, 32 bytes."""
    listen: tuple[str, ...] = (LOOPBACK,)
    """Multiaddrs to listen on."""
    peers: tuple[Peer, ...] = ()
    """Whom to stay connected with."""

    @classmethod
    def from_file(
        cls, path: Path, listen: tuple[str, ...] = (), peers: tuple[str, ...] = ()
    ) -> "Swarm":
        """With the key in `path`. Raises InputError for an unusable key or address."""
        for address in listen:
            if not _LISTEN.fullmatch(address):
                raise InputError(
                    "The swarm cannot listen there.",
                    remedy="Write the address as /ip4/192.0.2.1/tcp/4001.",
                )
        return cls(
            key=_read_key(path),
            listen=listen or (LOOPBACK,),
            peers=tuple(Peer.parse(text) for text in peers),
        )

    def listening(self, before: Sequence[str]) -> list[str]:
        """`listen` with each port 0 made a free one: that of `before`, if there is one still free.

        Peers are told an address; it should outlast a restart and a garbage collection.
        """
        return [_with_port(address, before) for address in self.listen]

    def key_file(self) -> str:
        """The key as Kubo reads it."""
        return f"/key/swarm/psk/1.0.0/\n/base16/\n{self.key}\n"


def _with_port(address: str, before: Sequence[str]) -> str:
    host, _, port = address.rpartition("/")
    if int(port) != 0:
        return address
    family, name = host.split("/")[1:3]
    kept = (each.rpartition("/")[2] for each in before if each.rpartition("/")[0] == host)
    for candidate in (*map(int, kept), 0):
        with socket.socket(socket.AF_INET6 if family == "ip6" else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError, OverflowError):
                probe.bind((name, candidate))
                return f"{host}/{probe.getsockname()[1]}"
    raise InputError("The swarm cannot listen there.", remedy="Give an address of this machine.")


def write_new_key(path: Path) -> None:
    """Make a key for a new network, mode 0600. Raises InputError when `path` exists."""
    swarm = Swarm(key=secrets.token_hex(KEY_BYTES))
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise InputError(f"No key was made: {path}: {error.strerror}.") from error
    with os.fdopen(descriptor, "w") as file:
        file.write(swarm.key_file())


def _read_key(path: Path) -> str:
    way_out = "Copy swarm.key from another node, or make one: python -m ipfs.node.swarm FILE"
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_KEY_FILE_BYTES).decode(errors="replace")
    except OSError as error:
        raise InputError(
            f"The swarm key {path} cannot be read: {error.strerror}.", remedy=way_out
        ) from error
    found = _KEY.fullmatch(content)
    if not found:
        raise InputError(f"{path} is not a swarm key.", remedy=way_out)
    return found[1].lower()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m ipfs.node.swarm FILE")
    try:
        write_new_key(Path(sys.argv[1]))
    except InputError as problem:
        sys.exit(problem.user_message())
