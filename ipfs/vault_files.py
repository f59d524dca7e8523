"""Files beside the vault's index: the lock of its writers, the key of its fingerprints."""

import fcntl
import os
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import StoreBusyError, StoreError

_FINGERPRINT_KEY_BYTES = 32
_PAUSE_SECONDS = 0.02


class WriterLock:
    """One writer at a time, over all threads and processes of a home."""

    def __init__(self, path: Path, busy_seconds: float) -> None:
        """Wait at most `busy_seconds` for another writer."""
        self._path = path
        self._busy_seconds = busy_seconds
        self._threads = threading.Lock()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Raises StoreBusyError when another writer does not end in time."""
        deadline = time.monotonic() + self._busy_seconds
        if not self._threads.acquire(timeout=self._busy_seconds):
            raise StoreBusyError("This process is still writing to the vault.")
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                _lock(descriptor, deadline)
                yield
            finally:
                os.close(descriptor)
        finally:
            self._threads.release()


def fingerprint_key(path: Path) -> bytes:
    """The key of a home's fingerprints, made on first use. Raises StoreError when damaged."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        key = file.read()
        if not key:
            key = secrets.token_bytes(_FINGERPRINT_KEY_BYTES)
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
    if len(key) != _FINGERPRINT_KEY_BYTES:
        raise StoreError(f"The key file {path} is damaged.", remedy="Restore it from a backup.")
    return key


def _lock(descriptor: int, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise StoreBusyError("Another process is writing to the vault.") from None
            time.sleep(_PAUSE_SECONDS)
        else:
            return
