"""What processes use, from /proc (Linux): resident memory, of a tree and at its peak, and CPU."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ocr.reading.spent import children

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


def own_resident(pid: int) -> int:
    """Bytes of resident memory of one process; 0 once it has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
    except OSError:
        return 0


def resident(pid: int) -> int:
    """Bytes of `pid` and its descendants; what they share is counted for each of them."""
    return own_resident(pid) + sum(map(resident, children(pid)))


def own_cpu(pid: int) -> float:
    """CPU seconds of one process, user and system, without its children's; 0 once it has ended."""
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


@contextmanager
def peak_memory(every_seconds: float) -> Iterator[list[int]]:
    """The largest `resident` of this process seen so far, looked at again and again."""
    peak, stop = [0], threading.Event()

    def watch() -> None:
        while not stop.wait(every_seconds):
            peak[0] = max(peak[0], resident(os.getpid()))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        stop.set()
        watcher.join()
