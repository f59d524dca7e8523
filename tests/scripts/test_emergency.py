"""Breaking the glass from the command line, over a running stack."""

import json
import stat
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from core.hashing import keccak256
from scripts._wallets import Owner, owner_of_new
from tests.scripts.conftest import Run, Up

LETTER = {"resourceType": "Bundle", "type": "document", "id": "allergic to penicillin"}
ROLES = ("patient", "clinician", "second", "guardian", "custodian", "keeper", "spare")


def said(done: CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def people(up: Up) -> dict[str, Owner]:
    return {role: owner_of_new(up.home / "people" / role) for role in ROLES}


class Ward:
    """Everybody's commands on one stack."""

    def __init__(self, up: Up, run: Run, people: dict[str, Owner]) -> None:
        self.home, self._run = up.home, run
        self.accounts = {role: each.signer.account for role, each in people.items()}

    def run(self, *arguments: str | Path, wallet: str | None = None) -> CompletedProcess[str]:
        named = ("--wallet", self.home / "people" / wallet) if wallet else ()
        return self._run(*arguments, *named, "--home", self.home, "--json")

    def say(self, *arguments: str | Path, wallet: str | None = None) -> Any:
        return said(self.run(*arguments, wallet=wallet))

    def license(self, *roles: str) -> None:
        relayer = self.home / "relayer.key"
        issuer = json.loads(self._run("wallet", relayer, "--json").stdout)["account"]
        self.say("licence", "issuer", "add", issuer)
        for role in roles:
            self.say("licence", "give", self.accounts[role], "--until", "2030-01-01")

    def allow(self, mode: str = "clinician-alone", delay: int = 0) -> CompletedProcess[str]:
        for role in ("custodian", "keeper", "spare"):
            self.say("custodian", "ready", wallet=role)
        custodians = ",".join(self.accounts[role] for role in ("custodian", "keeper", "spare"))
        terms = ("--mode", mode, "--hours", "2", "--delay", str(delay), "--threshold", "2")
        return self.run("emergency", "allow", *terms, "--custodians", custodians)

    def release(self, custodian: str) -> CompletedProcess[str]:
        pair = (self.accounts["patient"], self.accounts["clinician"])
        return self.run("custodian", "release", *pair, wallet=custodian)

    def read(self, out: Path) -> CompletedProcess[str]:
        return self.run("emergency", "read", self.accounts["patient"], "--out", out)


@pytest.fixture
def ward(up: Up, run: Run, people: dict[str, Owner], tmp_path: Path) -> Ward:
    """A patient with a history."""
    bundle = tmp_path / "history.json"
    bundle.write_text(json.dumps(LETTER))
    made = Ward(up, run, people)
    made.say("publish", bundle)
    return made


def test_glass_is_broken_by_two_clinicians_and_two_custodians_and_leaves_a_green_audit(
    ward: Ward, tmp_path: Path
) -> None:
    patient, clinician = ward.accounts["patient"], ward.accounts["clinician"]
    ward.license("clinician", "second")
    allowed = said(ward.allow("two-clinicians"))
    assert (allowed["mode"], allowed["threshold"]) == ("two-clinicians", 2)
    assert allowed["covers_present_version"]
    alone = ward.run("emergency", "open", patient, "--reason", "UNCONSCIOUS")
    assert alone.returncode == 2
    assert "another clinician" in alone.stderr
    second = ("--cosigner", ward.home / "people" / "second")
    case = ward.say("emergency", "open", patient, "--reason", "UNCONSCIOUS", *second)
    salt = bytes.fromhex(case["salt"][2:])
    assert case["reason_hash"] == "0x" + keccak256(salt + b"UNCONSCIOUS").hex()
    kept = ward.home / "emergencies" / f"{case['reason_hash'][2:]}.json"
    assert json.loads(kept.read_text())["reason"] == "UNCONSCIOUS"
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    early = ward.read(tmp_path / "early.json")
    assert early.returncode == 8
    assert "0 of the 2 shares" in early.stderr
    asked = ward.say("custodian", "list", wallet="custodian")
    assert [(each["patient"], each["clinician"]) for each in asked] == [(patient, clinician)]
    assert asked[0]["licensed"]
    assert asked[0]["open"]
    assert asked[0]["reason_hash"] == case["reason_hash"]
    said(ward.release("custodian"))
    assert ward.say("custodian", "list", wallet="custodian") == []
    again = ward.release("custodian")
    assert "already" in again.stderr
    few = ward.read(tmp_path / "few.json")
    assert few.returncode == 8
    assert "1 of the 2 shares" in few.stderr
    assert not (tmp_path / "few.json").exists()
    readings = len(ward.say("audit")["readings"])
    said(ward.release("spare"))
    said(ward.read(tmp_path / "read.json"))
    assert json.loads((tmp_path / "read.json").read_text()) == LETTER
    assert stat.S_IMODE((tmp_path / "read.json").stat().st_mode) == 0o600
    audit = ward.say("audit")
    assert audit["status"] == "consistent"
    assert len(audit["readings"]) == readings + 1
    assert audit["readings"][-1]["purpose"] == "emergency treatment"
    assert audit["readings"][-1]["with_access"]
    state = ward.say("emergency", "status", patient)
    assert state["used_up"]
    assert state["cases"][0]["released"]
    ward.say("emergency", "close", patient)
    closed = ward.read(tmp_path / "late.json")
    assert closed.returncode != 0
    assert "No emergency case" in closed.stderr
    assert ward.say("emergency", "status", patient)["cases"] == []
    assert ward.say("vault", "verify")["findings"] == []


def test_emergency_key_that_was_used_opens_no_new_version_until_it_is_made_anew(
    ward: Ward, tmp_path: Path
) -> None:
    patient = ward.accounts["patient"]
    ward.license("clinician")
    said(ward.allow())
    ward.say("emergency", "open", patient, "--reason", "CRITICAL")
    for role in ("custodian", "keeper"):
        said(ward.release(role))
    said(ward.read(tmp_path / "read.json"))
    ward.say("vault", "rotate", wallet="patient")
    assert not ward.say("emergency", "status", patient)["covers_present_version"]
    newer = ward.read(tmp_path / "newer.json")
    assert newer.returncode == 8
    assert "sealed after" in newer.stderr
    renewed = said(ward.allow())
    assert renewed["covers_present_version"]
    assert not renewed["used_up"]
    mixed = ward.read(tmp_path / "mixed.json")
    assert mixed.returncode == 7
    for role in ("custodian", "keeper"):
        assert ward.accounts[role] in mixed.stderr
    ward.say("vault", "rotate", wallet="patient")
    assert ward.say("emergency", "status", patient)["covers_present_version"]
    ward.say("emergency", "close", patient)
    ward.say("emergency", "open", patient, "--reason", "CRITICAL")
    for role in ("keeper", "spare"):
        said(ward.release(role))
    said(ward.read(tmp_path / "third.json"))
    assert json.loads((tmp_path / "third.json").read_text()) == LETTER


def test_case_gives_nothing_when_not_due_refused_or_without_a_licence(
    ward: Ward, tmp_path: Path
) -> None:
    patient, clinician = ward.accounts["patient"], ward.accounts["clinician"]
    off = ward.run("emergency", "open", patient, "--reason", "OTHER")
    assert "not allowed emergency access" in off.stderr
    said(ward.allow(delay=3_600))
    unlicensed = ward.run("emergency", "open", patient, "--reason", "OTHER")
    assert "not that of a licensed clinician" in unlicensed.stderr
    ward.license("clinician")
    ward.say("emergency", "open", patient, "--reason", "OTHER")
    soon = ward.release("custodian")
    assert soon.returncode != 0
    assert "opens in" in soon.stderr
    foreign = ward.run("emergency", "refuse", patient, clinician, wallet="keeper")
    assert "not one of the patient's guardians" in foreign.stderr
    ward.say("emergency", "refuse", patient, clinician)
    refused = ward.release("custodian")
    assert "was refused" in refused.stderr
    said(ward.allow())
    other = ward.run("custodian", "release", patient, ward.accounts["second"], wallet="custodian")
    assert "No emergency case" in other.stderr


def test_custodian_keeps_its_share_when_licence_or_reading_key_changed(ward: Ward) -> None:
    patient, clinician = ward.accounts["patient"], ward.accounts["clinician"]
    ward.license("clinician")
    said(ward.allow())
    ward.say("emergency", "open", patient, "--reason", "OTHER")
    outsider = ward.release("second")
    assert outsider.returncode == 8
    assert "keeps no share" in outsider.stderr
    ward.say("licence", "take", clinician)
    gone = ward.release("custodian")
    assert "licence is gone" in gone.stderr
    ward.say("licence", "give", clinician, "--until", "2030-01-01")
    ward.say("vault", "rekey", wallet="clinician")
    swapped = ward.release("custodian")
    assert swapped.returncode == 7
    assert "another reading key" in swapped.stderr
    assert ward.say("emergency", "status", patient)["cases"][0]["released"] == []


def test_shares_travel_with_an_archive_and_go_with_the_record(ward: Ward, tmp_path: Path) -> None:
    patient = ward.accounts["patient"]
    ward.license("clinician")
    said(ward.allow())
    ward.say("vault", "export", tmp_path / "archive")
    ward.say("emergency", "open", patient, "--reason", "OTHER")
    gone = ward.say("vault", "erase", patient, "--yes")
    assert gone["blocks"] > 0
    lost = ward.release("custodian")
    assert lost.returncode == 8
    assert "not in this vault" in lost.stderr
    ward.say("vault", "import", tmp_path / "archive")
    ward.say("vault", "import", tmp_path / "archive")
    for role in ("custodian", "keeper"):
        said(ward.release(role))
    said(ward.read(tmp_path / "read.json"))
    assert json.loads((tmp_path / "read.json").read_text()) == LETTER
    ward.say("emergency", "forbid")
    assert ward.release("spare").returncode != 0
    assert ward.say("emergency", "status", patient)["mode"] == "off"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("emergency", "open", "0x12", "--reason", "OTHER"), "40 hexadecimal digits"),
        (("emergency", "status", "me"), "40 hexadecimal digits"),
        (("emergency", "refuse", "0x" + "12" * 20, "me"), "40 hexadecimal digits"),
        (("emergency", "close", "0x12"), "40 hexadecimal digits"),
        (("emergency", "read", "0x" + "12" * 20, "--out", "/nowhere/file"), "/nowhere/file"),
        (("custodian", "release", "0x" + "12" * 20, "me"), "40 hexadecimal digits"),
        (("custodian", "list"), "no wallet file"),
    ],
)
def test_commands_name_what_is_wrong_before_anything_is_asked_of_the_chain(
    arguments: tuple[str, ...], words: str, tmp_path: Path, run: Run
) -> None:
    done = run(*arguments, "--home", tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
