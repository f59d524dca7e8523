"""Processor time that processes have taken (Linux): the same for a page on a busy machine."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def children(pid: int) -> tuple[int, ...]:
    """Processes that any thread of `pid` started and that still run."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        return tuple(int(c) for t in threads for c in (t / "children").read_text().split())
    except OSError:
        return ()


def processor_seconds(pid: int) -> float:
    """Of a process, its living children and those it has waited for; 0 when it is gone."""
    try:
        # the name, in brackets, may hold anything
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    own = sum(int(field) for field in fields[11:15])  # own and awaited, user and system
    return own / _TICKS + sum(map(processor_seconds, children(pid)))
