"""The mutation tool: what it changes, and that a mutant is told from the contract."""

import json

import pytest

from core.errors import SetupError
from ledger.artifact import consent_artifact
from scripts._mutate import run
from scripts._mutate.compiling import Sources
from scripts._mutate.operators import mutants
from scripts._mutate.run import KILLED, NO_MUTANT, SURVIVED, Report, Verdict, _interval, _judge
from scripts._settings import ROOT

SOURCE = '''# pragma version 0.4.3
"""
@dev a == b is not code
"""

LIMIT: constant(uint256) = 2**8

event Seen:
    who: indexed(address)

@internal
def _check(account: address, other: address):
    # nor is a != b
    if account == other and account != msg.sender:
        refusals._refuse(refusals.WRONG)
    self.count[account] = (
        self.count[other] & LIMIT
    )
'''


def changed():
    return {(each.line, each.operator): each for each in mutants("Some.vy", SOURCE)}


def test_mutants_leave_comments_docstrings_and_declarations():
    assert {line for line, _ in changed()} == {6, 14, 15, 16, 17}


@pytest.mark.parametrize(
    ("line", "operator", "expected"),
    [
        (6, "+ 1", "LIMIT: constant(uint256) = 2**9"),
        (14, "== -> !=", "if account != other and account != msg.sender:"),
        (14, "and -> or", "if account == other or account != msg.sender:"),
        (14, "msg.sender", "if account == other and account != tx.origin:"),
        (14, "if never", "if False:"),
        (15, "dropped", "    if account == other and account != msg.sender:\n        pass\n"),
        (16, "dropped", "        refusals._refuse(refusals.WRONG)\n    pass\n"),
        (17, "& -> |", "self.count[other] | LIMIT"),
    ],
)
def test_mutants_change_one_thing(line, operator, expected):
    found = [
        each.applied(SOURCE)
        for each in mutants("Some.vy", SOURCE)
        if (each.line, each.operator) == (line, operator)
    ]
    assert any(expected in each for each in found)


def test_shown_counts_only_what_is_a_mutant():
    (mutant, *_) = mutants("Some.vy", SOURCE)
    fates = [KILLED, KILLED, KILLED, SURVIVED, *NO_MUTANT]
    report = Report(
        all_mutants=9, seed=1, verdicts=tuple(Verdict(mutant=mutant, fate=f) for f in fates)
    )
    assert report.shown()["score"] == 0.75
    assert len(report.shown()["survivors"]) == 1


def test_mutate_goes_on_when_its_processes_are_replaced(tmp_path, monkeypatch):
    monkeypatch.setattr(run, "MUTANTS_A_PROCESS", 1)
    verdicts = []
    report = run.mutate(
        ROOT, tmp_path, sample=2, seed=2, steps=50, workers=1, progress=verdicts.append
    )
    assert report.verdicts == tuple(verdicts)
    assert len(verdicts) == 2


@pytest.mark.parametrize(
    ("hits", "tries", "expected"),
    [(0, 0, (0, 1)), (0, 10, (0, 0.2775)), (9, 10, (0.5958, 0.9821)), (95, 100, (0.8882, 0.9785))],
)
def test_interval_is_wilsons(hits, tries, expected):
    assert _interval(hits, tries) == pytest.approx(expected, abs=1e-4)


def test_bare_is_the_compilers_own_but_for_what_stands_behind_it():
    right = consent_artifact(ROOT, ROOT / ".build" / "consent")
    bare = Sources(ROOT).bare(right)
    for whole, shorn in ((right, bare), (right.credentials, bare.credentials)):
        assert 0 < len(whole.bytecode) - len(shorn.bytecode) < 100
        assert whole.abi == shorn.abi


def test_judge_tells_a_mutant_from_a_change_that_comes_to_the_same_code(tmp_path):
    """0 * 256 is as little as 0 * 257."""
    source = (ROOT / "contracts" / "modules" / "refusals.vy").read_text()
    idle = next(each for each in mutants("modules/refusals.vy", source) if each.after == "257")
    right = Sources(ROOT).bare(consent_artifact(ROOT, ROOT / ".build" / "consent"))
    assert _judge(ROOT, tmp_path, right, 400, idle).fate == "same code"


def test_artifact_compiles_only_what_holds_the_change():
    right = consent_artifact(ROOT, ROOT / ".build" / "consent")
    sources = Sources(ROOT)
    changed = sources.texts["Credentials.vy"].replace("# pragma optimize gas", "")
    wrong = sources.artifact(
        right, "Credentials.vy", changed + "\n@external\ndef more():\n    pass\n"
    )
    assert wrong.bytecode == right.bytecode
    assert wrong.credentials.bytecode != right.credentials.bytecode


def test_artifact_refuses_what_does_not_compile():
    right = consent_artifact(ROOT, ROOT / ".build" / "consent")
    with pytest.raises(SetupError, match="does not compile"):
        Sources(ROOT).artifact(right, "modules/key_ring.vy", "def")


def test_judge_kills_a_mutant_and_remembers_it(tmp_path):
    source = (ROOT / "contracts" / "modules" / "key_ring.vy").read_text()
    wrong = next(
        each for each in mutants("modules/key_ring.vy", source) if each.operator == "!= -> =="
    )
    right = consent_artifact(ROOT, ROOT / ".build" / "consent")
    assert _judge(ROOT, tmp_path, right, 400, wrong).fate == KILLED
    (kept,) = tmp_path.glob("*.json")
    kept.write_text(json.dumps({"fate": SURVIVED, "steps": 1}))
    assert _judge(ROOT, tmp_path, right, 400, wrong).fate == SURVIVED
