"""The local chain: one anvil per data folder, supervised.

1. A file lock makes a second start on the same folder an error instead of a silent overwrite.
2. Anvil dies with this process, and this process starts a killed anvil again from its snapshot.
3. State is saved after every confirmed write (by whoever confirms it) and whenever the head moved.
4. A start loads the newest readable snapshot and checks that it yields the block it names.
5. It listens on loopback only and answers no browser page of another origin.
"""

import fcntl
import logging
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from core.errors import (
    AlreadyRunningError,
    ChainError,
    ChainUnavailableError,
    PortInUseError,
    SetupError,
)
from ledger import tethered
from ledger.rpc import Rpc
from ledger.snapshots import SnapshotError, Snapshots, block_hash_at

LOCAL_CHAIN_ID = 31337
_HOST = "127.0.0.1"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSettings:
    """One local chain."""

    data: Path
    """Folder for snapshots, lock and log; made when missing, for its owner alone."""
    port: int | None = None
    """None for any free one."""
    anvil: Path | None = None
    """The program; None to look in `project`, then on PATH."""
    project: Path | None = None
    """The source tree whose node_modules may hold anvil."""
    chain_id: int = LOCAL_CHAIN_ID
    hardfork: str = "prague"
    gas_limit: int = 60_000_000
    start_seconds: float = 60
    idle_seconds: float = 0.5
    """How often the head is looked at."""
    restarts: int = 5
    """How often a dead anvil is started again before giving up."""


class LocalNode:
    """A supervised anvil. Use it as a context manager, or `start` and `stop` it."""

    def __init__(self, settings: NodeSettings) -> None:
        self.settings = settings
        self.snapshots = Snapshots(settings.data)
        self.failure: ChainError | SetupError | None = None
        """Why the supervisor gave up, if it did."""
        self._port = settings.port
        self._lock: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._idle: threading.Thread | None = None
        self._restarts = 0
        # The kernel's tether is to the thread that starts anvil: this one lives as long as we do.
        self._keeper = ThreadPoolExecutor(1, thread_name_prefix="anvil-keeper")

    @property
    def url(self) -> str:
        """Raises SetupError before the start."""
        if self._port is None:
            raise SetupError("The local chain has not been started.")
        return f"http://{_HOST}:{self._port}"

    @property
    def pid(self) -> int | None:
        """Of anvil, while it runs."""
        return self._process.pid if self.alive and self._process else None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def rpc(self) -> Rpc:
        return Rpc(self.url, timeout_seconds=30)

    def start(self) -> Self:
        """Returns when anvil answers with the saved chain.

        Raises AlreadyRunningError, PortInUseError, SetupError (no anvil), SnapshotError,
        ChainUnavailableError (no answer in time).
        """
        self._acquire()
        try:
            anvil = find_anvil(self.settings)
            if self._port is None:
                self._port = _free_port()
            self._launch(anvil)
        except BaseException:
            self.stop()
            raise
        self._idle = threading.Thread(target=self._watch, args=(anvil,), daemon=True)
        self._idle.start()
        return self

    def stop(self) -> None:
        """Save, end anvil, free the folder. Safe to repeat."""
        self._stopping.set()
        if self._idle is not None:
            self._idle.join()
            self._idle = None
            if self.alive:
                with suppress(ChainError):
                    self.snapshots.save(self.rpc())
        self._end()
        self._keeper.shutdown()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _acquire(self) -> None:
        data = self.settings.data
        try:
            data.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = (data / "node.lock").open("w")
        except OSError as error:
            raise SetupError(f"The folder {data} cannot be used ({error.strerror}).") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise AlreadyRunningError(f"A local chain already runs on {data}.") from None
        self._lock = lock

    def _launch(self, anvil: Path) -> None:
        """Start anvil on the newest snapshot, and make sure that it is the chain saved there."""
        port = self._port or 0
        _require_free(port)
        saved = self.snapshots.newest()
        arguments = self._arguments(port)
        state = self.settings.data / "load.json"
        if saved is not None:
            state.write_bytes(saved.state)
            arguments += ["--load-state", str(state)]
        self._process = self._keeper.submit(self._spawn, anvil, arguments).result()
        rpc = self._answering(port)
        state.unlink(missing_ok=True)
        # A write may have come in as soon as anvil answered, and moved the head.
        if saved is not None and block_hash_at(rpc, saved.block) != saved.hash:
            raise SnapshotError(f"The snapshot in {self.settings.data} yields another chain.")
        self.snapshots.save(rpc)

    def _arguments(self, port: int) -> list[str]:
        settings = self.settings
        return [
            *("--host", _HOST, "--port", str(port)),
            *("--chain-id", str(settings.chain_id), "--hardfork", settings.hardfork),
            *("--gas-limit", str(settings.gas_limit)),
            *("--prune-history", "64", "--slots-in-an-epoch", "1"),
            *("--no-cors", "--quiet"),
        ]

    def _spawn(self, anvil: Path, arguments: list[str]) -> subprocess.Popen[bytes]:
        data = self.settings.data
        wrapper = [sys.executable, "-I", "-S", tethered.__file__, str(os.getpid()), str(anvil)]
        with (data / "anvil.log").open("wb") as log:
            return subprocess.Popen(
                [*wrapper, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={"HOME": str(data), "PATH": os.defpath},
                start_new_session=True,
            )

    def _answering(self, port: int) -> Rpc:
        rpc = self.rpc()
        give_up = time.monotonic() + self.settings.start_seconds
        while time.monotonic() < give_up:
            if not self.alive:
                raise self._exit_error(port)
            with suppress(ChainUnavailableError):
                rpc.call("eth_chainId")
                return rpc
            time.sleep(0.02)
        raise ChainUnavailableError(
            f"Anvil did not answer within {self.settings.start_seconds:.0f} s.",
            remedy=f"See {self.settings.data / 'anvil.log'}.",
        )

    def _exit_error(self, port: int) -> ChainError | SetupError:
        log = self.settings.data / "anvil.log"
        if "address already in use" in log.read_text(errors="replace").lower():
            return _port_in_use(port)
        return ChainUnavailableError("Anvil ended at once.", remedy=f"See {log}.")

    def _watch(self, anvil: Path) -> None:
        """Save when the head moved; start a dead anvil again."""
        rpc = self.rpc()
        while not self._stopping.wait(self.settings.idle_seconds):
            try:
                if self.alive:
                    self.snapshots.save(rpc)
                else:
                    self._relaunch(anvil)
            except ChainUnavailableError:
                continue  # it died meanwhile: the next round sees that
            except (ChainError, SetupError) as error:
                self.failure = error
                _log.error("the local chain is not kept any more: %s", error.user_message())
                return

    def _relaunch(self, anvil: Path) -> None:
        if self._restarts == self.settings.restarts:
            raise SetupError(f"Anvil died {self._restarts + 1} times.")
        self._restarts += 1
        _log.warning("anvil died; starting it again from its snapshot")
        self._launch(anvil)

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def find_anvil(settings: NodeSettings) -> Path:
    """The anvil program. Raises SetupError when there is none."""
    if settings.anvil is not None:
        candidates = [settings.anvil]
    else:
        modules = (settings.project or Path()) / "node_modules"
        candidates = sorted(modules.glob("@foundry-rs/anvil-*/bin/anvil"))
        candidates.append(modules / ".bin" / "anvil")
        if found := shutil.which("anvil"):
            candidates.append(Path(found))
    for candidate in candidates:
        if os.access(candidate, os.X_OK):
            return candidate.resolve()
    raise SetupError(
        "The local chain's program, anvil, is missing.",
        remedy="Run `npm ci` in the source tree, or name the program in the settings.",
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            raise _port_in_use(port) from None


def _port_in_use(port: int) -> PortInUseError:
    return PortInUseError(f"Port {port}, where the local chain has to listen, is in use.")
