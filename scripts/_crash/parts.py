"""The parts that get killed: chain, IPFS node and publisher of a home of their own."""

import os
import queue
import random
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from core.errors import SetupError
from core.flows.share import prepare_reading_key
from core.flows.submit import sign_and_submit
from core.hashing import Address
from ipfs.envelope import Identity
from ipfs.supervisor import NodeProcess
from ipfs.supervisor import NodeSettings as StoreNodeSettings
from ledger import tethered
from ledger.artifact import consent_artifact
from ledger.deploy import deploy
from ledger.node import LocalNode
from ledger.node import NodeSettings as ChainNodeSettings
from ledger.relayer import fund_locally, relayer_account
from ledger.wallet import KeySigner
from scripts._crash.publisher import Job, connect
from scripts._local import Places
from scripts._settings import ROOT, private_folder

_NO_LIMIT = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """Somebody whose records are published; the keys are in memory only."""

    signer: KeySigner
    identity: Identity
    key: str

    @property
    def account(self) -> Address:
        return self.signer.account


def make_patients(seed: int, count: int) -> tuple[Patient, ...]:
    """Patients from a seed: worth nothing, and the same in each run."""
    dice = random.Random(f"patients {seed}")  # noqa: S311
    made = []
    for _ in range(count):
        key = dice.randbytes(32)
        made.append(
            Patient(
                signer=KeySigner.from_key(key),
                identity=Identity(dice.randbytes(32)),
                key="0x" + key.hex(),
            )
        )
    return tuple(made)


class Parts:
    """A context manager around a running stack without web servers."""

    def __init__(self, home: Path, seed: int, patients: int) -> None:
        self.home = home
        self.seed = seed
        self.patients = make_patients(seed, patients)
        self._ending = ExitStack()

    def __enter__(self) -> Self:
        try:
            places = Places(home=private_folder(self.home))
            self.chain = self._start_chain(places)
            self.store = NodeProcess(StoreNodeSettings.local(self.home))
            self.store.start()
            self._ending.callback(self.store.stop)
            self.job = self._deploy(places)
            self.ledger = connect(self.job)
            for patient in self.patients:
                self._enrol(patient)
            self.publisher = PublisherProcess(self.job)
            self._ending.callback(self.publisher.close)
        except BaseException:
            self._ending.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.close()

    def kill_store(self) -> None:
        """End the IPFS node as a power cut would."""
        self.store.kill()

    def revive_store(self) -> None:
        """As the stack's watcher does."""
        self.store.start()

    def kill_chain(self) -> bool:
        """End anvil; its own supervisor starts it again from the newest snapshot.

        False when it is dead already, and not back yet.
        """
        pid = self.chain.pid
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
        return pid is not None

    def _start_chain(self, places: Places) -> LocalNode:
        settings = ChainNodeSettings(
            data=places.chain, project=ROOT, idle_seconds=0.05, restarts=_NO_LIMIT
        )
        chain = LocalNode(settings).start()
        self._ending.callback(chain.stop)
        return chain

    def _deploy(self, places: Places) -> Job:
        relayer, rpc = relayer_account(places.relayer_key), self.chain.rpc()
        fund_locally(rpc, relayer)
        artifact = consent_artifact(ROOT, places.artifacts)
        record = self.home / "deployments" / "local.json"
        done = deploy(rpc, artifact, relayer, record, snapshots=places.chain)
        return Job(
            home=str(self.home),
            rpc_url=self.chain.url,
            chain_id=done.chain_id,
            contract=done.contract,
            block=done.block,
            relayer_key=str(places.relayer_key),
            snapshots=str(places.chain),
            ipfs=self.store.address,
            vault=str(places.vault),
            artifacts=str(places.artifacts),
            seed=self.seed,
            keys=tuple(patient.key for patient in self.patients),
        )

    def _enrol(self, patient: Patient) -> None:
        key = patient.identity.recipient().public_key
        message = prepare_reading_key(self.ledger, account=patient.account, key=key)
        sign_and_submit(self.ledger, patient.signer, message, key)


class PublisherProcess:
    """The publisher, its forks killed and started by command."""

    def __init__(self, job: Job) -> None:
        self._process = subprocess.Popen(
            [
                *(sys.executable, tethered.__file__, str(os.getpid())),
                *(sys.executable, "-m", "scripts._crash.publisher"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
            bufsize=1,
        )
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()
        self._tell(job.to_json())
        if self.line(60) != "ready":
            raise SetupError("The publisher's process did not start.")

    def start(self, number: int) -> None:
        """Begin with payload `number`."""
        self._tell(f"go {number}")

    def kill(self) -> list[str]:
        """End it; returns what it had said by then and nobody had read."""
        self._tell("kill")
        said = []
        while (line := self.line(30)) != "dead":
            if line is None:
                raise SetupError("The publisher's process ended.")
            said.append(line)
        return said

    def line(self, seconds: float) -> str | None:
        """The next line it says; None when it says nothing for so long, or is gone."""
        try:
            return self._lines.get(timeout=seconds)
        except queue.Empty:
            return None

    def close(self) -> None:
        """End it and its fork, which is tied to it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line.strip())
        self._lines.put(None)
