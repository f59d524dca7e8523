"""Coverage of the contracts: what did not run is said to be missed, and nothing else."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from eth_abi.abi import encode

from core.errors import SetupError, VerificationError
from core.hashing import keccak256
from ledger.artifact import Artifact, consent_artifact
from scripts._coverage.code import JUMPI, Code
from scripts._coverage.compiled import must_be_deployed, read_compiled
from scripts._coverage.machine import TracedMachine
from scripts._coverage.replay import Replayed, Surroundings, replay_call
from scripts._coverage.report import FileReport, report
from scripts._coverage.seen import MOST_ALIKE, Branch, Seen, branches
from scripts._coverage.source import Condition, Span
from scripts._coverage.unreachable import Unreachable, unreachable
from scripts._settings import ROOT
from scripts.coverage import cli

TINY = """# pragma version 0.4.3
# pragma optimize gas

total: uint256

@external
def add(numbers: DynArray[uint256, 4], most: uint256) -> uint256:
    found: uint256 = self.total
    for each: uint256 in numbers:
        if each > most or each == 7:
            found += 1
        else:
            found += each
    assert found < 100, "too much"
    if found == 50 and most == 50:
        self.total = 0
    else:
        self.total = found
    return found if found != 3 else 4
"""
ACCOUNT, SENDER = b"\xaa" * 20, b"\xbb" * 20
EVERY_WAY: tuple[tuple[list[int], int], ...] = (
    ([], 5),
    ([6], 5),
    ([7], 9),
    ([1, 2], 5),
    ([90, 90], 90),
    ([50], 50),
    ([50], 51),
)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[Code, Code]:
    project = tmp_path_factory.mktemp("tiny")
    (project / "contracts").mkdir()
    (project / "contracts" / "Tiny.vy").write_text(TINY)
    shutil.copy(ROOT / "ape-config.yaml", project)
    return read_compiled(project, "Tiny.vy")


def called(code: Code, *calls: tuple[list[int], int]) -> Seen:
    """What is seen when the code stands at an empty account and is called."""
    seen = Seen([code])
    selector = keccak256(b"add(uint256[],uint256)")[:4]
    around = Surroundings(
        chain_id=1,
        now=1,
        block=1,
        code=lambda account: code.code if account == ACCOUNT else b"",
        storage=lambda _account, _slot: 0,
    )
    for numbers, most in calls:
        data = selector + encode(["uint256[]", "uint256"], [numbers, most])
        seen.add(replay_call(around, caller=SENDER, to=ACCOUNT, data=data, is_static=False).frames)
    return seen


def measured(seen: Seen) -> FileReport:
    (only,) = report(seen, {"Tiny.vy": TINY}).files
    return only


def missed(seen: Seen) -> set[str]:
    return {str(each) for each in measured(seen).missed_branches}


def test_report_misses_nothing_when_every_way_was_taken(tiny: tuple[Code, Code]) -> None:
    found = report(called(tiny[1], *EVERY_WAY), {"Tiny.vy": TINY})
    assert found.percent == 100
    assert found.lines == (10, 10)
    assert found.branches == (16, 16)


def test_report_misses_everything_when_nothing_was_called(tiny: tuple[Code, Code]) -> None:
    found = report(called(tiny[1]), {"Tiny.vy": TINY})
    assert (found.lines[0], found.branches[0], found.percent) == (0, 0, 0)


@pytest.mark.parametrize(
    ("without", "ways", "lines"),
    [
        (0, {"line 9, for: no turn"}, ()),
        (1, {"line 10, or, operand 1: true"}, ()),
        (4, {"line 14, assert: false"}, ()),
        (5, {"line 15, and, operand 1: true", "line 15, if: true"}, (16,)),
        (3, {"line 19, if: false"}, ()),
    ],
    ids=["turn", "or", "assert", "and", "expression"],
)
def test_report_names_line_and_way_when_one_is_never_taken(
    tiny: tuple[Code, Code], without: int, ways: set[str], lines: tuple[int, ...]
) -> None:
    calls = [each for number, each in enumerate(EVERY_WAY) if number != without]
    if without == 5:
        calls.remove(([50], 51))
    seen = called(tiny[1], *calls)
    assert missed(seen) == ways
    assert measured(seen).missed_lines == lines


def test_report_counts_the_compilers_checks_apart(tiny: tuple[Code, Code]) -> None:
    seen = called(tiny[1], *EVERY_WAY)
    checks = report(seen, {"Tiny.vy": TINY}).checks
    of_source = sum(jump.condition is not None for jump in tiny[1].jumps)
    assert sum(each.count for each in checks) + of_source == len(tiny[1].jumps)
    assert {"safeadd", "which function is called"} <= {each.name for each in checks}
    assert all(each.both_ways <= each.count for each in checks)


def test_report_is_at_zero_when_a_condition_has_no_jump(tiny: tuple[Code, Code]) -> None:
    code = tiny[1]
    (source,) = code.sources.values()
    condition = Condition("Tiny.vy", Span((8, 4), (8, 9)), "if", 1)
    source.conditions[-1] = condition  # type: ignore[index]
    try:
        found = report(called(code, *EVERY_WAY), {"Tiny.vy": TINY})
    finally:
        del source.conditions[-1]  # type: ignore[attr-defined]
    assert found.percent == 0
    assert found.files[0].without_jump == (8,)


def test_jumps_raise_when_nothing_explains_one(tiny: tuple[Code, Code]) -> None:
    code = bytes((0x60, 0x01, 0x60, 0x05, JUMPI, 0x5B, 0x00))
    source_map: dict[str, Any] = {"pc_ast_map": {}, "pc_pos_map": {}, "error_map": {}}
    with pytest.raises(VerificationError, match="Nothing explains the jump at 4"):
        _ = Code("Other.vy", code, len(code), tiny[1].sources, source_map).jumps


def test_unreachable_raises_when_it_was_taken_or_is_nowhere(tiny: tuple[Code, Code]) -> None:
    every, _ = branches(called(tiny[1]))
    named = Unreachable(
        file="Tiny.vy",
        before="found: uint256 = self.total",
        line="for each: uint256 in numbers:",
        way="no turn",
        reason="somebody said so",
    )
    texts = {"Tiny.vy": TINY}
    (found,) = unreachable(every, set(), texts, [named])
    assert str(found) == "line 9, for: no turn"
    with pytest.raises(VerificationError, match="was taken"):
        unreachable(every, every, texts, [named])
    with pytest.raises(VerificationError, match="is nowhere"):
        unreachable(every, set(), {"Tiny.vy": "\n" + TINY}, [named])


def test_seen_looks_into_a_call_once_when_it_costs_the_same(tiny: tuple[Code, Code]) -> None:
    seen = Seen([tiny[1]])
    assert seen.is_new(b"add", b"", 1)
    assert not seen.is_new(b"add", b"", 1)
    assert seen.is_new(b"add", b"refused", 1)
    assert sum(seen.is_new(b"add", b"", gas) for gas in range(2 * MOST_ALIKE)) == MOST_ALIKE - 1


def test_seen_passes_over_code_that_is_no_contracts(tiny: tuple[Code, Code]) -> None:
    seen = called(tiny[1], ([1], 5))
    assert report(Seen([tiny[0]]), {}).lines[0] == 0
    assert not Seen([tiny[0]]).places[0]
    assert seen.places[0]


def test_must_be_deployed_raises_when_the_code_is_another(tiny: tuple[Code, Code]) -> None:
    first, then = tiny
    artifact = Artifact(
        abi=(), bytecode=first.code, runtime=then.code, immutable_bytes=0, source_hash=""
    )
    must_be_deployed(*tiny, artifact)
    other = Artifact(
        abi=(), bytecode=first.code, runtime=then.code + b"\0", immutable_bytes=0, source_hash=""
    )
    with pytest.raises(SetupError, match=r"Tiny\.vy"):
        must_be_deployed(*tiny, other)


def test_machine_raises_when_the_replay_ends_otherwise(tiny: tuple[Code, Code]) -> None:
    artifact = consent_artifact(ROOT, ROOT / ".build" / "consent")
    seen = Seen(tiny)
    machine = TracedMachine(seen, artifact, "0x" + "11" * 20, chain_id=1, now=1)
    traced = seen.traced
    with pytest.raises(AssertionError, match="otherwise"):
        machine._note(Replayed(True, b"", ()), success=False, output=b"", function=b"")
    assert seen.traced == traced


def test_coverage_of_the_contracts_leaves_no_condition_out_when_walked_shortly() -> None:
    done = CliRunner().invoke(cli, ["--steps", "600", "--seed", "1", "--json"])
    found = json.loads(done.output[done.output.index("{") :])
    assert done.exit_code == (found["percent"] < 100)
    assert found["lines"]["ran"] > 420
    assert found["branches"]["taken"] > 210
    assert found["branches"]["all"] >= 279
    assert not any(each["conditions_without_jump"] for each in found["files"])
    files = {each["file"] for each in found["files"]}
    contracts = Path(ROOT / "contracts")
    assert files == {p.relative_to(contracts).as_posix() for p in contracts.rglob("*.vy")}


def test_branch_says_where_it_is() -> None:
    place = Span((3, 1), (3, 9))
    assert str(Branch(Condition("A.vy", place, "and", 2), 1, "true")) == (
        "line 3, and, operand 2: true"
    )
