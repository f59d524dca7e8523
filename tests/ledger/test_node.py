"""The supervised chain: killed, torn, started twice, and never a confirmed write lost."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import AlreadyRunningError, ChainUnavailableError, PortInUseError, SetupError
from ledger.artifact import Artifact
from ledger.audit import audit
from ledger.client import EvmLedger
from ledger.deploy import deploy
from ledger.node import LocalNode, NodeSettings, find_anvil
from ledger.relayer import fund_locally, relayer_account
from ledger.rpc import Rpc
from ledger.settings import LedgerSettings
from ledger.snapshots import SnapshotError, head
from ledger.wallet import KeySigner
from tests.ledger.messages import Messages, signed, tell_story


@pytest.fixture
def node_settings(tmp_path: Path, project: Path) -> NodeSettings:
    return NodeSettings(data=tmp_path / "chain", project=project, idle_seconds=0.05)


def connect(node: LocalNode, artifact: Artifact, folder: Path) -> EvmLedger:
    """A ledger on the node's own contract, deployed on first use."""
    relayer = relayer_account(folder / "relayer.key")
    fund_locally(node.rpc(), relayer)
    data = node.settings.data
    found = deploy(node.rpc(), artifact, relayer, folder / "record.json", snapshots=data)
    return EvmLedger.connect(
        LedgerSettings(
            rpc_url=node.url,
            chain_id=found.chain_id,
            contract=found.contract,
            artifact=artifact,
            deployed_block=found.block,
            relayer_key=folder / "relayer.key",
            snapshots=data,
        )
    )


def until(condition) -> None:  # type: ignore[no-untyped-def]
    """Wait for a state of another process; the test's own time limit ends a vain wait."""
    while not condition():
        time.sleep(0.02)


def answers(node: LocalNode) -> bool:
    try:
        node.rpc().call("eth_chainId")
    except ChainUnavailableError:
        return False
    return True


def kill(node: LocalNode) -> None:
    assert node.pid is not None
    os.kill(node.pid, signal.SIGKILL)


@contextmanager
def listening() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_start_serves_the_configured_chain_on_loopback(node_settings: NodeSettings) -> None:
    with LocalNode(node_settings) as node:
        assert node.rpc().quantity("eth_chainId") == node_settings.chain_id
        assert node.url.startswith("http://127.0.0.1:")
        assert stat.S_IMODE(node_settings.data.stat().st_mode) == 0o700
    assert not node.alive


def test_start_keeps_every_write_when_stopped_and_started_again(
    node_settings: NodeSettings,
    artifact: Artifact,
    tmp_path: Path,
    patient: KeySigner,
    doctor: KeySigner,
) -> None:
    with LocalNode(node_settings) as node:
        ledger = connect(node, artifact, tmp_path)
        tell_story(ledger, patient, doctor)
        before = ledger.events()
    with LocalNode(node_settings) as node:
        again = EvmLedger.connect(replace(ledger.settings, rpc_url=node.url))
        assert again.events() == before
        assert audit(again).findings == ()


def test_supervisor_restarts_a_killed_anvil_with_every_confirmed_write(
    node_settings: NodeSettings, artifact: Artifact, tmp_path: Path, patient: KeySigner
) -> None:
    with LocalNode(node_settings) as node:
        ledger = connect(node, artifact, tmp_path)
        say = Messages(ledger=ledger, patient=patient.account, doctor=KeySigner.create().account)
        confirmed = []
        for _ in range(3):
            confirmed.append(ledger.relay(signed(ledger, patient, say.seal())))
            dead = node.pid
            kill(node)
            until(lambda dead=dead: node.pid not in (None, dead) and answers(node))
        assert [event.at.transaction for event in ledger.events()] == confirmed


def test_relay_fails_by_name_when_the_node_dies_in_the_middle(
    node_settings: NodeSettings, artifact: Artifact, tmp_path: Path, patient: KeySigner
) -> None:
    with LocalNode(replace(node_settings, restarts=0)) as node:
        ledger = connect(node, artifact, tmp_path)
        say = Messages(ledger=ledger, patient=patient.account, doctor=KeySigner.create().account)
        message = signed(ledger, patient, say.seal())
        kill(node)
        until(lambda: not node.alive)
        for call in (lambda: ledger.relay(message), ledger.now, ledger.events):
            with pytest.raises(ChainUnavailableError, match="gave no answer"):
                call()
        until(lambda: node.failure is not None)
        assert isinstance(node.failure, SetupError)


def test_anvil_dies_when_its_supervisor_is_killed(
    node_settings: NodeSettings, project: Path
) -> None:
    program = (
        "import sys, time; from pathlib import Path; "
        "from ledger.node import LocalNode, NodeSettings; "
        "node = LocalNode(NodeSettings(data=Path(sys.argv[1]), project=Path(sys.argv[2]))); "
        "print(node.start().pid, flush=True); time.sleep(600)"
    )
    supervisor = subprocess.Popen(
        [sys.executable, "-c", program, str(node_settings.data), str(project)],
        stdout=subprocess.PIPE,
        cwd=project,
    )
    assert supervisor.stdout is not None
    anvil = int(supervisor.stdout.readline())
    supervisor.kill()
    supervisor.wait()
    until(lambda: not is_running(anvil))
    with LocalNode(node_settings) as node:  # neither the lock nor the port is left behind
        assert answers(node)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def test_start_is_refused_when_a_node_already_runs_on_the_folder(
    node_settings: NodeSettings,
) -> None:
    with LocalNode(node_settings) as node:
        with pytest.raises(AlreadyRunningError, match=r"already runs on .*chain"):
            LocalNode(node_settings).start()
        assert answers(node)


def test_start_names_the_port_when_it_is_in_use(node_settings: NodeSettings) -> None:
    with listening() as port, pytest.raises(PortInUseError, match=str(port)) as refused:
        LocalNode(replace(node_settings, port=port)).start()
    assert "another port" in refused.value.remedy
    with LocalNode(node_settings):
        pass  # the failed start left no lock behind


def test_start_says_what_to_do_when_anvil_is_missing(
    node_settings: NodeSettings, tmp_path: Path
) -> None:
    with pytest.raises(SetupError, match="anvil, is missing") as refused:
        LocalNode(replace(node_settings, anvil=tmp_path / "anvil")).start()
    assert "npm ci" in refused.value.remedy


def test_find_anvil_prefers_the_source_trees_own(project: Path) -> None:
    found = find_anvil(NodeSettings(data=Path(), project=project))
    assert found.is_relative_to(project / "node_modules")


def test_start_falls_back_a_generation_when_the_newest_snapshot_is_torn(
    node_settings: NodeSettings, caplog: pytest.LogCaptureFixture
) -> None:
    with LocalNode(node_settings) as node:
        first = head(node.rpc())
        node.rpc().call("evm_mine")
    newest = generations(node_settings)[-1]
    newest.write_bytes(newest.read_bytes()[:-10])
    with LocalNode(node_settings) as node:
        assert head(node.rpc()) == first
    assert "torn" in caplog.text


def test_start_refuses_to_begin_anew_when_no_snapshot_is_readable(
    node_settings: NodeSettings,
) -> None:
    with LocalNode(node_settings) as node:
        node.rpc().call("evm_mine")
    for path in generations(node_settings):
        path.write_bytes(b"torn")
    with pytest.raises(SnapshotError, match="No snapshot") as refused:
        LocalNode(node_settings).start()
    assert "backup" in refused.value.remedy


def test_start_refuses_a_snapshot_when_it_yields_another_head(
    node_settings: NodeSettings,
) -> None:
    with LocalNode(node_settings):
        pass
    (path,) = generations(node_settings)
    line, _, dump = path.read_bytes().partition(b"\n")
    path.write_bytes(line.replace(b'"block":0', b'"block":7') + b"\n" + dump)
    with pytest.raises(SnapshotError, match="another chain"):
        LocalNode(node_settings).start()


class _MinedAtOnce(LocalNode):
    """A client waits for the node to answer, and writes before the supervisor has looked."""

    def _answering(self, port: int) -> Rpc:
        rpc = super()._answering(port)
        rpc.call("evm_mine")
        return rpc


def test_start_goes_on_when_a_write_comes_before_the_snapshot_is_checked(
    node_settings: NodeSettings,
) -> None:
    with _MinedAtOnce(node_settings):
        pass
    with _MinedAtOnce(node_settings) as node:
        assert head(node.rpc())[0] == 2


def generations(node_settings: NodeSettings) -> list[Path]:
    """From the older to the newer."""
    return sorted(node_settings.data.glob("snapshot-?"), key=lambda path: path.stat().st_mtime_ns)


def test_save_skips_when_a_later_snapshot_holds_the_block(node_settings: NodeSettings) -> None:
    with LocalNode(replace(node_settings, idle_seconds=60)) as node:
        rpc = node.rpc()
        rpc.call("anvil_mine", ["0x3"])
        node.snapshots.save(rpc)
        rpc.call("evm_mine")
        node.snapshots.save(rpc, at_least=2)
        saved = node.snapshots.newest()
        assert saved is not None
        assert saved.block == 3


def test_save_counts_a_rewound_chain_as_newer_than_a_higher_one(
    node_settings: NodeSettings,
) -> None:
    with LocalNode(replace(node_settings, idle_seconds=60)) as node:
        rpc = node.rpc()
        mark = rpc.call("evm_snapshot")
        rpc.call("anvil_mine", ["0x5"])
        node.snapshots.save(rpc)
        rpc.call("evm_revert", [mark])
        rpc.call("evm_mine")
        node.snapshots.save(rpc, at_least=1)
        rewound = head(rpc)
    with LocalNode(node_settings) as node:
        assert head(node.rpc()) == rewound


def test_save_leaves_no_temporary_files(node_settings: NodeSettings) -> None:
    with LocalNode(node_settings) as node:
        for _ in range(4):
            node.rpc().call("evm_mine")
            node.snapshots.save(node.rpc())
    names = {path.name for path in node_settings.data.iterdir()}
    assert names == {"anvil.log", "node.lock", "snapshot.lock", "snapshot-0", "snapshot-1"}


def test_save_names_the_folder_when_it_cannot_be_written(
    node_settings: NodeSettings, node: LocalNode
) -> None:
    missing = LocalNode(replace(node_settings, data=node_settings.data / "gone")).snapshots
    with pytest.raises(SnapshotError, match="cannot be written"):
        missing.save(node.rpc())
