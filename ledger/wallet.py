"""A wallet for the command line and for tests: one private key that signs typed data."""

from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_typing import Hash32

from core.eip712 import Domain, TypedStruct
from core.errors import InputError
from core.hashing import Address, address
from ledger import key_file


class KeySigner:
    """Implements `core.ports.Signer`. Never shows its key."""

    __slots__ = ("_account",)

    def __init__(self, account: LocalAccount) -> None:
        self._account = account

    @classmethod
    def create(cls) -> "KeySigner":
        """A fresh key that is kept nowhere."""
        return cls(Account.create())

    @classmethod
    def from_key(cls, key: bytes | str) -> "KeySigner":
        """Raises InputError when `key` is not a private key."""
        try:
            return cls(Account.from_key(key))
        except Exception:  # noqa: BLE001  # of several packages; none may carry the key on
            raise InputError(
                "That is not a private key.", remedy="A key has 64 hexadecimal digits."
            ) from None

    @classmethod
    def from_file(cls, path: Path) -> "KeySigner":
        """Raises SetupError when the file is missing, damaged or open to others."""
        return cls(key_file.load(path))

    @property
    def account(self) -> Address:
        return address(self._account.address)

    def sign(self, domain: Domain, message: TypedStruct) -> bytes:
        """The EIP-712 signature: 65 bytes r, s, v, the same each time (RFC 6979)."""
        return bytes(self._account.unsafe_sign_hash(Hash32(message.digest(domain))).signature)

    def __repr__(self) -> str:
        return f"KeySigner({self.account})"
