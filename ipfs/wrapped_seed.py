"""Wrapped seed v1: a random reading seed under a recovery code, for wallets that cannot carry one.

A wallet that signs differently each time (multi-party signers, contract accounts) gives nothing
to derive a key from. Its owner's seed is random instead, and kept as these 66 bytes:

    wrapped = wrap_seed(identity, code, account)
    identity = unwrap_seed(wrapped, code, account, key_hash)

`key_hash` is what the chain holds for the account, so that no other seed is ever taken for the
published one. Source: NIST SP 800-38D (GCM), RFC 5869 (HKDF). `docs/formats.md` has every byte.
"""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import InputError, VerificationError
from core.hashing import Address, keccak256
from ipfs.checks import Check, require
from ipfs.context import account_bytes
from ipfs.envelope import SEED_BYTES, Identity
from ipfs.reading_key import RecoveryCode

MAGIC = b"ANSD"
VERSION = 1
SUITE = 1
"""HKDF-SHA256 and AES-256-GCM."""

NONCE_BYTES = 12
_HEADER = MAGIC + bytes((VERSION, SUITE))
_BODY_PLACE = len(_HEADER) + NONCE_BYTES
_TAG_BYTES = 16
_KEY_BYTES = 32
WRAPPED_SEED_BYTES = _BODY_PLACE + SEED_BYTES + _TAG_BYTES
_SALT = b"anamnesis/wrapped-seed/v1"


def wrap_seed(identity: Identity, code: RecoveryCode, account: Address) -> bytes:
    """The seed of `account`'s identity, for keeping anywhere: it opens with the code alone."""
    return unsafe_wrap_seed_with(identity, code, account, secrets.token_bytes(NONCE_BYTES))


def unsafe_wrap_seed_with(
    identity: Identity, code: RecoveryCode, account: Address, nonce: bytes
) -> bytes:
    """`wrap_seed` with a given nonce. For test vectors: a nonce must never be used twice."""
    bound = _bound(account, keccak256(identity.recipient().public_key))
    return _HEADER + nonce + _cipher(code, account).encrypt(nonce, identity.seed, bound)


def unwrap_seed(wrapped: bytes, code: RecoveryCode, account: Address, key_hash: bytes) -> Identity:
    """The identity whose public key has this keccak256.

    Raises VerificationError when these are no wrapped seed, or hold another than the published
    key's; InputError when code, account, published key and wrapped seed do not belong together.
    """
    require_wrapped_seed_structure(wrapped)
    nonce, body = wrapped[len(_HEADER) : _BODY_PLACE], wrapped[_BODY_PLACE:]
    try:
        seed = _cipher(code, account).decrypt(nonce, body, _bound(account, key_hash))
    except InvalidTag:
        raise InputError(
            "The recovery code does not open the reading key that this account published.",
            remedy="Compare the words with your note.",
        ) from None
    identity = Identity(seed)
    # AES-GCM does not commit to its key: one wrapped seed could open to two under two codes.
    if keccak256(identity.recipient().public_key) != key_hash:
        raise VerificationError(
            "The wrapped seed is not of the published reading key.", check="reading key"
        )
    return identity


def require_wrapped_seed_structure(wrapped: bytes) -> None:
    """Raises VerificationError on a wrong length, magic, version or suite."""
    require(
        len(wrapped) == WRAPPED_SEED_BYTES,
        Check.STRUCTURE,
        f"A wrapped seed has {WRAPPED_SEED_BYTES} bytes, this one {len(wrapped)}",
    )
    magic, version, suite = wrapped[:4], wrapped[4], wrapped[5]
    require(magic == MAGIC, Check.STRUCTURE, "These bytes are not a wrapped seed")
    require(
        (version, suite) == (VERSION, SUITE),
        Check.STRUCTURE,
        f"The wrapped seed has version {version} and suite {suite}; this program reads 1 and 1",
    )


def _cipher(code: RecoveryCode, account: Address) -> AESGCM:
    info = account_bytes(account)
    kdf = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=_SALT, info=info)
    return AESGCM(kdf.derive(code.code))


def _bound(account: Address, key_hash: bytes) -> bytes:
    return _HEADER + account_bytes(account) + key_hash
