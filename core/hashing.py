"""Keccak-256 and Ethereum addresses, as the contract and the wallets compute them."""

import re
from typing import Any, NewType

from Crypto.Hash import keccak

from core.errors import InputError

Address = NewType("Address", str)
"""A 20-byte account in EIP-55 mixed-case form."""

ZERO_ADDRESS = Address("0x" + "0" * 40)
ZERO_HASH = bytes(32)

_HEX_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


def keccak256(data: bytes) -> bytes:
    """Keccak-256 (the original padding, not SHA3-256), 32 bytes."""
    return keccak.new(digest_bits=256, data=data).digest()


def abi_word(kind: str, value: Any) -> bytes:
    """A value of the Solidity type `kind` (address, bytes32, uintN) as its 32-byte word.

    An array counts as keccak256 of its words (EIP-712, encodeData). Raises ValueError when the
    type cannot hold the value.
    """
    if kind.endswith("[]"):
        return keccak256(b"".join(abi_word(kind.removesuffix("[]"), each) for each in value))
    if kind == "bytes32":
        if len(value) != 32:
            raise ValueError(f"a bytes32 field holds {len(value)} bytes")
        return bytes(value)
    number = int(value, 16) if kind == "address" else int(value)
    bits = 160 if kind == "address" else int(kind.removeprefix("uint"))
    if not 0 <= number < 1 << bits:
        raise ValueError(f"{kind} cannot hold {number}")
    return number.to_bytes(32, "big")


def address(text: str) -> Address:
    """Check `text` and return it in EIP-55 form.

    Mixed-case input must carry a right checksum, so a mistyped address is refused.
    Raises InputError.
    """
    if not _HEX_ADDRESS.fullmatch(text):
        raise InputError(
            f"Not an account address: {text[:60]!r}.",
            remedy="An address is 0x followed by 40 hexadecimal digits.",
        )
    digits = text[2:]
    checksummed = _checksum(digits.lower())
    if digits not in (digits.lower(), digits.upper(), checksummed):
        raise InputError(
            f"The address {text} fails its checksum.",
            remedy="One of its characters is mistyped; copy it again.",
        )
    return Address("0x" + checksummed)


def _checksum(digits: str) -> str:
    nibbles = keccak256(digits.encode()).hex()
    return "".join(
        c.upper() if int(n, 16) >= 8 else c for c, n in zip(digits, nibbles, strict=False)
    )
