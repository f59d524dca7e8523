"""The dapp's server: Streamlit behind a strict policy, and the sealed bytes for the browser.

python -m dapp.app SETTINGS.json
"""

import logging
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import streamlit as st
import uvicorn
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.errors import AnamnesisError, InputError
from core.ports import Vault
from dapp import wiring
from dapp.arrivals import Arrivals
from dapp.guard import Guard
from dapp.settings import DappSettings

SCREEN = Path(__file__).parent / "screen.py"
HASH_BYTES = 32
_log = logging.getLogger(__name__)


def create_app(settings: DappSettings) -> st.App:
    """The ASGI application. One in a process: Streamlit's configuration is global."""
    wiring.configure(settings)
    return st.App(
        SCREEN,
        routes=[
            Route("/sealed/{commitment}", sealed_bytes(wiring.vault), methods=["GET"]),
            Route("/sealed", take_sealed(wiring.arrivals), methods=["PUT"]),
        ],
        middleware=[Middleware(Guard, settings=settings)],
        on_script_error=say_so,
    )


def say_so(error: Exception) -> bool:
    """A plain sentence instead of Streamlit's own box, which would offer to ask outside sites.

    Only the error's kind and place are logged: its text could quote what was being handled.
    """
    place = traceback.extract_tb(error.__traceback__)[-1:]
    where = ", ".join(f"{frame.filename}:{frame.lineno}" for frame in place)
    _log.error("unexpected %s at %s", type(error).__name__, where)
    st.error("Something unexpected happened on this page. Reload it; what was signed is kept.")
    return True


def sealed_bytes(vault: Callable[[], Vault]) -> Callable[[Request], object]:
    """The route that hands ciphertext to the browser. Anybody may have it: it opens for nobody."""

    async def answer(request: Request) -> Response:
        try:
            commitment = _commitment(request.path_params["commitment"])
            sealed = await run_in_threadpool(lambda: vault().ciphertext(commitment))
        except AnamnesisError as error:
            return _explained(error)
        return Response(sealed, media_type="application/octet-stream")

    return answer


def take_sealed(arrivals: Callable[[], Arrivals]) -> Callable[[Request], object]:
    """The route that takes in what a browser sealed: under a ticket, of a bounded size."""

    async def answer(request: Request) -> Response:
        ticket = request.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            expected = arrivals().find(ticket)
            body = await _body(request, expected.most_bytes)
            await run_in_threadpool(lambda: arrivals().take(ticket, body))
        except AnamnesisError as error:
            return _explained(error)
        return Response(status_code=204)

    return answer


async def _body(request: Request, most_bytes: int) -> bytes:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > most_bytes:
            raise InputError("That is more than was asked for.", remedy="Begin anew.")
    return bytes(body)


def _explained(error: AnamnesisError) -> JSONResponse:
    code = 400 if isinstance(error, InputError) else 502
    return JSONResponse({"error": error.what, "remedy": error.remedy}, code)


def _commitment(text: str) -> bytes:
    try:
        commitment = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        commitment = b""
    if len(commitment) != HASH_BYTES:
        raise InputError("That is no commitment.", remedy="It has 64 hexadecimal digits.")
    return commitment


def main(arguments: list[str]) -> int:
    """Serve until interrupted; returns the exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m dapp.app SETTINGS.json\n")
        return InputError.exit_code
    try:
        settings = DappSettings.load(Path(arguments[0]))
    except AnamnesisError as error:
        sys.stderr.write(error.user_message() + "\n")
        return error.exit_code
    uvicorn.run(
        create_app(settings),
        host=settings.bind,
        port=settings.port,
        log_level="warning",
        access_log=False,
        server_header=False,
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
