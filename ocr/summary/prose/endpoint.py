"""The client of an OpenAI-compatible endpoint: one bounded question, one bounded answer.

Nothing is sent but what the caller gives. Redirects are not followed, no proxy, netrc or
certificate setting of the environment is used, and the answer is refused when it is late, large,
compressed or not what was asked for. Errors name the endpoint's host, never what was said.
"""

import asyncio
import ipaddress
import json
import re
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import urlsplit

import httpx
from pydantic import BaseModel, Field, ValidationError

from core.errors import AnamnesisError, InputError


class EndpointError(AnamnesisError):
    """The endpoint gave no usable answer; the history stands without sentences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where sentences are asked for. Make it with `from_untrusted`."""

    url: str
    """Up to and without `/chat/completions`."""
    host: str
    is_local: bool
    """Whether it is a loopback address, so that what is sent stays on this machine."""
    model: str
    key: str | None = field(default=None, repr=False)
    timeout_seconds: float = 180.0
    """For the whole exchange."""
    max_answer_bytes: int = 262_144

    @classmethod
    def from_untrusted(
        cls, url: str, *, model: str, key: str | None = None, may_leave: bool = False
    ) -> "Endpoint":
        """Raises InputError when the address is unsafe, or not local without `may_leave`."""
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
            _ = parts.port
        except ValueError as error:
            raise InputError("The address of --prose is malformed.", remedy=_ADDRESS) from error
        if not host or parts.username or parts.password or parts.query or parts.fragment:
            raise InputError(
                "The address of --prose has no host, or has a key, query or fragment in it.",
                remedy=_ADDRESS,
            )
        local = _is_loopback(host)
        if parts.scheme != "https" and not (parts.scheme == "http" and local):
            raise InputError(
                "The address of --prose is neither https nor http on this machine.", remedy=_ADDRESS
            )
        if not local and not may_leave:
            raise InputError(
                f"With --prose, statements about the patient would leave this machine for {host}.",
                remedy="Add --facts-may-leave if that is meant and allowed, or use a local model.",
            )
        return cls(url=url.rstrip("/"), host=host, is_local=local, model=model, key=key)


_ADDRESS = "Give one such as http://127.0.0.1:8080/v1 or https://HOST/v1."


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Draft(BaseModel):
    """A sentence as the model gives it: nothing is known of it yet."""

    text: Annotated[str, Field(max_length=2_000)]
    facts: Annotated[list[Annotated[str, Field(max_length=40)]], Field(max_length=50)]


class _Drafts(BaseModel):
    sentences: Annotated[list[Draft], Field(max_length=200)]


class _Message(BaseModel):
    content: str


class _Choice(BaseModel):
    message: _Message


class _Completion(BaseModel):
    choices: Annotated[list[_Choice], Field(min_length=1)]


def ask(endpoint: Endpoint, instructions: str, facts: str) -> list[Draft]:
    """The sentences that the model proposes. Raises EndpointError."""
    body = {
        "model": endpoint.model,
        "messages": [
            {"role": "system", "content": instructions},
            {"role": "user", "content": facts},
        ],
        "temperature": 0,
        "stream": False,
        "response_format": {"type": "json_object"},
    }
    try:
        answer = asyncio.run(_exchange(endpoint, body))
    except TimeoutError as error:
        raise _failure(endpoint, "did not answer in time") from error
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise _failure(endpoint, "could not be reached, or broke off") from error
    return _drafts(endpoint, answer)


def _drafts(endpoint: Endpoint, answer: bytes) -> list[Draft]:
    # A validation error quotes what it met: it is not kept as a cause.
    try:
        content = _Completion.model_validate_json(answer).choices[0].message.content
    except ValidationError:
        raise _failure(endpoint, "answered something that is no chat completion") from None
    fenced = re.fullmatch(r"\s*```(?:json)?\s*(.*?)\s*```\s*", content, re.DOTALL)
    try:
        return _Drafts.model_validate_json(fenced[1] if fenced else content).sentences
    except ValidationError:
        raise _failure(endpoint, "did not answer in the form that was asked for") from None


def _failure(endpoint: Endpoint, what: str) -> EndpointError:
    return EndpointError(f"The endpoint at {endpoint.host} {what}.")


async def _exchange(endpoint: Endpoint, body: dict[str, Any]) -> bytes:
    headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
    if endpoint.key:
        headers["Authorization"] = f"Bearer {endpoint.key}"
    limit = httpx.Timeout(endpoint.timeout_seconds)
    async with (
        asyncio.timeout(endpoint.timeout_seconds),
        httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=limit) as client,
        client.stream(
            "POST",
            f"{endpoint.url}/chat/completions",
            content=json.dumps(body, ensure_ascii=False).encode(),
            headers=headers,
        ) as response,
    ):
        if response.has_redirect_location:
            raise _failure(
                endpoint, "sent the question on to another address; nothing was sent there"
            )
        if response.status_code != httpx.codes.OK:
            raise _failure(endpoint, f"answered with status {response.status_code}")
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise _failure(endpoint, "answered compressed, which was not asked for")
        return await _bounded(endpoint, response)


async def _bounded(endpoint: Endpoint, response: httpx.Response) -> bytes:
    answer = bytearray()
    async for chunk in response.aiter_raw():
        answer += chunk
        if len(answer) > endpoint.max_answer_bytes:
            raise _failure(endpoint, f"answered more than {endpoint.max_answer_bytes} bytes")
    return bytes(answer)
