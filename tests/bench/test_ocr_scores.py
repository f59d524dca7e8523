"""What counts as right: the truth's token, one that joins its parts, and no new number."""

from collections.abc import Callable

import pytest

from bench._ocr_scores import Score, Verdict, judged
from core.words import Box, Word

Judge = Callable[[str, str], list[bool]]


def _words(read: str, confidence: float = 0.99) -> list[Word]:
    box = Box(left=0, top=0, right=10, bottom=10)
    return [
        Word(text=text, box=box, confidence=confidence, engine="tesseract") for text in read.split()
    ]


@pytest.fixture
def judge() -> Judge:
    """Which of the words that matter are right, blanks allowed for."""
    return lambda truth, read: [
        verdict is not Verdict.WRONG for _, verdict in judged(truth.split(), _words(read))
    ]


@pytest.mark.parametrize(
    ("truth", "read"),
    [
        ("FAX 466- 5087", "FAX 466-5087"),
        ("DATE: 12 /10 /98", "DATE: 12/10/98"),
        ("at 17 :46", "at 17:46"),
        ("on the left side.,7. Gout", "on the left side. 7. Gout"),
        ("range 12-15 mg", "range 12- 15 mg"),
        ("PHONE (336) 7363 335- DATE", "PHONE (336) 335-7363 DATE"),
    ],
)
def test_judged_right_when_only_a_blank_beside_a_mark_differs(
    judge: Judge, truth: str, read: str
) -> None:
    assert all(judge(truth, read))


@pytest.mark.parametrize(
    ("truth", "read"),
    [
        ("dose 12 5 mg", "dose 125 mg"),
        ("dose 125 mg", "dose 12 5 mg"),
        ("4. 60 mg", "4.60 mg"),
        ("4 .60 mg", "4.60 mg"),
        ("4.60 mg", "4. 60 mg"),
        ("take 5 mg", "take 5mg"),
        ("30 mg daily", "30 m g daily"),
        ("level 0 seen", "level 9 seen"),
    ],
)
def test_judged_wrong_when_a_blank_changes_a_number_or_unit(
    judge: Judge, truth: str, read: str
) -> None:
    assert not all(judge(truth, read))


def test_judged_wrong_when_the_parts_stand_there_read_already(judge: Judge) -> None:
    assert judge("466- 5087 seen", "466- 5087 466-5087 seen") == [True, True, False]


def test_judged_right_when_the_order_of_reading_differs(judge: Judge) -> None:
    assert judge("first 17 then 25", "then 25 first 17") == [True, True]


def test_score_counts_parts_that_were_joined_as_read() -> None:
    score = Score()
    score.add("FAX 466- 5087 of 17 mg", "", _words("FAX 466-5087 of mg"))
    assert (score.right, score.wrong, score.unread) == (2, 0, 1)


def test_score_tells_marked_from_unmarked_and_counts_what_only_blanks_part() -> None:
    score = Score()
    score.add("dose 12 5", "", _words("dose 125", confidence=0.5))
    score.add("dose 12 5", "", _words("dose 125"))
    score.add("FAX 466- 5087", "", _words("FAX 466-5087", confidence=0.5))
    assert (score.wrong, score.wrong_marked) == (2, 1)
    assert (score.apart, score.apart_marked, score.right) == (1, 1, 1)
