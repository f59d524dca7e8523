"""The whole set-up on a pretended machine: once in order, again nothing, resumed where it broke."""

import fcntl
import json
import shutil
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from setup.__main__ import main
from setup.steps import npm_matches, steps
from setup.tools import find_node, find_uv, parse_version

COMPLETE = ("uv", "tesseract", "node", "npm")
EVERYTHING = ["uv sync", "npm ci", "npm run", "python .build/consent"]


def brief(calls):
    return [" ".join(call.split()[:2]) for call in calls]


@pytest.fixture
def rig(make_rig):
    rig = make_rig(COMPLETE)
    # `python -c` is a question elsewhere; here it compiles the contract.
    program = rig.shelf / "python"
    program.write_text('#!/bin/sh\necho "python $3" >> "$LOG"\nmkdir -p "$3"\n')
    return rig


def run(rig, *arguments):
    return main(list(arguments), rig.machine)


def test_main_does_everything_in_order_then_nothing(rig, capsys) -> None:
    assert run(rig) == 0
    assert brief(rig.calls()) == EVERYTHING
    assert "Set-up complete" in capsys.readouterr().err
    assert run(rig) == 0
    assert rig.calls() == []
    assert "nothing to do" in capsys.readouterr().err


def test_main_installs_system_packages_first_when_missing(make_rig, capsys) -> None:
    rig = make_rig(("apt-get", "uv", "node", "npm"))
    run(rig, "--for", "test")
    assert brief(rig.calls())[:3] == ["apt-get -o", "apt-get -o", "uv sync"]
    said = capsys.readouterr().err
    assert said.index("chromium") < said.index("done in")


@pytest.mark.parametrize(
    ("changed", "redone"),
    [
        ("uv.lock", ["uv sync", "python .build/consent"]),
        ("dapp/components/src/index.js", ["npm run"]),
        ("contracts/Consent.vy", ["python .build/consent"]),
    ],
)
def test_main_redoes_only_what_a_change_concerns(rig, changed, redone) -> None:
    run(rig)
    rig.calls()
    (rig.machine.root / changed).write_text("changed\n")
    assert run(rig) == 0
    assert brief(rig.calls()) == redone


@pytest.mark.parametrize(
    ("lost", "redone"),
    [
        (".venv", ["uv sync"]),
        ("node_modules", ["npm ci"]),
        ("dapp/components/dist", ["npm run"]),
    ],
)
def test_main_redoes_what_is_gone(rig, lost, redone) -> None:
    run(rig)
    rig.calls()
    shutil.rmtree(rig.machine.root / lost)
    assert run(rig) == 0
    assert brief(rig.calls()) == redone


def test_main_keeps_the_environment_when_only_the_lock_changed(rig) -> None:
    run(rig)
    kept = rig.machine.root / ".venv" / "kept"
    kept.touch()
    (rig.machine.root / "uv.lock").write_text("changed\n")
    assert run(rig) == 0
    assert kept.exists()


def test_main_names_the_step_and_resumes_there_when_it_failed(rig, capsys) -> None:
    whole = (rig.bin / "npm").read_text()
    rig.write("npm", 'echo "registry is silent"; exit 1')
    assert run(rig) == 4
    said = capsys.readouterr().err
    assert "Set-up failed at: npm packages." in said
    assert "registry is silent" in said
    (rig.bin / "npm").write_text(whole)
    rig.calls()
    assert run(rig) == 0
    assert brief(rig.calls()) == EVERYTHING[1:]


def test_main_fetches_node_for_the_checkout_alone_when_the_system_has_none(rig) -> None:
    (rig.bin / "node").unlink()
    (rig.bin / "npm").unlink()
    assert run(rig) == 0
    calls = rig.calls()
    assert "--require-hashes" in calls[1]
    assert "--target " + str(rig.machine.tools / "node") in calls[1]
    assert [call for call in calls if call.startswith("npm")] == ["npm ci", "npm run"]
    assert find_node(rig.machine) == str(rig.machine.tools / "bin" / "node")
    assert run(rig) == 0
    assert rig.calls() == []


def test_main_skips_what_the_checkout_does_not_have_yet(rig) -> None:
    shutil.rmtree(rig.machine.root / "dapp")
    shutil.rmtree(rig.machine.root / "ledger")
    assert run(rig) == 0
    assert brief(rig.calls()) == EVERYTHING[:2]


def in_a_process(rig):
    """Set-up of the pretended machine, run as a program of its own."""
    code = f"""
        import sys
        from pathlib import Path
        from setup.__main__ import main
        from setup.machine import Machine
        machine = Machine(root=Path({str(rig.machine.root)!r}), environ={rig.machine.environ!r},
                          is_root=True, interactive=False)
        sys.exit(main([], machine))
    """
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stderr=subprocess.PIPE, text=True
    )


def wait_for(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_main_does_the_step_again_when_it_was_interrupted(rig) -> None:
    whole = (rig.bin / "uv").read_text()
    rig.write(
        "uv",
        'case "$1" in --version) echo "uv 1.0";; *) mkdir -p .venv/bin; '
        'cp "$SHELF/python" .venv/bin/python; : > begun; exec sleep 30;; esac',
    )
    process = in_a_process(rig)
    wait_for((rig.machine.root / "begun").exists)
    process.send_signal(signal.SIGINT)
    assert "resumes" in process.communicate(timeout=30)[1]
    assert process.returncode == 130
    (rig.bin / "uv").write_text(whole)
    half_written = rig.machine.root / ".venv" / "half-written"
    half_written.touch()
    rig.calls()
    assert run(rig) == 0
    assert brief(rig.calls()) == EVERYTHING
    assert not half_written.exists()


def test_main_waits_for_another_set_up_then_finds_nothing_to_do(rig) -> None:
    run(rig)
    rig.calls()
    with (rig.machine.tools / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = in_a_process(rig)
        assert process.stderr is not None
        assert "waiting" in process.stderr.readline()
    assert "nothing to do" in process.communicate(timeout=30)[1]
    assert rig.calls() == []


def test_npm_matches_only_what_the_lock_names(rig) -> None:
    root = rig.machine.root
    lock = {
        "": {},
        "node_modules/a": {"integrity": "sha512-a"},
        "node_modules/other-platform": {"integrity": "sha512-b", "optional": True},
    }
    (root / "package-lock.json").write_text(json.dumps({"packages": lock}))
    record = root / "node_modules" / ".package-lock.json"
    record.parent.mkdir()
    assert not npm_matches(root)
    for present, matches in (
        ({"node_modules/a": {"integrity": "sha512-a"}}, True),
        ({"node_modules/a": {"integrity": "sha512-old"}}, False),
        ({"node_modules/a": {"integrity": "sha512-a"}, "node_modules/stray": {}}, False),
        ({}, False),
    ):
        record.write_text(json.dumps({"packages": present}))
        assert npm_matches(root) is matches
    record.write_text("{torn")
    assert not npm_matches(root)


def test_npm_matches_without_what_only_tests_need_unless_it_is_for_tests(rig) -> None:
    root = rig.machine.root
    lock = {"": {}, "node_modules/a": {"integrity": "sha512-a", "dev": True}}
    (root / "package-lock.json").write_text(json.dumps({"packages": lock}))
    record = root / "node_modules" / ".package-lock.json"
    record.parent.mkdir()
    record.write_text('{"packages": {}}')
    assert npm_matches(root)
    assert not npm_matches(root, for_tests=True)
    record.write_text(json.dumps({"packages": lock}))
    assert npm_matches(root)
    assert npm_matches(root, for_tests=True)


def test_main_leaves_out_the_npm_packages_of_tests_unless_it_is_for_tests(rig) -> None:
    run(rig)
    assert any("npm ci" in call and "--omit=dev" in call for call in rig.calls())
    each = {step.name: step for step in steps(rig.machine, for_tests=True)}
    each["npm packages"].do()
    assert not any("--omit=dev" in call for call in rig.calls())


def test_find_uv_refuses_one_that_is_too_old(rig) -> None:
    assert find_uv(rig.machine) == str(rig.bin / "uv")
    rig.write("uv", 'echo "uv 0.4.0"')
    assert find_uv(rig.machine) is None


def test_find_node_refuses_one_without_npm(rig) -> None:
    assert find_node(rig.machine) == str(rig.bin / "node")
    (rig.bin / "npm").unlink()
    assert find_node(rig.machine) is None


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("uv 0.13.9 (x86_64-unknown-linux-gnu)", (0, 13, 9)),
        ("v20.20.2\n", (20, 20, 2)),
        ("tesseract 5.3.0\n leptonica-1.82.0", (5, 3, 0)),
        ("no number", None),
        (None, None),
    ],
)
def test_parse_version_reads_what_programs_print(text, version) -> None:
    assert parse_version(text) == version
