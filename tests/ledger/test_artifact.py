"""Compiled once per change, from the sources alone."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from core.errors import SetupError
from ledger import artifact as module
from ledger.artifact import consent_artifact, source_hash

MINI = "# pragma version 0.4.3\nX: immutable(uint256)\n@deploy\ndef __init__():\n    X = 1\n"


@pytest.fixture
def tree(tmp_path: Path, project: Path) -> Path:
    """A source tree with contracts of one line."""
    return plant(tmp_path, project)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Path:
    """The same tree with its contract in the cache."""
    tree = plant(tmp_path_factory.mktemp("compiled"), project)
    consent_artifact(tree, tree / "cache")
    return tree


def plant(folder: Path, project: Path) -> Path:
    (folder / "contracts").mkdir()
    for name in ("Consent.vy", "Credentials.vy"):
        (folder / "contracts" / name).write_text(MINI)
    shutil.copy(project / "ape-config.yaml", folder)
    return folder


@pytest.fixture
def no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    monkeypatch.setenv("PATH", "")


@pytest.mark.usefixtures("no_compiler")
def test_consent_artifact_needs_no_compiler_when_nothing_changed(compiled: Path) -> None:
    assert consent_artifact(compiled, compiled / "cache").immutable_bytes == 32


@pytest.mark.parametrize("damage", ["torn", "of other sources"])
def test_consent_artifact_compiles_again_when_the_cache_is_wrong(
    compiled: Path, damage: str
) -> None:
    first = consent_artifact(compiled, compiled / "cache")
    (cached,) = (compiled / "cache").iterdir()
    text = cached.read_text()
    other = json.dumps(json.loads(text) | {"source_hash": "0"})
    cached.write_text(text[:-20] if damage == "torn" else other)
    assert consent_artifact(compiled, compiled / "cache") == first
    assert json.loads(cached.read_text())["source_hash"] == first.source_hash


@pytest.mark.usefixtures("no_compiler")
def test_consent_artifact_says_so_when_the_compiler_is_missing(tree: Path) -> None:
    with pytest.raises(SetupError, match="compiler is missing") as refused:
        consent_artifact(tree, tree / "cache")
    assert "uv sync" in refused.value.remedy


def test_consent_artifact_says_so_when_the_sources_do_not_compile(tree: Path) -> None:
    (tree / "contracts" / "Consent.vy").write_text(MINI + "def broken(:\n")
    with pytest.raises(SetupError, match="does not compile"):
        consent_artifact(tree, tree / "cache")
    assert not (tree / "cache").exists()


def test_consent_artifact_says_so_when_the_sources_are_missing(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="missing"):
        consent_artifact(tmp_path, tmp_path / "cache")


@pytest.mark.parametrize("name", ["contracts/Consent.vy", "contracts/modules/more.vyi"])
def test_source_hash_changes_with_every_source(tree: Path, name: str) -> None:
    before = source_hash(tree)
    path = tree / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(MINI + "# changed\n")
    assert source_hash(tree) != before


def test_source_hash_changes_with_the_evm_version(tree: Path) -> None:
    before = source_hash(tree)
    config = tree / "ape-config.yaml"
    config.write_text(config.read_text().replace("cancun", "prague"))
    assert source_hash(tree) != before


def test_source_hash_refuses_when_no_evm_version_is_set(tree: Path) -> None:
    (tree / "ape-config.yaml").write_text("name: x\n")
    with pytest.raises(SetupError, match="evm_version"):
        source_hash(tree)


def test_immutable_bytes_counts_those_of_modules() -> None:
    layout = {"X": {"type": "uint256", "length": 32}, "m": {"Y": {"type": "b", "length": 64}}}
    assert module._immutable_bytes(layout) == 96
