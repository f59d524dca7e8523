"""Crash-safe snapshots of the local chain: two generations, each whole or not there at all.

1. A snapshot is one file: a line of JSON that describes it, then anvil's own dump.
2. It is written beside, synced, and renamed over the older of the two generations.
3. It counts only when its bytes have the SHA-256 that its line names.
4. Whoever confirms a transaction saves first. Any process may; a file lock puts them in a row,
   and one snapshot serves all who wait for a block up to its own.

Anvil's own `--state` writes in place and is torn when it is killed; it is never used here.
"""

import fcntl
import hashlib
import logging
import os
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import ChainError, ChainUnavailableError
from ledger.rpc import Rpc, data
from ledger.rpc import number as quantity

_log = logging.getLogger(__name__)
_GENERATIONS = ("snapshot-0", "snapshot-1")
_ATTEMPTS = 50
_LONGEST_LINE_BYTES = 1_000


class SnapshotError(ChainError):
    """The saved chain cannot be read or written."""

    remedy = "Restore the folder from a backup, or move it away to begin with an empty chain."


class _Line(BaseModel):
    """The first line of a snapshot."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    number: int
    """One more with every save: after a rewind of the chain, the newest is not the highest."""
    block: int
    hash: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One readable generation."""

    number: int
    block: int
    hash: str
    """Of the head block, in hexadecimal."""
    state: bytes
    """What `anvil --load-state` reads."""


class Snapshots:
    """The two generations in one data folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, rpc: Rpc, *, at_least: int | None = None) -> None:
        """Save the node's present state, unless a saved one holds it.

        With `at_least`, a saved state of that block or a later one is enough. Raises
        ChainUnavailableError when the node goes away, SnapshotError when the disk refuses.
        """
        with self._locked():
            newest = max(self._lines().values(), key=lambda line: line.number, default=None)
            block = head(rpc)[0]
            if newest is not None:
                enough = block if at_least is None else at_least
                if newest.block >= enough and block_hash_at(rpc, newest.block) == newest.hash:
                    return
            self._write(rpc, 1 if newest is None else newest.number + 1)

    def newest(self) -> Snapshot | None:
        """The newest readable generation; None when there are none.

        Raises SnapshotError when there are some and none is readable.
        """
        present = [self._folder / name for name in _GENERATIONS if (self._folder / name).exists()]
        readable = [each for each in map(_read, present) if each is not None]
        if present and not readable:
            raise SnapshotError(f"No snapshot of the chain in {self._folder} is readable.")
        if len(readable) < len(present):
            _log.warning("a snapshot in %s is torn; the other one serves", self._folder)
        return max(readable, key=lambda each: each.number, default=None)

    def _lines(self) -> dict[str, _Line]:
        lines = ((name, _read_line(self._folder / name)) for name in _GENERATIONS)
        return {name: line for name, line in lines if line is not None}

    def _write(self, rpc: Rpc, number: int) -> None:
        line, dump = _dump(rpc, number)
        lines = self._lines()
        oldest = min(_GENERATIONS, key=lambda name: lines[name].number if name in lines else 0)
        try:
            handle, temporary = tempfile.mkstemp(dir=self._folder, suffix=".tmp")
            with os.fdopen(handle, "wb") as file:
                file.write(line.model_dump_json().encode() + b"\n" + dump)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(self._folder / oldest)
            _sync_folder(self._folder)
        except OSError as error:
            raise SnapshotError(
                f"The chain cannot be saved in {self._folder} ({error.strerror}).",
                remedy="Make room on the disk, or check who may write there.",
            ) from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            handle = os.open(self._folder / "snapshot.lock", os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise SnapshotError(f"The folder {self._folder} cannot be written.") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def head(rpc: Rpc) -> tuple[int, str]:
    """Number and hash of the latest block. Raises ChainUnavailableError."""
    header = rpc.call("eth_getBlockByNumber", ["latest", False])
    if not isinstance(header, dict) or not isinstance(header.get("hash"), str):
        raise ChainUnavailableError("The chain's node answered with something else.")
    return quantity(header.get("number")), header["hash"]


def block_hash_at(rpc: Rpc, block: int) -> str | None:
    """The hash of a block; None when the chain has none of that number."""
    header = rpc.call("eth_getBlockByNumber", [hex(block), False])
    return header.get("hash") if isinstance(header, dict) else None


def _dump(rpc: Rpc, number: int) -> tuple[_Line, bytes]:
    """A dump belongs to a head only if the head stood still meanwhile."""
    for _ in range(_ATTEMPTS):
        block, before = head(rpc)
        dump = data(rpc.call("anvil_dumpState"))
        if head(rpc)[1] == before:
            digest = hashlib.sha256(dump).hexdigest()
            return _Line(number=number, block=block, hash=before, sha256=digest), dump
    raise ChainUnavailableError(
        "The chain moves too fast to be saved.", remedy="Send less at once."
    )


def _read_line(path: Path) -> _Line | None:
    try:
        with path.open("rb") as file:
            return _Line.model_validate_json(file.readline(_LONGEST_LINE_BYTES))
    except (OSError, ValidationError):
        return None


def _read(path: Path) -> Snapshot | None:
    line = _read_line(path)
    if line is None:
        return None
    try:
        dump = path.read_bytes().partition(b"\n")[2]
    except OSError:
        return None
    if hashlib.sha256(dump).hexdigest() != line.sha256:
        return None
    state = zlib.decompress(dump, wbits=zlib.MAX_WBITS | 16)
    return Snapshot(number=line.number, block=line.block, hash=line.hash, state=state)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
