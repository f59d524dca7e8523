"""Who may speak to the node at all: programs of this user, never a web page.

The socket lies in a folder that only its user may enter. These rules hold as well if someone
puts a proxy in front: a page that lures a browser to the node (DNS rebinding, cross-site POST)
is refused by what browsers cannot help sending. Kubo's own RPC has the same rules.
"""

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
_QUOTED_SLASH = "%2f"
"""Begins the Host that clients send for a Unix socket's path; no DNS name can look like it."""
_BROWSER_HEADERS = ("origin", "referer", "sec-fetch-site", "sec-fetch-mode")


class Guard:
    """ASGI middleware: POST only, local Host only, no browser, no body above the limit."""

    def __init__(self, app: ASGIApp, max_request_bytes: int) -> None:
        self._app = app
        self._max_request_bytes = max_request_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        refusal = self._refusal(scope["method"], Headers(scope=scope))
        await (refusal or self._app)(scope, receive, send)

    def _refusal(self, method: str, headers: Headers) -> PlainTextResponse | None:
        if method != "POST":
            return PlainTextResponse("405 - Method Not Allowed", 405, {"Allow": "POST"})
        if not _is_local(headers.get("host", "")):
            return PlainTextResponse("403 - Forbidden: foreign Host", 403)
        browser = headers.get("user-agent", "").startswith("Mozilla")
        if browser or any(name in headers for name in _BROWSER_HEADERS):
            return PlainTextResponse("403 - Forbidden: browsers are refused", 403)
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._max_request_bytes:
            return PlainTextResponse("413 - Too Large", 413)
        return None


def _is_local(host: str) -> bool:
    host = host.lower()
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return name in _LOCAL_HOSTS or host.startswith(_QUOTED_SLASH)
