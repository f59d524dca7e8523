"""Names of sealed things: which record, which version, for whom, bound to which contract."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from core.eip712 import Domain
from core.hashing import Address, keccak256

HISTORY_RECORD = keccak256(b"anamnesis/record/history")
"""The record that holds a patient's one history. Its versions replace one another."""

ALL_RECORDS = bytes(32)
"""In a grant: every record of the patient."""

READING_KEY_BYTES = 1216
"""Length of an MLKEM768-X25519 public key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealContext:
    """What a ciphertext is bound to; the same bytes under another context do not open."""

    domain: Domain
    patient: Address
    record: bytes
    version: int
    """1 for the first sealing, one more for each that replaces it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """A version that is sealed and stored: what the chain needs to commit to it."""

    context: SealContext
    commitment: bytes
    """keccak256(salt, CID digest, key commitment)."""
    previous: bytes
    envelope_digest: bytes
    """keccak256 of the owner's envelope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A sealing that was made elsewhere and is stored here now."""

    sealing: Sealing
    envelopes: Mapping[Address, bytes]
    """Digests of the readers' envelopes, the owner's aside, by account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """One grant as the contract holds it. All zero if there never was one."""

    expiry: int
    granted_at: int
    seq: int
    purposes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """A pending move of control: to whom, and from when on it can be completed."""

    controller: Address
    due: int
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyPolicy:
    """Who may open `record`, zero for all, when the patient cannot be asked."""

    mode: int
    delay: int
    """Seconds before a case opens."""
    window: int
    """Hours for which it stays open."""
    record: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyCase:
    """A clinician's latest case with a patient. All zero if there never was one."""

    opens_at: int
    closes_at: int
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EscrowContext:
    """What an emergency key in custody is bound to: `seq` is of the setting of the custodians."""

    domain: Domain
    patient: Address
    seq: int


class CustodyKind(StrEnum):
    """What a vault keeps for emergencies."""

    ESCROW = "escrow"
    """The custodians' wrapped shares of one emergency key."""
    RELEASE = "release"
    """One share, wrapped for one clinician's case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Somebody to wrap for: the account, and the reading key that it published."""

    account: Address
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A sealing that a vault has on its books."""

    sealing: Sealing
    confirmed: bool
    """Whether the chain is known to hold the commitment."""


class Condition(StrEnum):
    """What became of bytes that a vault has on its books."""

    WHOLE = "whole"
    """Pinned, and every block is there and hashes right."""
    UNPINNED = "not pinned"
    """There and right, and the next garbage collection takes them."""
    DAMAGED = "damaged"
    """There, and not what was stored."""
    MISSING = "missing"
    """A block of them, or all, is not there."""
    UNKNOWN = "unknown"
    """Not on the books."""
