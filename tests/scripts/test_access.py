"""Asking, granting, reading and taking back from the command line, over a running stack."""

import json
import stat
import subprocess
import sys
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from scripts._settings import ROOT
from scripts._wallets import Owner, owner_of_new
from tests.scripts.conftest import Run, Up

CASE = {"resourceType": "Bundle", "type": "document", "id": "one of a kind"}


@pytest.fixture
def patient(up: Up) -> Owner:
    return owner_of_new(up.home / "people" / "patient")


@pytest.fixture
def doctor(up: Up) -> Owner:
    return owner_of_new(up.home / "people" / "doctor")


@pytest.fixture
def published(up: Up, patient: Owner, tmp_path: Path, run: Run) -> str:
    """The patient's account, with a history sealed."""
    bundle = tmp_path / "history.json"
    bundle.write_text(json.dumps(CASE))
    done = run("publish", bundle, "--home", up.home)
    assert done.returncode == 0, done.stderr
    return patient.signer.account


def said(done: CompletedProcess[str]) -> object:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_history_is_asked_for_granted_read_and_taken_back(
    up: Up, published: str, doctor: Owner, tmp_path: Path, run: Run
) -> None:
    home = ("--home", up.home, "--json")
    assert said(run("requests", published, *home)) == []
    asked = said(run("request", published, "--purposes", "TREAT,HRESCH", "--days", "9", *home))
    assert isinstance(asked, dict)
    listed = said(run("requests", published, *home))
    assert isinstance(listed, list)
    assert [each["request"] for each in listed] == [asked["request"]]
    assert listed[0]["purposes"] == "treatment, research"
    early = run("open", published, "--out", tmp_path / "early.json", *home)
    assert early.returncode == 8
    assert "has not given you access" in early.stderr
    given = said(run("grant", asked["request"][:12], "--purposes", "TREAT", "--days", "2", *home))
    assert isinstance(given, dict)
    assert (given["reader"], given["purposes"]) == (doctor.signer.account, "treatment")
    assert given["expiry"] < asked["expiry"]
    assert said(run("requests", published, *home)) == []
    out = tmp_path / "read.json"
    said(run("open", published, "--out", out, *home))
    assert json.loads(out.read_text()) == CASE
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    other = run("open", published, "--purpose", "HRESCH", "--out", tmp_path / "o.json", *home)
    assert other.returncode == 8
    audit = said(run("audit", *home))
    assert isinstance(audit, dict)
    said(run("revoke", doctor.signer.account, *home))
    late = run("open", published, "--out", tmp_path / "late.json", *home)
    assert late.returncode == 8
    assert "taken your access back" in late.stderr
    assert not (tmp_path / "late.json").exists()


def test_open_leaves_nothing_half_written_when_the_disk_refuses(
    up: Up, published: str, tmp_path: Path, run: Run
) -> None:
    folder, large = tmp_path / "full", tmp_path / "large.json"
    folder.mkdir()
    large.write_text(json.dumps(CASE | {"note": "long " * 200_000}))
    said(run("publish", large, "--home", up.home, "--json"))
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000)); "
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "from scripts._main import main; main()"
    )
    owner = up.home / "people" / "patient"
    arguments = ("open", published, "--wallet", owner, "--out", folder / "own.json")
    done = subprocess.run(
        [sys.executable, "-B", "-c", program, *map(str, arguments), "--home", str(up.home)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert "cannot be written" in done.stderr
    assert list(folder.iterdir()) == []


def test_owner_reads_without_a_grant_and_leaves_no_receipt(
    up: Up, published: str, tmp_path: Path, run: Run
) -> None:
    home, out = ("--home", up.home, "--json"), tmp_path / "own.json"
    said(run("open", published, "--wallet", up.home / "people" / "patient", "--out", out, *home))
    assert json.loads(out.read_text()) == CASE


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("request", "0x12"), "40 hexadecimal digits"),
        (("request", "0x" + "12" * 20, "--purposes", "FUN"), "Unknown purpose"),
        (("request", "0x" + "12" * 20, "--wallet", "nobody"), "no wallet file nobody"),
        (("requests", "me"), "40 hexadecimal digits"),
        (("revoke",), "--all"),
        (("revoke", "0x" + "12" * 20, "--all"), "--all"),
        (("open", "0x" + "12" * 20, "--out", "/nowhere/file"), "/nowhere/file"),
    ],
)
def test_commands_name_what_is_wrong_before_anything_is_asked_of_the_chain(
    arguments: tuple[str, ...], words: str, tmp_path: Path, run: Run
) -> None:
    done = run(*arguments, "--home", tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_grant_says_so_when_nobody_asked_for_that(
    up: Up, published: str, doctor: Owner, run: Run
) -> None:
    done = run("grant", "0xabcd", "--home", up.home)
    assert done.returncode == 2
    assert "No open request to you begins" in done.stderr
    own = run("request", published, "--wallet", up.home / "people" / "patient", "--home", up.home)
    assert own.returncode == 2
    assert "your own address" in own.stderr
    assert doctor.signer.account not in own.stderr


def test_everybodys_access_ends_at_once(
    up: Up, published: str, doctor: Owner, tmp_path: Path, run: Run
) -> None:
    home = ("--home", up.home, "--json")
    asked = said(run("request", published, *home))
    assert isinstance(asked, dict)
    said(run("grant", asked["request"], *home))
    said(run("revoke", "--all", *home))
    done = run("open", published, "--out", tmp_path / "x.json", *home)
    assert (done.returncode, doctor.signer.account in done.stdout) == (8, False)
