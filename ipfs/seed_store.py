"""Where wrapped seeds are kept: a file for each published reading key, under the vault's folder."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.errors import InputError, StoreError
from core.hashing import Address
from ipfs.wrapped_seed import WRAPPED_SEED_BYTES, require_wrapped_seed_structure


class WrappedSeeds:
    """`core.ports.SeedStore` in a folder, 0700. Safe to use from several threads and processes.

    The first seed kept for a key stays: nobody who claims an account can overwrite its seed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, account: Address, key_hash: bytes, wrapped: bytes) -> bool:
        """Keep it durably; False when these bytes were kept already.

        Raises VerificationError when it is no wrapped seed, InputError when another one is kept
        for the same key, StoreError when the folder cannot be written.
        """
        require_wrapped_seed_structure(wrapped)
        with _translated(self._folder):
            made = self._write(self._path(account, key_hash), wrapped)
        if not made and self.find(account, key_hash) != wrapped:
            raise InputError("Another wrapped seed is kept for this reading key.")
        return made

    def find(self, account: Address, key_hash: bytes) -> bytes | None:
        """The wrapped seed of this key, None when none is kept. Raises StoreError."""
        with _translated(self._folder):
            try:
                with self._path(account, key_hash).open("rb") as file:
                    return file.read(WRAPPED_SEED_BYTES + 1)
            except FileNotFoundError:
                return None

    def drop(self, account: Address, key_hash: bytes) -> None:
        """Forget the seed of a key that was never published. Idempotent. Raises StoreError."""
        with _translated(self._folder):
            self._path(account, key_hash).unlink(missing_ok=True)

    def _path(self, account: Address, key_hash: bytes) -> Path:
        return self._folder / f"{account.lower()}.{key_hash.hex()}"

    def _write(self, path: Path, wrapped: bytes) -> bool:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{secrets.token_hex(8)}.tmp")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(wrapped)
                file.flush()
                os.fsync(file.fileno())
            with suppress(FileExistsError):
                os.link(temporary, path)  # unlike a rename, it never replaces
                _sync(self._folder)
                return True
        finally:
            temporary.unlink()
        return False


@contextmanager
def _translated(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(f"The folder {folder} cannot be used: {error.strerror}.") from error


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
