"""A publisher that can be killed again and again: `python -m scripts._crash.publisher`.

The settings come as one line of JSON on stdin, so that no key lies on disk; commands follow, a
line each. `go N` forks a process that publishes payload N, N + 1, ... without pause; `kill` ends
it with SIGKILL. Forking saves the seconds that imports take. Answers on stdout:

    ack N COMMITMENT VERSION    payload N is acknowledged
    failed MESSAGE              it ended in a way that no crash explains
    dead                        the killed process is gone; no answer of it follows
"""

import ctypes
import hashlib
import json
import os
import random
import signal
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NoReturn

from core.errors import AnamnesisError, ChainUnavailableError, PublicationError, StoreError
from core.errors import VerificationError as ReadingError
from core.flows.publish import Publisher
from core.hashing import address
from ipfs.client import StoreClient, StoreSettings
from ipfs.outbox import SqliteOutbox, kept_in
from ipfs.vault import IpfsVault
from ledger.artifact import consent_artifact
from ledger.client import EvmLedger
from ledger.settings import LedgerSettings
from ledger.settling import settler
from ledger.tethered import PR_SET_PDEATHSIG
from ledger.wallet import KeySigner
from scripts._settings import ROOT

PAYLOAD_BYTES = 3_000
CANARY_BYTES = 32
PAUSE_SECONDS = 0.01
CONFIRMATION_SECONDS = 1.0
"""A node that forgot a transaction never confirms it; asking again soon keeps a round short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Where to publish, for whom, and from which seed the payloads come."""

    home: str
    rpc_url: str
    chain_id: int
    contract: str
    block: int
    relayer_key: str
    snapshots: str
    ipfs: str
    vault: str
    artifacts: str
    seed: int
    keys: tuple[str, ...]
    """The patients' private keys, in hexadecimal; payload N is of patient N modulo their number."""

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, line: str) -> "Job":
        raw = json.loads(line)
        return cls(**raw | {"keys": tuple(raw["keys"])})


def canary(seed: int) -> bytes:
    """Bytes that are in every payload of a run and must be nowhere on disk."""
    return hashlib.sha256(f"canary {seed}".encode()).digest()[:CANARY_BYTES]


def payload(seed: int, number: int) -> bytes:
    """Payload `number`: random, so that no compression hides the canary in it."""
    return random.Random(f"{seed}/{number}").randbytes(PAYLOAD_BYTES) + canary(seed)  # noqa: S311


def connect(job: Job) -> EvmLedger:
    """The chain of the job. Raises as EvmLedger.connect does."""
    return EvmLedger.connect(
        LedgerSettings(
            rpc_url=job.rpc_url,
            chain_id=job.chain_id,
            contract=address(job.contract),
            artifact=consent_artifact(ROOT, Path(job.artifacts)),
            deployed_block=job.block,
            relayer_key=Path(job.relayer_key),
            snapshots=Path(job.snapshots),
            confirmation_seconds=CONFIRMATION_SECONDS,
        )
    )


def make_publisher(job: Job, ledger: EvmLedger) -> Publisher:
    """Everything real, as the commands wire it."""
    store = StoreClient(StoreSettings(address=job.ipfs))
    return Publisher(
        ledger=ledger,
        vault=IpfsVault.open_at(Path(job.vault), store),
        outbox=SqliteOutbox.open_at(Path(job.vault)),
        settle=settler(ledger),
        require_kept=kept_in(store),
    )


def _work(job: Job, number: int) -> NoReturn:
    """Publish one payload after the other, each until it is acknowledged."""
    signers = [KeySigner.from_key(key) for key in job.keys]
    publisher = _patiently_made(job)
    for _ in publisher.resume():
        pass
    while True:
        signer = signers[number % len(signers)]
        try:
            done = publisher.publish(signer, payload(job.seed, number))
        except PublicationError as error:
            _say(f"failed {error.user_message()}")
            os._exit(1)
        except (ChainUnavailableError, StoreError, ReadingError):
            time.sleep(PAUSE_SECONDS)
            continue
        _say(f"ack {number} {done.commitment.hex()} {done.version}")
        number += 1


def _patiently_made(job: Job) -> Publisher:
    while True:
        try:
            return make_publisher(job, connect(job))
        except ChainUnavailableError:
            time.sleep(PAUSE_SECONDS)


def _say(line: str) -> None:
    # One write, shorter than PIPE_BUF: it is in the pipe whole or not at all.
    os.write(1, line.encode() + b"\n")


def _fork(job: Job, number: int) -> int:
    parent = os.getpid()
    child = os.fork()
    if child:
        return child
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    try:
        _work(job, number)
    except AnamnesisError as error:
        _say(f"failed {type(error).__name__}: {error.user_message()}")
    except BaseException as error:  # noqa: BLE001 - a forked child must not run its parent's code
        _say(f"failed {type(error).__name__}")
    finally:
        os._exit(1)


def main() -> None:
    """Obey until stdin ends."""
    job = Job.from_json(sys.stdin.readline())
    consent_artifact(ROOT, Path(job.artifacts))
    child = 0
    _say("ready")
    for line in sys.stdin:
        command, *arguments = line.split()
        if command == "go":
            child = _fork(job, int(arguments[0]))
        elif child:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            child = 0
            _say("dead")


if __name__ == "__main__":
    main()
