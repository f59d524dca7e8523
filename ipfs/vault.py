"""The vault: sealed records and envelopes on IPFS, an index of what is where beside them.

    vault = IpfsVault.open_at(home / "vault", StoreClient(StoreSettings.local(home)))
    sealing = vault.seal(payload, context, previous, owner_key)
    ...commit sealing.commitment on chain...
    vault.confirm(sealing.commitment)

What reaches the node is ciphertext. The data key exists while `seal` runs and then only inside
the owner's envelope.
"""

import hashlib
import hmac
import secrets
from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from core.errors import InputError, StoreError
from core.hashing import Address, address
from core.records import SealContext, Sealing
from ipfs.admission import Admission, Admitted, Store, admit
from ipfs.checks import Check, require_equal
from ipfs.cid import cid_digest
from ipfs.custody import CustodyShelf
from ipfs.envelope import (
    ENVELOPE_BYTES,
    Identity,
    Opened,
    Recipient,
    envelope_digest,
    require_envelope_structure,
)
from ipfs.index import Index
from ipfs.index_rows import StoredEnvelope, StoredSealing
from ipfs.opening import Claim, open_record
from ipfs.padding import require_payload_size
from ipfs.sealing import MAX_SEALED_BYTES, SALT_BYTES, commitment_of, seal
from ipfs.vault_files import WriterLock, fingerprint_key


class IpfsVault:
    """`core.ports.Vault` over an IPFS node. Safe to use from several threads and processes."""

    def __init__(
        self, store: Store, index: Index, *, fingerprint_key: bytes, lock: WriterLock
    ) -> None:
        self._store = store
        self._index = index
        self._fingerprint_key = fingerprint_key
        self._lock = lock
        self.custody = CustodyShelf(store, index, lock)

    @classmethod
    def open_at(cls, folder: Path, store: Store, *, busy_seconds: float = 30.0) -> "IpfsVault":
        """The vault of `folder`, made 0700 if it does not exist. Raises StoreError.

        Writers wait at most `busy_seconds` for one another, then raise StoreBusyError.
        """
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
            key = fingerprint_key(folder / "fingerprint.key")
            index = Index(folder / "index.db")
        except OSError as error:
            raise StoreError(f"The vault in {folder} cannot be used: {error.strerror}.") from error
        lock = WriterLock(folder / "vault.lock", busy_seconds)
        return cls(store, index, fingerprint_key=key, lock=lock)

    def close(self) -> None:
        self._index.close()

    def seal(
        self, payload: bytes, context: SealContext, previous: bytes, owner_key: bytes
    ) -> Sealing:
        """Seal, store pinned and read back, wrap for the owner, remember.

        The same payload, context, predecessor and owner key give the sealing that is stored
        already. Raises InputError (payload empty or above 64 MiB, bad key), StoreError and its kin.
        """
        if not payload:
            raise InputError("There is nothing to seal: the history is empty.")
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

    def patients(self) -> Sequence[Address]:
        """Everybody of whom something is stored."""
        return self._index.patients()

    def sealing(self, commitment: bytes) -> StoredSealing | None:
        """What is stored under a commitment, None when nothing is."""
        return self._index.sealing(commitment)

    def sealings(self, patient: Address) -> Sequence[StoredSealing]:
        """A patient's sealings by record and version, unconfirmed ones included."""
        return self._index.sealings(patient)

    def envelopes(self, commitment: bytes) -> Sequence[StoredEnvelope]:
        """A sealing's envelopes, for all its readers, the latest last."""
        return self._index.envelopes(commitment)

    def envelope_entry(self, digest: bytes) -> StoredEnvelope | None:
        """What the index says of an envelope, None when it is not stored."""
        return self._index.envelope(digest)

    def envelopes_of(self, reader: Address) -> Sequence[StoredEnvelope]:
        """A reader's envelopes, of whatever sealing."""
        return self._index.envelopes_of(address(reader))

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

    def begin_rotation(self, commitment: bytes) -> None:
        """Remember that this sealing replaces the ones before it. Raises StoreError."""
        with self._alone():
            self._sealing(commitment)
            self._index.begin_rotation(commitment)

    def is_rotating(self, commitment: bytes) -> bool:
        """Whether the sealing came of a rotation that has not ended."""
        return self._index.is_rotating(commitment)

    def put_rotation_envelope(self, commitment: bytes, reader: Address, envelope: bytes) -> bytes:
        """`put_envelope` for a reader who is to keep access; gone at the end if no grant came."""
        digest = self.put_envelope(commitment, reader, envelope)
        self.mark_rotation_envelope(digest)
        return digest

    def mark_rotation_envelope(self, digest: bytes) -> None:
        """A stored envelope goes at the rotation's end unless a grant names it."""
        self._index.add_rotation_envelope(digest)

    def end_rotation(self, commitment: bytes, named: Collection[bytes]) -> int:
        """Drop the versions before this one, and the rotation's envelopes that are not `named`.

        Only after the chain holds the commitment. Idempotent; returns how many versions went.
        """
        with self._alone():
            stored = self._sealing(commitment)
            for entry in self._index.rotation_envelopes(commitment):
                if entry.digest not in named:
                    self._store.unpin(entry.cid)
                    self._index.remove_envelope(entry.digest)
            earlier = self._earlier(stored.sealing.context)
            for each in earlier:
                self._drop(each)
            self._index.end_rotation(commitment)
            return len(earlier)

    def unpin(self, commitment: bytes) -> None:
        """Take back the pins of a sealing and its envelopes; the index keeps naming them.

        The first step of an erasure, which must still know what it erases. Idempotent.
        """
        with self._alone():
            self._unpin(self._sealing(commitment))

    def remove(self, commitments: Collection[bytes]) -> None:
        """Drop sealings from the index and rewrite its file, so that no digest of them stays.

        Raises StoreBusyError when another process reads the index; repeating resumes.
        """
        with self._alone():
            with self._index.transaction():
                for commitment in commitments:
                    self._index.remove_sealing(commitment)
            self._index.scrub()

    def mentions(self, value: bytes) -> bool:
        """Whether these bytes stand anywhere in the index's files."""
        return self._index.contains(value)

    def refers_to(self, cid: bytes) -> bool:
        """Whether the index needs the bytes with this digest in their CID."""
        return self._index.refers_to(cid)

    def admit(self, items: Iterable[Admission]) -> Admitted:
        """Take in sealings made elsewhere, all or none; what is here already stays as it is.

        Raises InputError when one contradicts what is here, StoreError and its kin.
        """
        with self._alone():
            self._drop_strays()
            try:
                return admit(self._store, self._index, items)
            except BaseException:
                with suppress(StoreError):
                    self._drop_strays()
                raise

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
        self._unpin(stored)
        self._index.remove_sealing(stored.sealing.commitment)

    def _unpin(self, stored: StoredSealing) -> None:
        for entry in self._index.envelopes(stored.sealing.commitment):
            self._store.unpin(entry.cid)
        self._store.unpin(stored.cid)

    def _earlier(self, context: SealContext) -> list[StoredSealing]:
        """Versions of the same record before this one, on the same contract."""
        return [
            stored
            for stored in self._index.sealings(context.patient)
            if (stored.sealing.context.domain, stored.sealing.context.record)
            == (context.domain, context.record)
            and stored.sealing.context.version < context.version
        ]

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

    def _alone(self) -> AbstractContextManager[None]:
        return self._lock.alone()
