"""Parts of a real stack killed a hundred times; and that who looks for faults finds them."""

import json
import random
import secrets
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.eip712 import Domain
from core.errors import StoreError, StoreUnavailableError
from core.events import Position, RecordSealed
from core.hashing import address, keccak256
from core.records import HISTORY_RECORD
from ipfs.padding import make_frame
from scripts._crash.checks import Acknowledgement, Inspector, needles_of
from scripts._crash.parts import make_patients
from scripts._crash.publisher import Job, canary, payload
from tests.scripts.conftest import Run
from tests.scripts.conftest import run as run

KILLS = 100
SEED = 11


def test_crash_loses_doubles_and_shows_nothing_in_a_hundred_kills(run: Run, tmp_path: Path) -> None:
    seed = secrets.randbelow(1 << 32)
    done = run("crash", "--kills", str(KILLS), "--seed", str(seed), "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["kills"] == KILLS
    assert set(said["killed"]) == {"publisher", "store", "chain"}
    assert said["violations"] == []
    assert said["versions_on_chain"] == said["acknowledged"] > KILLS / 5
    assert said["opened"] >= said["acknowledged"]


def test_crash_refuses_a_home_that_is_not_empty(run: Run, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("")
    done = run("crash", "--home", tmp_path)
    assert done.returncode == 2
    assert "not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


class Scene:
    """A chain and a vault that say what a test wants, behind the ports that the look uses."""

    def __init__(self, home: Path) -> None:
        self.domain = Domain(chain_id=1, verifying_contract=address("0x" + "11" * 20))
        self.patients = make_patients(SEED, 1)
        self.sealed: list[RecordSealed] = []
        self.contents: dict[bytes, bytes] = {}
        self.fails_with: Exception | None = None
        ports: Any = SimpleNamespace(domain=self.domain, events=lambda: self.sealed, open=self.open)
        self.inspector = Inspector(
            ledger=ports, vault=ports, patients=self.patients, seed=SEED, home=home
        )

    def open(self, identity: object, commitment: bytes, *_: object) -> bytes:
        if self.fails_with is not None:
            raise self.fails_with
        return self.contents[commitment]

    def publish(self, number: int) -> None:
        """Sealed, stored and acknowledged."""
        commitment = keccak256(b"%d" % number)
        self.seal(commitment)
        self.contents[commitment] = payload(SEED, number)
        self.inspector.take(
            Acknowledgement(number=number, commitment=commitment, version=len(self.sealed))
        )

    def seal(self, commitment: bytes) -> None:
        place = len(self.sealed) + 1
        self.sealed.append(
            RecordSealed(
                at=Position(block=place, log_index=0, timestamp=place, transaction=bytes(32)),
                patient=self.patients[0].account,
                author=self.patients[0].account,
                record=HISTORY_RECORD,
                commitment=commitment,
                envelope=bytes(32),
            )
        )

    def violations(self) -> list[str]:
        self.inspector.check(random.Random(1))
        self.inspector.check_all()
        return self.inspector.violations


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    scene = Scene(tmp_path)
    for number in range(3):
        scene.publish(number)
    return scene


def test_inspector_finds_nothing_when_all_is_well(scene: Scene) -> None:
    assert scene.violations() == []
    assert scene.inspector.opened >= 6


def _lose(scene: Scene) -> None:
    scene.sealed.pop()


def _double(scene: Scene) -> None:
    scene.seal(keccak256(b"again"))


def _swap(scene: Scene) -> None:
    first, second, *_ = scene.contents
    scene.contents[first] = scene.contents[second]


def _corrupt(scene: Scene) -> None:
    scene.fails_with = StoreError("The IPFS node could not read.")


def _skip(scene: Scene) -> None:
    scene.publish(7)


def _repeat(scene: Scene) -> None:
    scene.sealed.append(scene.sealed[0])


@pytest.mark.parametrize("harm", [_lose, _double, _swap, _corrupt, _skip, _repeat])
def test_inspector_finds_what_was_harmed(scene: Scene, harm: Callable[[Scene], None]) -> None:
    harm(scene)
    assert scene.violations()


@pytest.mark.parametrize("form", range(6))
def test_inspector_finds_plaintext_in_whatever_form(scene: Scene, form: int) -> None:
    assert scene.violations() == []
    left = scene.inspector.home / "deep" / "down" / "left.tmp"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"before" + needles_of(canary(SEED))[form] + b"after")
    scene.inspector.check(random.Random(1))
    assert any("plaintext" in each for each in scene.inspector.violations)


def test_inspector_leaves_a_part_that_is_down_to_be_asked_again(scene: Scene) -> None:
    scene.fails_with = StoreUnavailableError("The IPFS node does not answer.")
    with pytest.raises(StoreUnavailableError):
        scene.inspector.check(random.Random(1))
    scene.fails_with = None
    assert scene.violations() == []


def test_payload_shows_its_canary_even_when_compressed() -> None:
    """Otherwise searching the disk for it would prove nothing."""
    assert canary(SEED) in b"".join(make_frame(payload(SEED, 4)).pieces)
    assert payload(SEED, 4) == payload(SEED, 4) != payload(SEED, 5)


def test_job_survives_its_json() -> None:
    job = Job(
        home="h", rpc_url="r", chain_id=1, contract="c", block=2, relayer_key="k", snapshots="s",
        ipfs="i", vault="v", artifacts="a", seed=3, keys=("x", "y"),
    )  # fmt: skip
    assert Job.from_json(job.to_json()) == job
