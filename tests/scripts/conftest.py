"""Commands as people call them, and a running stack of their own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scripts._settings import ROOT

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def run() -> Run:
    """`run("audit", "--json")`: the finished process, never raising."""

    def call(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "scripts", *map(str, arguments)],
            cwd=ROOT,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    return call


@dataclass(frozen=True)
class Up:
    """`anamnesis up` as a child process."""

    process: subprocess.Popen[str]
    home: Path
    said: dict[str, Any]

    def record(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.home / "stack.json").read_text())
        return found


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    home = tmp_path / "home"
    process = subprocess.Popen(
        [sys.executable, "-m", "scripts", "up", "--home", str(home), "--port", "0", "--json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        if line.startswith("}"):
            break
    try:
        assert text, process.communicate(timeout=30)[1]
        yield Up(process=process, home=home, said=json.loads(text))
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
