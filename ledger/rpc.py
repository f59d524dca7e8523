"""JSON-RPC to a chain's node over HTTP: one way out, one set of errors.

Source: Ethereum execution API specification; JSON-RPC 2.0.
"""

import logging
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import requests
from pydantic import BaseModel, ConfigDict, ValidationError
from requests.adapters import HTTPAdapter
from web3 import HTTPProvider
from web3.types import RPCEndpoint

from core.errors import ChainError, ChainUnavailableError

_POOL = 32
"""Connections kept open: more threads than this only lose time, not calls."""
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_LONG_HEX = re.compile(r"0x[0-9a-fA-F]{65,}")

# At DEBUG they print addresses of nodes, which may carry an access key, and whole answers.
for _chatty in ("web3.providers.HTTPProvider", "urllib3.connectionpool"):
    logging.getLogger(_chatty).setLevel(logging.INFO)


class NodeRefusedError(ChainError):
    """The node answered with an error; `code`, `message` and `data` are its own words."""

    def __init__(self, method: str, *, code: int, message: str, data: str) -> None:
        self.code = code
        self.message = _LONG_HEX.sub("0x…", message)[:300]
        self.data = data
        super().__init__(f"The chain's node refused {method}: {self.message}")


class _Error(BaseModel):
    code: int = 0
    message: str = ""
    data: Any = None


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore")

    result: Any = None
    error: _Error | None = None


class Rpc:
    """A node's JSON-RPC endpoint. Safe for several threads."""

    def __init__(self, url: str, *, timeout_seconds: float = 10) -> None:
        self.url = url
        self.place = place(url)
        session = requests.Session()
        # Proxies are for far hosts; sending loopback through one breaks and leaks.
        session.trust_env = urlsplit(url).hostname not in _LOOPBACK
        pool = HTTPAdapter(pool_maxsize=_POOL)
        session.mount("http://", pool)
        session.mount("https://", pool)
        self._provider = HTTPProvider(
            url,
            session=session,
            request_kwargs={"timeout": timeout_seconds},
            exception_retry_configuration=None,
        )

    def call(self, method: str, params: Sequence[Any] = ()) -> Any:
        """The node's result.

        Raises ChainUnavailableError without a usable answer, NodeRefusedError for an error.
        """
        try:
            raw = self._provider.make_request(RPCEndpoint(method), list(params))
            answer = _Answer.model_validate(raw)
        except (requests.RequestException, OSError) as error:
            raise ChainUnavailableError(f"The chain's node at {self.place} gave no answer.") from (
                _without_url(error)
            )
        except (ValidationError, ValueError) as error:
            raise ChainUnavailableError(
                f"What answers at {self.place} is not a chain's node.",
                remedy="Check the RPC address in the settings.",
            ) from error
        if (refused := answer.error) is not None:
            raise NodeRefusedError(
                method,
                code=refused.code,
                message=refused.message,
                data=refused.data if isinstance(refused.data, str) else "",
            )
        return answer.result

    def quantity(self, method: str, params: Sequence[Any] = ()) -> int:
        """A result that is a number. Raises as `call` does."""
        return number(self.call(method, params))


def number(value: Any) -> int:
    """A hexadecimal quantity of the execution API. Raises ChainUnavailableError."""
    try:
        return int(value, 16)
    except (TypeError, ValueError):
        raise ChainUnavailableError("The chain's node answered with something else.") from None


def data(value: Any) -> bytes:
    """Hexadecimal data of the execution API. Raises ChainUnavailableError."""
    if isinstance(value, str) and value.startswith("0x"):
        try:
            return bytes.fromhex(value[2:])
        except ValueError:
            pass
    raise ChainUnavailableError("The chain's node answered with something else.")


def place(url: str) -> str:
    """Host and port alone: paths and users of RPC addresses often carry an access key."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


def _without_url(error: Exception) -> Exception:
    """Messages of requests quote the whole address; keep the kind of failure only."""
    return ConnectionError(type(error).__name__)
