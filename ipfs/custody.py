"""What a vault keeps for emergencies: escrows and released shares, on IPFS and in its index."""

from collections.abc import Collection, Sequence

from core.eip712 import Domain
from core.errors import StoreError, VerificationError
from core.hashing import Address, keccak256
from core.records import CustodyKind
from ipfs.admission import Store
from ipfs.checks import Check, require_equal
from ipfs.cid import cid_digest
from ipfs.escrow import CHECK, MAX_ESCROW_BYTES, Escrow, kind_of
from ipfs.index import Index
from ipfs.index_rows import StoredCustody
from ipfs.vault_files import WriterLock


class CustodyShelf:
    """The part of a vault that holds what custodians keep and hand over. All of it ciphertext."""

    def __init__(self, store: Store, index: Index, lock: WriterLock) -> None:
        self._store = store
        self._index = index
        self._lock = lock

    def put(self, domain: Domain, patient: Address, data: bytes) -> bytes:
        """Store an escrow or a released share; its keccak256. Idempotent.

        Raises VerificationError when it is neither, or another patient's escrow.
        """
        entry = entry_of(domain, patient, data)
        with self._lock.alone():
            self._index.begin_upload(entry.cid)
            self._store.add(data)
            with self._index.transaction():
                self._index.add_custody(entry)
                self._index.end_upload(entry.cid)
        return entry.digest

    def of(self, patient: Address) -> Sequence[StoredCustody]:
        """What is kept of a patient's emergencies."""
        return self._index.custodies(patient)

    def entry(self, digest: bytes) -> StoredCustody | None:
        """What the index says of it, None when it is not stored."""
        return self._index.custody(digest)

    def read(self, digest: bytes) -> bytes:
        """The bytes with this keccak256, verified. Raises StoreError, VerificationError."""
        entry = self._index.custody(digest)
        if entry is None:
            raise StoreError(
                "The vault does not hold what was handed over.",
                remedy="Connect to the IPFS node and home folder where the custodians left it.",
            )
        data = self._store.read(entry.cid, MAX_ESCROW_BYTES)
        require_equal(
            keccak256(data),
            digest,
            Check.ENVELOPE_DIGEST,
            "What is stored is not what was handed over",
        )
        return data

    def unpin(self, digests: Collection[bytes]) -> None:
        """Take the pins back; the index keeps naming them. Idempotent."""
        with self._lock.alone():
            for entry in filter(None, map(self._index.custody, digests)):
                self._store.unpin(entry.cid)

    def remove(self, digests: Collection[bytes]) -> None:
        """Drop them from the index; the vault's `remove` then rewrites its file."""
        with self._lock.alone(), self._index.transaction():
            for digest in digests:
                self._index.remove_custody(digest)


def entry_of(domain: Domain, patient: Address, data: bytes) -> StoredCustody:
    """How the index names these bytes. Raises VerificationError as `put` does."""
    kind = kind_of(data)
    if kind is CustodyKind.ESCROW:
        context = Escrow.from_untrusted(data).context
        if (context.domain, context.patient) != (domain, patient):
            raise VerificationError("This escrow is another patient's.", check=CHECK)
    return StoredCustody(
        digest=keccak256(data), kind=kind, domain=domain, patient=patient, cid=cid_digest(data)
    )
