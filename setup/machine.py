"""The machine as set-up sees it: where the checkout is, what is on PATH, how programs are run."""

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from setup.errors import SetupFailure

_TAIL_LINES = 25


def loads_library(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The environment is passed on whole: proxies, certificates and registries are the user's."""

    root: Path
    """The checkout."""
    environ: Mapping[str, str]
    is_root: bool
    interactive: bool
    """Somebody can answer a password prompt."""
    loads: Callable[[str], bool] = loads_library
    """Whether the system's loader finds a shared library."""

    @classmethod
    def current(cls, root: Path) -> "Machine":
        return cls(
            root=root,
            environ=dict(os.environ),
            is_root=os.geteuid() == 0,
            interactive=sys.stdin is not None and sys.stdin.isatty(),
        )

    @property
    def tools(self) -> Path:
        """What set-up itself fetches: uv and node where the system has none, stamps, logs."""
        return self.root / ".tools"

    def which(self, program: str) -> str | None:
        return shutil.which(program, path=self.environ.get("PATH", os.defpath))

    def output(self, *command: str) -> str | None:
        """What `command` prints, None when it cannot be run, fails or takes over 30 seconds."""
        try:
            done = subprocess.run(
                command,
                env=self.environ,
                capture_output=True,
                text=True,
                timeout=30,
                check=True,
                stdin=subprocess.DEVNULL,
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout

    def run(
        self, step: str, command: Sequence[str], *, way_out: str, path_first: Sequence[Path] = ()
    ) -> None:
        """Run `command` in the checkout, its talk going to .tools/logs/STEP.log.

        Raises SetupFailure with the end of that log when it cannot be run or fails.
        """
        log = self.tools / "logs" / f"{step.replace(' ', '-')}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as sink:
            sink.write(f"\n$ {' '.join(command)}\n".encode())
            sink.flush()
            start = sink.tell()
            try:
                code = subprocess.run(
                    command,
                    cwd=self.root,
                    env=self._environ_with(path_first),
                    stdin=None if self.interactive else subprocess.DEVNULL,
                    stdout=sink,
                    stderr=subprocess.STDOUT,
                    check=False,
                ).returncode
            except OSError as error:
                raise SetupFailure(f"{command[0]}: {error.strerror}.", way_out=way_out) from error
        if code != 0:
            raise SetupFailure(
                f"`{' '.join(command)}` ended with code {code}. The whole log: {log}",
                way_out=way_out,
                log=_tail(log, start),
            )

    def _environ_with(self, path_first: Sequence[Path]) -> dict[str, str]:
        path = [*(str(folder) for folder in path_first), self.environ.get("PATH", os.defpath)]
        return {**self.environ, "PATH": os.pathsep.join(path)}


def _tail(log: Path, start: int) -> str:
    with log.open("rb") as file:
        file.seek(start)
        lines = file.read().decode(errors="replace").splitlines()
    return "\n".join(lines[-_TAIL_LINES:])
