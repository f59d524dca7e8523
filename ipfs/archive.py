"""Export and import: a folder with one CAR file for each sealing, and a manifest.

    export_archive(vault, store, Path("backup"))
    import_archive(vault_elsewhere, Path("backup"))

All of it is ciphertext, digests and accounts; reading keys are not in it. An export appears whole
or not at all. An import verifies everything before the vault changes, and then enters everything
or nothing.
"""

import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Protocol

from core.errors import InputError, StoreError, VerificationError
from core.hashing import Address
from ipfs.admission import Admission, Admitted
from ipfs.car import header, read_car, section
from ipfs.cid import cid_digest
from ipfs.custody import entry_of
from ipfs.dag import BlockSource, parse_block, read_file, walk
from ipfs.envelope import ENVELOPE_BYTES, envelope_digest, require_envelope_structure
from ipfs.index_rows import StoredEnvelope, StoredSealing
from ipfs.manifest import CHECK as MANIFEST_CHECK
from ipfs.manifest import (
    MAX_MANIFEST_BYTES,
    Entry,
    Kept,
    read_custody,
    read_manifest,
    write_manifest,
)
from ipfs.sealing import MAX_SEALED_BYTES, SealedRecord
from ipfs.vault import IpfsVault

MANIFEST = "manifest.json"
FILE_CHECK = "archive file"
TREE_CHECK = "archive tree"
_PIECE_BYTES = 1 << 20
_MAX_FETCHES = 1024
"""Blocks of one file: a sealed record has at most 268. Links may also lead in great circles."""

Progress = Callable[[int, int], None]
"""Told how many sealings are done, of how many."""


class BlockReader(Protocol):
    """What an export needs of an IPFS node; `ipfs.block_client.BlockClient` is one."""

    def block(self, digest: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What an archive holds."""

    sealings: int
    envelopes: int
    size: int
    """Bytes in its CAR files."""


def export_archive(
    vault: IpfsVault,
    store: BlockReader,
    destination: Path,
    *,
    patient: Address | None = None,
    progress: Progress = lambda _done, _all: None,
) -> Exported:
    """Everything of the vault, or of one patient, as a new folder `destination` (0700).

    Raises InputError when the folder exists or there is nothing to export, StoreError and
    VerificationError when bytes are missing or damaged or the disk is full; the folder is then
    not there.
    """
    chosen = vault.patients() if patient is None else [patient]
    stored = [each for somebody in chosen for each in vault.sealings(somebody)]
    if not stored:
        raise InputError("The vault holds nothing to export.")
    with _new_folder(destination) as folder:
        entries = []
        for number, each in enumerate(stored, start=1):
            envelopes = tuple(vault.envelopes(each.sealing.commitment))
            entries.append(_write_entry(folder, number, each, envelopes, store))
            progress(number, len(stored))
        with _private_file(folder / MANIFEST) as file:
            file.write(
                write_manifest(entries, [each for one in chosen for each in _kept(vault, one)])
            )
    return Exported(
        sealings=len(entries),
        envelopes=sum(len(entry.envelopes) for entry in entries),
        size=sum(entry.size for entry in entries),
    )


def import_archive(
    vault: IpfsVault, source: Path, *, progress: Progress = lambda _done, _all: None
) -> Admitted:
    """Take the archive `source` into the vault. Repeating it changes nothing.

    Raises InputError when there is no archive or it contradicts what the vault holds,
    VerificationError naming what is torn or altered, StoreError and its kin.
    """
    raw = _read_raw(source)
    entries, kept = read_manifest(raw), read_custody(raw)
    for each in kept:
        entry_of(each.domain, each.patient, each.data)
    for number, entry in enumerate(entries, start=1):
        _admission(source, entry)
        progress(number, len(entries))
    # Read and verified once more: what a file said before is no promise.
    admitted = vault.admit(_admission(source, entry) for entry in entries)
    for each in kept:
        vault.custody.put(each.domain, each.patient, each.data)
    return admitted


def _kept(vault: IpfsVault, patient: Address) -> list[Kept]:
    return [
        Kept(domain=each.domain, patient=patient, data=vault.custody.read(each.digest))
        for each in vault.custody.of(patient)
    ]


def _write_entry(
    folder: Path,
    number: int,
    stored: StoredSealing,
    envelopes: tuple[StoredEnvelope, ...],
    store: BlockReader,
) -> Entry:
    name, hasher, size = f"{number:04d}.car", hashlib.sha256(), 0
    roots = (stored.cid, *(each.cid for each in envelopes))
    with _private_file(folder / name) as file:
        for piece in _car(roots, store):
            file.write(piece)
            hasher.update(piece)
            size += len(piece)
    return Entry(file=name, size=size, sha256=hasher.digest(), stored=stored, envelopes=envelopes)


def _car(roots: Sequence[bytes], store: BlockReader) -> Iterator[bytes]:
    yield header(roots)
    written: set[bytes] = set()
    for root in roots:
        for digest, block in _tree(root, store):
            if digest not in written:
                written.add(digest)
                yield section(digest, block)


def _tree(root: bytes, store: BlockReader) -> Iterator[tuple[bytes, bytes]]:
    """Every block of a file, the root first; each is asked for once."""
    pending = [root]
    while pending:
        digest = pending.pop()
        block = store.block(digest)
        yield digest, block
        pending.extend(reversed(parse_block(block).links))


def _read_raw(source: Path) -> bytes:
    try:
        with (source / MANIFEST).open("rb") as file:
            raw = file.read(MAX_MANIFEST_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"There is no archive in {source}.") from None
    except OSError as error:
        raise InputError(f"The archive in {source} cannot be read: {error.strerror}.") from error
    if len(raw) > MAX_MANIFEST_BYTES:
        raise VerificationError("The archive's manifest is too long.", check=MANIFEST_CHECK)
    return raw


def _admission(source: Path, entry: Entry) -> Admission:
    """The sealing of one CAR file, its every byte verified. Raises VerificationError."""
    blocks = _blocks(source / entry.file, entry)
    used = {digest for root in entry.roots for digest in walk(root, _from(blocks))}
    if used != blocks.keys():
        raise VerificationError(
            f"{entry.file} holds blocks that belong to none of its roots.", check=TREE_CHECK
        )
    record = _file(entry.stored.cid, blocks, MAX_SEALED_BYTES)
    SealedRecord.from_untrusted(record)
    envelopes = [_file(each.cid, blocks, ENVELOPE_BYTES) for each in entry.envelopes]
    for envelope, named in zip(envelopes, entry.envelopes, strict=True):
        require_envelope_structure(envelope)
        if envelope_digest(envelope) != named.digest:
            raise VerificationError(
                f"{entry.file} holds another envelope than the manifest names.",
                check="envelope digest",
            )
    return Admission(stored=entry.stored, envelopes=entry.envelopes, parts=(record, *envelopes))


def _blocks(path: Path, entry: Entry) -> dict[bytes, bytes]:
    try:
        with path.open("rb") as file:
            _require_hash(file, entry)
            return dict(read_car(file, entry.roots))
    except OSError as error:
        raise VerificationError(
            f"{entry.file} of the archive is missing or cannot be read: {error.strerror}.",
            check=FILE_CHECK,
        ) from error


def _require_hash(file: BufferedReader, entry: Entry) -> None:
    if os.fstat(file.fileno()).st_size != entry.size:
        raise VerificationError(
            f"{entry.file} has another length than the manifest names: it was cut or altered.",
            check=FILE_CHECK,
        )
    if hashlib.file_digest(file, "sha256").digest() != entry.sha256:
        raise VerificationError(f"{entry.file} was altered.", check=FILE_CHECK)
    file.seek(0)


def _from(blocks: dict[bytes, bytes]) -> BlockSource:
    left = _MAX_FETCHES

    def block_of(digest: bytes) -> bytes:
        nonlocal left
        left -= 1
        if left < 0:
            raise VerificationError("The archive holds an endless file.", check=TREE_CHECK)
        if digest not in blocks:
            raise VerificationError("The archive lacks a block of a file.", check=TREE_CHECK)
        return blocks[digest]

    return block_of


def _file(root: bytes, blocks: dict[bytes, bytes], max_bytes: int) -> bytes:
    data = bytearray()
    for piece in read_file(root, _from(blocks)):
        data += piece
        if len(data) > max_bytes:
            raise VerificationError("The archive holds a file that is too long.", check=TREE_CHECK)
    if cid_digest(bytes(data)) != root:
        raise VerificationError(
            "The archive holds a file that was not stored in the agreed way.", check=TREE_CHECK
        )
    return bytes(data)


@contextmanager
def _new_folder(destination: Path) -> Iterator[Path]:
    """A folder that appears under its name when everything in it is on the disk."""
    if destination.exists() or destination.is_symlink():
        raise InputError(f"{destination} is there already.", remedy="Name a new folder.")
    draft = destination.with_name(f".{destination.name}.{secrets.token_hex(4)}")
    try:
        draft.mkdir(mode=0o700, parents=True)
        try:
            yield draft
            _sync(draft)
            draft.rename(destination)
            _sync(destination.parent)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise StoreError(
            f"The archive could not be written to {destination}: {error.strerror}.",
            remedy="Make room, or name another disk.",
        ) from error


@contextmanager
def _private_file(path: Path) -> Iterator[BinaryIO]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb", buffering=_PIECE_BYTES) as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
