"""Ending with the process that started us, however it ends.

Not PR_SET_PDEATHSIG: that fires when the *thread* that started us ends, and a thread of a web
server may. A pidfd becomes readable when the process ends, and only then.
"""

import os
import select
import threading
import time
from collections.abc import Callable

_POLL_SECONDS = 1.0


def call_when_parent_ends(parent: int, action: Callable[[], None]) -> None:
    """Call `action` from a thread as soon as process `parent`, our parent, has ended."""
    threading.Thread(target=_watch, args=(parent, action), daemon=True, name="lifeline").start()


def _watch(parent: int, action: Callable[[], None]) -> None:
    try:
        descriptor = os.pidfd_open(parent)
    except (AttributeError, OSError):
        # Ended already, or a system without pidfds (Linux before 5.3): ask now and then.
        while os.getppid() == parent:
            time.sleep(_POLL_SECONDS)
    else:
        # Between its start and ours the parent may have ended and its number been given away.
        if os.getppid() == parent:
            select.select([descriptor], [], [])
        os.close(descriptor)
    action()
