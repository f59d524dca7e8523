"""What every answer of the server carries, and which requests it takes at all.

The policy lets the page run its own scripts only, talk to its own server and to the reading
service only, and be framed by nobody. Opened histories stand in frames that inherit it; they name
about:srcdoc as their base, so that links to their sources stay inside.
"""

import base64
import hashlib
import re
from pathlib import Path
from urllib.parse import urlsplit

import streamlit
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dapp.settings import DappSettings

_LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def content_security_policy(settings: DappSettings) -> str:
    """The Content-Security-Policy, with the hashes of the installed Streamlit's own scripts."""
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text("utf-8")
    hashes = " ".join(f"'sha256-{_hash(script)}'" for script in _INLINE.findall(page))
    scheme = "wss" if settings.origin.startswith("https") else "ws"
    connect = f"'self' {scheme}://{settings.host} {settings.reading_url or ''}".strip()
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' {hashes}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            f"connect-src {connect}",
            "worker-src 'self' blob:",
            "manifest-src 'self'",
            "media-src 'self'",
            "frame-src 'self'",
            "base-uri 'self' about:",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


class Guard:
    """Refuses foreign hosts, sends loopback aliases to the one origin, adds the headers."""

    def __init__(self, app: ASGIApp, settings: DappSettings) -> None:
        self.app = app
        self.settings = settings
        self.headers = {
            "content-security-policy": content_security_policy(settings),
            "referrer-policy": "no-referrer",
            "x-content-type-options": "nosniff",
            "cross-origin-opener-policy": "same-origin-allow-popups",
            "cross-origin-resource-policy": "same-origin",
            "permissions-policy": "camera=(), microphone=(), geolocation=()",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        host = Headers(scope=scope).get("host", "")
        if host == self.settings.host:
            await self.app(scope, receive, self._dressed(scope, send))
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        elif self._is_alias(host):
            # Reading keys are bound to the origin: the same page under another name would not
            # find the person's key.
            target = self.settings.origin + scope["path"]
            await RedirectResponse(target, status_code=307)(scope, receive, send)
        else:
            await PlainTextResponse("Unknown host.", 421)(scope, receive, send)

    def _is_alias(self, host: str) -> bool:
        asked, own = urlsplit(f"//{host}"), urlsplit(self.settings.origin)
        names = {asked.hostname or "", own.hostname or ""}
        return names <= {name.strip("[]") for name in _LOOPBACK} and asked.port == own.port

    def _dressed(self, scope: Scope, send: Send) -> Send:
        # Streamlit's own assets carry a hash in their name and are the same for everybody.
        fixed = scope["path"].startswith("/static/")

        async def send_dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    headers[name] = value
                if not fixed:
                    headers["cache-control"] = "no-store"
            await send(message)

        return send_dressed


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
