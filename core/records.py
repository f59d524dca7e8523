"""Names of sealed things: which record, which version, for whom, bound to which contract."""

from dataclasses import dataclass

from core.hashing import Address, keccak256
from core.typed_data import Domain

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
class Terms:
    """One grant as the contract holds it. All zero if there never was one."""

    expiry: int
    granted_at: int
    seq: int
    purposes: int
