"""Resident memory of a process and all it started (Linux), as it is and at its peak."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def resident(pid: int) -> int:
    """Bytes of `pid` and its descendants; what they share is counted for each of them."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        threads = list(Path(f"/proc/{pid}/task").iterdir())
        children = [c for t in threads for c in (t / "children").read_text().split()]
    except OSError:
        return 0
    return pages * _PAGE_BYTES + sum(resident(int(child)) for child in children)


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
