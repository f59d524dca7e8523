"""The running stack: parts that die come back, ports are kept, another start is refused."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import PortInUseError, WrongContractError
from scripts._ports import is_free
from scripts._settings import Settings
from scripts._stack import Stack, StackPorts
from tests.scripts.conftest import Run, Up

PATIENCE_SECONDS = 60


def wait_until(condition: Callable[[], bool], what: str) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up:
        if condition():
            return
        time.sleep(0.2)
    raise AssertionError(f"{what} did not happen within {PATIENCE_SECONDS} s")


def answers(up: Up, run: Run) -> bool:
    """Whether `anamnesis doctor` finds every part of the stack answering."""
    doctor = json.loads(run("doctor", "--home", up.home, "--json").stdout)
    running = next(f for f in doctor["findings"] if f["name"] == "running stack")
    return bool(running["status"] == "ok")


def test_up_survives_the_death_of_its_parts_and_keeps_what_was_confirmed(up: Up, run: Run) -> None:
    assert up.said["dapp"].startswith("http://127.0.0.1:")
    contract = run("deploy", "--home", up.home)
    assert contract.returncode == 0, contract.stderr
    assert contract.stdout.strip() == up.said["consent"]
    for part in ("ipfs", "dapp", "reading service", "chain"):
        os.kill(up.said["pids"][part], signal.SIGKILL)
    others = ("ipfs", "dapp", "reading service")
    wait_until(
        lambda: all(up.record()["pids"][part] != up.said["pids"][part] for part in others),
        "the restart of the parts",
    )
    wait_until(lambda: run("deploy", "--home", up.home).returncode == 0, "the chain's return")
    again = run("deploy", "--home", up.home)
    assert again.stdout == contract.stdout, "the contract is still there"
    wait_until(lambda: answers(up, run), "the answer of every part")


def test_audit_is_never_green_over_nothing(up: Up, run: Run) -> None:
    done = run("audit", "--home", up.home, "--json")
    assert done.returncode == 7
    assert json.loads(done.stdout)["status"] == "nothing to audit"
    assert "nothing to audit" in done.stderr


def test_commands_name_a_wrong_chain_and_a_wrong_contract(up: Up, run: Run) -> None:
    rpc = up.said["rpc_url"]
    chain = run("deploy", "--home", up.home, "--rpc", rpc, "--chain-id", "5")
    assert chain.returncode == 5
    assert "31337, not 5" in chain.stderr
    stranger = "0x" + "11" * 20
    contract = run("audit", "--home", up.home, "--consent", stranger)
    assert contract.returncode == 5
    assert stranger in contract.stderr


def test_a_second_start_on_the_same_home_is_refused(up: Up, run: Run) -> None:
    second = run("up", "--home", up.home, "--port", "0")
    assert second.returncode == 4
    assert "in use" in second.stderr or "already runs" in second.stderr
    assert run("deploy", "--home", up.home).returncode == 0, "the first one goes on"


@pytest.mark.parametrize("command", ["audit", "deploy"])
def test_commands_say_when_no_stack_runs(command: str, run: Run, tmp_path: Path) -> None:
    done = run(command, "--home", tmp_path)
    assert done.returncode == 5
    assert "anamnesis up" in done.stderr
    assert "Traceback" not in done.stderr


def test_ports_are_kept_for_the_next_start(tmp_path: Path) -> None:
    first = StackPorts.choose(tmp_path / "ports.json", 0)
    assert len({first.dapp, first.reading, first.chain}) == 3
    assert StackPorts.choose(tmp_path / "ports.json", 0).dapp == first.dapp
    assert all(is_free(port) for port in (first.dapp, first.reading, first.chain))


def test_a_taken_dapp_port_is_an_error_that_names_it(up: Up, tmp_path: Path) -> None:
    taken = int(up.said["dapp"].rsplit(":", 1)[1])
    with pytest.raises(PortInUseError, match=str(taken)):
        StackPorts.choose(tmp_path / "ports.json", taken)


def test_a_home_of_another_contract_is_named_with_the_way_out_and_nothing_is_left_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def of_other_sources(*_: object, **__: object) -> None:
        raise WrongContractError("Another contract stands there.")

    monkeypatch.setattr("scripts._stack.deploy", of_other_sources)
    home = tmp_path / "home"
    stack = Stack(Settings.load(home, {}, dapp_port=0), print)
    with pytest.raises(WrongContractError) as caught:
        stack.start(servers=False)
    assert str(home) in caught.value.what
    assert "begin anew" in caught.value.remedy
    assert not (home / "stack.json").exists()
    assert is_free(stack.ports.chain)
