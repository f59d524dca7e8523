"""Sealed record v1: a payload under a fresh key, bound to its context and to its key.

AES-GCM does not commit to its key: one ciphertext can be made to open under two keys, to two
different histories. The key commitment in the header rules that out, and the chain holds a hash
of it.

    sealed = seal(payload, context)
    payload = unseal(sealed.record, sealed.key, context)

Source: NIST SP 800-38D (GCM), RFC 5869 (HKDF). `docs/formats.md` has every byte.
"""

import secrets
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.hashing import keccak256
from core.records import SealContext
from ipfs.checks import Check, refuse, require, require_equal
from ipfs.context import context_bytes
from ipfs.frame_room import FrameRoom
from ipfs.in_place import InPlace
from ipfs.padding import LENGTH_BYTES, MAX_FRAME_BYTES, make_frame, require_payload_size

MAGIC = b"ANAM"
VERSION = 1
SUITE = 1
"""HKDF-SHA256 and AES-256-GCM."""

KEY_BYTES = 32
SALT_BYTES = 32
COMMITMENT_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16
_PREFIX_BYTES = len(MAGIC) + 2
_BOUND_BYTES = _PREFIX_BYTES + COMMITMENT_BYTES
HEADER_BYTES = _BOUND_BYTES + NONCE_BYTES
MIN_SEALED_BYTES = HEADER_BYTES + LENGTH_BYTES + TAG_BYTES
MAX_SEALED_BYTES = HEADER_BYTES + MAX_FRAME_BYTES + TAG_BYTES

_ENCRYPT_LABEL = b"anamnesis/seal/v1/encrypt"
_COMMIT_LABEL = b"anamnesis/seal/v1/commit"


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedRecord:
    """The parts of a sealed record, its structure checked and nothing else."""

    key_commitment: bytes
    nonce: bytes
    ciphertext: memoryview
    """Of the frame, without its tag."""
    tag: bytes

    @classmethod
    def from_untrusted(cls, sealed: bytes) -> "SealedRecord":
        """Raises VerificationError on a wrong length, magic, version or suite."""
        require_record_structure(sealed)
        return cls(
            key_commitment=sealed[_PREFIX_BYTES:_BOUND_BYTES],
            nonce=sealed[_BOUND_BYTES:HEADER_BYTES],
            ciphertext=memoryview(sealed)[HEADER_BYTES:-TAG_BYTES],
            tag=sealed[-TAG_BYTES:],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A fresh sealing: bytes for anyone, and the key that opens them."""

    record: bytes
    key_commitment: bytes
    key: bytes = field(repr=False)


def seal(payload: bytes, context: SealContext) -> Sealed:
    """Seal `payload` under a fresh key. Raises InputError above 64 MiB, before any work."""
    require_payload_size(payload)
    return unsafe_seal_with(
        payload, context, secrets.token_bytes(KEY_BYTES), secrets.token_bytes(NONCE_BYTES)
    )


def unsafe_seal_with(payload: bytes, context: SealContext, key: bytes, nonce: bytes) -> Sealed:
    """`seal` with a given key and nonce. For test vectors: a key must never be used twice."""
    frame = make_frame(payload)
    commitment = _derive(key, _COMMIT_LABEL, context)
    cipher = Cipher(AES256(_derive(key, _ENCRYPT_LABEL, context)), GCM(nonce)).encryptor()
    cipher.authenticate_additional_data(_bound(commitment, context))
    size = HEADER_BYTES + frame.size + TAG_BYTES
    record = InPlace(size)
    record.view[:HEADER_BYTES] = _header(commitment) + nonce
    place = HEADER_BYTES
    for piece in frame.pieces:
        place += cipher.update_into(piece, record.view[place:])
    cipher.finalize()
    record.view[place:] = cipher.tag
    return Sealed(record=record.take(size), key_commitment=commitment, key=key)


def require_record_structure(sealed: bytes) -> None:
    """Raises VerificationError on a wrong length, magic, version or suite."""
    in_range = MIN_SEALED_BYTES <= len(sealed) <= MAX_SEALED_BYTES
    require(in_range, Check.STRUCTURE, f"A sealed record cannot have {len(sealed)} bytes")
    magic, version, suite = sealed[: len(MAGIC)], sealed[len(MAGIC)], sealed[len(MAGIC) + 1]
    require(magic == MAGIC, Check.STRUCTURE, "These bytes are not a sealed record")
    require(
        version == VERSION,
        Check.STRUCTURE,
        f"The sealed record has version {version}; this program reads version {VERSION}",
    )
    require(
        suite == SUITE,
        Check.STRUCTURE,
        f"The sealed record uses cipher suite {suite}; this program reads suite {SUITE}",
    )


def verify_key(record: SealedRecord, key: bytes, context: SealContext) -> None:
    """Raises VerificationError unless `record` commits to this key and context."""
    require_equal(
        _derive(key, _COMMIT_LABEL, context),
        record.key_commitment,
        Check.KEY_COMMITMENT,
        "The sealed record belongs to another key, record, version or patient",
    )


def decrypt(record: SealedRecord, key: bytes, context: SealContext) -> bytes:
    """The payload. Raises VerificationError when the ciphertext or its frame is not exact."""
    cipher = Cipher(
        AES256(_derive(key, _ENCRYPT_LABEL, context)), GCM(record.nonce, record.tag)
    ).decryptor()
    cipher.authenticate_additional_data(_bound(record.key_commitment, context))
    room, place = FrameRoom(len(record.ciphertext)), 0
    for target in room.targets():
        place += cipher.update_into(record.ciphertext[place : place + len(target)], target)
    try:
        cipher.finalize()
    except InvalidTag:
        refuse(Check.CIPHERTEXT, "The sealed record was changed")
    return room.payload()


def unseal(sealed: bytes, key: bytes, context: SealContext) -> bytes:
    """The payload, after structure, key commitment, ciphertext and frame have been checked.

    Does not know the chain: `ipfs.opening.open_record` does the full order.
    Raises VerificationError.
    """
    record = SealedRecord.from_untrusted(sealed)
    verify_key(record, key, context)
    return decrypt(record, key, context)


def commitment_of(salt: bytes, cid_digest: bytes, key_commitment: bytes) -> bytes:
    """What the chain holds: keccak256(salt, CID digest, key commitment).

    The salt hides which bytes are meant: without it nobody can test a guess.
    """
    return keccak256(salt + cid_digest + key_commitment)


def _header(commitment: bytes) -> bytes:
    """The bytes in front of the nonce."""
    return MAGIC + bytes((VERSION, SUITE)) + commitment


def _bound(commitment: bytes, context: SealContext) -> bytes:
    """What is authenticated beside the frame."""
    return _header(commitment) + context_bytes(context)


def _derive(key: bytes, label: bytes, context: SealContext) -> bytes:
    info = label + context_bytes(context)
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=b"", info=info).derive(key)
