"""Handles on reading processes, for the caller.

A process is started by exec, so it shares nothing with a threaded parent and needs no `__main__`
guard there. Tasks and answers travel over a socket pair. When the process dies its page fails,
and the handle starts another one for the next page.
"""

import socket
import subprocess
import sys
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Protocol

from core.errors import AnamnesisError, PaperError, PaperLimitError
from ocr.reading.decoding.parent import ROOT, end_group
from ocr.reading.engines import Engine, child_environment
from ocr.reading.tasks import PageTask, ReadPage

_GRACE_SECONDS = 5.0
"""What a process may take beyond a page's own time limit before it is stopped."""


class Worker(Protocol):
    """Something that reads pages, one at a time."""

    def read(self, task: PageTask) -> ReadPage:
        """Raises PaperError for the page, SetupError when the engine is missing."""
        ...

    def close(self) -> None:
        """Stop at once, also in the middle of a page. Later pages are refused."""
        ...


class InlineWorker:
    """Reads in the calling process. For tests; the engine's own time limit still holds."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def read(self, task: PageTask) -> ReadPage:
        from ocr.reading.recognition import read_page

        try:
            return read_page(task, self._engine)
        except AnamnesisError:
            raise
        except Exception as error:
            raise PaperError("Reading it failed.") from error

    def close(self) -> None:
        """Nothing to close."""


class ProcessWorker:
    """Reads in a process of its own, started when the first page comes."""

    def __init__(self, engine: Engine, scratch: Path) -> None:
        self._engine = engine
        self._scratch = scratch
        self._lock = threading.Lock()
        self._closed = False
        self._child: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None

    def read(self, task: PageTask) -> ReadPage:
        try:
            connection = self._connected()
            connection.send(task)
            if not connection.poll(task.seconds + _GRACE_SECONDS):
                self._end()
                raise PaperLimitError("Reading it took longer than allowed.")
            answer = connection.recv()
        except (EOFError, OSError) as error:
            self._end()
            raise PaperError("The process that was reading it ended unexpectedly.") from error
        if isinstance(answer, AnamnesisError):
            raise answer
        if not isinstance(answer, ReadPage):
            raise PaperError("Reading it failed.")
        return answer

    def close(self) -> None:
        with self._lock:
            self._closed = True
        self._end()

    def _connected(self) -> Connection:
        with self._lock:
            if self._closed:
                raise EOFError
            if self._connection is None:
                self._start()
            assert self._connection is not None
            return self._connection

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "ocr.reading.worker", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=ROOT,
                env=child_environment(self._scratch),
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self._connection = Connection(ours.detach())
        self._connection.send(self._engine)

    def _end(self) -> None:
        with self._lock:
            child, connection = self._child, self._connection
            self._child = self._connection = None
        if child is not None:
            end_group(child)
        if connection is not None:
            with suppress(OSError):
                connection.close()
