"""`anamnesis publish` as people use it: a summary, the same again, killed half-way, bad input."""

import json
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ipfs.outbox import SqliteOutbox
from scripts._settings import ROOT, Settings
from scripts.up import _carry_on
from tests.scripts.conftest import Run, Up


def history(folder: Path, text: str) -> Path:
    """A summary as `anamnesis summarize` writes it, as far as publishing looks at it."""
    folder.mkdir(parents=True, exist_ok=True)
    bundle = {"resourceType": "Bundle", "type": "document", "id": text}
    (folder / "history.json").write_text(json.dumps(bundle))
    return folder


@pytest.fixture
def wallet(tmp_path: Path) -> Path:
    path = tmp_path / "patient"
    path.touch(mode=0o600)
    path.write_text(f"{secrets.token_hex(32)} {secrets.token_hex(16)}\n")
    return path


def killed_at(home: Path, stage: str, *arguments: str | Path) -> None:
    """Start a command and SIGKILL it once the outbox has come to `stage` (or past it)."""
    process = subprocess.Popen(
        [sys.executable, "-m", "scripts", *map(str, arguments), "--home", str(home)],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    outbox = SqliteOutbox.open_at(home / "vault")
    before = outbox.publications()
    while process.poll() is None:
        now = outbox.publications()
        if now != before and now[-1].stage == stage:
            process.send_signal(signal.SIGKILL)
            break
        time.sleep(0.001)
    process.wait()
    outbox.close()


def test_publish_seals_once_however_often_and_wherever_it_is_cut(
    up: Up, wallet: Path, tmp_path: Path, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    def publish(*arguments: str | Path) -> Any:
        done = run("publish", *arguments, "--home", up.home, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    first = history(tmp_path / "out", "first")
    said = publish(first, "--wallet", wallet)
    assert (said["version"], said["published_before"]) == (1, False)
    again = publish(first / "history.json", "--wallet", wallet)
    assert (again["version"], again["published_before"]) == (1, True)
    assert again["commitment"] == said["commitment"]
    second = history(tmp_path / "newer", "second")
    killed_at(up.home, "signed", "publish", second, "--wallet", wallet)
    publish("--resume")
    (row,) = publish("--status")
    assert (row["version"], row["stage"]) == (2, "confirmed")
    assert publish(second, "--wallet", wallet)["version"] == 2
    third = history(tmp_path / "newest", "third")
    killed_at(up.home, "signed", "publish", third, "--wallet", wallet)
    _carry_on(Settings.load(up.home, {}))
    assert "version 3: confirmed" in capsys.readouterr().err
    _carry_on(Settings.load(up.home, {}))
    assert capsys.readouterr().err == "", "nothing was left to resume"


def test_carry_on_keeps_no_stack_from_serving_when_the_outbox_is_damaged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "vault").mkdir()
    (tmp_path / "vault" / "outbox.db").write_bytes(b"no database at all " * 400)
    _carry_on(Settings.load(tmp_path, {}))
    assert "could not be resumed" in capsys.readouterr().err


def test_publish_says_what_is_wrong(tmp_path: Path, wallet: Path, run: Run) -> None:
    home = tmp_path / "home"

    def refused(*arguments: str | Path) -> tuple[int, str]:
        done = run("publish", *arguments, "--home", home)
        return done.returncode, done.stderr

    assert refused() == (2, "error: Give either PATHS, or --resume, or --status.\n")
    code, said = refused(tmp_path, "--wallet", tmp_path / "none")
    assert (code, "no wallet file" in said) == (2, True)
    code, said = refused(history(tmp_path / "out", "first"), "--wallet", wallet)
    assert (code, "anamnesis up" in said) == (5, True)


def test_publish_status_names_a_damaged_outbox(tmp_path: Path, run: Run) -> None:
    (tmp_path / "vault").mkdir()
    (tmp_path / "vault" / "outbox.db").write_bytes(b"no database at all " * 400)
    done = run("publish", "--status", "--home", tmp_path)
    assert done.returncode == 6
    assert "outbox.db is damaged" in done.stderr
    assert "Move it away" in done.stderr
