"""What the flows need of the outside world. Adapters in ledger, ipfs and ocr implement these."""

from collections.abc import Sequence
from typing import Protocol

from core.events import Event
from core.hashing import Address
from core.records import SealContext, Sealing, Terms
from core.typed_data import Domain, Signed, TypedStruct


class Signer(Protocol):
    """Somebody's wallet."""

    @property
    def account(self) -> Address: ...

    def sign(self, domain: Domain, message: TypedStruct) -> bytes:
        """The EIP-712 signature, 65 bytes for a plain account."""
        ...


class Ledger(Protocol):
    """The Consent contract, read and written through a relayer.

    Reads and writes raise ChainUnavailableError when the node does not answer and
    WrongChainError / WrongContractError when it is another one.
    """

    @property
    def domain(self) -> Domain: ...

    def now(self) -> int:
        """The chain's clock, seconds since 1970: what a message sent now would be judged by.

        Not the latest block's timestamp: on a quiet chain that may be hours old.
        """
        ...

    def relay(self, signed: Signed) -> bytes:
        """Send a signed message, wait until it is confirmed, return the transaction hash.

        Raises ConsentRefusedError, with the contract's own reason, before anything is spent.
        """
        ...

    def commitment(self, patient: Address, record: bytes) -> bytes: ...

    def head(self, patient: Address) -> bytes: ...

    def cutoff(self, patient: Address) -> int:
        """The patient's revoke-all cutoff; grants not granted after it are void."""
        ...

    def terms(self, patient: Address, grantee: Address, record: bytes) -> Terms: ...

    def has_access(
        self, patient: Address, grantee: Address, record: bytes, purpose: int
    ) -> bool: ...

    def reading_key(self, account: Address) -> bytes | None:
        """The published key, checked against the hash in the contract's state."""
        ...

    def events(self) -> Sequence[Event]:
        """Every event of the contract, in order."""
        ...


class Vault(Protocol):
    """Sealed records and envelopes on IPFS, with an index of what is where."""

    def seal(
        self, payload: bytes, context: SealContext, previous: bytes, owner_key: bytes
    ) -> Sealing:
        """Seal `payload` with a fresh key, store it pinned and read back, wrap for the owner.

        The same payload for the same context returns the sealing already stored, so that an
        interrupted publication resumes without doubling.
        """
        ...

    def holds(self, commitment: bytes, payload: bytes, owner_key: bytes) -> bool:
        """Whether the stored version carries exactly this payload, sealed to this key."""
        ...

    def confirm(self, commitment: bytes) -> None:
        """The chain holds this commitment now."""
        ...

    def version(self, commitment: bytes) -> int | None:
        """Version of a stored sealing, None when the vault does not hold it."""
        ...

    def ciphertext(self, commitment: bytes) -> bytes:
        """The sealed bytes, their CID verified. Raises StoreError, VerificationError."""
        ...

    def put_envelope(self, commitment: bytes, reader: Address, envelope: bytes) -> bytes:
        """Store an envelope for a reader; returns its digest, which the grant will name."""
        ...

    def envelope(self, digest: bytes) -> bytes:
        """An envelope by its keccak256, verified."""
        ...
