"""A vault looked at from outside: every byte it has on its books, read through.

`VaultCustody` is `core.ports.Custody`; `core.flows.verify` holds what it finds against the chain.
"""

from collections.abc import Sequence
from typing import Protocol

from core.errors import StoreError, StoreUnavailableError, VerificationError
from core.hashing import Address, keccak256
from core.records import Condition, Held
from ipfs.cid import CHUNK_BYTES
from ipfs.dag import parse_block
from ipfs.envelope import ENVELOPE_BYTES, envelope_digest, require_envelope_structure
from ipfs.escrow import MAX_ESCROW_BYTES, kind_of
from ipfs.sealing import MAX_SEALED_BYTES, SealedRecord
from ipfs.vault import IpfsVault

_MAX_BLOCKS = 2 * MAX_SEALED_BYTES // CHUNK_BYTES


class InspectedStore(Protocol):
    """What an inspection needs of an IPFS node; `ipfs.block_client.BlockClient` is one."""

    def read(self, digest: bytes, max_bytes: int) -> bytes: ...

    def is_pinned(self, digest: bytes) -> bool: ...

    def block(self, digest: bytes) -> bytes: ...

    def has_block(self, digest: bytes) -> bool: ...

    def pinned(self) -> list[bytes]: ...


class VaultCustody:
    """`core.ports.Custody` over an IpfsVault and the node under it."""

    def __init__(self, vault: IpfsVault, store: InspectedStore) -> None:
        self._vault = vault
        self._store = store

    def patients(self) -> Sequence[Address]:
        return self._vault.patients()

    def held(self, patient: Address) -> Sequence[Held]:
        """By record and version, unconfirmed ones included."""
        return [
            Held(sealing=stored.sealing, confirmed=stored.confirmed)
            for stored in self._vault.sealings(patient)
        ]

    def record_condition(self, commitment: bytes) -> Condition:
        """After reading the sealed record through. Raises StoreUnavailableError."""
        stored = self._vault.sealing(commitment)
        if stored is None:
            return Condition.UNKNOWN
        try:
            SealedRecord.from_untrusted(self._store.read(stored.cid, MAX_SEALED_BYTES))
        except (StoreError, VerificationError) as error:
            return self._broken(stored.cid, error)
        return self._pinned(stored.cid)

    def envelope_condition(self, digest: bytes) -> Condition:
        """After reading the envelope through. Raises StoreUnavailableError."""
        entry = self._vault.envelope_entry(digest)
        if entry is None:
            return Condition.UNKNOWN
        try:
            envelope = self._store.read(entry.cid, ENVELOPE_BYTES)
            require_envelope_structure(envelope)
        except (StoreError, VerificationError) as error:
            return self._broken(entry.cid, error)
        if envelope_digest(envelope) != digest:
            return Condition.DAMAGED
        return self._pinned(entry.cid)

    def custody(self, patient: Address) -> Sequence[bytes]:
        """Digests of what is kept for a patient's emergencies."""
        return [each.digest for each in self._vault.custody.of(patient)]

    def custody_condition(self, digest: bytes) -> Condition:
        """After reading it through. Raises StoreUnavailableError."""
        entry = self._vault.custody.entry(digest)
        if entry is None:
            return Condition.UNKNOWN
        try:
            data = self._store.read(entry.cid, MAX_ESCROW_BYTES)
            kind_of(data)
        except (StoreError, VerificationError) as error:
            return self._broken(entry.cid, error)
        return self._pinned(entry.cid) if keccak256(data) == digest else Condition.DAMAGED

    def stray_pins(self) -> int:
        """Pins of the node that the vault has not on its books."""
        return sum(not self._vault.refers_to(root) for root in self._store.pinned())

    def _pinned(self, cid: bytes) -> Condition:
        return Condition.WHOLE if self._store.is_pinned(cid) else Condition.UNPINNED

    def _broken(self, cid: bytes, error: Exception) -> Condition:
        """Whether a block is missing, or all are there and one is not what it should be.

        A node that meets a bad block breaks its answer off, which looks as if it had gone away:
        only if every block is right did it.
        """
        pending, left = [cid], _MAX_BLOCKS
        while pending and left:
            digest, left = pending.pop(), left - 1
            if not self._store.has_block(digest):
                return Condition.MISSING
            try:
                pending.extend(parse_block(self._store.block(digest)).links)
            except StoreUnavailableError:
                raise
            except (StoreError, VerificationError):
                return Condition.DAMAGED
        if isinstance(error, StoreUnavailableError):
            raise error
        return Condition.DAMAGED
