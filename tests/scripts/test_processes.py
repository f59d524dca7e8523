"""Resident memory of processes and what they started."""

import subprocess
import sys

from scripts._processes import peak_memory, resident

_BLOCK = 64 << 20


def _holding(size: int) -> "subprocess.Popen[bytes]":
    program = f"import time\nblock = b'x' * {size}\nprint('held', flush=True)\ntime.sleep(60)\n"
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)


def test_peak_memory_counts_a_child_that_is_gone_again() -> None:
    with peak_memory(0.01) as peak:
        with _holding(_BLOCK) as child:
            assert child.stdout is not None
            child.stdout.readline()
            now = resident(child.pid)
            while peak[0] < _BLOCK + now // 2:
                assert child.poll() is None
            child.kill()
        assert _BLOCK <= now <= peak[0]
    assert resident(child.pid) == 0
