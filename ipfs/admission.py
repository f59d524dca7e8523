"""Taking sealings into a vault that were made in another: all of them, or none."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Protocol

from core.errors import InputError
from ipfs.cid import cid_digest
from ipfs.index import Index
from ipfs.index_rows import StoredEnvelope, StoredSealing

_FINGERPRINT_UNKNOWN = b""
"""What was sealed can't be told without opening it, so no payload is ever taken for it."""


class Store(Protocol):
    """What the vault needs of an IPFS node; `ipfs.client.StoreClient` is one."""

    def add(self, data: bytes) -> bytes: ...

    def read(self, digest: bytes, max_bytes: int) -> bytes: ...

    def is_pinned(self, digest: bytes) -> bool: ...

    def unpin(self, digest: bytes) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """A sealing with its envelopes and all their bytes, verified by whoever made this."""

    stored: StoredSealing
    envelopes: tuple[StoredEnvelope, ...]
    parts: tuple[bytes, ...] = field(repr=False)
    """The sealed record and the envelopes, as they go to the node."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """How many were new, and how many sealings were here already."""

    sealings: int
    envelopes: int
    known: int


def admit(store: Store, index: Index, items: Iterable[Admission]) -> Admitted:
    """Store what is not pinned yet, then enter everything in one transaction.

    For the one writer of the vault. When it fails, what was uploaded is a stray in the index.
    Raises InputError when an item contradicts the index; StoreError and its kin.
    """
    entries: list[Admission] = []
    for item in items:
        require_agreement(index, item)
        for part in item.parts:
            _upload(store, index, part)
        # The bytes are the node's now; an archive may be larger than memory.
        entries.append(replace(item, parts=()))
    with index.transaction():
        fresh = sum(_enter(index, entry) for entry in entries)
        envelopes = sum(_enter_envelopes(index, entry) for entry in entries)
        index.end_upload(*index.stray_uploads())
    return Admitted(sealings=fresh, envelopes=envelopes, known=len(entries) - fresh)


def require_agreement(index: Index, item: Admission) -> None:
    """Raises InputError when the vault knows the same commitment or envelope as another."""
    known = index.sealing(item.stored.sealing.commitment)
    # Two sealings never share their bytes; letting one of them go would take the other's pin.
    agrees = (
        not index.refers_to(item.stored.cid)
        if known is None
        else (known.sealing, known.cid) == (item.stored.sealing, item.stored.cid)
    )
    others = (index.envelope(entry.digest) for entry in item.envelopes)
    pairs = zip(others, item.envelopes, strict=True)
    if not agrees or any(other not in (None, entry) for other, entry in pairs):
        raise InputError(
            "What is to be taken in contradicts what the vault holds.",
            remedy="One of the two was altered: `anamnesis vault verify` tells about this vault.",
        )


def _upload(store: Store, index: Index, part: bytes) -> None:
    digest = cid_digest(part)
    if not store.is_pinned(digest):
        index.begin_upload(digest)
        store.add(part)


def _enter(index: Index, item: Admission) -> bool:
    if index.sealing(item.stored.sealing.commitment) is not None:
        return False
    index.add_sealing(
        item.stored.sealing,
        item.stored.cid,
        _FINGERPRINT_UNKNOWN,
        confirmed=item.stored.confirmed,
    )
    return True


def _enter_envelopes(index: Index, item: Admission) -> int:
    fresh = [entry for entry in item.envelopes if index.envelope(entry.digest) is None]
    for entry in fresh:
        index.add_envelope(entry)
    return len(fresh)
