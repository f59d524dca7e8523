"""The one adapter over `ipfshttpclient`: what it leaves open is closed here.

It refuses Kubo from 0.8 on (we check the version ourselves), sends requests to a proxy that the
environment names, takes a body that was cut short for the whole (we verify every CID), leaves
`add` to the node's defaults (we name each parameter), waits for ever, and lets exceptions of
three libraries through (all become StoreError or StoreUnavailableError, cause kept).

The address is a multiaddr: `/unix/…/rpc.sock` of the embedded node, or `/ip4/…/tcp/5001` of an
`ipfs daemon`.
"""

import re
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ipfshttpclient
import multiaddr.exceptions  # type: ignore[import-untyped]
import requests
import urllib3.exceptions
from ipfshttpclient import exceptions as ipfs_errors
from ipfshttpclient import http as ipfs_http

from core.errors import InputError, StoreError, StoreUnavailableError, VerificationError
from ipfs.checks import Check
from ipfs.cid import CHUNK_BYTES, CidHash, cid_digest, cid_text
from ipfs.node.credentials import Credentials
from ipfs.sealing import MAX_SEALED_BYTES
from ipfs.sockets import SOCKET_NAME, socket_path

warnings.filterwarnings("ignore", "The 'strict' parameter is no longer needed", FutureWarning)

MINIMUM_VERSION = (0, 22)
_ADD_OPTIONS = {
    "pin": "true",
    "cid-version": "0",
    "raw-leaves": "false",
    "chunker": "size-262144",
    "hash": "sha2-256",
    "trickle": "false",
    "progress": "false",
}
_UPLOAD_CHUNK_BYTES = 1 << 20
_DOWNLOAD_CHUNK_BYTES = 1 << 18
_MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""Of an answer in JSON; the longest honest one lists 700,000 pins."""
_CONTENT = ("cat", "block/get")
"""Requests that are answered by stored bytes; who asks bounds those."""
_UNPINNED = ("not pinned", "not part of the pinset")
"""What Kubo, and IPFS Cluster in its place, say of a pin that is not there."""
_FOREIGN_ERRORS = (
    ipfs_errors.Error,
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    multiaddr.exceptions.Error,
    OSError,
    # ipfshttpclient asserts and indexes its way through answers it did not expect
    AssertionError,
    LookupError,
    TypeError,
    ValueError,
)
_UNAVAILABLE = (
    ipfs_errors.ConnectionError,
    ipfs_errors.TimeoutError,
    ipfs_errors.ProtocolError,
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    urllib3.exceptions.HTTPError,
    OSError,
)


_REMEDIES = {
    401: "It asks for credentials: name a file with them in the setting ipfs_credentials.",
    403: "It refuses where the request comes from: allow this host in its API settings.",
    404: "It does not offer this request: use Kubo, or a proxy that passes all of its RPC on.",
    413: "It takes no requests of this size: raise its limit.",
}
"""By HTTP status."""

_PRIVATE = re.compile(r"/unix/|/ip4/127\.\d+\.\d+\.\d+/|/ip6/::1/")
"""Addresses that do not leave this machine."""
_CID = re.compile(r"Qm[1-9A-HJ-NP-Za-km-z]{44}")


class ForeignError(Exception):
    """What a library said, for the cause of our errors; CIDs, which its URLs hold, blotted out."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(f"{type(error).__qualname__}: {_CID.sub('Qm…', str(error))}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """Which IPFS node, and how long to wait for it."""

    address: str
    """Multiaddr of the node's RPC."""
    connect_timeout_seconds: float = 5.0
    timeout_seconds: float = 30.0
    """Longest silence of the node within one request; also its own limit for finding a CID."""
    transfer_timeout_seconds: float = 600.0
    """Longest time that the body of one answer may take in all."""
    credentials: tuple[str, str] | None = field(default=None, repr=False)
    """User and password for HTTP basic authentication, for a node behind one."""

    @classmethod
    def at(cls, address: str, credentials_file: Path | None) -> "StoreSettings":
        """A node, and the file (0600, name:password) with what it asks for.

        Raises InputError, also when name and password would travel in the clear.
        """
        if credentials_file is None:
            return cls(address=address)
        if not _PRIVATE.match(address) and not address.rstrip("/").endswith("/https"):
            raise InputError(
                f"Name and password would travel to {address} in the clear.",
                remedy="Give an address that ends in /https, or a tunnel's on 127.0.0.1.",
            )
        return cls(address=address, credentials=Credentials.of_file(credentials_file).pair())

    @classmethod
    def local(cls, home: Path) -> "StoreSettings":
        """The embedded node of an Anamnesis home."""
        return cls(address=f"/unix{(home / 'ipfs' / SOCKET_NAME).absolute()}")


class _DirectHttp(ipfs_http.ClientSync):  # type: ignore[misc]
    """HTTP that ignores the environment (no proxy, no .netrc) and bounds what it reads."""

    __slots__ = ("transfer_timeout_seconds",)

    def _make_session(self) -> Any:
        session = super()._make_session()
        session.trust_env = False
        session.hooks["response"] = [_take_as_it_arrives]
        return session

    def _request(self, method: str, path: str, *positional: Any, **named: Any) -> Any:
        # The default takes a body that states its length into memory whole, whatever the length.
        named["chunk_size"] = _DOWNLOAD_CHUNK_BYTES
        limit = None if path.strip("/") in _CONTENT else _MAX_ANSWER_BYTES
        deadline = time.monotonic() + self.transfer_timeout_seconds
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
    """`ipfshttpclient.Client` over _DirectHttp. It lives for one act: no stale connections."""

    def __init__(self, address: str, settings: StoreSettings) -> None:
        super().__init__(address, chunk_size=_UPLOAD_CHUNK_BYTES)
        self._client = _DirectHttp(
            address,
            "api/v0",
            auth=settings.credentials,
            headers={"Host": "localhost"} if address.startswith("/unix/") else {},
            timeout=(settings.connect_timeout_seconds, settings.timeout_seconds),
        )
        self._client.transfer_timeout_seconds = settings.transfer_timeout_seconds


class StoreClient:
    """Bytes in and out of one IPFS node, every CID computed and checked here.

    Methods raise StoreUnavailableError when the node does not answer, StoreError when it refuses
    and VerificationError when it answers with other bytes than asked for. Safe to use from
    several threads.
    """

    def __init__(self, settings: StoreSettings) -> None:
        self._settings = settings

    def version(self) -> str:
        """The node's version. Raises StoreError below MINIMUM_VERSION."""
        with self._rpc("ask for its version") as rpc:
            text = str(rpc.version()["Version"])
        numbers = re.match(r"(\d+)\.(\d+)", text)
        if not numbers or (int(numbers[1]), int(numbers[2])) < MINIMUM_VERSION:
            raise StoreError(
                f"The IPFS node has version {text[:20]!r}.",
                remedy=f"Use Kubo {'.'.join(map(str, MINIMUM_VERSION))} or later.",
            )
        return text

    def add(self, data: bytes) -> bytes:
        """Store and pin `data`; the digest of its CID. Idempotent.

        Returns only after the node has the pin and has given the same bytes back.
        """
        with self._rpc("store") as rpc:
            digest, answer = _hash_while(lambda: rpc.add_bytes(data, opts=_ADD_OPTIONS), data)
            if answer != cid_text(digest):
                raise VerificationError(
                    "The IPFS node stored other bytes than it was given.", check=Check.CID
                )
            if not _is_pinned(rpc, answer):
                raise StoreError("The IPFS node did not pin what it stored.")
            if not _same(self._content(rpc, digest, len(data)), data):
                raise VerificationError("The IPFS node gave other bytes back.", check=Check.CID)
        return digest

    def read(self, digest: bytes, max_bytes: int = MAX_SEALED_BYTES) -> bytes:
        """The bytes whose CID has this digest, recomputed. At most `max_bytes` are taken."""
        found, pieces = CidHash(), []
        with self._rpc("read") as rpc:
            for piece in self._content(rpc, digest, max_bytes):
                found.update(piece)
                pieces.append(piece)
        if found.digest() != digest:
            raise VerificationError(
                "The IPFS node answered with other or fewer bytes than asked for.",
                check=Check.CID,
            )
        return b"".join(pieces)

    def is_pinned(self, digest: bytes) -> bool:
        """Whether the node has a pin on exactly this root."""
        with self._rpc("look up a pin") as rpc:
            return _is_pinned(rpc, cid_text(digest))

    def unpin(self, digest: bytes) -> None:
        """Take the pin back, so that the next garbage collection removes the bytes. Idempotent."""
        with self._rpc("take a pin back") as rpc:
            try:
                rpc.pin.rm(cid_text(digest))
            except ipfs_errors.ErrorResponse as error:
                if not any(words in str(error) for words in _UNPINNED):
                    raise

    def collect_garbage(self) -> None:
        """Have the node delete every block without a pin: the last step of an erasure."""
        with self._rpc("collect garbage") as rpc:
            # `quiet` would have the library throw the answer away, and what failed with it.
            with rpc.repo.gc(stream=True, opts={"stream-errors": "true"}) as rows:
                failed = [row for row in rows if row.get("Error")]
            if failed:
                raise StoreError("The IPFS node could not delete every block without a pin.")

    def stored_bytes(self) -> int:
        """Size of the node's repository."""
        with self._rpc("measure its repository") as rpc:
            return int(rpc.repo.stat()["RepoSize"])

    def _content(self, rpc: Any, digest: bytes, max_bytes: int) -> Iterator[bytes]:
        """What the node says the bytes are, unverified. Raises StoreError beyond `max_bytes`."""
        options = {"length": max_bytes + 1, "timeout": f"{self._settings.timeout_seconds:.0f}s"}
        left = max_bytes
        with rpc.cat(cid_text(digest), opts=options, stream=True) as body:
            for piece in body:
                left -= len(piece)
                if left < 0:
                    raise StoreError(f"The IPFS node holds more than {max_bytes} bytes here.")
                yield piece

    @contextmanager
    def _rpc(self, act: str) -> Iterator[Any]:
        with (
            _translated(act),
            _resolved(self._settings.address) as address,
            _Rpc(address, self._settings) as rpc,
        ):
            yield rpc


def _hash_while(upload: Callable[[], Any], data: bytes) -> tuple[bytes, Any]:
    """The digest of `data` and what `upload` returns; side by side when that saves time."""
    if len(data) <= CHUNK_BYTES:
        return cid_digest(data), upload()
    with ThreadPoolExecutor(max_workers=1) as beside:
        digest = beside.submit(cid_digest, data)
        answer = upload()
        return digest.result(), answer


def _is_pinned(rpc: Any, cid: str) -> bool:
    try:
        return cid in rpc.pin.ls(cid, type="recursive")["Keys"]
    except ipfs_errors.ErrorResponse as error:
        if any(words in str(error) for words in _UNPINNED):
            return False
        raise


def _same(pieces: Iterator[bytes], data: bytes) -> bool:
    whole, place = memoryview(data), 0
    for piece in pieces:
        if piece != whole[place : place + len(piece)]:
            return False
        place += len(piece)
    return place == len(data)


@contextmanager
def _resolved(address: str) -> Iterator[str]:
    if not address.startswith("/unix/"):
        yield address
        return
    with socket_path(Path(address.removeprefix("/unix"))) as path:
        yield f"/unix{path}"


@contextmanager
def _translated(act: str) -> Iterator[None]:
    try:
        yield
    except (ipfs_errors.AddressError, multiaddr.exceptions.Error) as error:
        raise InputError(
            "The IPFS node's address is not a multiaddr.",
            remedy="Write it as /unix/…/rpc.sock or /ip4/127.0.0.1/tcp/5001.",
        ) from ForeignError(error)
    except _UNAVAILABLE as error:
        raise StoreUnavailableError("The IPFS node does not answer.") from ForeignError(error)
    except ipfs_errors.StatusError as error:
        raise _refusal(act, error) from ForeignError(error)
    except _FOREIGN_ERRORS as error:
        raise StoreError(
            f"The IPFS node gave no usable answer when asked to {act}."
        ) from ForeignError(error)


def _refusal(act: str, error: ipfs_errors.StatusError) -> StoreError:
    """What the node's status says that the person can do about it."""
    cause = error.original
    answer = cause.response if isinstance(cause, requests.HTTPError) else None
    status = answer.status_code if answer is not None else 0
    return StoreError(f"The IPFS node could not {act}.", remedy=_REMEDIES.get(status, ""))
