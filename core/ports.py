"""What the flows need of the outside world. Adapters in ledger, ipfs and ocr implement these."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from core.eip712 import Domain, TypedStruct
from core.events import Event
from core.hashing import Address
from core.outbox import Publication, Subject
from core.records import (
    Condition,
    EmergencyCase,
    EmergencyPolicy,
    Held,
    Reader,
    Received,
    Recovery,
    SealContext,
    Sealing,
    Terms,
)
from core.typed_data import Signed


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

    def complete_recovery(self, patient: Address) -> bytes:
        """Move control once a recovery is due: nobody has to sign. The transaction hash.

        Raises as `relay` does.
        """
        ...

    def controller(self, patient: Address) -> Address:
        """The account that grants, revokes and seals for `patient`: itself, unless recovered."""
        ...

    def settings_seq(self, patient: Address) -> int:
        """The nonce of the patient's next setting, and of approvals of a recovery."""
        ...

    def is_member(self, patient: Address, circle: int, account: Address) -> bool: ...

    def threshold(self, patient: Address, circle: int) -> int:
        """How many of a circle act together; zero if it is empty."""
        ...

    def recovery(self, patient: Address) -> Recovery | None:
        """The pending one."""
        ...

    def emergency_policy(self, patient: Address) -> EmergencyPolicy: ...

    def emergency_case(self, patient: Address, clinician: Address) -> EmergencyCase: ...

    def is_emergency_open(self, patient: Address, clinician: Address) -> bool:
        """Whether the clinician's case is open now, the licence included."""
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


class SeedStore(Protocol):
    """Wrapped reading seeds, of accounts whose wallets cannot carry one. Raises StoreError."""

    def keep(self, account: Address, key_hash: bytes, wrapped: bytes) -> bool:
        """Keep it durably; False when these bytes were kept already.

        Raises VerificationError when it is no wrapped seed, InputError when another is kept.
        """
        ...

    def find(self, account: Address, key_hash: bytes) -> bytes | None: ...

    def drop(self, account: Address, key_hash: bytes) -> None: ...


class Outbox(Protocol):
    """Publications on their way, across crashes. Methods raise StoreError and its kin."""

    def alone(self, subject: Subject) -> AbstractContextManager[None]:
        """Be the only one to work on this subject, over all threads and processes.

        Whoever died held it no longer: a publication found half-way inside has nobody.
        """
        ...

    def find(self, subject: Subject) -> Publication | None: ...

    def publications(self) -> Sequence[Publication]:
        """All of them, the ended ones included: the last of each subject."""
        ...

    def put(self, publication: Publication) -> None:
        """Keep it in place of its subject's last one. It is durable when this returns."""
        ...

    def forget(self, subject: Subject) -> None:
        """Drop what is kept of a subject, as an erasure needs. Idempotent."""
        ...


class Resealer(Protocol):
    """A vault in its owner's hands: it can open, seal anew and wrap. Holds the reading identity."""

    def resuming(self, commitment: bytes) -> Sealing | None:
        """The sealing, if it came of a rotation that reached the chain and was never settled."""
        ...

    def opens(self, context: SealContext, envelope: bytes) -> bool:
        """Whether the owner's present identity opens this envelope of theirs, named by digest."""
        ...

    def reseal(
        self, context: SealContext, commitment: bytes, envelope: bytes, owner_key: bytes
    ) -> Sealing:
        """The same payload as the next version, under a fresh key, stored and read back.

        `context`, `commitment` and the owner's `envelope` digest are the present version's, as
        the chain names them. Repeated, it returns the sealing that is stored already.
        """
        ...

    def wrap(self, sealing: Sealing, readers: Sequence[Reader]) -> Mapping[Address, bytes]:
        """Store an envelope for each reader; its digest by account."""
        ...

    def settle(self, sealing: Sealing, named: Collection[bytes]) -> int:
        """End a rotation: earlier versions and envelopes that no grant names go. Idempotent.

        Returns how many earlier versions went.
        """
        ...

    def rewrap_received(self, reader: Address) -> Sequence[Address]:
        """Wrap what others shared with `reader` for the present identity; whose it was."""
        ...


class Reception(Protocol):
    """A vault that takes in what its owner's browser sealed anew. Holds no identity."""

    def receive(
        self,
        context: SealContext,
        previous: bytes,
        commitment: bytes,
        record: bytes,
        envelopes: Mapping[Address, bytes],
    ) -> Received:
        """Keep a sealed record and its envelopes, the owner's among them, or nothing.

        Pinned and read back when it returns. `commitment` is the owner's word: without the salt
        nobody else can compute it. Raises VerificationError when the bytes are of another form,
        InputError when they contradict what is kept, StoreError and its kin.
        """
        ...

    def discard(self, commitment: bytes) -> None:
        """Let go of what was received and never reached the chain. Idempotent."""
        ...

    def unfinished(self, patient: Address) -> Sequence[Sealing]:
        """Rotations and resealings of a patient that were never settled."""
        ...

    def settle(self, sealing: Sealing, named: Collection[bytes]) -> int:
        """As `Resealer.settle`, and the bytes are deleted."""
        ...


class Custody(Protocol):
    """A vault looked at from outside, for verification: what it has, and in what condition.

    Raises StoreUnavailableError when the node does not answer: silence is not a finding.
    """

    def patients(self) -> Sequence[Address]: ...

    def held(self, patient: Address) -> Sequence[Held]:
        """By record and version, unconfirmed ones included."""
        ...

    def record_condition(self, commitment: bytes) -> Condition:
        """After reading the sealed record through."""
        ...

    def envelope_condition(self, digest: bytes) -> Condition:
        """After reading the envelope through; its digest must be right too."""
        ...

    def custody(self, patient: Address) -> Sequence[bytes]:
        """Digests of what is kept for a patient's emergencies."""
        ...

    def custody_condition(self, digest: bytes) -> Condition:
        """After reading it through; its digest must be right too."""
        ...

    def stray_pins(self) -> int:
        """Pins of the node that the vault has not on its books."""
        ...
