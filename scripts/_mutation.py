"""Are the tests of sealing and verification worth anything? Change the code and see if they notice.

python -m scripts._mutation [--max-children N]     (`make mutate-vault`)

mutmut makes one small change at a time to the modules below and runs the tests that reach it. A
change that no test notices survived; `docs/mutation-vault.md` argues for those that may. Works in
.tools/mutation, with an environment of its own, because mutmut is no part of anybody's set-up.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from core.errors import InputError, SetupError, VerificationError
from scripts._command import Command, emit, json_option, talk
from scripts._settings import ROOT
from setup.machine import Machine
from setup.tools import find_uv

MODULES = (
    "checks",
    "cid",
    "context",
    "envelope",
    "frame_room",
    "in_place",
    "manifest",
    "opening",
    "padding",
    "reading_key",
    "sealing",
    "stored",
    "verification",
    "wrapped_seed",
)
TESTS = (
    "archive/test_refusals",
    "test_cid",
    "test_conditions",
    "test_context",
    "test_envelope",
    "test_frame_room",
    "test_in_place",
    "test_manifest",
    "test_messages",
    "test_padding",
    "test_reading_key",
    "test_sealing",
    "test_stored",
    "test_vectors",
    "test_wrapped_seed",
)
LEAST_SCORE = 0.9
PLACE = ROOT / ".tools" / "mutation"
_COPIED = ("core", "ipfs", "tests/ipfs", "tests/vectors", "tests/fakes")
_PROJECT = """[tool.pytest.ini_options]
addopts = "--import-mode=importlib -p no:ape -p no:cacheprovider"
timeout = 120
[tool.mutmut]
paths_to_mutate = ["ipfs"]
do_not_mutate = [{others}]
tests_dir = [{tests}]
also_copy = ["core"]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How many changes were made, and those that no test noticed."""

    killed: int
    survivors: tuple[str, ...]

    @property
    def score(self) -> float:
        return self.killed / max(1, self.killed + len(self.survivors))


@click.command(cls=Command)
@click.option("--max-children", type=click.IntRange(1), default=2, show_default=True)
@json_option
def cli(max_children: int, as_json: bool) -> None:
    """Mutate the sealing and verification code; exits 7 below a score of 90 %."""
    python = _environment()
    work = _copy()
    talk("Mutating; this takes minutes.")
    runner = str(work / "runner.py")
    _run([str(python), runner, "run", "--max-children", str(max_children)], work, quiet=as_json)
    result = _result(_run([str(python), runner, "results", "--all", "True"], work, quiet=True))
    unargued = [name for name in result.survivors if name not in _argued()]
    report = {
        "mutants": result.killed + len(result.survivors),
        "killed": result.killed,
        "score": round(result.score, 4),
        "survivors": list(result.survivors),
        "unargued": unargued,
    }
    if as_json:
        emit(report)
    else:
        for name, value in report.items():
            click.echo(f"{name:12}{value}")
    _judge(result)


def _judge(result: Result) -> None:
    if not result.killed:
        raise VerificationError("No mutant was killed: the tests did not run.", check="mutation")
    if result.score < LEAST_SCORE:
        raise VerificationError(f"The mutation score is {result.score:.1%}.", check="mutation")


def _environment() -> Path:
    """A Python with mutmut and what the tests need."""
    uv = find_uv(Machine.current(ROOT))
    if uv is None:
        raise SetupError("There is no uv.", remedy="Run `make setup`: it fetches one.")
    place = PLACE / "venv"
    command = [uv, "sync", "--frozen", "--quiet", "--group", "mutation", "--no-install-project"]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"UV_PROJECT_ENVIRONMENT": str(place)}, check=False
    )
    if done.returncode:
        raise SetupError("The environment for mutmut could not be made.")
    return place / "bin" / "python"


def _copy() -> Path:
    """The parts that the mutated modules and their tests need, without earlier results."""
    work = PLACE / "work"
    shutil.rmtree(work, ignore_errors=True)
    for name in _COPIED:
        shutil.copytree(ROOT / name, work / name, ignore=shutil.ignore_patterns("__pycache__"))
    chosen = {Path("ipfs") / f"{name}.py" for name in MODULES}
    files = (path.relative_to(work) for path in (work / "ipfs").rglob("*.py"))
    others = ", ".join(f'"{path}"' for path in sorted(files) if path not in chosen)
    tests = ", ".join(f'"tests/ipfs/{name}.py"' for name in TESTS)
    (work / "pyproject.toml").write_text(_PROJECT.format(others=others, tests=tests))
    shutil.copy(ROOT / "scripts" / "_mutmut_runner.py", work / "runner.py")
    return work


def _run(command: list[str], work: Path, *, quiet: bool) -> str:
    done = subprocess.run(
        command, cwd=work, stdout=subprocess.PIPE, stderr=sys.stderr, text=True, check=False
    )
    if not quiet:
        sys.stderr.write(done.stdout[-2_000:])
    if done.returncode:
        raise InputError("mutmut could not finish.", remedy=done.stdout[-500:])
    return done.stdout


def _result(text: str) -> Result:
    """From lines such as `ipfs.cid.x__root__mutmut_3: survived`; a hang was noticed as well."""
    found = re.findall(r"^\s*(\S+__mutmut_\d+): (.+)$", text, re.MULTILINE)
    killed = sum(state in ("killed", "timeout", "segfault") for _, state in found)
    survivors = tuple(
        name for name, state in found if state not in ("killed", "timeout", "segfault")
    )
    return Result(killed=killed, survivors=survivors)


def _argued() -> set[str]:
    text = (ROOT / "docs" / "mutation-vault.md").read_text("utf-8")
    return set(re.findall(r"`(\S+__mutmut_\d+)`", text))


if __name__ == "__main__":
    cli()
