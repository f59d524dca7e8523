"""One file on its way through a run: which pages to decode next, what became of the others.

Pure bookkeeping, no I/O. The rules:

1. Pages are decoded in batches. The first answer says how many pages there are.
2. A batch that kills its decoder is tried again page by page, so that one page spoils only itself.
3. When the first batch did it, the number of pages is asked for first, decoding none.
4. Pages that kill their decoder, or take too long to read, are refused; after `max_crashes` of
   them, the rest is, too.
"""

from collections import deque
from dataclasses import dataclass
from pathlib import Path

from core.errors import PaperError, PaperLimitError
from core.words import Document, Refusal
from ocr.reading.allowance import Allowance
from ocr.reading.decoding.protocol import DecodeResult, Failure, RawPage
from ocr.reading.discovery import Source
from ocr.reading.kinds import PAGED
from ocr.reading.settings import DecodeLimits
from ocr.reading.tasks import ReadPage

_NOT_TRIED = "Not tried: too many pages before it were harmful."


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Pages `first` to `first + count - 1`; a count of 0 only asks how many there are."""

    first: int
    count: int

    @property
    def pages(self) -> range:
        return range(self.first, self.first + self.count)


class FileJob:
    """The state of one file. Used by one thread only."""

    def __init__(self, source: Source, folder: Path, limits: DecodeLimits) -> None:
        self.source = source
        self.folder = folder
        """Private to this file."""
        self.allowance = Allowance(limits)
        """Of seconds for decoding it; used by those who do."""
        self._limits = limits
        several = source.kind in PAGED
        self._batches = deque([Batch(first=1, count=limits.batch_pages if several else 1)])
        self._total: int | None = None
        self._first_crash: PaperError | None = None
        self._crashes = 0
        self._decoding = 0
        self._reading = 0
        self._pages: dict[int, ReadPage] = {}
        self._refused: dict[int, str] = {}
        self._reason: str | None = None

    @property
    def done(self) -> int:
        """Pages read or refused."""
        return self.total if self._reason else len(self._pages) + len(self._refused)

    @property
    def total(self) -> int:
        """Pages, as far as known; 1 before anything is known."""
        return self._total or 1

    @property
    def finished(self) -> bool:
        return not (self._batches or self._decoding or self._reading)

    @property
    def complete(self) -> bool:
        """Every page was read."""
        return not self._reason and len(self._pages) == self._total

    @property
    def given_up(self) -> bool:
        """So many pages were harmful that the rest is not tried."""
        return self._crashes >= self._limits.max_crashes

    def next_batch(self) -> Batch | None:
        """The batch to decode now; the caller reports back with `decoded` or another answer."""
        if not self._batches:
            return None
        self._decoding += 1
        return self._batches.popleft()

    def decoded(self, batch: Batch, result: DecodeResult) -> tuple[RawPage, ...]:
        """Take note of an answer; returns the pages that are to be read now."""
        self._decoding -= 1
        if self._total is None:
            self._total = result.total
            self._plan(batch)
        for failed in result.failed:
            self._refused[failed.number] = _reason(failed.failure, failed.what)
        answered = {page.number for page in result.pages} | {page.number for page in result.failed}
        for number in set(batch.pages) - answered:
            if number <= self._total:
                self._refused[number] = "It could not be decoded."
        self._reading += len(result.pages)
        if not self.given_up:
            return result.pages
        for page in result.pages:
            self.untried(page.number)
        return ()

    def crashed(self, batch: Batch, error: PaperError) -> None:
        """The decoder died over this batch."""
        self._decoding -= 1
        if self._total is None and batch.count == 0:
            self.refused(self._first_crash or error)
        elif self._total is None:
            self._first_crash = error
            self._batches.append(Batch(first=1, count=0))
        elif self.given_up:
            self._refused.update(dict.fromkeys(batch.pages, _NOT_TRIED))
        elif batch.count > 1:
            self._one_by_one(batch.pages)
        else:
            self._spoilt(batch.first, error)

    def undecodable(self, error: PaperError) -> None:
        """The file as a whole cannot be decoded."""
        self._decoding -= 1
        self.refused(error)

    def refused(self, error: PaperError) -> None:
        self._batches.clear()
        self._reason = error.user_message()

    def read(self, page: ReadPage) -> None:
        self._reading -= 1
        self._pages[page.page.number] = page

    def unread(self, number: int, error: PaperError) -> None:
        """A page that was decoded could not be read."""
        self._reading -= 1
        if isinstance(error, PaperLimitError):
            self._spoilt(number, error)
        else:
            self._refused[number] = error.user_message()

    def untried(self, number: int) -> None:
        """A page that was decoded is not read, for too many before it were harmful."""
        self._reading -= 1
        self._refused[number] = _NOT_TRIED

    def document(self) -> Document | None:
        """The document of the pages that were read; None when there are none."""
        numbers = sorted(self._pages)
        if not numbers:
            return None
        return Document(
            name=self.source.name,
            sha256=self.source.sha256,
            pages=tuple(self._pages[number].page for number in numbers),
            images=tuple(self._pages[number].image for number in numbers),
        )

    def refusals(self) -> tuple[Refusal, ...]:
        """Why the file, or which of its pages, was not read; one for each reason."""
        if self._reason:
            return (Refusal(name=self.source.name, reason=self._reason, fatal=True),)
        numbers: dict[str, list[int]] = {}
        for number in sorted(self._refused):
            numbers.setdefault(self._refused[number], []).append(number)
        return tuple(
            Refusal(
                name=self.source.name,
                reason=reason if self.total == 1 else f"{_listed(found)}: {reason}",
                fatal=True,
            )
            for reason, found in numbers.items()
        )

    def _plan(self, answered: Batch) -> None:
        assert self._total is not None
        if answered.count > 0:
            self._in_batches(answered.first + answered.count)
        elif self._total == 1 and self._first_crash:
            self._spoilt(1, self._first_crash)
        else:
            first = Batch(first=1, count=min(self._limits.batch_pages, self._total))
            self._one_by_one(first.pages)
            self._in_batches(first.count + 1)

    def _in_batches(self, first: int) -> None:
        for start in range(first, self.total + 1, self._limits.batch_pages):
            count = min(self._limits.batch_pages, self.total + 1 - start)
            self._batches.append(Batch(first=start, count=count))

    def _one_by_one(self, pages: range) -> None:
        self._batches.extendleft(Batch(first=number, count=1) for number in reversed(pages))

    def _spoilt(self, number: int, error: PaperError) -> None:
        self._refused[number] = error.user_message()
        self._crashes += 1
        if self.given_up:
            for batch in self._batches:
                for rest in batch.pages:
                    self._refused[rest] = _NOT_TRIED
            self._batches.clear()


def _reason(failure: Failure, what: str) -> str:
    from ocr.reading.decoding.parent import failure_error

    return failure_error(failure, what).user_message()


def _listed(numbers: list[int]) -> str:
    if len(numbers) == 1:
        return f"Page {numbers[0]}"
    shown = ", ".join(str(number) for number in numbers[:10])
    return f"Pages {shown}" + (f" and {len(numbers) - 10} more" if len(numbers) > 10 else "")
