"""`anamnesis doctor`: each part is seen when it is there and named, with its remedy, when not."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from scripts import _installation, _ports
from scripts._installation import CHECKS, Place, Status, examine
from scripts.doctor import ROOT, cli
from setup.machine import Machine


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An empty checkout, an empty PATH, a home that does not exist yet."""
    (tmp_path / "checkout").mkdir()
    machine = Machine(
        root=tmp_path / "checkout",
        environ={"PATH": str(tmp_path / "nowhere")},
        is_root=False,
        interactive=False,
    )
    return Place(machine=machine, home=tmp_path / "home", dapp_port=0)


def program(folder: Path, name: str, body: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def programs(place: Place, **bodies: str) -> None:
    for name, body in bodies.items():
        program(Path(place.machine.environ["PATH"]), name, body)


def test_examine_names_each_missing_part_with_a_remedy_when_nothing_is_there(place: Place) -> None:
    findings = {each.name: each for each in examine(place)}
    missing = {name for name, each in findings.items() if each.status is Status.MISSING}
    assert missing == {
        "Python packages",
        "tesseract",
        "node",
        "anvil",
        "browser components",
        "contract",
    }
    assert all(findings[name].remedy for name in missing)
    assert findings["browser"].status is Status.NOTE


def test_examine_keeps_the_order_of_its_checks(place: Place) -> None:
    checks = (_installation.check_node, _installation.check_python, _installation.check_disk)
    assert [each.name for each in examine(place, checks)] == ["node", "Python", "disk space"]


def test_check_packages_names_what_is_not_as_locked(place: Place) -> None:
    (place.root / "pyproject.toml").write_text(
        '[project]\ndependencies = ["click>=8", "no-such-package==1", "Fancy_Name[x]<2"]\n'
    )
    (place.root / "uv.lock").write_text('[[package]]\nname = "click"\nversion = "0.0.1"\n')
    finding = _installation.check_packages(place)
    assert finding.status is Status.MISSING
    assert "not installed: fancy-name, no-such-package" in finding.detail
    assert "not the locked version: click" in finding.detail


def test_check_packages_is_content_with_this_environment(place: Place) -> None:
    here = replace(place, machine=replace(place.machine, root=ROOT))
    assert _installation.check_packages(here).status is Status.OK


def test_check_tesseract_names_the_language_when_only_that_is_missing(place: Place) -> None:
    programs(place, tesseract='case "$1" in --version) echo "tesseract 5.3.0";; *) echo osd;; esac')
    finding = _installation.check_tesseract(place)
    assert finding.status is Status.MISSING
    assert finding.remedy == "apt-get install tesseract-ocr-eng"


def test_check_node_is_missing_when_it_is_too_old(place: Place) -> None:
    programs(place, node="echo v18.19.0", npm="echo 9")
    assert _installation.check_node(place).status is Status.MISSING
    programs(place, node="echo v20.1.0")
    assert _installation.check_node(place).detail.startswith("20.1.0 ")


def test_check_anvil_says_so_when_it_does_not_run(place: Place) -> None:
    folder = place.root / "node_modules" / "@foundry-rs" / "anvil-linux-amd64" / "bin"
    program(folder, "anvil", "exit 127")
    finding = _installation.check_anvil(place)
    assert finding.status is Status.MISSING
    assert "glibc" in finding.remedy
    program(folder, "anvil", "echo anvil Version: 1.7.1")
    assert _installation.check_anvil(place).detail == "1.7.1"


def test_check_components_is_missing_when_the_bundle_is_empty(place: Place) -> None:
    bundle = place.root / "dapp" / "components" / "dist" / "anamnesis.js"
    bundle.parent.mkdir(parents=True)
    bundle.touch()
    assert _installation.check_components(place).status is Status.MISSING
    bundle.write_text("export {}")
    assert _installation.check_components(place).status is Status.OK


def test_check_ipfs_gives_the_last_word_of_python_when_it_does_not_load(place: Place) -> None:
    python = program(place.root, "python", 'echo "ImportError: no libkubo" >&2; exit 1')
    finding = _installation.check_ipfs(replace(place, python=python))
    assert finding.status is Status.MISSING
    assert finding.detail.endswith("ImportError: no libkubo")


def test_check_ipfs_is_missing_when_there_is_no_python(place: Place) -> None:
    finding = _installation.check_ipfs(replace(place, python=place.root / "python"))
    assert finding.status is Status.MISSING


def test_check_home_wants_it_closed_to_others(place: Place) -> None:
    place.home.mkdir(mode=0o755)
    finding = _installation.check_home(place)
    assert finding.status is Status.MISSING
    assert finding.remedy.endswith(f"chmod 700 {place.home}")
    assert place.home.stat().st_mode & 0o777 == 0o755
    place.home.chmod(0o700)
    assert _installation.check_home(place).status is Status.OK


def test_check_home_refuses_a_file(place: Place) -> None:
    place.home.write_text("")
    assert _installation.check_home(place).status is Status.MISSING


def test_check_disk_asks_for_more_when_there_is_little(place: Place, monkeypatch) -> None:
    monkeypatch.setattr(_installation, "LEAST_FREE_BYTES", 1 << 62)
    assert _installation.check_disk(place).status is Status.MISSING


@pytest.fixture
def taken_port():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_check_port_names_who_holds_it(place: Place, taken_port: int) -> None:
    finding = _installation.check_port(replace(place, dapp_port=taken_port))
    assert finding.status is Status.MISSING
    assert f"process {os.getpid()} (" in finding.detail


def test_holder_is_none_when_the_port_is_free_or_nothing_may_be_seen(
    tmp_path: Path, taken_port: int
) -> None:
    assert not _ports.is_free(taken_port)
    assert _ports.holder(taken_port, proc=tmp_path) is None
    assert _ports.holder(1) is None


def test_cli_prints_json_and_code_4_when_the_home_is_open(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    done = CliRunner().invoke(cli, ["--home", str(tmp_path), "--json"])
    assert done.exit_code == 4
    answer = json.loads(done.stdout)
    assert answer["home"] == str(tmp_path)
    status = {each["name"]: each["status"] for each in answer["findings"]}
    assert status["home folder"] == "missing"
    assert status["Python packages"] == "ok"


def test_cli_names_a_wrong_setting(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("ANAMNESIS_DAPP_PORT", "many")
    done = CliRunner().invoke(cli, ["--home", str(tmp_path)])
    assert done.exit_code == 4
    assert "ANAMNESIS_DAPP_PORT" in done.stdout


def test_cli_runs_when_hardly_any_package_is_there(tmp_path: Path) -> None:
    blocked = ("pydantic", "platformdirs", "web3", "libkubo", "numpy", "rich")
    code = (
        "import sys\n"
        f"for name in {blocked!r}: sys.modules[name] = None\n"
        f"from scripts.doctor import cli\ncli(['--home', {str(tmp_path)!r}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode in (0, 4)
    assert "Python packages" in done.stdout
    assert "Traceback" not in done.stderr


def test_every_check_is_in_the_list() -> None:
    named = {
        getattr(_installation, name) for name in dir(_installation) if name.startswith("check_")
    }
    assert named == set(CHECKS)


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def stack_url():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def record(place: Place, url: str, pid: int, ipfs: Path | None = None) -> None:
    place.home.mkdir(mode=0o700, exist_ok=True)
    stack = {
        "dapp": url,
        "rpc_url": url,
        "chain_id": 31337,
        "consent": "0x" + "11" * 20,
        "ipfs": "/unix/proc/self/no-such-socket" if ipfs is None else f"/unix{ipfs}",
        "pids": {"stack": pid, "dapp": pid, "chain": pid},
    }
    (place.home / "stack.json").write_text(json.dumps(stack))


@pytest.fixture
def dead_pid() -> int:
    process = subprocess.Popen(["/bin/true"])
    process.wait()
    return process.pid


def test_check_stack_is_content_when_none_runs(place: Place, dead_pid: int) -> None:
    assert "none" in _installation.check_stack(place).detail
    record(place, "http://127.0.0.1:1", dead_pid)
    assert _installation.check_stack(place).status is Status.OK
    (place.home / "stack.json").write_text("{torn")
    assert _installation.check_stack(place).status is Status.OK


@pytest.fixture
def ipfs_socket():
    # A socket's path has room for some hundred bytes, fewer than pytest's folders may take.
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{folder}/rpc")
        server.listen()
        yield Path(folder) / "rpc"


def test_check_stack_says_where_it_answers(place: Place, stack_url: str, ipfs_socket: Path) -> None:
    record(place, stack_url, os.getpid(), ipfs_socket)
    assert _installation.check_stack(place).detail == f"answers at {stack_url}"


def test_check_stack_names_the_parts_that_do_not_answer(place: Place) -> None:
    record(place, "http://127.0.0.1:1", os.getpid())
    finding = _installation.check_stack(place)
    assert finding.status is Status.MISSING
    assert "chain, dapp, ipfs" in finding.detail


def test_check_port_is_content_when_the_running_stack_holds_it(
    place: Place, stack_url: str
) -> None:
    record(place, stack_url, os.getpid())
    port = int(stack_url.rsplit(":", 1)[1])
    assert _installation.check_port(replace(place, dapp_port=port)).status is Status.OK


def test_check_other_ports_notes_a_taken_one(place: Place, taken_port: int, monkeypatch) -> None:
    monkeypatch.setattr(_ports, "CHAIN", taken_port)
    finding = _installation.check_other_ports(place)
    assert finding.status is Status.NOTE
    assert str(taken_port) in finding.detail
