"""The contracts against their model: 200,000 random calls, and proof that the walk would notice."""

import shutil
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.artifact import Artifact, consent_artifact
from ledger.revert_map import REASONS
from scripts._walk.run import walk
from scripts._walk.walker import Violation, Walker

PROJECT = Path(__file__).parents[2]
CACHE = PROJECT / ".build" / "consent"
STEPS = 200_000


@pytest.mark.timeout(600)
def test_contracts_do_as_the_model_when_called_at_random() -> None:
    report = walk(PROJECT, CACHE, steps=STEPS, seed=20_261_124)
    assert report.violations == ()
    assert report.steps == STEPS
    reached = {outcome.split(": ", 1)[1] for outcome in report.outcomes}
    assert {reason.split(": ", 1)[1] for reason in REASONS} <= reached, "every refusal is met"
    names = {outcome.split(":")[0] for outcome in report.outcomes if outcome.endswith(": done")}
    artifact = consent_artifact(PROJECT, CACHE)
    assert artifact.credentials is not None
    writes = {
        entry["name"]
        for entry in (*artifact.abi, *artifact.credentials.abi)
        if entry["type"] == "function" and entry["stateMutability"] == "nonpayable"
    }
    assert writes <= names, "every function goes through"


def altered(tmp_path: Path, module: str, old: str, new: str) -> Artifact:
    """The contracts with one line changed."""
    shutil.copytree(PROJECT / "contracts", tmp_path / "contracts")
    shutil.copy(PROJECT / "ape-config.yaml", tmp_path)
    source = tmp_path / "contracts" / module
    assert old in source.read_text()
    source.write_text(source.read_text().replace(old, new, 1))
    return consent_artifact(tmp_path, tmp_path / "cache")


def walk_on(artifact: Artifact) -> None:
    for seed in range(4):
        Walker(artifact, seed).walk(4_000)


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("modules/access.vy", " & U32 & purpose != purpose", " & purpose != purpose"),
        ("modules/guardians.vy", "block.timestamp < self", "block.timestamp + 1 < self"),
        ("Consent.vy", "if msg.sender != controller:", "if tx.origin == empty(address):"),
    ],
    ids=["mask", "due", "sender"],
)
def test_walk_finds_it_when_one_line_of_the_contract_differs(
    tmp_path: Path, module: str, old: str, new: str
) -> None:
    artifact = altered(tmp_path, module, old, new)
    with pytest.raises(Violation):
        walk_on(artifact)


def test_walk_repeats_itself_when_the_seed_does() -> None:
    artifact = consent_artifact(PROJECT, CACHE)
    first, second = (Walker(artifact, 7) for _ in range(2))
    for walker in (first, second):
        walker.walk(500)
    assert first.outcomes == second.outcomes
    assert first.events == second.events


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(random=st.randoms(use_true_random=False), world=st.integers(0, 3), steps=st.integers(1, 30))
def test_contracts_do_as_the_model_when_hypothesis_chooses(
    random: Random, world: int, steps: int
) -> None:
    """A difference would be shrunk to the fewest steps that show it."""
    Walker(consent_artifact(PROJECT, CACHE), world, random).walk(steps)
