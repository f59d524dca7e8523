"""The local stack: chain, IPFS node, reading service, dapp, watched and ended together.

The chain and the IPFS node are supervised by their own packages; this starts them, puts the
contract there, starts the two servers and starts again what dies.
"""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Self

from core.errors import PortInUseError, SetupError, WrongContractError
from ipfs.client import StoreClient
from ipfs.supervisor import NodeProcess
from ipfs.supervisor import NodeSettings as StoreNodeSettings
from ledger import tethered
from ledger.deploy import Deployment, deploy
from ledger.node import LocalNode
from ledger.node import NodeSettings as ChainNodeSettings
from ledger.relayer import fund_locally, relayer_account
from scripts import _ports
from scripts._local import Places, artifact, store_settings, write_private
from scripts._settings import ROOT, Settings, private_folder
from scripts._stack_record import Record, record_path

HOST = "127.0.0.1"
START_SECONDS = 60
MOST_RESTARTS = 5
WATCH_SECONDS = 0.5

Talk = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class StackPorts:
    """Where the stack listens, on loopback only."""

    dapp: int
    reading: int
    chain: int

    @classmethod
    def choose(cls, path: Path, wanted: int) -> Self:
        """The ports of the last start, else the usual ones, else free ones.

        The dapp's port is kept, for reading keys are bound to its origin. `wanted` is the
        dapp's; 0 for any. Raises PortInUseError when a port that must be kept is taken.
        """
        try:
            kept = json.loads(path.read_text())
        except (OSError, ValueError):
            kept = {}
        fixed = kept.get("dapp") if wanted in (0, kept.get("dapp")) else wanted
        if fixed:
            _require_free(fixed)
        ports = cls(
            dapp=fixed or _free(0),
            reading=_free(kept.get("reading", _ports.READING if wanted else 0)),
            chain=_free(kept.get("chain", _ports.CHAIN if wanted else 0)),
        )
        write_private(
            path, json.dumps({"dapp": ports.dapp, "reading": ports.reading, "chain": ports.chain})
        )
        return ports


class Server:
    """A Python module of ours as a child process that ends with this one."""

    def __init__(self, name: str, module: str, settings: Path, health: str, log: Path) -> None:
        self.name = name
        self.module = module
        self.settings = settings
        self.health = health
        self.log = log
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Raises SetupError when the server ends or does not answer in time."""
        wrapper = [sys.executable, "-I", "-S", tethered.__file__, str(os.getpid())]
        descriptor = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "ab") as log:
            self.process = subprocess.Popen(
                [*wrapper, sys.executable, "-m", self.module, str(self.settings)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                start_new_session=True,
            )

    def wait(self) -> None:
        """Until it answers. Raises SetupError when it ends or stays silent."""
        give_up = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up:
            if not self.runs:
                raise SetupError(f"The {self.name} ended at once.", remedy=f"See {self.log}.")
            if _answers(self.health):
                return
            time.sleep(0.05)
        raise SetupError(f"The {self.name} does not answer.", remedy=f"See {self.log}.")

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Stack:
    """Everything that `anamnesis up` runs. A context manager; `serve` blocks until a signal."""

    def __init__(
        self, settings: Settings, talk: Talk, store: StoreNodeSettings | None = None
    ) -> None:
        self.settings = settings
        self.store_settings = store or StoreNodeSettings.local(settings.home)
        self.places = Places(home=settings.home)
        self.talk = talk
        self.ports = StackPorts.choose(self.places.ports, settings.dapp_port)
        self.token = secrets.token_urlsafe(32)
        self.servers: list[Server] = []
        self._ending = ExitStack()
        self._restarts: dict[str, int] = {}

    def start(self, *, servers: bool = True) -> Record:
        """Start the parts in order; `servers` False leaves the web servers out.

        Raises the named error of the part that cannot start; what had started is ended.
        """
        try:
            private_folder(self.places.inbox)
            self.node = self._start_chain()
            self.store = self._start_store()
            self.deployment = self._deploy()
            if servers:
                self.start_servers()
            return self._record()
        except BaseException:
            self.stop()
            raise

    def start_servers(self) -> None:
        """The reading service and the dapp, side by side."""
        self._write_settings()
        logs = private_folder(self.settings.home / "logs")
        self.servers = [
            Server(
                "reading service",
                "dapp.reading_process",
                self.settings.home / "reading.json",
                f"{self.reading_url}/readings/none",
                logs / "reading.log",
            ),
            Server(
                "dapp",
                "dapp.app",
                self.settings.home / "dapp.json",
                f"{self.origin}/_stcore/health",
                logs / "dapp.log",
            ),
        ]
        for server in self.servers:
            server.start()
            self._ending.callback(server.stop)
        for server in self.servers:
            server.wait()
        self._record()

    def stop(self) -> None:
        """End every part, in reverse order. Safe to repeat."""
        record_path(self.settings.home).unlink(missing_ok=True)
        self._ending.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def serve(self) -> None:
        """Watch the parts and start again what dies, until SIGINT or SIGTERM.

        Raises SetupError when a part keeps dying.
        """
        over = threading.Event()

        def end(_: int, __: FrameType | None) -> None:
            over.set()

        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, end)
        while not over.wait(WATCH_SECONDS):
            self._revive()

    @property
    def origin(self) -> str:
        return f"http://{HOST}:{self.ports.dapp}"

    @property
    def reading_url(self) -> str:
        return f"http://{HOST}:{self.ports.reading}"

    @property
    def ipfs(self) -> str:
        """Multiaddr of the IPFS node's RPC."""
        return self.settings.ipfs or (self.store.address if self.store else "")

    def _start_chain(self) -> LocalNode:
        node = LocalNode(
            ChainNodeSettings(
                data=self.places.chain,
                port=self.ports.chain,
                project=ROOT,
                chain_id=self.settings.chain_id,
            )
        )
        node.start()
        self._ending.callback(node.stop)
        return node

    def _start_store(self) -> NodeProcess | None:
        """Our own IPFS node; None when the settings name another, which is its owner's to watch."""
        if self.settings.ipfs is not None:
            StoreClient(store_settings(self.settings, self.settings.ipfs)).version()
            return None
        store = NodeProcess(self.store_settings)
        store.start()
        self._ending.callback(store.stop)
        return store

    def _deploy(self) -> Deployment:
        relayer = relayer_account(self.places.relayer_key)
        rpc = self.node.rpc()
        fund_locally(rpc, relayer)
        try:
            return deploy(
                rpc,
                artifact(self.places),
                relayer,
                self.places.deployment(self.settings),
                snapshots=self.places.chain,
            )
        except WrongContractError as error:
            home = self.settings.home
            raise WrongContractError(
                f"The contract on the local chain of {home} is of other sources than these.",
                remedy=f"Move {home} away to begin anew, or check those sources out to keep it.",
            ) from error

    def _write_settings(self) -> None:
        home = self.settings.home
        dapp = {
            "origin": self.origin,
            "bind": HOST,
            "port": self.ports.dapp,
            "rpc_url": self.node.url,
            "chain_id": self.settings.chain_id,
            "consent": self.deployment.contract,
            "deployed_block": self.deployment.block,
            "project": str(ROOT),
            "artifacts": str(self.places.artifacts),
            "relayer_key": str(self.places.relayer_key),
            "snapshots": str(self.places.chain),
            "ipfs": self.ipfs,
            "ipfs_credentials": _text(self.settings.ipfs_credentials),
            "vault": str(self.places.vault),
            "reading_url": self.reading_url,
            "reading_token": self.token,
        }
        reading = {
            "dapp": str(home / "dapp.json"),
            "inbox": str(self.places.inbox),
            "samples": str(ROOT / "samples"),
            "cache": str(self.places.reading_cache),
            "workers": self.settings.workers,
        }
        write_private(home / "dapp.json", json.dumps(dapp, indent=2))
        write_private(home / "reading.json", json.dumps(reading, indent=2))

    def _record(self) -> Record:
        pids = {"stack": os.getpid(), "chain": self.node.pid}
        if self.store is not None:
            pids["ipfs"] = self.store.pid
        pids |= {each.name: each.process.pid for each in self.servers if each.process}
        record = Record(
            dapp=self.origin,
            rpc_url=self.node.url,
            chain_id=self.settings.chain_id,
            consent=self.deployment.contract,
            ipfs=self.ipfs,
            pids={name: pid for name, pid in pids.items() if pid is not None},
        )
        write_private(record_path(self.settings.home), json.dumps(asdict(record), indent=2))
        return record

    def _revive(self) -> None:
        if self.node.failure is not None:
            raise self.node.failure
        if self.store is not None and not self.store.is_running():
            self._again("IPFS node", self.store.start)
        for server in self.servers:
            if not server.runs:
                self._again(server.name, server.start)

    def _again(self, name: str, start: Callable[[], None]) -> None:
        count = self._restarts[name] = self._restarts.get(name, 0) + 1
        if count > MOST_RESTARTS:
            raise SetupError(
                f"The {name} died {count} times.",
                remedy=f"See the logs under {self.settings.home}.",
            )
        self.talk(f"The {name} died; starting it again.")
        start()
        self._record()


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path.absolute())


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310  # our own loopback address
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def _require_free(port: int) -> None:
    if _ports.is_free(port):
        return
    holder = _ports.holder(port)
    who = f" by process {holder.pid} ({holder.command})" if holder else ""
    raise PortInUseError(
        f"Port {port} is in use{who}.",
        remedy="End that process, or give the dapp another port with --port.",
    )


def _free(preferred: int) -> int:
    """The preferred port when it is free, else any."""
    if preferred and _ports.is_free(preferred):
        return preferred
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
