"""Where a reading key comes from: a wallet signature together with a recovery code.

Either alone opens nothing. A phished signature lacks the code; a found code lacks the wallet.

    message = reading_key_message("https://example.org")   # eth_signTypedData_v4 signs this
    identity = derive_identity(signature, code, account)

Sources: EIP-712 (message), RFC 5869 (HKDF), BIP-39 (the words of the code).
"""

import hashlib
import secrets
from dataclasses import dataclass
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.errors import InputError
from core.hashing import Address
from ipfs.context import account_bytes
from ipfs.envelope import SEED_BYTES, Identity

CODE_BYTES = 16
CODE_WORDS = 12
SIGNATURE_BYTES = 65
WARNING = "Signing this helps unlock your medical records. Sign it only on the site named below."
_SALT = b"anamnesis/reading-key/v1"
_WORD_BITS = 11
_CHECKSUM_BITS = 4


@dataclass(frozen=True, slots=True, repr=False)
class RecoveryCode:
    """16 random bytes, shown to people as 12 words. Shows nothing of itself."""

    code: bytes

    def __post_init__(self) -> None:
        if len(self.code) != CODE_BYTES:
            raise InputError(f"A recovery code has {CODE_BYTES} bytes, not {len(self.code)}.")

    def __repr__(self) -> str:
        return "RecoveryCode(…)"

    @classmethod
    def generate(cls) -> "RecoveryCode":
        """A fresh code from the system's randomness."""
        return cls(secrets.token_bytes(CODE_BYTES))

    @classmethod
    def from_words(cls, phrase: str) -> "RecoveryCode":
        """From 12 BIP-39 English words; capitals and extra spaces don't matter.

        Raises InputError naming the place of an unknown word, never the word.
        """
        words = phrase.lower().split()
        if len(words) != CODE_WORDS:
            raise InputError(f"A recovery code has {CODE_WORDS} words; {len(words)} were given.")
        bits = 0
        for place, word in enumerate(words, start=1):
            bits = bits << _WORD_BITS | _word_number(word, place)
        code = (bits >> _CHECKSUM_BITS).to_bytes(CODE_BYTES, "big")
        if bits & ((1 << _CHECKSUM_BITS) - 1) != _checksum(code):
            raise InputError(
                "The recovery code fails its checksum.",
                remedy="A word is mistaken or two changed places; compare with your note.",
            )
        return cls(code)

    def words(self) -> str:
        """The 12 words, for the owner's eyes only."""
        bits = int.from_bytes(self.code, "big") << _CHECKSUM_BITS | _checksum(self.code)
        places = range(_WORD_BITS * (CODE_WORDS - 1), -1, -_WORD_BITS)
        return " ".join(_wordlist()[bits >> place & 0x7FF] for place in places)


def reading_key_message(site: str) -> dict[str, Any]:
    """The typed data a wallet signs; `site` is the page's origin, which the wallet shows.

    No chain and no contract: the key belongs to the person, not to a deployment.
    """
    return {
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
            ],
            "ReadingKey": [
                {"name": "warning", "type": "string"},
                {"name": "site", "type": "string"},
            ],
        },
        "primaryType": "ReadingKey",
        "domain": {"name": "Anamnesis reading key", "version": "1"},
        "message": {"warning": WARNING, "site": site},
    }


def derive_identity(signature: bytes, code: RecoveryCode, account: Address) -> Identity:
    """The reading identity of `account`. Raises InputError unless there are 65 bytes, r‖s‖v.

    The last byte is dropped: wallets disagree on it (0/1 or 27/28) over the same signature.
    """
    if len(signature) != SIGNATURE_BYTES:
        raise InputError(
            f"The wallet's signature has {len(signature)} bytes instead of {SIGNATURE_BYTES}.",
            remedy="Contract wallets cannot derive a reading key; use a plain account.",
        )
    material = signature[: SIGNATURE_BYTES - 1] + code.code
    kdf = HKDF(algorithm=SHA256(), length=SEED_BYTES, salt=_SALT, info=account_bytes(account))
    return Identity(kdf.derive(material))


def _checksum(code: bytes) -> int:
    return hashlib.sha256(code).digest()[0] >> (8 - _CHECKSUM_BITS)


def _word_number(word: str, place: int) -> int:
    try:
        return _wordlist().index(word)
    except ValueError:
        raise InputError(
            f"Word {place} of the recovery code is not one of the list.",
            remedy="Compare it with your note; the first four letters decide.",
        ) from None


@cache
def _wordlist() -> list[str]:
    # eth-account ships BIP-39's list. Its import takes a second: only who needs words pays.
    from eth_account.hdaccount.mnemonic import get_wordlist

    return list(get_wordlist("english"))
