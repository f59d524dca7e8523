"""Issuers and licences, and wallets for those who need one, from the command line."""

import json
import stat
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from tests.scripts.conftest import Run, Up


def said(done: CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_licence_is_given_shown_and_taken_on_the_local_stack(
    up: Up, tmp_path: Path, run: Run
) -> None:
    home, board = ("--home", up.home, "--json"), tmp_path / "board"
    issuer = said(run("wallet", board, "--new", "--json"))["account"]
    clinician = said(run("wallet", tmp_path / "clinician", "--new", "--json"))["account"]
    early = run(
        "licence", "give", clinician, "--until", "2030-01-01", "--wallet", board, "--home", up.home
    )
    assert early.returncode != 0
    assert "may not license" in early.stderr
    foreign = run("licence", "issuer", "add", issuer, "--wallet", board, "--home", up.home)
    assert "Only the regulator" in foreign.stderr
    said(run("licence", "issuer", "add", issuer, *home))
    given = said(
        run("licence", "give", clinician, "--until", "2030-01-01", "--wallet", board, *home)
    )
    assert (given["licensed"], given["issuer"]) == (True, issuer)
    assert given["until"] == 1_893_456_000
    told = run("licence", "show", clinician, "--home", up.home)
    assert told.stdout == "licensed\n"
    assert "01 Jan 2030" in told.stderr
    said(run("licence", "issuer", "remove", issuer, *home))
    assert not said(run("licence", "show", clinician, *home))["licensed"]
    assert not said(run("licence", "take", clinician, *home))["licensed"]


def test_wallet_is_made_for_its_owner_alone_and_never_over_another(
    tmp_path: Path, run: Run
) -> None:
    file = tmp_path / "mine"
    made = run("wallet", file, "--new")
    assert made.returncode == 0, made.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert run("wallet", file).stdout == made.stdout
    key, code = file.read_text().split()
    assert key not in made.stdout + made.stderr
    assert code not in made.stdout + made.stderr
    again = run("wallet", file, "--new")
    assert again.returncode == 2
    assert file.read_text().split() == [key, code]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("give", "0x12", "--until", "2030-01-01"), "40 hexadecimal digits"),
        (("give", "0x" + "12" * 20, "--until", "soon"), "no moment"),
        (("take", "0x" + "12" * 20), "no wallet file"),
        (("issuer", "add", "0x12"), "40 hexadecimal digits"),
        (("show", "0x12"), "40 hexadecimal digits"),
    ],
)
def test_licence_names_what_is_wrong_before_anything_is_asked_of_the_chain(
    arguments: tuple[str, ...], words: str, tmp_path: Path, run: Run
) -> None:
    done = run("licence", *arguments, "--home", tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
