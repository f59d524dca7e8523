"""What is where: a SQLite index of sealings and envelopes, 0600, under the home folder.

It holds no key, salt or plaintext. Losing it loses no record: the chain names every envelope, and
each envelope names the bytes it opens.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.errors import StoreBusyError, StoreError
from core.hashing import Address
from core.records import SealContext, Sealing
from ipfs.index_rows import (
    SELECT_CUSTODY,
    SELECT_ENVELOPE,
    SELECT_SEALING,
    StoredCustody,
    StoredEnvelope,
    StoredSealing,
    account,
    context_values,
    stored_custody,
    stored_envelope,
    stored_sealing,
)

SCHEMA_VERSION = 1
_BUSY_SECONDS = 30.0
_SCHEMA = """
create table if not exists sealing (
    commitment blob primary key,
    chain_id text not null,
    contract text not null,
    patient text not null,
    record blob not null,
    version integer not null,
    previous blob not null,
    cid blob not null,
    envelope blob not null,
    fingerprint blob not null,
    state text not null check (state in ('stored', 'confirmed'))
) without rowid;
create index if not exists sealing_of_patient on sealing (patient, record, version);
create table if not exists envelope (
    digest blob primary key,
    commitment blob not null references sealing (commitment) on delete cascade,
    reader text not null,
    cid blob not null,
    place integer not null
) without rowid;
create index if not exists envelope_of_reader on envelope (commitment, reader, place);
create table if not exists custody (
    digest blob primary key,
    kind text not null check (kind in ('escrow', 'release')),
    chain_id text not null,
    contract text not null,
    patient text not null,
    cid blob not null
) without rowid;
create table if not exists upload (cid blob primary key) without rowid;
create table if not exists rotation (
    commitment blob primary key references sealing (commitment) on delete cascade
) without rowid;
create table if not exists rotation_envelope (
    digest blob primary key references envelope (digest) on delete cascade
) without rowid;
"""
_OF_CONTEXT = "chain_id = ? and contract = ? and patient = ? and record = ? and version = ?"


class Index:
    """The index of one home. Safe to use from several threads and processes.

    Raises StoreError when the file is damaged, not ours, or from a newer program.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        with self._translated():
            self._database = sqlite3.connect(
                path, timeout=_BUSY_SECONDS, check_same_thread=False, isolation_level=None
            )
        try:
            with self._translated():
                self._prepare()
        except BaseException:
            self._database.close()
            raise

    def close(self) -> None:
        with self._lock:
            self._database.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the changes inside, or none."""
        with self._lock, self._translated():
            self._database.execute("begin immediate")
            try:
                yield
            except BaseException:
                self._database.execute("rollback")
                raise
            self._database.execute("commit")

    def add_sealing(
        self, sealing: Sealing, cid: bytes, fingerprint: bytes, *, confirmed: bool = False
    ) -> None:
        """Record a sealing whose bytes are stored; `fingerprint` is empty when it is unknown."""
        context = context_values(sealing.context)
        self._run(
            "insert into sealing values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            sealing.commitment,
            *context,
            sealing.previous,
            cid,
            sealing.envelope_digest,
            fingerprint,
            "confirmed" if confirmed else "stored",
        )

    def confirm(self, commitment: bytes) -> None:
        self._run("update sealing set state = 'confirmed' where commitment = ?", commitment)

    def remove_sealing(self, commitment: bytes) -> None:
        """Its envelopes go with it."""
        self._run("delete from sealing where commitment = ?", commitment)

    def sealing(self, commitment: bytes) -> StoredSealing | None:
        rows = self._run(f"{SELECT_SEALING} where commitment = ?", commitment)
        return stored_sealing(rows[0]) if rows else None

    def sealing_like(
        self, context: SealContext, previous: bytes, fingerprint: bytes
    ) -> StoredSealing | None:
        """The sealing of the same payload for the same owner, context and predecessor."""
        rows = self._run(
            f"{SELECT_SEALING} where {_OF_CONTEXT} and previous = ? and fingerprint = ?",
            *context_values(context),
            previous,
            fingerprint,
        )
        return stored_sealing(rows[0]) if rows else None

    def rivals(self, sealing: Sealing) -> list[StoredSealing]:
        """Unconfirmed sealings with the same context and predecessor: one of them can win."""
        rows = self._run(
            f"{SELECT_SEALING} where {_OF_CONTEXT} and previous = ?"
            " and commitment <> ? and state = 'stored'",
            *context_values(sealing.context),
            sealing.previous,
            sealing.commitment,
        )
        return [stored_sealing(row) for row in rows]

    def sealings(self, patient: Address) -> list[StoredSealing]:
        """All of a patient's, by record and version."""
        rows = self._run(
            f"{SELECT_SEALING} where patient = ? order by record, version, state", patient
        )
        return [stored_sealing(row) for row in rows]

    def patients(self) -> list[Address]:
        """Everybody of whom something is stored."""
        rows = self._run("select distinct patient from sealing order by patient")
        return [account(row[0]) for row in rows]

    def begin_rotation(self, commitment: bytes) -> None:
        """This sealing is to take the place of the ones before it. Idempotent."""
        self._run("insert or ignore into rotation values (?)", commitment)

    def is_rotating(self, commitment: bytes) -> bool:
        """Whether the sealing came of a rotation that has not ended."""
        return bool(self._run("select 1 from rotation where commitment = ?", commitment))

    def add_rotation_envelope(self, digest: bytes) -> None:
        """This envelope was made by a rotation, for a grant that may never come."""
        self._run("insert or ignore into rotation_envelope values (?)", digest)

    def rotation_envelopes(self, commitment: bytes) -> list[StoredEnvelope]:
        """What the rotation of this sealing made for readers."""
        rows = self._run(
            f"{SELECT_ENVELOPE} join rotation_envelope using (digest) where commitment = ?",
            commitment,
        )
        return [stored_envelope(row) for row in rows]

    def end_rotation(self, commitment: bytes) -> None:
        self._run(
            "delete from rotation_envelope where digest in"
            " (select digest from envelope where commitment = ?)",
            commitment,
        )
        self._run("delete from rotation where commitment = ?", commitment)

    def add_envelope(self, envelope: StoredEnvelope) -> None:
        """Record an envelope whose bytes are stored. One that is known already stays."""
        self._run(
            "insert or ignore into envelope select ?, ?, ?, ?, ifnull(max(place), 0) + 1"
            " from envelope",
            envelope.digest,
            envelope.commitment,
            envelope.reader,
            envelope.cid,
        )

    def envelope(self, digest: bytes) -> StoredEnvelope | None:
        rows = self._run(f"{SELECT_ENVELOPE} where digest = ?", digest)
        return stored_envelope(rows[0]) if rows else None

    def envelopes(self, commitment: bytes, reader: Address | None = None) -> list[StoredEnvelope]:
        """Of a sealing, or of one reader of it; the latest last."""
        rows = self._run(
            f"{SELECT_ENVELOPE} where commitment = ? and reader = ifnull(?, reader) order by place",
            commitment,
            reader,
        )
        return [stored_envelope(row) for row in rows]

    def envelopes_of(self, reader: Address) -> list[StoredEnvelope]:
        """All of one reader's, the latest last."""
        rows = self._run(f"{SELECT_ENVELOPE} where reader = ? order by place", reader)
        return [stored_envelope(row) for row in rows]

    def remove_envelope(self, digest: bytes) -> None:
        self._run("delete from envelope where digest = ?", digest)

    def add_custody(self, entry: StoredCustody) -> None:
        """Record an escrow or released share whose bytes are stored. One known already stays."""
        self._run(
            "insert or ignore into custody values (?, ?, ?, ?, ?, ?)",
            entry.digest,
            entry.kind.value,
            str(entry.domain.chain_id),
            entry.domain.verifying_contract,
            entry.patient,
            entry.cid,
        )

    def custody(self, digest: bytes) -> StoredCustody | None:
        rows = self._run(f"{SELECT_CUSTODY} where digest = ?", digest)
        return stored_custody(rows[0]) if rows else None

    def custodies(self, patient: Address | None = None) -> list[StoredCustody]:
        """Of a patient's emergencies, or of everybody's."""
        rows = self._run(
            f"{SELECT_CUSTODY} where patient = ifnull(?, patient) order by digest", patient
        )
        return [stored_custody(row) for row in rows]

    def remove_custody(self, digest: bytes) -> None:
        self._run("delete from custody where digest = ?", digest)

    def scrub(self) -> None:
        """Rewrite the file and empty its log, so that nothing deleted is left in either.

        Raises StoreBusyError while another process reads the index.
        """
        self._checkpoint()
        self._run("vacuum")
        self._checkpoint()

    def contains(self, needle: bytes) -> bool:
        """Whether these bytes stand anywhere in the index's files, deleted rows included."""
        files = [self._path, *(Path(f"{self._path}{end}") for end in ("-wal", "-shm"))]
        with self._lock:
            return any(needle in file.read_bytes() for file in files if file.exists())

    def begin_upload(self, *cids: bytes) -> None:
        """These are about to be pinned; until `end_upload` nothing refers to them."""
        for cid in cids:
            self._run("insert or ignore into upload values (?)", cid)

    def end_upload(self, *cids: bytes) -> None:
        for cid in cids:
            self._run("delete from upload where cid = ?", cid)

    def stray_uploads(self) -> list[bytes]:
        """Uploads begun and never ended, by a process that is gone."""
        return [row[0] for row in self._run("select cid from upload")]

    def refers_to(self, cid: bytes) -> bool:
        """Whether a sealing, an envelope or what is kept for emergencies needs these bytes."""
        query = (
            "select 1 from sealing where cid = ? union select 1 from envelope where cid = ?"
            " union select 1 from custody where cid = ?"
        )
        return bool(self._run(query, cid, cid, cid))

    def _run(self, query: str, *values: object) -> list[Any]:
        with self._lock, self._translated():
            return self._database.execute(query, values).fetchall()

    def _checkpoint(self) -> None:
        if self._run("pragma wal_checkpoint(truncate)")[0][0]:
            raise StoreBusyError("Another process reads the vault's index.")

    def _prepare(self) -> None:
        self._database.execute("pragma journal_mode = wal")
        self._database.execute("pragma synchronous = full")
        self._database.execute("pragma foreign_keys = on")
        # What is deleted is overwritten with zeros, not only unlinked.
        self._database.execute("pragma secure_delete = on")
        found = self._database.execute("pragma user_version").fetchone()[0]
        if found not in (0, SCHEMA_VERSION):
            raise StoreError(
                f"The index {self._path} has format {found}; this program knows {SCHEMA_VERSION}.",
                remedy="Use the newer program that wrote it.",
            )
        self._database.executescript(_SCHEMA)
        self._database.execute(f"pragma user_version = {SCHEMA_VERSION}")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, UnicodeError) as error:
            raise StoreError(
                # SQLite quotes what it cannot decode; nothing of a row belongs in a message.
                f"The index {self._path} could not be used: {str(error).split(' with text')[0]}.",
                remedy="Is the disk full, or the file damaged? It can be restored from a backup.",
            ) from error
