"""Connections to an IPFS node: past every proxy, bounded, and kept for a moment.

An act takes a connection for itself and hands it back when it went well; after an error nothing
is kept. The next act within KEPT_SECONDS uses it again, which is less than servers let an idle
connection wait; urllib3 looks whether the node has closed it before anything is sent, and opens
another then. So no request is ever sent twice.
"""

import os
import time
import weakref
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any, Self

import ipfshttpclient
import requests
from ipfshttpclient import http as ipfs_http

from core.errors import StoreError
from ipfs.sockets import socket_path

KEPT_SECONDS = 2.0
_MOST_KEPT = 4
_UPLOAD_CHUNK_BYTES = 1 << 20
_DOWNLOAD_CHUNK_BYTES = 1 << 18
_MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""Of an answer in JSON; the longest honest one lists 700,000 pins."""
_CONTENT = ("cat", "block/get")
"""Requests that are answered by stored bytes; who asks bounds those."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long to wait for a node."""

    connect_seconds: float
    silence_seconds: float
    """Within one request."""
    transfer_seconds: float
    """That the body of one answer may take in all."""


class _DirectHttp(ipfs_http.ClientSync):  # type: ignore[misc]
    """HTTP that ignores the environment (no proxy, no .netrc) and bounds what it reads."""

    __slots__ = ("transfer_seconds",)

    def _make_session(self) -> Any:
        session = super()._make_session()
        session.trust_env = False
        # A session outlives an act, and nothing that the node says in one belongs into the next.
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
        session.hooks["response"] = [_take_as_it_arrives]
        return session

    def _request(self, method: str, path: str, *positional: Any, **named: Any) -> Any:
        # The default takes a body that states its length into memory whole, whatever the length.
        named["chunk_size"] = _DOWNLOAD_CHUNK_BYTES
        limit = None if path.strip("/") in _CONTENT else _MAX_ANSWER_BYTES
        deadline = time.monotonic() + self.transfer_seconds
        closables, pieces = super()._request(method, path, *positional, **named)
        return closables, _bounded(pieces, limit, deadline)


def _take_as_it_arrives(response: Any, *_: Any, **__: Any) -> None:
    # urllib3 waits for a full piece; a body that trickles would keep it waiting without end.
    raw = response.raw
    if not raw.chunked:

        def stream(amount: int, decode_content: bool | None = None) -> Iterator[bytes]:
            while piece := raw.read1(amount, decode_content=decode_content):
                yield piece

        raw.stream = stream


def _bounded(pieces: Iterator[bytes], limit: int | None, deadline: float) -> Iterator[bytes]:
    taken = 0
    for piece in pieces:
        taken += len(piece)
        if limit is not None and taken > limit:
            raise StoreError("The IPFS node gave a longer answer than any that makes sense.")
        if time.monotonic() > deadline:
            raise requests.ReadTimeout
        yield piece


class _Rpc(ipfshttpclient.Client):  # type: ignore[misc]
    """`ipfshttpclient.Client` over _DirectHttp."""

    def __init__(self, address: str, limits: Limits, credentials: tuple[str, str] | None) -> None:
        super().__init__(address, chunk_size=_UPLOAD_CHUNK_BYTES)
        self._client = _DirectHttp(
            address,
            "api/v0",
            auth=credentials,
            headers={"Host": "localhost"} if address.startswith("/unix/") else {},
            timeout=(limits.connect_seconds, limits.silence_seconds),
        )
        self._client.transfer_seconds = limits.transfer_seconds


@dataclass(frozen=True, slots=True)
class _Connection:
    rpc: _Rpc
    opened: ExitStack
    process: int
    used: float
    """When last, on the monotonic clock."""

    @classmethod
    def open(cls, address: str, limits: Limits, credentials: tuple[str, str] | None) -> Self:
        with ExitStack() as opened:
            name = opened.enter_context(_resolved(address))
            rpc = opened.enter_context(_Rpc(name, limits, credentials))
            return cls(rpc, opened.pop_all(), os.getpid(), time.monotonic())

    def is_fresh(self) -> bool:
        # What a fork inherited is its parent's to speak over.
        return self.process == os.getpid() and time.monotonic() - self.used < KEPT_SECONDS


class Connections:
    """The connections to one node. Safe to use from several threads and after a fork."""

    def __init__(
        self, address: str, limits: Limits, credentials: tuple[str, str] | None = None
    ) -> None:
        self._node = address, limits, credentials
        # Its methods are atomic; a lock could be held by another thread when this process forks.
        self._idle: deque[_Connection] = deque()
        weakref.finalize(self, _close_all, self._idle)

    @contextmanager
    def one(self) -> Iterator[Any]:
        """An `ipfshttpclient.Client` for one act. Raises what the libraries below raise."""
        connection = self._kept() or _Connection.open(*self._node)
        with connection.opened as opened:
            yield connection.rpc
            if len(self._idle) < _MOST_KEPT:
                kept = opened.pop_all()
                self._idle.append(
                    _Connection(connection.rpc, kept, connection.process, time.monotonic())
                )

    def _kept(self) -> _Connection | None:
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return None
            if connection.is_fresh():
                return connection
            connection.opened.close()


def _close_all(idle: deque[_Connection]) -> None:
    while idle:
        idle.pop().opened.close()


@contextmanager
def _resolved(address: str) -> Iterator[str]:
    if not address.startswith("/unix/"):
        yield address
        return
    with socket_path(Path(address.removeprefix("/unix"))) as path:
        yield f"/unix{path}"
