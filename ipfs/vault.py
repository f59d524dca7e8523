"""The vault: sealed records and envelopes on IPFS, an index of what is where beside them.

    vault = IpfsVault.open_at(home / "vault", StoreClient(StoreSettings.local(home)))
    sealing = vault.seal(payload, context, previous, owner_key)
    ...commit sealing.commitment on chain...
    vault.confirm(sealing.commitment)

What reaches the node is ciphertext. The data key exists while `seal` runs and then only inside
the owner's envelope.
"""

import fcntl
import hashlib
import hmac
import os
import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from core.errors import InputError, StoreError
from core.hashing import Address, address
from core.records import SealContext, Sealing
from ipfs.checks import Check, require_equal
from ipfs.cid import cid_digest
from ipfs.envelope import (
    ENVELOPE_BYTES,
    Identity,
    Opened,
    Recipient,
    envelope_digest,
    require_envelope_structure,
)
from ipfs.index import Index, StoredEnvelope, StoredSealing
from ipfs.opening import Claim, open_record
from ipfs.padding import require_payload_size
from ipfs.sealing import MAX_SEALED_BYTES, SALT_BYTES, commitment_of, seal

_FINGERPRINT_KEY_BYTES = 32


class Store(Protocol):
    """What the vault needs of an IPFS node; `ipfs.client.StoreClient` is one."""

    def add(self, data: bytes) -> bytes: ...

    def read(self, digest: bytes, max_bytes: int) -> bytes: ...

    def is_pinned(self, digest: bytes) -> bool: ...

    def unpin(self, digest: bytes) -> None: ...


class IpfsVault:
    """`core.ports.Vault` over an IPFS node. Safe to use from several threads and processes."""

    def __init__(self, store: Store, index: Index, *, fingerprint_key: bytes, lock: Path) -> None:
        self._store = store
        self._index = index
        self._fingerprint_key = fingerprint_key
        self._lock = lock
        self._thread_lock = threading.Lock()

    @classmethod
    def open_at(cls, folder: Path, store: Store) -> "IpfsVault":
        """The vault of `folder`, made 0700 if it does not exist. Raises StoreError."""
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
            key = _fingerprint_key(folder / "fingerprint.key")
            index = Index(folder / "index.db")
        except OSError as error:
            raise StoreError(f"The vault in {folder} cannot be used: {error.strerror}.") from error
        return cls(store, index, fingerprint_key=key, lock=folder / "vault.lock")

    def close(self) -> None:
        self._index.close()

    def seal(
        self, payload: bytes, context: SealContext, previous: bytes, owner_key: bytes
    ) -> Sealing:
        """Seal, store pinned and read back, wrap for the owner, remember.

        The same payload, context, predecessor and owner key give the sealing that is stored
        already. Raises InputError (payload above 64 MiB, bad key), StoreError and its kin.
        """
        require_payload_size(payload)
        owner = Recipient(owner_key)
        fingerprint = self._fingerprint(owner_key, payload)
        with self._alone():
            self._drop_strays()
            stored = self._index.sealing_like(context, previous, fingerprint)
            if stored is not None and (stored.confirmed or self._is_whole(stored)):
                return stored.sealing
            if stored is not None:
                self._drop(stored)
            return self._seal_anew(payload, context, previous, owner, fingerprint)

    def holds(self, commitment: bytes, payload: bytes, owner_key: bytes) -> bool:
        """Whether the sealing carries exactly this payload, sealed to this owner's key."""
        stored = self._index.sealing(commitment)
        if stored is None:
            return False
        like = self._index.sealing_like(
            stored.sealing.context,
            stored.sealing.previous,
            self._fingerprint(owner_key, payload),
        )
        return like is not None and like.sealing.commitment == commitment

    def confirm(self, commitment: bytes) -> None:
        """The chain holds this commitment now. Others for the same step can no longer: they go.

        Idempotent. Raises StoreError when the vault does not hold it.
        """
        with self._alone():
            stored = self._sealing(commitment)
            self._index.confirm(commitment)
            for rival in self._index.rivals(stored.sealing):
                self._drop(rival)

    def version(self, commitment: bytes) -> int | None:
        """Version of a stored sealing, None when the vault does not hold it."""
        stored = self._index.sealing(commitment)
        return None if stored is None else stored.sealing.context.version

    def sealings(self, patient: Address) -> Sequence[StoredSealing]:
        """A patient's sealings by record and version, unconfirmed ones included."""
        return self._index.sealings(patient)

    def ciphertext(self, commitment: bytes) -> bytes:
        """The sealed bytes, their CID verified. Raises StoreError, VerificationError."""
        return self._store.read(self._sealing(commitment).cid, MAX_SEALED_BYTES)

    def put_envelope(self, commitment: bytes, reader: Address, envelope: bytes) -> bytes:
        """Store an envelope for a reader; its digest, which the grant will name. Idempotent.

        Raises VerificationError when it is not an envelope, StoreError when the vault does not
        hold the sealing, InputError when the envelope was stored for somebody else.
        """
        require_envelope_structure(envelope)
        cid, digest = cid_digest(envelope), envelope_digest(envelope)
        entry = StoredEnvelope(
            digest=digest, commitment=commitment, reader=address(reader), cid=cid
        )
        with self._alone():
            self._drop_strays()
            self._sealing(commitment)
            if self._index.envelope(digest) not in (None, entry):
                raise InputError("This envelope is stored for another reader or record.")
            self._index.begin_upload(cid)
            self._store.add(envelope)
            with self._index.transaction():
                self._index.add_envelope(entry)
                self._index.end_upload(cid)
        return digest

    def envelope(self, digest: bytes) -> bytes:
        """An envelope by its keccak256, verified. Raises StoreError, VerificationError."""
        entry = self._index.envelope(digest)
        if entry is None:
            raise StoreError("The vault does not hold this envelope.")
        envelope = self._store.read(entry.cid, ENVELOPE_BYTES)
        require_equal(
            envelope_digest(envelope),
            digest,
            Check.ENVELOPE_DIGEST,
            "The stored envelope is not the one that was asked for",
        )
        return envelope

    def envelope_for(self, commitment: bytes, reader: Address) -> bytes | None:
        """Digest of the latest envelope that was stored for `reader`, None without one.

        What the reader may open is what the grant on chain names; this only helps to find it.
        """
        entries = self._index.envelopes(commitment, address(reader))
        return entries[-1].digest if entries else None

    def open(
        self,
        identity: Identity,
        commitment: bytes,
        context: SealContext,
        envelope: bytes,
        reader: Address,
    ) -> bytes:
        """The payload, verified in the full order of `ipfs.opening`.

        `commitment` and `envelope`, a digest, are what the chain says. Raises StoreError,
        VerificationError.
        """
        claim = Claim(context=context, reader=reader, commitment=commitment, envelope=envelope)
        return open_record(identity, claim, self.ciphertext(commitment), self.envelope(envelope))

    def forget(self, commitment: bytes) -> None:
        """Unpin a sealing and all its envelopes and drop them from the index. Idempotent.

        The node's next garbage collection (`StoreClient.collect_garbage`) deletes the bytes.
        """
        with self._alone():
            stored = self._index.sealing(commitment)
            if stored is not None:
                self._drop(stored)

    def _seal_anew(
        self,
        payload: bytes,
        context: SealContext,
        previous: bytes,
        owner: Recipient,
        fingerprint: bytes,
    ) -> Sealing:
        sealed = seal(payload, context)
        cid, salt = cid_digest(sealed.record), secrets.token_bytes(SALT_BYTES)
        opened = Opened(key=sealed.key, salt=salt, cid_digest=cid)
        envelope = owner.wrap(opened, context, context.patient)
        sealing = Sealing(
            context=context,
            commitment=commitment_of(salt, cid, sealed.key_commitment),
            previous=previous,
            envelope_digest=envelope_digest(envelope),
        )
        self._store_both(sealing, sealed.record, envelope, fingerprint)
        return sealing

    def _store_both(
        self, sealing: Sealing, record: bytes, envelope: bytes, fingerprint: bytes
    ) -> None:
        cid, envelope_cid = cid_digest(record), cid_digest(envelope)
        self._index.begin_upload(cid, envelope_cid)
        self._store.add(record)
        self._store.add(envelope)
        with self._index.transaction():
            self._index.add_sealing(sealing, cid, fingerprint)
            self._index.add_envelope(
                StoredEnvelope(
                    digest=sealing.envelope_digest,
                    commitment=sealing.commitment,
                    reader=sealing.context.patient,
                    cid=envelope_cid,
                )
            )
            self._index.end_upload(cid, envelope_cid)

    def _sealing(self, commitment: bytes) -> StoredSealing:
        stored = self._index.sealing(commitment)
        if stored is None:
            raise StoreError(
                "The vault does not hold this version of the record.",
                remedy="It may have been sealed with another home folder.",
            )
        return stored

    def _is_whole(self, stored: StoredSealing) -> bool:
        owned = self._index.envelope(stored.sealing.envelope_digest)
        return (
            owned is not None
            and self._store.is_pinned(stored.cid)
            and self._store.is_pinned(owned.cid)
        )

    def _drop(self, stored: StoredSealing) -> None:
        commitment = stored.sealing.commitment
        for entry in self._index.envelopes(commitment):
            self._store.unpin(entry.cid)
        self._store.unpin(stored.cid)
        self._index.remove_sealing(commitment)

    def _drop_strays(self) -> None:
        # We are alone, so an upload that was begun and not ended belongs to a process that died.
        for cid in self._index.stray_uploads():
            if not self._index.refers_to(cid):
                self._store.unpin(cid)
            self._index.end_upload(cid)

    def _fingerprint(self, owner_key: bytes, payload: bytes) -> bytes:
        # Keyed: a copied index must not let anyone test guesses of what a history says.
        mac = hmac.new(self._fingerprint_key, owner_key, hashlib.sha256)
        mac.update(payload)
        return mac.digest()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One writer at a time, over all threads and processes of this home."""
        with self._thread_lock:
            descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                yield
            finally:
                os.close(descriptor)


def _fingerprint_key(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        key = file.read()
        if not key:
            key = secrets.token_bytes(_FINGERPRINT_KEY_BYTES)
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
    if len(key) != _FINGERPRINT_KEY_BYTES:
        raise StoreError(f"The key file {path} is damaged.", remedy="Restore it from a backup.")
    return key
