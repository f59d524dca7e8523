"""A person's wallet and reading key in a file, for the demo and for commands."""

import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from core.errors import InputError
from ipfs.envelope import Identity
from ipfs.reading_key import RecoveryCode, derive_identity, reading_key_message
from ledger import key_file
from ledger.wallet import KeySigner
from scripts._local import write_private

SITE = "anamnesis demo"
"""What these reading keys are bound to, where a page would name its origin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who a wallet file belongs to."""

    signer: KeySigner
    identity: Identity


def account_in(file: Path) -> LocalAccount:
    """The account of a wallet file, or of a key file such as the relayer's.

    Raises InputError when it is neither, SetupError for a key file that others can read.
    """
    with suppress(OSError, ValueError):  # what is wrong with such a file is said below
        if len(file.read_text().split()) == 1:
            return key_file.load(file)
    owner_of(file)
    account: LocalAccount = Account.from_key(file.read_text().split()[0])
    return account


def owner_of(file: Path) -> Owner:
    """The wallet and reading key in a file as `anamnesis demo` keeps them under home/people.

    Raises InputError when the file is missing or malformed.
    """
    if not file.is_file():
        raise InputError(
            f"There is no wallet file {file}.",
            remedy="Name one with --wallet; `anamnesis wallet FILE --new` makes one.",
        )
    try:
        key, code = file.read_text().split()
        signature = Account.sign_typed_data(key, full_message=reading_key_message(SITE)).signature
        signer = KeySigner.from_key(key)
        identity = derive_identity(signature, RecoveryCode(bytes.fromhex(code)), signer.account)
    except (ValueError, OSError):
        raise InputError(
            f"{file} is not a wallet file.",
            remedy="It holds a private key and a recovery code, both in hexadecimal.",
        ) from None
    return Owner(signer=signer, identity=identity)


def owner_of_new(file: Path) -> Owner:
    """The same, of a file that is made on first use, 0600."""
    if not file.exists():
        write_private(file, f"{secrets.token_hex(32)} {RecoveryCode.generate().code.hex()}\n")
    return owner_of(file)
