"""Run a program that dies with its parent: `python tethered.py PARENT PROGRAM ARGUMENTS...`.

It asks the kernel for SIGTERM when the parent goes, then becomes the program. Standing alone, it
needs no fork hook in a process with threads. Source: prctl(2), PR_SET_PDEATHSIG.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: str, program: str, *arguments: str) -> None:
    """Never returns: exits when the parent is gone already, else becomes the program."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(parent):
        sys.exit(1)
    os.execv(program, [program, *arguments])  # noqa: S606  # a path, no shell


if __name__ == "__main__":
    main(*sys.argv[1:])
