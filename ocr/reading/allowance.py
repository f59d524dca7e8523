"""How long a file may keep its decoders busy.

Every file has an account of seconds, from which all the processes that decode it are paid,
those that died as well. Pages that come of it add a little, so that a long file that is honest is
never refused; a file that yields nothing is over when its account is empty. A process gets half of
what is left: the first bad page cannot take the others' time with it.
"""

import threading

from ocr.reading.settings import DecodeLimits

_LEAST_SECONDS = 1.0
"""With less than this no process is started. More than a page brings, or this would never end."""


class Allowance:
    """The account of one file. For several threads; processes that run at once share no seconds."""

    def __init__(self, limits: DecodeLimits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._spent = 0.0
        self._pages = 0

    def next_seconds(self) -> float:
        """Wall seconds for the next process; 0 when there are too few left to start one."""
        with self._lock:
            earned = self._limits.page_credit_seconds * self._pages
            share = (self._limits.wall_seconds + earned - self._spent) / 2
        return share if share >= _LEAST_SECONDS else 0.0

    def spend(self, seconds: float, pages: int) -> None:
        """A process took `seconds` and decoded `pages`."""
        with self._lock:
            self._spent += seconds
            self._pages += pages

    def seconds_a_page(self) -> float:
        """What each page that was decoded has cost so far, failures included."""
        with self._lock:
            return self._spent / max(self._pages, 1)
