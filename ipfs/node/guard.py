"""Who may speak to the node at all: programs of this user, never a web page.

The socket lies in a folder that only its user may enter; who comes by TCP shows credentials. The
other rules hold for both, and if someone puts a proxy in front: a page that lures a browser to
the node (DNS rebinding, cross-site POST) is refused by what browsers cannot help sending. Kubo's
own RPC has the same rules.
"""

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ipfs.node.credentials import Credentials

_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
_QUOTED_SLASH = "%2f"
"""Begins the Host that clients send for a Unix socket's path; no DNS name can look like it."""
_BROWSER_HEADERS = ("origin", "referer", "sec-fetch-site")
"""Every browser sends the first with every POST. Node's own `fetch`, which is no browser, sends
Sec-Fetch-Mode."""


class Guard:
    """ASGI middleware: POST only, local Host only, no browser, no body above the limit.

    Without `credentials` nobody is let in by TCP.
    """

    def __init__(
        self, app: ASGIApp, max_request_bytes: int, credentials: Credentials | None
    ) -> None:
        self._app = app
        self._max_request_bytes = max_request_bytes
        self._credentials = credentials

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope["method"], headers)
        if refusal is None and not (_by_unix_socket(scope) or self._admits(headers)):
            refusal = PlainTextResponse(
                "401 - Unauthorized", 401, {"WWW-Authenticate": 'Basic realm="ipfs"'}
            )
        await (refusal or self._app)(scope, receive, send)

    def _admits(self, headers: Headers) -> bool:
        shown = headers.get("authorization", "")
        return self._credentials is not None and self._credentials.admits(shown)

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


def _by_unix_socket(scope: Scope) -> bool:
    # A path and no port. Whatever is not clearly that shows credentials.
    server = scope.get("server")
    return server is not None and server[1] is None


def _is_local(host: str) -> bool:
    host = host.lower()
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return name in _LOCAL_HOSTS or host.startswith(_QUOTED_SLASH)
