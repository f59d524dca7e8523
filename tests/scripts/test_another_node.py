"""The commands over an IPFS node that is not ours: by address, with credentials, checked first."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import StoreError, StoreUnavailableError
from ipfs.supervisor import NodeProcess, NodeSettings
from scripts._settings import Settings
from scripts._stack import Stack
from scripts._wallets import owner_of_new
from tests.fakes.faulty_node import FaultyNode, send_json
from tests.scripts.conftest import Run


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    """A node elsewhere, with a TCP endpoint that asks for credentials."""
    home = tmp_path_factory.mktemp("clinic")
    with NodeProcess(NodeSettings(home=home, tcp_port=0)) as node:
        yield node


@pytest.fixture
def elsewhere(clinic: NodeProcess) -> dict[str, str]:
    assert clinic.tcp_address is not None
    return {
        "ANAMNESIS_IPFS": clinic.tcp_address,
        "ANAMNESIS_IPFS_CREDENTIALS": str(clinic.settings.credentials),
    }


@pytest.fixture
def old() -> Iterator[FaultyNode]:
    node = FaultyNode()
    node.answers["version"] = send_json({"Version": "0.18.1"})
    yield node
    node.close()


def test_stack_runs_over_the_named_node_and_starts_none_of_its_own(
    elsewhere: dict[str, str], tmp_path: Path, run: Run
) -> None:
    home = tmp_path / "home"
    with Stack(Settings.load(home, elsewhere, dapp_port=0), print) as stack:
        running = stack.start()
        assert running.ipfs == elsewhere["ANAMNESIS_IPFS"]
        assert "ipfs" not in running.pids
        assert not (home / "ipfs").exists()
        owner_of_new(home / "people" / "patient")
        bundle = tmp_path / "history.json"
        bundle.write_text(json.dumps({"resourceType": "Bundle", "type": "document"}))
        done = run("publish", bundle, "--home", home, "--json", **elsewhere)
        assert done.returncode == 0, done.stderr
        report = run("vault", "verify", "--home", home, "--json", **elsewhere)
        assert report.returncode == 0, report.stderr
        assert json.loads(report.stdout)["versions"] == 1


def test_commands_ask_for_credentials_by_the_name_of_the_setting(
    elsewhere: dict[str, str], tmp_path: Path, run: Run
) -> None:
    done = run(
        "vault", "verify", "--home", tmp_path / "home", "--ipfs", elsewhere["ANAMNESIS_IPFS"]
    )
    assert done.returncode == StoreError.exit_code
    assert "ipfs_credentials" in done.stderr


def test_stack_refuses_a_node_of_a_version_it_was_not_made_for(
    old: FaultyNode, tmp_path: Path
) -> None:
    settings = Settings.load(tmp_path / "home", {"ANAMNESIS_IPFS": old.address}, dapp_port=0)
    with pytest.raises(StoreError, match=r"0\.18\.1"):
        Stack(settings, print).start(servers=False)
    assert not (tmp_path / "home" / "stack.json").exists()


def test_stack_says_when_the_named_node_does_not_answer(tmp_path: Path) -> None:
    environ = {"ANAMNESIS_IPFS": "/ip4/127.0.0.1/tcp/1"}
    settings = Settings.load(tmp_path / "home", environ, dapp_port=0)
    with pytest.raises(StoreUnavailableError):
        Stack(settings, print).start(servers=False)


@pytest.mark.parametrize("flag", [("--ipfs-port", "0"), ("--swarm", "key")])
def test_up_refuses_settings_of_our_own_node_beside_another(
    flag: tuple[str, str], elsewhere: dict[str, str], tmp_path: Path, run: Run
) -> None:
    done = run("up", "--home", tmp_path, *flag, **elsewhere)
    assert done.returncode == 2
    assert "our own IPFS node" in done.stderr
