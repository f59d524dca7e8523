"""Starting, watching and stopping the embedded node's process.

with NodeProcess(NodeSettings.local(home)) as node:
    client = StoreClient(StoreSettings(address=node.address))
"""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import BaseModel, ValidationError

from core.errors import InputError, SetupError, StoreError, StoreUnavailableError
from ipfs.node.credentials import FILE_NAME
from ipfs.sockets import SOCKET_NAME, can_connect

LOG_NAME = "node.log"
_MAX_REPORT_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class SwarmSettings:
    """A private IPFS network. Whoever has the key belongs to it."""

    key_file: Path
    """As Kubo's swarm.key; `python -m ipfs.node.swarm FILE` makes one."""
    listen: tuple[str, ...] = ()
    """Multiaddrs such as /ip4/192.0.2.1/tcp/4001; none: loopback, any port."""
    peers: tuple[str, ...] = ()
    """Multiaddrs, each ending in /p2p/ID, of nodes to stay connected with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSettings:
    """Where the node lives, and how patient its supervisor is."""

    home: Path
    """Folder of repository, socket, pin ledger and log; made 0700."""
    start_timeout_seconds: float = 60.0
    stop_timeout_seconds: float = 15.0
    max_request_bytes: int = 96 * 1024 * 1024
    swarm: SwarmSettings | None = None
    """The private network to join; None: no network at all."""
    tcp_port: int | None = None
    """Port on loopback to serve beside the socket, 0 for any; None: the socket alone."""
    credentials_file: Path | None = None
    """For the TCP port; None: one in `home`, made at random on the first start."""

    @classmethod
    def local(cls, home: Path) -> "NodeSettings":
        """The node of an Anamnesis home."""
        return cls(home=home / "ipfs")

    @property
    def credentials(self) -> Path:
        """The file that holds name and password for the TCP port."""
        return (self.credentials_file or self.home / FILE_NAME).absolute()

    @property
    def socket(self) -> Path:
        return self.home.absolute() / SOCKET_NAME

    @property
    def address(self) -> str:
        """The multiaddr of its RPC."""
        return f"/unix{self.socket}"


class _Report(BaseModel):
    """The one line that the node's process writes when it serves or has failed."""

    pid: int | None = None
    port: int | None = None
    addresses: tuple[str, ...] = ()
    error: str = ""
    remedy: str = ""
    code: int = StoreError.exit_code


_KINDS = {kind.exit_code: kind for kind in (InputError, SetupError, StoreError)}


class NodeProcess:
    """The embedded node as a child process. It ends when the process that started it ends."""

    def __init__(self, settings: NodeSettings) -> None:
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self._port: int | None = None
        self._addresses: tuple[str, ...] = ()

    @property
    def settings(self) -> NodeSettings:
        return self._settings

    @property
    def address(self) -> str:
        """The multiaddr that `ipfs.client` takes."""
        return self._settings.address

    @property
    def tcp_address(self) -> str | None:
        """Multiaddr of its TCP endpoint, None without one. Needs `settings.credentials`."""
        return None if self._port is None else f"/ip4/127.0.0.1/tcp/{self._port}"

    @property
    def swarm_addresses(self) -> tuple[str, ...]:
        """Multiaddrs that other nodes of its private network dial; none without a swarm."""
        return self._addresses

    @property
    def pid(self) -> int | None:
        """Of the running node, None when it does not run."""
        return self._process.pid if self._process and self.is_running() else None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start and wait until the node serves.

        Raises StoreError when another process holds the repository, SetupError when the node
        cannot run on this machine or its port is taken, InputError for an unusable swarm key,
        address or credentials file, StoreUnavailableError when it does not come up in time.
        """
        if self.is_running():
            return
        self._settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._process = self._spawn()
        try:
            self._await_report(self._process)
        except BaseException:
            self.stop()
            raise

    def is_running(self) -> bool:
        """Whether the process is alive; `is_healthy` also asks it."""
        return self._process is not None and self._process.poll() is None

    def is_healthy(self) -> bool:
        """Whether the process is alive and takes connections."""
        return self.is_running() and can_connect(self._settings.socket)

    def stop(self) -> None:
        """Ask the node to end, wait for it, kill it when it does not. Idempotent."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(self._settings.stop_timeout_seconds)
            except subprocess.TimeoutExpired:
                process.kill()
        process.wait()

    def kill(self) -> None:
        """End the node as a power cut would; for tests of what survives."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _spawn(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "ipfs.node", *_arguments(self._settings)]
        log = os.open(
            self._settings.home / LOG_NAME,
            os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC,
            0o600,
        )
        try:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                # Ctrl-C is for us; we then stop the node in order.
                start_new_session=True,
            )
        except OSError as error:
            raise SetupError("The IPFS node's process could not be started.") from error
        finally:
            os.close(log)

    def _await_report(self, process: subprocess.Popen[bytes]) -> None:
        line = self._first_line(process)
        if not line:
            self._raise_silence(process)
        try:
            report = _Report.model_validate(json.loads(line))
        except (ValueError, ValidationError) as error:
            raise StoreUnavailableError("The IPFS node's process answered nonsense.") from error
        if report.error:
            raise _KINDS.get(report.code, StoreError)(report.error, remedy=report.remedy)
        self._port, self._addresses = report.port, report.addresses

    def _first_line(self, process: subprocess.Popen[bytes]) -> bytes:
        assert process.stdout is not None
        deadline = time.monotonic() + self._settings.start_timeout_seconds
        line = b""
        with process.stdout as pipe:
            while not line.endswith(b"\n") and len(line) < _MAX_REPORT_BYTES:
                left = deadline - time.monotonic()
                if left <= 0 or not select.select([pipe], [], [], left)[0]:
                    return b""
                piece = os.read(pipe.fileno(), _MAX_REPORT_BYTES)
                if not piece:
                    break
                line += piece
        return line

    def _raise_silence(self, process: subprocess.Popen[bytes]) -> None:
        log = self._settings.home / LOG_NAME
        with contextlib.suppress(subprocess.TimeoutExpired):
            # Its end of the pipe is closed: the process is about to end, or hangs.
            process.wait(1.0)
        state = "ended at once" if process.poll() is not None else "did not come up in time"
        raise StoreUnavailableError(
            f"The IPFS node's process {state}.", remedy=f"See {log} for what it said."
        )


def _arguments(settings: NodeSettings) -> list[str]:
    arguments = ["--home", str(settings.home.absolute()), "--parent", str(os.getpid())]
    arguments += ["--max-request-bytes", str(settings.max_request_bytes)]
    if settings.tcp_port is not None:
        arguments += ["--tcp", str(settings.tcp_port), "--credentials", str(settings.credentials)]
    if settings.swarm is not None:
        arguments += ["--swarm-key", str(settings.swarm.key_file.absolute())]
        for address in settings.swarm.listen:
            arguments += ["--swarm-listen", address]
        for address in settings.swarm.peers:
            arguments += ["--swarm-peer", address]
    return arguments
