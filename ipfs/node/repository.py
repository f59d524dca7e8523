"""One node's repository: what can be added, read, pinned, unpinned and swept."""

import fcntl
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from core.errors import StoreError, VerificationError
from ipfs.cid import cid_text, parse_cid
from ipfs.dag import read_file, walk
from ipfs.node.blocks import BlockFiles, MissingBlockError
from ipfs.node.config import harden
from ipfs.node.gate import Gate
from ipfs.node.kubo import Kubo
from ipfs.node.network import MOST_AT_ONCE, Network
from ipfs.node.pins import PinLedger
from ipfs.node.swarm import Peer, Swarm

_LOCK = "node.lock"
_STRIPES = 16
_EMPTY_FOLDER = parse_cid("QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn")
"""The empty directory, root of Kubo's own file tree: never swept."""


class RepositoryLockedError(StoreError):
    """Another process serves this repository."""

    remedy = "Use the one that runs, or end the `anamnesis up` that started it."


class Repository:
    """Owner of `home` and of everything in it, for one process at a time.

    Raises RepositoryLockedError, StoreError or SetupError when it cannot be opened.
    """

    def __init__(self, home: Path, swarm: Swarm | None = None) -> None:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        home.chmod(0o700)
        self._lock = _take_lock(home)
        self.scratch = home / "scratch"
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.scratch.mkdir(mode=0o700)
        repo = home / "repo"
        repo.mkdir(mode=0o700, exist_ok=True)
        self._kubo = Kubo(repo, self.scratch)
        self._kubo.create()
        harden(repo, swarm)
        self._network = Network(self._kubo, self.scratch) if swarm else None
        self._open_kubo()
        self._blocks = BlockFiles(repo)
        self._pins = PinLedger(home / "pins.db")
        self._gate = Gate()
        # One root is changed by one thread at a time, or Kubo and the ledger could end up apart.
        self._stripes = [threading.Lock() for _ in range(_STRIPES)]
        self._finish_interrupted()
        self.node_id = self._kubo.node_id()

    def close(self) -> None:
        """Stop the node and let the next process in."""
        with self._gate.alone():
            self._close_kubo()
            self._pins.close()
        os.close(self._lock)

    def draft(self) -> Path:
        """An empty private file for an upload; the caller deletes it."""
        descriptor, name = tempfile.mkstemp(dir=self.scratch)
        os.close(descriptor)
        return Path(name)

    def add(self, path: Path) -> bytes:
        """Store and pin the file's bytes; the digest of their CID. Idempotent.

        Killed before the ledger knows the root, nobody was told that it is pinned: its blocks
        wait for the next garbage collection, or for the same bytes.
        """
        with self._gate.shared():
            digest = parse_cid(self._kubo.add_file(path))
            with self._stripe(digest):
                self._pins.settle(digest)
        return digest

    def read(self, digest: bytes) -> Iterator[memoryview]:
        """The file's bytes, each block verified. Raises MissingBlockError, VerificationError."""
        return read_file(digest, self._blocks.block)

    def file_size(self, digest: bytes) -> int:
        return self._blocks.file_size(digest)

    def block(self, digest: bytes) -> bytes:
        return self._blocks.block(digest)

    def block_size(self, digest: bytes) -> int:
        return self._blocks.size(digest)

    def pin(self, digest: bytes) -> None:
        """Pin a file whose blocks are all here. Raises MissingBlockError at once otherwise."""
        with self._gate.shared(), self._stripe(digest):
            if not self._blocks.is_complete(digest):
                raise MissingBlockError
            self._pins.begin_adding(digest)
            self._kubo.pin(cid_text(digest))
            self._pins.settle(digest)

    def unpin(self, digest: bytes) -> None:
        """Raises StoreError when there is no such pin."""
        with self._gate.shared(), self._stripe(digest):
            if not self._pins.is_pinned(digest):
                raise StoreError("not pinned or pinned indirectly")
            self._pins.begin_removing(digest)
            self._kubo.unpin(cid_text(digest))
            self._pins.forget(digest)

    def is_pinned(self, digest: bytes) -> bool:
        return self._pins.is_pinned(digest)

    def pinned(self) -> list[bytes]:
        return self._pins.pinned()

    def usage(self) -> tuple[int, int]:
        """Number of blocks, and bytes in them."""
        return self._blocks.usage()

    def collect_garbage(self) -> int:
        """Delete every block that no pin holds; how many went.

        A block that is missing or changed under a pin stops it before anything is deleted. Kubo
        is stopped meanwhile, because it caches which blocks exist.
        """
        with self._gate.alone():
            keep = {_EMPTY_FOLDER}
            for root in self._pins.pinned():
                keep.update(self._blocks.tree(root))
            self._close_kubo()
            try:
                return self._blocks.sweep(keep)
            finally:
                self._open_kubo()

    def bring(self, digest: bytes, seconds: float) -> None:
        """Make sure that every block of a file is here, by asking the peers for at most `seconds`.

        Raises MissingBlockError at once when there are no peers to ask, TimedOutError, StoreError.
        """
        if self._network is not None and not self._blocks.is_complete(digest):
            self._network.fetch(digest, seconds)

    def addresses(self) -> list[str]:
        """Where the swarm listens; nowhere without one."""
        return self._kubo.addresses() if self._network else []

    def peers(self) -> list[Peer]:
        """The peers that the node is connected with."""
        return self._kubo.peers() if self._network else []

    def connect(self, address: str, seconds: float) -> None:
        """Dial a peer. Raises InputError, StoreError."""
        peer = Peer.parse(address)
        if self._network is None:
            raise StoreError("this node has no swarm")
        self._network.connect(f"{peer.address}/p2p/{peer.id}", seconds)

    def tree(self, digest: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Each block of a file once, with its digest, the root first, each verified."""
        return ((each, self.block(each)) for each in walk(digest, self._blocks.block))

    def blocks(self) -> list[bytes]:
        """Digests of all blocks."""
        return self._blocks.digests()

    def _open_kubo(self) -> None:
        self._kubo.open(1 if self._network is None else MOST_AT_ONCE + 1)

    def _close_kubo(self) -> None:
        self._kubo.close()
        if self._network is not None:
            self._network.settle()

    def is_whole(self, digest: bytes) -> bool:
        """Whether every block of a file is here and unchanged."""
        try:
            return all(True for _ in self.read(digest))
        except (MissingBlockError, VerificationError):
            return False

    def _finish_interrupted(self) -> None:
        for digest in self._pins.half_added():
            if self.is_whole(digest):
                self._kubo.pin(cid_text(digest))
                self._pins.settle(digest)
            else:
                self._pins.forget(digest)
        for digest in self._pins.half_removed():
            if self._blocks.is_complete(digest):
                self._kubo.unpin(cid_text(digest))
            self._pins.forget(digest)

    def _stripe(self, digest: bytes) -> threading.Lock:
        return self._stripes[digest[0] % _STRIPES]


def _take_lock(home: Path) -> int:
    descriptor = os.open(home / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise RepositoryLockedError(
            f"Another process already serves the IPFS repository in {home}."
        ) from error
    return descriptor
