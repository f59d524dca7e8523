"""A lost wallet and the way back, from the command line over a running stack."""

import json
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from core.limits import RECOVERY_SECONDS
from ledger.rpc import Rpc
from scripts._wallets import Owner, owner_of_new
from tests.scripts.conftest import Run, Up

LETTER = {"resourceType": "Bundle", "type": "document", "id": "as it was on paper"}


def said(done: CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.fixture
def people(up: Up) -> dict[str, Owner]:
    roles = ("patient", "doctor", "guardian", "friend", "heir")
    return {role: owner_of_new(up.home / "people" / role) for role in roles}


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    file = tmp_path / "history.json"
    file.write_text(json.dumps(LETTER))
    return file


def wait(up: Up, seconds: int) -> None:
    """Let time pass on the stack's chain."""
    rpc = Rpc(up.record()["rpc_url"], timeout_seconds=10)
    rpc.call("evm_increaseTime", [seconds])
    rpc.call("evm_mine", [])


def move_control(up: Up, run: Run, people: dict[str, Owner]) -> None:
    """Both guardians ask for the heir, and the week passes."""
    accounts = {role: each.signer.account for role, each in people.items()}
    home = ("--home", up.home, "--json")
    both = (accounts["guardian"], accounts["friend"])
    said(run("guardians", "set", *both, "--threshold", "2", *home))
    for role in ("guardian", "friend"):
        wallet = ("--wallet", up.home / "people" / role)
        said(run("guardians", "recover", accounts["patient"], accounts["heir"], *wallet, *home))
    wait(up, RECOVERY_SECONDS)
    assert (
        said(run("guardians", "complete", accounts["patient"], *home))["controller"]
        == (accounts["heir"])
    )


def test_guardians_say_what_is_missing_what_is_due_and_what_stands_still(
    up: Up, people: dict[str, Owner], run: Run
) -> None:
    patient, heir = people["patient"].signer.account, people["heir"].signer.account
    home = ("--home", up.home)
    both = (people["guardian"].signer.account, people["friend"].signer.account)
    alone = run("guardians", "show", patient, *home)
    assert "no guardians" in alone.stderr
    named = run("guardians", "set", *both, "--threshold", "2", *home)
    assert named.returncode == 0, named.stderr
    assert "2 of 2 guardians act together" in named.stderr
    first = run("guardians", "recover", patient, heir, *home)
    assert f"1 of them asked for {heir}; 1 more needed" in first.stderr
    friend = ("--wallet", up.home / "people" / "friend")
    second = run("guardians", "recover", patient, heir, *friend, *home)
    assert f"Control is to move to {heir}" in second.stderr
    assert "nothing can be granted and no setting changed" in second.stderr
    pending = said(run("guardians", "show", patient, *home, "--json"))["pending"]
    assert pending["controller"] == heir
    early = run("guardians", "complete", patient, *home)
    assert early.returncode != 0
    assert "not over" in early.stderr
    foreign = run("guardians", "refuse", patient, "--wallet", up.home / "people/heir", *home)
    assert foreign.returncode == 2
    assert "does not speak for" in foreign.stderr
    assert said(run("guardians", "refuse", patient, *home, "--json"))["pending"] is None


def test_new_controller_goes_on_with_a_history_made_anew(
    up: Up, people: dict[str, Owner], bundle: Path, tmp_path: Path, run: Run
) -> None:
    patient = people["patient"].signer.account
    home, heir = ("--home", up.home, "--json"), ("--wallet", up.home / "people" / "heir")
    said(run("publish", bundle, *home))
    asked = said(run("request", patient, *home))["request"]
    move_control(up, run, people)
    late = run("revoke", people["doctor"].signer.account, *home)
    assert late.returncode == 2
    assert f"{people['heir'].signer.account} does" in late.stderr
    closed = run("grant", asked, "--patient", patient, *heir, *home)
    assert closed.returncode == 8
    assert "reading key of before control moved" in closed.stderr
    assert "anew from the paper" in closed.stderr
    unread = run("open", patient, *heir, "--out", tmp_path / "old.json", *home)
    assert unread.returncode == 8
    assert not (tmp_path / "old.json").exists()
    published = said(run("publish", bundle, "--patient", patient, *heir, *home))
    assert (published["patient"], published["version"]) == (patient, 2)
    again = said(run("publish", bundle, "--patient", patient, *heir, *home))
    assert again["published_before"]
    said(run("open", patient, *heir, "--out", tmp_path / "own.json", *home))
    assert json.loads((tmp_path / "own.json").read_text()) == LETTER
    said(run("grant", asked, "--patient", patient, *heir, *home))
    said(run("open", patient, "--out", tmp_path / "read.json", *home))
    assert json.loads((tmp_path / "read.json").read_text()) == LETTER
    rotated = said(run("vault", "rotate", "--patient", patient, *heir, *home))
    assert rotated["version"] == 3
    said(run("open", patient, "--out", tmp_path / "third.json", *home))
    said(run("revoke", people["doctor"].signer.account, "--patient", patient, *heir, *home))
    assert run("open", patient, "--out", tmp_path / "late.json", *home).returncode == 8
    former = ("--wallet", up.home / "people" / "patient")
    assert run("open", patient, *former, "--out", tmp_path / "f.json", *home).returncode == 8
    assert said(run("audit", *home))["status"] == "consistent"
    assert said(run("vault", "verify", *home))["findings"] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("set", "me", "--threshold", "1"), "40 hexadecimal digits"),
        (("show", "0x12"), "40 hexadecimal digits"),
        (("recover", "0x" + "12" * 20, "heir"), "40 hexadecimal digits"),
        (("recover", "0x" + "12" * 20, "0x" + "34" * 20), "anamnesis wallet FILE --new"),
        (("refuse", "0x12"), "40 hexadecimal digits"),
        (("complete", "0x12"), "40 hexadecimal digits"),
    ],
)
def test_guardians_name_what_is_wrong_before_anything_is_asked_of_the_chain(
    arguments: tuple[str, ...], words: str, tmp_path: Path, run: Run
) -> None:
    done = run("guardians", *arguments, "--home", tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
