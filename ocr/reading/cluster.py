"""Reading on the workers of a dask.distributed cluster instead of on this machine.

Pages are decoded here as ever, under this machine's limits. What travels to the cluster is where
the decoded page lies, in a folder that every worker must see; what comes back is a ReadPage. A
task's key is a hash of what determines its answer; a worker that dies has its pages given to
another one by the scheduler.

Whoever can speak to a scheduler can run code on its workers, and words and images of pages travel
between them. So nothing but this machine's own addresses is spoken to without TLS.
"""

import asyncio
import ipaddress
import secrets
import threading
import time
from collections.abc import Iterable
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from distributed import Client, Future, KilledWorker
from distributed.comm.core import connect
from distributed.security import Security

from core.errors import (
    AnamnesisError,
    ClusterMismatchError,
    ClusterUnavailableError,
    InputError,
    PaperError,
)
from ocr.reading.engines import Engine
from ocr.reading.errand import Errand, Introduction, Reader, introduce, read_there
from ocr.reading.tasks import PageTask, ReadPage

_CONNECT_SECONDS = 6.0
_WORKERS_SECONDS = 20.0
"""How long workers that were only just started are waited for."""
_CLOSE_SECONDS = 10.0
_LOOK_SECONDS = 5.0
"""How often a page that does not come makes its caller look for workers."""
_PATIENCE_SECONDS = 30.0
"""How long a cluster may be without workers: one that is started again takes some seconds."""
_TLS = (
    "Start it, and name CA, certificate and key in dask's settings (distributed.comm.tls), the "
    "same CA on both sides."
)
_START = "Its workers and its scheduler have to be started with `--host 127.0.0.1`, or with TLS."


class ClusterWorker:
    """A cluster as a Worker: reads as many pages at a time as threads call it."""

    def __init__(self, client: Client, address: str, reader: Reader) -> None:
        self._client = client
        self._address = address
        self._reader = reader
        self._lock = threading.Lock()
        self._pending: set[Future[Any]] = set()
        self._closed = False

    def read(self, task: PageTask) -> ReadPage:
        """Raises PaperError for the page, SetupError when the cluster is lost."""
        errand = Errand(task=replace(task, document=""), reader=self._reader)
        answer = self._ask(errand, errand.key)
        if answer is None:  # another caller's task under this key, which that one has given up
            answer = self._ask(errand, f"{errand.key}-{secrets.token_hex(8)}")
        if isinstance(answer, AnamnesisError):
            raise answer
        if not isinstance(answer, ReadPage) or answer.page.number != task.raw.number:
            raise PaperError("Reading it failed.")
        return replace(answer, page=replace(answer.page, document=task.document))

    def close(self) -> None:
        """Give up every page that is asked for, and leave the cluster."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            pending = list(self._pending)
        with suppress(Exception):  # of a scheduler that is gone, there is nothing to take back
            self._client.cancel(pending)
        _leave(self._client)

    def _ask(self, errand: Errand, key: str) -> object:
        with self._lock:
            if self._closed:
                raise PaperError("Reading it was given up.")
            future = self._client.submit(read_there, errand, key=key)
            self._pending.add(future)
        try:
            return self._answer(future)
        except KilledWorker as error:
            raise PaperError("The processes that were reading it ended unexpectedly.") from error
        except CancelledError as error:
            raise _lost(self._address) from error
        finally:
            with self._lock:
                self._pending.discard(future)
            future.release()

    def _answer(self, future: "Future[Any]") -> object:
        lonely_since: float | None = None
        while True:
            try:
                return future.result(timeout=_LOOK_SECONDS)
            except TimeoutError:
                pass
            if self._has_workers():
                lonely_since = None
                continue
            now = time.monotonic()
            lonely_since = lonely_since or now
            if now - lonely_since > _PATIENCE_SECONDS:
                raise _lost(self._address)

    def _has_workers(self) -> bool:
        try:
            return bool(_threads(self._client))
        except OSError:  # dask is about to notice, too, or to connect again
            return False


def cluster_workers(address: str, engine: Engine, scratch: Path) -> list[ClusterWorker]:
    """One entry for each thread of the cluster at `address`, all of them the same worker.

    Every worker has shown that it reads as this machine does and sees `scratch`. Raises InputError
    for an address that is not to be spoken to, ClusterUnavailableError, ClusterMismatchError.
    """
    check_address(address)
    reader = Reader(engine=engine, engine_version=engine.version())
    client = _connected(address)
    try:
        threads = _threads(client)
        if not threads:
            raise ClusterUnavailableError(f"The cluster at {address} has no workers.")
        check_encrypted((str(client.scheduler_info()["address"]), *threads))
        _check_introductions(client, reader, scratch)
    except BaseException:
        _leave(client)
        raise
    return [ClusterWorker(client, address, reader)] * sum(threads.values())


def check_address(address: str) -> None:
    """Raises InputError unless it is tcp:// on this machine, or tls://."""
    try:
        parts = urlsplit(address)
        complete = parts.scheme in {"tcp", "tls"} and bool(parts.hostname and parts.port)
    except ValueError:
        complete = False
    if not complete:
        raise InputError(
            f"{address!r} is not the address of a scheduler.",
            remedy="Give one like tcp://127.0.0.1:8786 or tls://scheduler.example:8786.",
        )
    if not _is_private(address):
        raise InputError(
            f"Pages would travel to {address} in the clear.",
            remedy="Start the cluster with TLS and give its tls:// address.",
        )


def _is_private(address: str) -> bool:
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme == "tls" or host == "localhost":
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


def _connected(address: str) -> Client:
    encrypted = address.startswith("tls:")
    try:
        # required, so that answers that come from workers are held to it
        security = Security(require_encryption=encrypted)
        asyncio.run(_greet(address, security.get_connection_args("client")))
        client = Client(address, timeout=_CONNECT_SECONDS, security=security, set_as_default=False)
    except (OSError, TimeoutError, TypeError, ValueError) as error:
        raise ClusterUnavailableError(
            f"No scheduler answers at {address}.", remedy=_TLS if encrypted else ""
        ) from error
    with suppress(TimeoutError):
        client.wait_for_workers(1, timeout=_WORKERS_SECONDS)
    return client


async def _greet(address: str, arguments: dict[str, Any]) -> None:
    """Dask itself waits for ever for the greeting of something that is no scheduler."""
    greeting = connect(address, timeout=_CONNECT_SECONDS, **arguments)
    (await asyncio.wait_for(greeting, _CONNECT_SECONDS + 1)).abort()


def _leave(client: Client) -> None:
    with suppress(Exception):  # whatever it is, the connection is not used again
        client.close(timeout=_CLOSE_SECONDS)


def _threads(client: Client) -> dict[str, int]:
    """Threads of each worker, by its address."""
    return dict(client.nthreads())


def check_encrypted(places: Iterable[str]) -> None:
    """Raises ClusterMismatchError when scheduler or workers listen in the clear for others."""
    for place in places:
        if not _is_private(place):
            raise ClusterMismatchError(
                f"The cluster speaks in the clear at {place}, which others can reach.",
                remedy=_START,
            )


def _check_introductions(client: Client, reader: Reader, scratch: Path) -> None:
    mark, content = scratch / "mark", secrets.token_bytes(16)
    mark.write_bytes(content)
    answers = client.run(introduce, reader.engine, mark, content, on_error="return")
    mark.unlink()
    for place, answer in answers.items():
        check_introduction(place, answer, reader, scratch)


def check_introduction(place: str, answer: object, reader: Reader, scratch: Path) -> None:
    """Raises ClusterMismatchError when the worker at `place` would read otherwise than `reader`."""
    if not isinstance(answer, Introduction):
        raise ClusterMismatchError(f"The worker at {place} has no Anamnesis, or an old one.")
    if answer.pipeline_version != reader.pipeline_version:
        raise ClusterMismatchError(f"The worker at {place} has another version of Anamnesis.")
    if answer.engine_version != reader.engine_version:
        raise ClusterMismatchError(
            f"The worker at {place} reads with {answer.engine_version or 'no engine'}; "
            f"here it is {reader.engine_version}."
        )
    if not answer.shares_folder:
        raise ClusterMismatchError(
            f"The worker at {place} does not see the folder {scratch.parent}, where pages lie.",
            remedy="Set TMPDIR to a folder that every worker has under the same path, and run "
            "the workers as the same user.",
        )


def _lost(address: str) -> ClusterUnavailableError:
    return ClusterUnavailableError(
        f"The cluster at {address} does not answer any more, or has no workers left."
    )
