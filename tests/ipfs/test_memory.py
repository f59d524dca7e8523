"""Memory that the node's process keeps for the next block."""

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
from ipfs.node.memory import keep_freed_memory

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

if sys.argv[1] == "kept":
    keep_freed_memory()
for _ in range(3):
    b"\\1" * (1 << 20)
before = faults()
for _ in range(10):
    b"\\1" * (1 << 20)
print(faults() - before)
"""


def faults(how: str) -> int:
    """Pages fetched for ten buffers of 1 MiB, one after the other."""
    command = [sys.executable, "-c", PROGRAM, how]
    settings = {"MALLOC_MMAP_THRESHOLD_": str(1 << 17)}
    ended = subprocess.run(command, env=settings, capture_output=True, check=True, text=True)
    return int(ended.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told")
def test_freed_memory_is_used_again() -> None:
    assert faults("given back") > 2_000
    assert faults("kept") < 200
