"""Handles on reading processes, for the caller.

A process is started by exec, so it shares nothing with a threaded parent and needs no `__main__`
guard there. Tasks and answers travel over a socket pair. When the process dies its page fails,
and the handle starts another one for the next page.

A page's time is processor time, so that the same page is read or refused however busy the machine
is. The clock is a second limit, for what waits without working.
"""

import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Protocol

from core.errors import AnamnesisError, PaperError, PaperLimitError
from ocr.reading.decoding.parent import ROOT, end_group
from ocr.reading.engines import Engine, child_environment
from ocr.reading.spent import processor_seconds
from ocr.reading.tasks import PageTask, ReadPage

_START_SECONDS = 60.0
"""On the clock, for loading; half a second of work."""
_PATIENCE = 4
"""What a page may take on the clock, in times of its processor time."""
_LOOK_SECONDS = 0.25
"""How often its processor time is looked at."""


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
            return read_page(_on_the_clock(task), self._engine)
        except AnamnesisError:
            raise
        except Exception as error:
            raise PaperError("Reading it failed.") from error

    def close(self) -> None:
        """Nothing to close."""


def _on_the_clock(task: PageTask) -> PageTask:
    """The task as whoever reads it gets it: its time is what its engine may take on the clock."""
    return replace(task, seconds=_PATIENCE * task.seconds)


class ProcessWorker:
    """Reads in a process of its own, started when the first page comes."""

    def __init__(self, engine: Engine, scratch: Path) -> None:
        self._engine = engine
        self._scratch = scratch
        self._lock = threading.Lock()
        self._closed = False
        self._ready = False
        self._child: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None

    def read(self, task: PageTask) -> ReadPage:
        try:
            connection = self._connected()
            self._ready = self._ready or self._has_started(connection)
            connection.send(_on_the_clock(task))
            if not self._answers(connection, task.seconds):
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

    def _has_started(self, connection: Connection) -> bool:
        """Wait until the process is ready, which no page has to pay for. Raises EOFError."""
        if not connection.poll(_START_SECONDS):
            raise EOFError
        return connection.recv() is True

    def _answers(self, connection: Connection, seconds: float) -> bool:
        """Wait for an answer; False when the page's time is over before. Raises EOFError."""
        child = self._child
        if child is None:
            raise EOFError
        until = time.monotonic() + _PATIENCE * seconds
        spent = processor_seconds(child.pid)
        while not connection.poll(min(_LOOK_SECONDS, seconds)):
            if processor_seconds(child.pid) - spent > seconds or time.monotonic() > until:
                return False
        return True

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
            self._ready = False
        if child is not None:
            end_group(child)
        if connection is not None:
            with suppress(OSError):
                connection.close()
