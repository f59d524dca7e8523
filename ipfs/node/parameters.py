"""What requests state in their query, read with Kubo's meaning or refused."""

import re
from collections.abc import Iterator

from starlette.requests import Request

from ipfs.cid import parse_cid
from ipfs.node.upload import UploadError

_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ns|us|µs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_MOST_SECONDS = 600.0


def digest_of(request: Request) -> bytes:
    """The digest of the one CID that the request names."""
    return parse_cid(argument_of(request).removeprefix("/ipfs/"))


def argument_of(request: Request) -> str:
    """The one argument."""
    arguments = request.query_params.getlist("arg")
    if len(arguments) != 1:
        raise UploadError("exactly one argument is required")
    return arguments[0]


def number_of(request: Request, name: str, default: int | None) -> int | None:
    """A count of bytes."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isdecimal() or len(text) > 18:
        raise UploadError(f"{name} must be a count of bytes")
    return int(text)


def flag_of(request: Request, name: str) -> bool:
    """Whether `name` is set to true."""
    return request.query_params.get(name, "false").lower() in ("true", "1")


def seconds_of(request: Request, default: float) -> float:
    """The `timeout`, written as Go writes a duration ("1m30s"); at most ten minutes."""
    text = request.query_params.get("timeout", "")
    if not text:
        return default
    parts = list(_DURATION.finditer(text))
    if "".join(part[0] for part in parts) != text:
        raise UploadError("timeout must be a duration such as 10s")
    return min(sum(float(part[1]) * _SECONDS[part[2]] for part in parts), _MOST_SECONDS)


def between(pieces: Iterator[memoryview], start: int, end: int) -> Iterator[memoryview]:
    """The bytes from `start` to `end` of what the pieces make together."""
    place = 0
    for piece in pieces:
        wanted = piece[max(0, start - place) : max(0, end - place)]
        place += len(piece)
        if wanted:
            yield wanted
        if place >= end:
            return
