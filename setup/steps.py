"""The steps of set-up after the system packages, in order. Each says whether it is needed."""

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from setup.errors import SetupFailure
from setup.machine import Machine
from setup.stamps import Stamps, digest
from setup.tools import find_node, find_uv, install_node, install_uv

PYTHON_RANGE = ">=3.11,<3.13"
"""What uv.lock was made for."""
CONTRACT_CACHE = ".build/consent"
"""Where set-up leaves the compiled contract, for the commands to find it."""
_COMPILE = (
    "import sys; from pathlib import Path; from ledger.artifact import consent_artifact; "
    "consent_artifact(Path.cwd(), Path(sys.argv[1]))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """`doing` is said before, the time afterwards. `needed` is cheap and changes nothing."""

    name: str
    doing: str
    needed: Callable[[], bool]
    do: Callable[[], None]


def steps(machine: Machine, *, for_tests: bool = False) -> tuple[Step, ...]:
    """Every step, in the order in which they depend on one another."""
    only = () if for_tests else ("--omit=dev",)
    stamps = Stamps(machine.tools / "stamps")
    return (
        Step(
            name="uv",
            doing="fetching the pinned uv into .tools/",
            needed=lambda: find_uv(machine) is None,
            do=lambda: install_uv(machine),
        ),
        _python_packages(machine, stamps),
        Step(
            name="node",
            doing="no node 20 or newer with npm here: fetching the pinned wheel into .tools/",
            needed=lambda: find_node(machine) is None,
            do=lambda: install_node(machine, _uv(machine)),
        ),
        Step(
            name="npm packages",
            doing="installing what package-lock.json names into node_modules/",
            needed=lambda: not npm_matches(machine.root, for_tests=for_tests),
            # The packages work without their install scripts; nobody need be trusted to run any.
            do=lambda: _npm(
                machine, "npm packages", "ci", "--ignore-scripts", "--no-audit", "--no-fund", *only
            ),
        ),
        _browser_components(machine, stamps),
        _contract(machine, stamps),
    )


def npm_matches(root: Path, *, for_tests: bool = False) -> bool:
    """Whether node_modules/ is what package-lock.json says, by npm's own record of it.

    What only tests need may be there or not, unless this is `for_tests`. npm writes its record
    last, so an interrupted installation never looks complete.
    """
    try:
        wanted = json.loads((root / "package-lock.json").read_text())["packages"]
        record = root / "node_modules" / ".package-lock.json"
        present = json.loads(record.read_text())["packages"]
    except (FileNotFoundError, ValueError, KeyError):
        return False
    required = {
        name
        for name, entry in wanted.items()
        if name and not (entry.get("optional") or (entry.get("dev") and not for_tests))
    }
    return required <= present.keys() and all(
        name in wanted and wanted[name].get("integrity") == entry.get("integrity")
        for name, entry in present.items()
    )


def _python_packages(machine: Machine, stamps: Stamps) -> Step:
    def sync() -> None:
        machine.run(
            "python packages",
            (_uv(machine), "sync", "--frozen", "--no-progress", "--python-preference", "system"),
            way_out=f"It needs Python {PYTHON_RANGE} and a package index that answers; "
            "what was fetched is kept, so running this again resumes.",
        )

    return _stamped(
        machine,
        stamps,
        name="python packages",
        doing="installing what uv.lock names into .venv/ (the longest step)",
        sources=("uv.lock", "pyproject.toml"),
        # Scripts in a virtual environment name their interpreter by its full path.
        facts=(str(machine.root),),
        product=".venv/bin/python",
        # uv takes a package whose files were half written for an installed one.
        remains=".venv",
        do=sync,
    )


def _browser_components(machine: Machine, stamps: Stamps) -> Step:
    return _stamped(
        machine,
        stamps,
        name="browser components",
        doing="bundling dapp/components with esbuild",
        sources=("dapp/components/src", "package.json", "package-lock.json"),
        product="dapp/components/dist",
        unless_absent="dapp/components/src/index.js",
        do=lambda: _npm(machine, "browser components", "run", "build"),
    )


def _contract(machine: Machine, stamps: Stamps) -> Step:
    def compile_contract() -> None:
        machine.run(
            "contract",
            (str(machine.root / ".venv" / "bin" / "python"), "-c", _COMPILE, CONTRACT_CACHE),
            way_out="Correct the contract; `make check` shows the compiler's words.",
        )

    return _stamped(
        machine,
        stamps,
        name="contract",
        doing="compiling the Consent contract",
        sources=("contracts", "ledger/artifact.py", "ape-config.yaml", "uv.lock"),
        product=CONTRACT_CACHE,
        unless_absent="ledger/artifact.py",
        do=compile_contract,
    )


def _stamped(
    machine: Machine,
    stamps: Stamps,
    *,
    name: str,
    doing: str,
    sources: Iterable[str],
    product: str,
    do: Callable[[], None],
    facts: Iterable[str] = (),
    unless_absent: str = "",
    remains: str = "",
) -> Step:
    """A step that is needed when its sources changed or its product is gone.

    `remains` is removed first when the last attempt was cut off.
    """
    root, key = machine.root, name.replace(" ", "-")

    def inputs() -> str:
        return digest(root, [root / source for source in sources], facts)

    def needed() -> bool:
        if unless_absent and not (root / unless_absent).exists():
            return False
        return not ((root / product).exists() and stamps.fresh(key, inputs()))

    def do_and_stamp() -> None:
        before = inputs()
        if remains and stamps.unfinished(key):
            shutil.rmtree(root / remains, ignore_errors=True)
        stamps.begin(key)
        do()
        if not (root / product).exists():
            raise SetupFailure(
                f"{product} was not made.", way_out="Run `make clean` and try again."
            )
        stamps.write(key, before)

    return Step(name=name, doing=doing, needed=needed, do=do_and_stamp)


def _npm(machine: Machine, step: str, *arguments: str) -> None:
    node = find_node(machine)
    if node is None:
        raise SetupFailure("There is no node.", way_out="Run this again: it fetches one.")
    beside = Path(node).parent
    own = beside == machine.tools / "bin"
    machine.run(
        step,
        (str(beside / "npm") if own else "npm", *arguments),
        way_out="Check that npm reaches its registry, then run this again.",
        path_first=(beside,) if own else (),
    )


def _uv(machine: Machine) -> str:
    uv = find_uv(machine)
    if uv is None:
        raise SetupFailure("There is no uv.", way_out="Run this again: it fetches one.")
    return uv
