"""Which pages to decode next, and what a crash costs."""

from pathlib import Path

import pytest

from core.errors import PaperLimitError, UnreadablePaperError
from core.words import Page
from ocr.reading import DecodeLimits
from ocr.reading.decoding.protocol import DecodeResult, FailedPage, RawPage
from ocr.reading.discovery import Source
from ocr.reading.job import Batch, FileJob
from ocr.reading.kinds import FileKind
from ocr.reading.tasks import ReadPage

CRASH = PaperLimitError("It needs more time or memory to decode than allowed.")
SLOW = PaperLimitError("Reading it took longer than allowed.")


@pytest.fixture
def job() -> FileJob:
    source = Source(path=Path("x.pdf"), name="x.pdf", sha256="00", kind=FileKind.PDF, named=True)
    return FileJob(source, Path("nowhere"), DecodeLimits(batch_pages=4, max_crashes=2))


def _answer(batch: Batch, total: int) -> DecodeResult:
    pages = tuple(
        RawPage(number=number, file=f"page-{number}.grey", width=1, height=1, dpi=300)
        for number in batch.pages
        if number <= total
    )
    return DecodeResult(total=total, pages=pages)


def _read(number: int) -> ReadPage:
    page = Page(document="x.pdf", number=number, width=1, height=1, dpi=300, lines=())
    return ReadPage(page=page, image=b"")


def _finish(job: FileJob, total: int, harmful: frozenset[int]) -> None:
    """Drive the job with a decoder that dies over `harmful` pages."""
    while (batch := job.next_batch()) is not None:
        if harmful & set(batch.pages):
            job.crashed(batch, CRASH)
            continue
        for raw in job.decoded(batch, _answer(batch, total)):
            job.read(_read(raw.number))
    assert job.finished


def _numbers(job: FileJob) -> list[int]:
    document = job.document()
    return [page.number for page in document.pages] if document else []


def test_next_batch_covers_every_page_once_when_all_goes_well(job: FileJob) -> None:
    _finish(job, 10, frozenset())
    assert _numbers(job) == list(range(1, 11))
    assert job.refusals() == ()
    assert job.complete
    assert (job.done, job.total) == (10, 10)


@pytest.mark.parametrize("page", [1, 3, 7, 10])
def test_crashed_spoils_only_its_page_when_one_page_is_harmful(job: FileJob, page: int) -> None:
    _finish(job, 10, frozenset({page}))
    assert _numbers(job) == [number for number in range(1, 11) if number != page]
    (refusal,) = job.refusals()
    assert refusal.reason.startswith(f"Page {page}: It needs more time")
    assert refusal.fatal
    assert not job.complete
    assert job.done == job.total


def test_crashed_gives_the_file_up_when_too_many_pages_are_harmful(job: FileJob) -> None:
    _finish(job, 10, frozenset({2, 3, 8}))
    assert _numbers(job) == [1]
    assert [refusal.reason.partition(":")[0] for refusal in job.refusals()] == [
        "Pages 2, 3",
        "Pages 4, 5, 6, 7, 8, 9, 10",
    ]


def test_crashed_tries_no_second_time_when_the_file_has_one_page(job: FileJob) -> None:
    job.crashed(job.next_batch() or pytest.fail("the job is over before it began"), CRASH)
    probe = job.next_batch()
    assert probe == Batch(first=1, count=0)
    job.decoded(probe, DecodeResult(total=1))
    assert job.finished
    assert [refusal.reason for refusal in job.refusals()] == [CRASH.user_message()]


def test_crashed_refuses_the_file_when_even_counting_is_harmful(job: FileJob) -> None:
    while (batch := job.next_batch()) is not None:
        job.crashed(batch, CRASH)
    assert job.finished
    assert job.document() is None
    assert [refusal.reason for refusal in job.refusals()] == [CRASH.user_message()]


def test_decoded_refuses_pages_when_the_answer_lacks_them(job: FileJob) -> None:
    batch = job.next_batch()
    assert batch is not None
    failed = FailedPage(number=2, failure="unreadable", what="is damaged")
    result = DecodeResult(
        total=3, pages=_answer(Batch(first=1, count=1), 3).pages, failed=(failed,)
    )
    for raw in job.decoded(batch, result):
        job.read(_read(raw.number))
    assert job.finished
    assert [refusal.reason.partition(".")[0] for refusal in job.refusals()] == [
        "Page 2: It is damaged",
        "Page 3: It could not be decoded",
    ]


def test_unread_refuses_the_page_and_keeps_the_rest(job: FileJob) -> None:
    batch = job.next_batch()
    assert batch is not None
    job.decoded(batch, _answer(batch, 2))
    job.unread(1, UnreadablePaperError("Its pixels are missing."))
    job.read(_read(2))
    assert _numbers(job) == [2]
    assert "Page 1: Its pixels are missing." in job.refusals()[0].reason


def test_unread_gives_the_file_up_when_too_many_pages_take_too_long(job: FileJob) -> None:
    first, second = job.next_batch(), job.next_batch()
    assert first is not None
    assert second is None  # how many pages there are is not known yet
    job.decoded(first, _answer(first, 12))
    second, third = job.next_batch(), job.next_batch()
    assert second is not None
    assert third is not None
    for number in (1, 2):
        assert not job.given_up
        job.unread(number, SLOW)
    assert job.given_up
    job.read(_read(3))  # its process had begun
    job.untried(4)
    assert job.decoded(second, _answer(second, 12)) == ()
    job.crashed(third, CRASH)
    assert job.finished
    assert _numbers(job) == [3]
    assert [refusal.reason.partition(". ")[0] for refusal in job.refusals()] == [
        "Pages 1, 2: Reading it took longer than allowed",
        "Pages 4, 5, 6, 7, 8, 9, 10, 11, 12: Not tried: too many pages before it were harmful.",
    ]


def test_unread_goes_on_when_pages_are_bad_but_cost_nothing(job: FileJob) -> None:
    while (batch := job.next_batch()) is not None:
        for raw in job.decoded(batch, _answer(batch, 10)):
            job.unread(raw.number, UnreadablePaperError("Its pixels are missing."))
    assert not job.given_up
    assert job.done == 10


def test_undecodable_refuses_the_file(job: FileJob) -> None:
    job.next_batch()
    job.undecodable(UnreadablePaperError("It is damaged."))
    assert job.finished
    assert job.document() is None
    assert job.done == job.total == 1
