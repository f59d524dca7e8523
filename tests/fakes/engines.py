"""Engines that misbehave, in the reading process that they are sent to."""

import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.words import Box, Word


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultyEngine:
    """Does what `fault` says on every page whose picture is not white, and else sees nothing."""

    fault: str
    place: Path = Path("nowhere")
    name: str = "faulty"

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        """Found again by this file's place: another package may be called `tests` over there."""
        again = f"['FaultyEngine'](fault={self.fault!r}, place=Path({str(self.place)!r}))"
        names = f"[found := __import__('runpy').run_path({__file__!r}), Path := found['Path']]"
        return eval, (f"({names}, found{again})[1]",)

    def version(self) -> str:
        return "1"

    def recognise(
        self, image: Path, *, dpi: int, seconds: float, cells: bool = False
    ) -> tuple[Word, ...]:
        del dpi, seconds, cells
        if min(image.read_bytes().partition(b"255\n")[2]) == 255:
            return ()
        match self.fault:
            case "memory":
                bytearray(600 << 20)
            case "time":
                while True:
                    pass
            case "sleep":
                time.sleep(300)
            case "death":
                child = subprocess.Popen(["sleep", "300"])
                self.place.write_text(str(child.pid))
                os.kill(os.getpid(), signal.SIGKILL)
            case "report":
                return (
                    _word(" ".join(f"{name}={os.environ[name]}" for name in sorted(os.environ))),
                )
            case "limits":
                return tuple(map(_word, _limits()))
        return ()

    def turn(self, image: Path, *, dpi: int, seconds: float) -> int:
        del image, dpi, seconds
        return 0


def _limits() -> list[str]:
    """Address space and data, in kB, as the process itself and as one that it starts has them."""
    own = (resource.RLIMIT_AS, resource.RLIMIT_DATA)
    command = ["sh", "-c", "ulimit -v; ulimit -d; ulimit -c"]
    started = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [*(str(resource.getrlimit(what)[1] >> 10) for what in own), *started.split()]


def _word(text: str) -> Word:
    box = Box(left=1, top=1, right=9, bottom=9)
    return Word(text=text, box=box, confidence=1.0, engine="faulty")
