"""The one adapter over `ipfshttpclient`: what it leaves open is closed here.

It refuses Kubo from 0.8 on (we check the version ourselves), sends requests to a proxy that the
environment names, takes a body that was cut short for the whole (we verify every CID), leaves
`add` to the node's defaults (we name each parameter), waits for ever, and lets exceptions of
three libraries through (all become StoreError or StoreUnavailableError, cause kept). What concerns
HTTP is in `ipfs.connections`.

The address is a multiaddr: `/unix/…/rpc.sock` of the embedded node, or `/ip4/…/tcp/5001` of an
`ipfs daemon`.
"""

import re
import warnings
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import multiaddr.exceptions  # type: ignore[import-untyped]
import requests
import urllib3.exceptions
from ipfshttpclient import exceptions as ipfs_errors

from core.errors import InputError, StoreError, StoreUnavailableError, VerificationError
from ipfs.checks import Check
from ipfs.cid import CHUNK_BYTES, CidHash, cid_digest, cid_text
from ipfs.connections import Connections, Limits
from ipfs.node.credentials import Credentials
from ipfs.sealing import MAX_SEALED_BYTES
from ipfs.sockets import SOCKET_NAME

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


class StoreClient:
    """Bytes in and out of one IPFS node, every CID computed and checked here.

    Methods raise StoreUnavailableError when the node does not answer, StoreError when it refuses
    and VerificationError when it answers with other bytes than asked for. Safe to use from
    several threads.
    """

    def __init__(self, settings: StoreSettings) -> None:
        self._settings = settings
        limits = Limits(
            connect_seconds=settings.connect_timeout_seconds,
            silence_seconds=settings.timeout_seconds,
            transfer_seconds=settings.transfer_timeout_seconds,
        )
        self._connections = Connections(settings.address, limits, settings.credentials)

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
            digest, answer = _upload(rpc, data)
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
        with _translated(act), self._connections.one() as rpc:
            yield rpc


def _upload(rpc: Any, data: bytes) -> tuple[bytes, Any]:
    """The digest of `data`, and the CID that the node says it stored.

    Large data is hashed when it is sent: then this process would wait while the node works.
    """
    if len(data) <= CHUNK_BYTES:
        return cid_digest(data), rpc.add_bytes(data, opts=_ADD_OPTIONS)
    digests: list[Future[bytes]] = []
    with ThreadPoolExecutor(max_workers=1) as beside:

        def body() -> Iterator[bytes]:
            yield data
            digests.append(beside.submit(cid_digest, data))

        answer = rpc.add_bytes(body(), opts=_ADD_OPTIONS)
        return digests[0].result(), answer


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
