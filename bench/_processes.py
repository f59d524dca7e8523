"""Memory and CPU time of single processes, from /proc (Linux); 0 for one that has ended."""

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def children(pid: int) -> tuple[int, ...]:
    """Processes that any thread of `pid` started and that still run."""
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        return tuple(int(c) for t in threads for c in (t / "children").read_text().split())
    except OSError:
        return ()


def resident(pid: int) -> int:
    """Bytes of resident memory of one process."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
    except OSError:
        return 0


def own_cpu(pid: int) -> float:
    """CPU seconds of one process, user and system, without its children's."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def command(pid: int) -> str:
    """The command line, its arguments parted by spaces."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""
