"""The checks a reader makes, in the order it makes them, and how a failed one is reported."""

import hmac
from enum import StrEnum
from typing import NoReturn

from core.errors import VerificationError


class Check(StrEnum):
    """Names of the checks, first to last. Each is the `check` of a VerificationError."""

    STRUCTURE = "structure"
    """Lengths, magic, version and suite of the record and the envelope."""
    ENVELOPE_DIGEST = "envelope digest"
    """The envelope is the one that the grant names."""
    ENVELOPE = "envelope"
    """HPKE opens it with this identity, for this reader and context."""
    CID = "content identifier"
    """The sealed bytes are the ones the envelope names."""
    KEY_COMMITMENT = "key commitment"
    """The key and context are the ones the record was sealed with."""
    COMMITMENT = "commitment"
    """The record is the one that the chain commits to."""
    CIPHERTEXT = "ciphertext"
    """AES-GCM accepts header, context and ciphertext."""
    FRAME = "frame"
    """Length, padding and compression inside are well formed."""


def refuse(check: Check, what: str) -> NoReturn:
    """Raise the VerificationError of a failed check; `what` is a sentence without secrets."""
    raise VerificationError(f"{what} (check: {check})", check=check) from None


def require(condition: bool, check: Check, what: str) -> None:
    """Raise VerificationError naming `check` unless `condition` holds."""
    if not condition:
        refuse(check, what)


def require_equal(found: bytes, expected: bytes, check: Check, what: str) -> None:
    """Raise VerificationError unless the two are equal, compared in constant time."""
    require(hmac.compare_digest(found, expected), check, what)
