"""Envelope v1: what one reader needs to open one sealed record, encrypted to that reader.

A `Recipient` can only be encrypted to, an `Identity` can only decrypt, so that the two are never
mixed up.

    envelope = recipient.wrap(opened, context, reader)
    opened = identity.open(envelope, context, reader)

Source: RFC 9180 (HPKE) in base mode with KEM MLKEM768-X25519 (X-Wing,
draft-connolly-cfrg-xwing-kem and draft-ietf-hpke-pq, 0x647A), HKDF-SHA256 and AES-256-GCM.
The hybrid is not optional: medical secrets outlive today's curves.
"""

import hashlib
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from core.errors import InputError
from core.hashing import Address, keccak256
from core.records import READING_KEY_BYTES, SealContext
from ipfs.checks import Check, refuse, require
from ipfs.context import account_bytes, context_bytes

VERSION = 1
SUITE = 1
"""HPKE base mode, MLKEM768-X25519, HKDF-SHA256, AES-256-GCM."""

SEED_BYTES = 32
ENCAPSULATION_BYTES = 1120
_SECRET_BYTES = 32 + 32 + 32
_TAG_BYTES = 16
ENVELOPE_BYTES = 2 + ENCAPSULATION_BYTES + _SECRET_BYTES + _TAG_BYTES
_LABEL = b"anamnesis/envelope/v1"
_MLKEM_PUBLIC_BYTES = 1184
_MLKEM_SEED_BYTES = 64
_HPKE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Opened:
    """The inside of an envelope. Shows nothing of itself: with it the record can be read."""

    key: bytes
    """The record's data key, 32 bytes."""
    salt: bytes
    """Of the commitment, 32 bytes."""
    cid_digest: bytes
    """SHA2-256 digest in the sealed record's CID, 32 bytes."""

    def __repr__(self) -> str:
        return "Opened(…)"

    def __bytes__(self) -> bytes:
        return self.key + self.salt + self.cid_digest

    @classmethod
    def from_untrusted(cls, secret: bytes) -> "Opened":
        """Raises VerificationError unless there are exactly 96 bytes."""
        require(
            len(secret) == _SECRET_BYTES,
            Check.ENVELOPE,
            "The envelope holds a wrong number of bytes",
        )
        return cls(key=secret[:32], salt=secret[32:64], cid_digest=secret[64:])


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody a record can be sealed to: a published reading key."""

    public_key: bytes = field(repr=False)
    """ML-KEM-768 encapsulation key (1,184 bytes), then X25519 public key (32)."""

    def __post_init__(self) -> None:
        if len(self.public_key) != READING_KEY_BYTES:
            raise InputError(
                f"A reading key has {READING_KEY_BYTES} bytes, this one {len(self.public_key)}.",
                remedy="Ask its owner to publish the reading key again.",
            )

    def wrap(self, opened: Opened, context: SealContext, reader: Address) -> bytes:
        """A new envelope for `reader`. Raises InputError when the key is not a usable one."""
        return bytes((VERSION, SUITE)) + self.encrypt(bytes(opened), _info(context, reader))

    def encrypt(self, secret: bytes, info: bytes) -> bytes:
        """HPKE encapsulation and ciphertext; `info` is what they are bound to.

        Raises InputError when the key is not a usable one.
        """
        try:
            return _HPKE.encrypt(secret, self._key(), info=info)
        except ValueError as error:
            raise InputError(
                "The reading key is not a usable one.",
                remedy="Ask its owner to publish the reading key again.",
            ) from error

    def _key(self) -> MLKEM768X25519PublicKey:
        return MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(self.public_key[:_MLKEM_PUBLIC_BYTES]),
            X25519PublicKey.from_public_bytes(self.public_key[_MLKEM_PUBLIC_BYTES:]),
        )


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """Somebody who can open envelopes: a 32-byte X-Wing seed. Shows nothing of itself."""

    seed: bytes

    def __post_init__(self) -> None:
        if len(self.seed) != SEED_BYTES:
            raise InputError(f"A reading seed has {SEED_BYTES} bytes, not {len(self.seed)}.")

    def __repr__(self) -> str:
        return "Identity(…)"

    def recipient(self) -> Recipient:
        """The public half, for others to seal to."""
        mlkem, x25519 = self._keys()
        public = mlkem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()
        return Recipient(public)

    def open(self, envelope: bytes, context: SealContext, reader: Address) -> Opened:
        """What the envelope holds.

        Raises VerificationError for a malformed envelope, and for one made for another reader,
        record, version, patient, contract or chain.
        """
        require_envelope_structure(envelope)
        secret = self.decrypt(envelope[2:], _info(context, reader))
        if secret is None:
            refuse(Check.ENVELOPE, "The envelope is for another reader or record, or was changed")
        return Opened.from_untrusted(secret)

    def decrypt(self, sealed: bytes, info: bytes) -> bytes | None:
        """What was encrypted to this identity and bound to `info`; None when this was not."""
        try:
            return _HPKE.decrypt(sealed, MLKEM768X25519PrivateKey(*self._keys()), info=info)
        except (InvalidTag, ValueError):
            return None

    def _keys(self) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
        # X-Wing's expandDecapsulationKey: 64 bytes of ML-KEM seed (d, z), 32 of X25519 key.
        expanded = hashlib.shake_256(self.seed).digest(_MLKEM_SEED_BYTES + 32)
        return (
            MLKEM768PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED_BYTES]),
            X25519PrivateKey.from_private_bytes(expanded[_MLKEM_SEED_BYTES:]),
        )


def rewrap(
    identity: Identity,
    envelope: bytes,
    context: SealContext,
    *,
    reader: Address,
    to: Recipient,
    for_reader: Address,
) -> bytes:
    """Open `reader`'s envelope with `identity` and wrap what is inside for another reader."""
    return to.wrap(identity.open(envelope, context, reader), context, for_reader)


def envelope_digest(envelope: bytes) -> bytes:
    """keccak256 of the envelope: what a grant names on chain."""
    return keccak256(envelope)


def require_envelope_structure(envelope: bytes) -> None:
    """Raises VerificationError on a wrong length, version or suite."""
    require(
        len(envelope) == ENVELOPE_BYTES,
        Check.STRUCTURE,
        f"An envelope has {ENVELOPE_BYTES} bytes, this one {len(envelope)}",
    )
    require(
        envelope[0] == VERSION,
        Check.STRUCTURE,
        f"The envelope has version {envelope[0]}; this program reads version {VERSION}",
    )
    require(
        envelope[1] == SUITE,
        Check.STRUCTURE,
        f"The envelope uses cipher suite {envelope[1]}; this program reads suite {SUITE}",
    )


def _info(context: SealContext, reader: Address) -> bytes:
    return _LABEL + context_bytes(context) + account_bytes(reader)
