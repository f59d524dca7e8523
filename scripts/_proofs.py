"""Prove properties of the contracts' bytecode for every input, and that each proof can fail.

python -m scripts._proofs [--mutants] [--only NAME] [--json]     (`make prove`)

halmos runs the properties in `proofs/properties` symbolically over the bytecode that Vyper makes.
With `--mutants` each change of `proofs/mutants.toml` is applied to a copy of the contracts, and the
properties named there have to fail on it. Works in .build/proofs, with an environment of its own:
docs/adr/0027-proofs.md says why.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import click

from core.errors import InputError, SetupError, VerificationError
from scripts._command import Command, emit, json_option, talk
from scripts._settings import ROOT
from setup.machine import Machine
from setup.tools import find_node, find_uv

PROOFS = ROOT / "proofs"
PLACE = ROOT / ".build" / "proofs"
CONTRACTS = ("Consent", "Credentials")
FAR_TOO_LONG = 600  # seconds for one run of halmos
_HALMOS = (
    "--ffi",
    # The bytecode says nothing of Vyper's storage layout.
    "--storage-layout=generic",
    "--solver-timeout-assertion=30000",
    "--no-status",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One change to a source, in words and as text, and the properties that it has to break."""

    words: str
    file: str
    old: str
    new: str
    breaks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What halmos said of each property, by name: PASS, FAIL, TIMEOUT or ERROR."""

    verdicts: dict[str, str]

    def are(self, wanted: str, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(name for name in names if self.verdicts.get(name) == wanted)


def properties(folder: Path = PROOFS / "properties") -> tuple[str, ...]:
    """Names of all properties, file by file."""
    files = sorted(folder.glob("*.t.sol"))
    return tuple(
        name
        for file in files
        for name in re.findall(r"function (check_\w+)", file.read_text("utf-8"))
    )


def mutants(file: Path = PROOFS / "mutants.toml") -> tuple[Mutant, ...]:
    """The changes, in the file's order."""
    entries = tomllib.loads(file.read_text("utf-8"))["mutant"]
    return tuple(Mutant(**(entry | {"breaks": tuple(entry["breaks"])})) for entry in entries)


@click.command(cls=Command)
@click.option("--mutants", "with_mutants", is_flag=True, help="Show also that each can fail.")
@click.option("--only", default="check_", help="Only properties whose name begins like this.")
@json_option
def cli(with_mutants: bool, only: str, as_json: bool) -> None:
    """Prove the properties; exits 7 if one does not hold, or holds on its mutant."""
    names = tuple(name for name in properties() if name.startswith(only))
    if not names:
        raise InputError(f"No property begins with {only}.")
    _install()
    talk(f"Proving {len(names)} properties.")
    outcome = _prove(ROOT / "contracts", "right", names)
    proved = outcome.are("PASS", names)
    report: dict[str, object] = {"properties": len(names), "proved": len(proved)}
    unproved = {n: outcome.verdicts.get(n, "NOT RUN") for n in names if n not in proved}
    survivors = _survivors(names) if with_mutants else ()
    if with_mutants:
        report["shown_to_fail"] = len(names) - len(survivors)
    report |= {"unproved": unproved, "hold_on_their_mutant": list(survivors)}
    _show(report, as_json)
    if unproved or survivors:
        raise VerificationError("Not every property is proved and able to fail.", check="proofs")


def _show(report: dict[str, object], as_json: bool) -> None:
    if as_json:
        emit(report)
        return
    for name, value in report.items():
        click.echo(f"{name:22}{value or 'none'}")


def _survivors(names: Sequence[str]) -> tuple[str, ...]:
    """The properties that did not fail on the mutant that should break them."""
    wanted = [(each, [n for n in each.breaks if n in names]) for each in mutants()]
    jobs = [(number, each, chosen) for number, (each, chosen) in enumerate(wanted) if chosen]
    talk(f"Proving them of {len(jobs)} mutants.")
    # halmos keeps one core busy, the compiler another.
    with ThreadPoolExecutor(max_workers=2) as pool:
        failed = {name for found in pool.map(_try_mutant, jobs) for name in found}
    return tuple(name for name in names if name not in failed)


def _try_mutant(job: tuple[int, Mutant, Sequence[str]]) -> tuple[str, ...]:
    number, mutant, names = job
    changed = PLACE / f"mutant{number}" / "contracts"
    shutil.rmtree(changed, ignore_errors=True)
    shutil.copytree(ROOT / "contracts", changed)
    apply(mutant, changed)
    found = _prove(changed, f"mutant{number}", names).are("FAIL", names)
    shutil.rmtree(PLACE / f"mutant{number}")
    talk(f"{len(found)} of {len(names)} fail where {mutant.words}.")
    return found


def apply(mutant: Mutant, contracts: Path) -> None:
    """Make the change in `contracts`.

    Raises InputError unless the text to change stands there exactly once.
    """
    source = contracts / mutant.file
    text = source.read_text("utf-8")
    if text.count(mutant.old) != 1:
        raise InputError(f"The mutant where {mutant.words} does not fit {mutant.file} any more.")
    source.write_text(text.replace(mutant.old, mutant.new), "utf-8")


def _prove(contracts: Path, name: str, names: Sequence[str]) -> Outcome:
    """Compile the contracts and run halmos over the properties, in a folder called `name`."""
    work = PLACE / name
    _lay_out(work)
    for contract in CONTRACTS:
        (work / f"{contract.lower()}.hex").write_text(_bytecode(contracts, contract), "utf-8")
    chosen = f"--match-test=^({'|'.join(names)})\\("
    printed = _run([str(PROOFS / ".venv" / "bin" / "halmos"), chosen, *_HALMOS], work)
    lines = re.findall(r"\[(PASS|FAIL|TIMEOUT|ERROR)\] (check_\w+)\(", printed)
    if not lines:
        raise VerificationError(f"halmos proved nothing: {printed[-500:]}", check="proofs")
    return Outcome(verdicts={name: verdict for verdict, name in lines})


def _lay_out(work: Path) -> None:
    """The Solidity sources, and what forge made of them for the first run."""
    work.mkdir(parents=True, exist_ok=True)
    shutil.copy(PROOFS / "foundry.toml", work)
    shutil.copytree(PROOFS / "properties", work / "properties", dirs_exist_ok=True)
    built = PLACE / "right"
    for part in ("out", "cache"):
        if work != built and (built / part).is_dir():
            shutil.copytree(built / part, work / part, dirs_exist_ok=True)


def _bytecode(contracts: Path, contract: str) -> str:
    """Creation code, 0x and hex."""
    compiler = [str(Path(sys.executable).with_name("vyper")), "-p", str(contracts.parent)]
    source = str(contracts / f"{contract}.vy")
    done = subprocess.run(
        [*compiler, "-f", "bytecode", "--evm-version", "cancun", source],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise InputError(f"{contract} does not compile.", remedy=done.stderr[-500:])
    return done.stdout.split()[-1]


def _run(command: Sequence[str], work: Path) -> str:
    """What halmos printed, without colours."""
    forge = PROOFS / "node_modules" / "@foundry-rs" / "forge-linux-amd64" / "bin"
    path = f"{forge}{os.pathsep}{_node().parent}{os.pathsep}{os.environ['PATH']}"
    environ = os.environ | {
        "PATH": path,
        "FOUNDRY_SOLC": str(PROOFS / "solc"),
        "FOUNDRY_OFFLINE": "true",
        "NO_COLOR": "1",
        "COLUMNS": "200",
    }
    try:
        done = subprocess.run(
            command,
            cwd=work,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=FAR_TOO_LONG,
        )
    except subprocess.TimeoutExpired as error:
        raise VerificationError("halmos did not come to an end.", check="proofs") from error
    return re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)


def _install() -> None:
    """halmos, forge and solc at their locked versions, in the folder of the proofs."""
    uv = find_uv(Machine.current(ROOT))
    if uv is None:
        raise SetupError("There is no uv.", remedy="Run `make setup`: it fetches one.")
    if not (PROOFS / "node_modules" / "solc").is_dir():
        npm = str(_node().with_name("npm"))
        _must([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"])
    _must([uv, "sync", "--frozen", "--quiet"])


def _node() -> Path:
    node = find_node(Machine.current(ROOT))
    if node is None:
        raise SetupError("There is no Node.", remedy="Run `make setup`: it fetches one.")
    return Path(node)


def _must(command: Sequence[str]) -> None:
    environ = {k: v for k, v in os.environ.items() if k != "VIRTUAL_ENV"}
    if subprocess.run(command, cwd=PROOFS, env=environ, check=False).returncode:
        raise SetupError("The tools of the proofs could not be installed.")


if __name__ == "__main__":
    cli()
