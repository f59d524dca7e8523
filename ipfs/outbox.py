"""The outbox: publications on their way, in a SQLite file of the vault's folder, 0600.

    outbox = SqliteOutbox.open_at(home / "vault")
    publisher = Publisher(ledger=ledger, vault=vault, outbox=outbox, require_kept=kept_in(store))

It holds no payload, key, salt or CID. A signed message lies here from its signing until the chain
has settled it; then its signature is overwritten. Every row carries a digest of itself, so that a
row that the disk changed is refused and never acted on.

Source: SQLite, Write-Ahead Logging, PRAGMA synchronous, PRAGMA secure_delete.
"""

import fcntl
import hashlib
import os
import sqlite3
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Protocol, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    ValidationError,
)

from core.eip712 import Domain
from core.errors import OutboxDamagedError, StoreError
from core.hashing import Address, abi_word, keccak256
from core.outbox import Publication, Stage, Subject
from core.ports import Vault
from core.records import SealContext, Sealing
from ipfs.cid import cid_digest

OUTBOX_NAME = "outbox.db"
LOCK_NAME = "outbox.lock"
SCHEMA_VERSION = 1
_BUSY_SECONDS = 30.0
_SCHEMA = """
create table if not exists publication (
    subject blob primary key,
    body text not null,
    digest blob not null
) without rowid;
"""
_IN_THE_WAY = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }
)
"""Result codes that blame the surroundings; all others blame the file."""
_FLOCK = struct.Struct("hhqqi4x")
"""struct flock of fcntl(2) on 64-bit Linux: type, whence, start, length, process."""


class PinningStore(Protocol):
    """What `kept_in` needs of an IPFS node; `ipfs.client.StoreClient` is one."""

    def add(self, data: bytes) -> bytes: ...

    def is_pinned(self, digest: bytes) -> bool: ...


class SqliteOutbox:
    """`core.ports.Outbox` in one file. Safe to use from several threads and processes.

    Methods raise OutboxDamagedError when the file is not what was written, StoreError when the
    disk or another program is in the way.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / OUTBOX_NAME
        self._lock_path = folder / LOCK_NAME
        self._lock = threading.RLock()
        with self._translated():
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._database = sqlite3.connect(
                self._path, timeout=_BUSY_SECONDS, check_same_thread=False, isolation_level=None
            )
            self._prepare()

    @classmethod
    def open_at(cls, folder: Path) -> Self:
        """The outbox of `folder`, made 0700 if it does not exist."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
        except OSError as error:
            raise StoreError(f"The folder {folder} cannot be used: {error.strerror}.") from error
        return cls(folder)

    def close(self) -> None:
        with self._lock:
            self._database.close()

    @contextmanager
    def alone(self, subject: Subject) -> Iterator[None]:
        """Waits for whoever works on the subject; the kernel lets go of what a dead one held."""
        with self._translated():
            descriptor = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            # One byte for each subject, of an open file rather than a process: for threads too.
            place = int.from_bytes(_key(subject)[:7], "big")
            lock = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, place, 1, 0)
            with self._translated():
                fcntl.fcntl(descriptor, fcntl.F_OFD_SETLKW, lock)
            yield
        finally:
            os.close(descriptor)

    def find(self, subject: Subject) -> Publication | None:
        key = _key(subject)
        rows = self._run("select subject, body, digest from publication where subject = ?", key)
        return self._read(rows[0]) if rows else None

    def publications(self) -> tuple[Publication, ...]:
        rows = self._run("select subject, body, digest from publication order by subject")
        return tuple(self._read(row) for row in rows)

    def put(self, publication: Publication) -> None:
        """Durable when it returns: the write-ahead log is synced by then."""
        key, body = _key(publication.subject), _Body.of(publication).model_dump_json()
        with self._lock:
            self._run(
                "insert or replace into publication values (?, ?, ?)", key, body, _digest(key, body)
            )
            if not publication.signature:
                self._sweep()

    def forget(self, subject: Subject) -> None:
        with self._lock:
            self._run("delete from publication where subject = ?", _key(subject))
            self._sweep()

    def _sweep(self) -> None:
        """Empty the log, so that no signature stays in it; a reader at work puts it off."""
        self._run("pragma wal_checkpoint(truncate)")

    def _read(self, row: tuple[Any, ...]) -> Publication:
        key, body, digest = row
        if not isinstance(body, str) or _digest(key, body) != digest:
            raise OutboxDamagedError(f"A row of the outbox {self._path} was changed.")
        try:
            publication = _Body.model_validate_json(body).publication()
        except ValidationError:
            raise OutboxDamagedError(
                f"A row of the outbox {self._path} is of a form that this program does not know."
            ) from None
        if _key(publication.subject) != key:
            raise OutboxDamagedError(f"A row of the outbox {self._path} stands in a wrong place.")
        return publication

    def _prepare(self) -> None:
        for setting in ("journal_mode = wal", "synchronous = full", "secure_delete = on"):
            self._database.execute(f"pragma {setting}")
        found = self._database.execute("pragma user_version").fetchone()[0]
        if found not in (0, SCHEMA_VERSION):
            raise OutboxDamagedError(
                f"The outbox {self._path} has format {found}; this program knows {SCHEMA_VERSION}."
            )
        if self._database.execute("pragma integrity_check").fetchone()[0] != "ok":
            raise OutboxDamagedError(f"The outbox {self._path} is damaged.")
        self._database.executescript(_SCHEMA)
        self._database.execute(f"pragma user_version = {SCHEMA_VERSION}")

    def _run(self, query: str, *values: object) -> list[Any]:
        with self._lock, self._translated():
            return self._database.execute(query, values).fetchall()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, UnicodeDecodeError) as error:
            # An extended result code has its primary one in the lowest byte.
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _IN_THE_WAY:
                raise StoreError(
                    f"The outbox {self._path} could not be used: {error}.",
                    remedy="Is the disk full, or does another program hold the file?",
                ) from error
            # No cause: it may quote the row, and a row may hold a signature.
            raise OutboxDamagedError(f"The outbox {self._path} is damaged.") from None
        except OSError as error:
            raise StoreError(
                f"The outbox {self._path} could not be used: {error.strerror}.",
                remedy="Check who may write there, and whether the disk is full.",
            ) from error


def kept_in(store: PinningStore) -> Callable[[Vault, Sealing], None]:
    """What `Publisher.require_kept` takes: read both back and see that both are pinned.

    What lost its pin and is still there is pinned again.
    """

    def require(vault: Vault, sealing: Sealing) -> None:
        record = vault.ciphertext(sealing.commitment)
        for data in (record, vault.envelope(sealing.envelope_digest)):
            if not store.is_pinned(cid_digest(data)):
                store.add(data)

    return require


def _hex_to_bytes(value: object) -> object:
    return bytes.fromhex(value) if isinstance(value, str) else value


def _word(value: bytes) -> bytes:
    if len(value) != 32:
        raise ValueError(f"a word has 32 bytes, not {len(value)}")
    return value


_Bytes = Annotated[
    bytes, BeforeValidator(_hex_to_bytes), PlainSerializer(lambda b: b.hex(), return_type=str)
]
_Word = Annotated[_Bytes, AfterValidator(_word)]


class _Body(BaseModel):
    """A row's form."""

    model_config = ConfigDict(extra="forbid")

    chain_id: int
    contract: str
    patient: str
    record: _Word
    version: int
    previous: _Word
    stage: Stage
    commitment: _Word
    envelope: _Word
    deadline: int
    signature: _Bytes
    transaction: _Bytes
    reason: str

    @classmethod
    def of(cls, publication: Publication) -> Self:
        context = publication.context
        return cls(
            chain_id=context.domain.chain_id,
            contract=context.domain.verifying_contract,
            patient=context.patient,
            record=context.record,
            version=context.version,
            previous=publication.previous,
            stage=publication.stage,
            commitment=publication.commitment,
            envelope=publication.envelope,
            deadline=publication.deadline,
            signature=publication.signature,
            transaction=publication.transaction,
            reason=publication.reason,
        )

    def publication(self) -> Publication:
        domain = Domain(chain_id=self.chain_id, verifying_contract=Address(self.contract))
        return Publication(
            context=SealContext(
                domain=domain,
                patient=Address(self.patient),
                record=self.record,
                version=self.version,
            ),
            previous=self.previous,
            stage=self.stage,
            commitment=self.commitment,
            envelope=self.envelope,
            deadline=self.deadline,
            signature=self.signature,
            transaction=self.transaction,
            reason=self.reason,
        )


def _key(subject: Subject) -> bytes:
    """32 bytes that are a subject's alone."""
    return keccak256(
        subject.domain.separator() + abi_word("address", subject.patient) + subject.record
    )


def _digest(key: bytes, body: str) -> bytes:
    return hashlib.sha256(key + body.encode()).digest()
