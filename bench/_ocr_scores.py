"""How right a reading is, and whether it knows where it is not.

CER and WER are edit distances over the length of the truth, pooled over pages, white space taken
as one blank. Numeric recall is the share of the truth's tokens with a digit that were read,
wherever on the page. Calibration looks at every token that is a number, dose, unit or date, in the
truth or as read: it is right when it is read as the truth has it, and marked when its word is
below the confidence from which on a summary asks for no check.

Truths of forms part what the paper writes in one: "466- 5087" where it has "466-5087". A token that
joins such parts is right as long as a mark, or a letter, stays between their digits. One that makes
a new number of two ("12 5" read as "125", "4. 60" as "4.60") is wrong, and so is half of a token.

Beside it stand two counts that the rates cannot tell. `apart`: of the wrong and unmarked tokens,
those that the truth has too but for the blanks in it. `unread`: the truth's tokens that matter for
which nothing was read, so that no word could carry a mark.
"""

import calendar
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from core.words import Page, Word
from ocr.summary.claims import SURE

_AROUND = ".,;:()[]{}'\"“”‘’|_"
_UNIT = re.compile(
    r"(?:[munpkµμ]?(?:g|l|mol|iu|eq|cal)|mmhg|kg/m2|cm|mm|bpm|%|hr|h|min|units?|tabs?|tablets?"
    r"|caps?|capsules?|puffs?|drops?|meg|cells?|fl|pg|u)"
    r"(?:/(?:[munpkµμ]?(?:g|l|mol|iu)|dl|hr|h|min|day|hpf|1\.73\s?m2|m2|actuat))*",
    re.IGNORECASE,
)
_MONTH = re.compile(
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)(?:[a-z]*)", re.IGNORECASE
)
_MONTHS = frozenset(name.lower() for name in calendar.month_name if name)
_MOST_PARTS = 5
"""Tokens of a truth that one token read may join."""
_ENDS_NUMBER, _OPENS_NUMBER = re.compile(r"\d[.,]?$"), re.compile(r"[.,]?\d")


@dataclass(slots=True)
class Score:
    """Sums over pages; the rates are computed from them."""

    pages: int = 0
    characters: int = 0
    character_errors: int = 0
    words: int = 0
    word_errors: int = 0
    numbers: int = 0
    numbers_read: int = 0
    wrong: int = 0
    wrong_marked: int = 0
    right: int = 0
    right_marked: int = 0
    apart: int = 0
    unread: int = 0

    def add(self, truth: str, text: str, words: Sequence[Word] | None = None) -> float:
        """Count one page; `words` in reading order where confidences are known. Returns its CER."""
        true, read = " ".join(truth.split()), " ".join(text.split())
        errors = Levenshtein.distance(true, read)
        self.pages += 1
        self.characters += len(true)
        self.character_errors += errors
        self.words += len(true.split())
        self.word_errors += Levenshtein.distance(true.split(), read.split())
        wanted, got = _numbers(true), _numbers(read)
        self.numbers += wanted.total()
        self.numbers_read += (wanted & got).total()
        if words is not None:
            self._calibrate(true.split(), words)
        return errors / max(len(true), 1)

    def _calibrate(self, truth: list[str], words: Sequence[Word]) -> None:
        self.unread += _unread(truth, words)
        unbroken = "".join(truth)
        for word, right in judged(truth, words):
            marked = word.confidence < SURE
            if right:
                self.right += 1
                self.right_marked += marked
            else:
                self.wrong += 1
                self.wrong_marked += marked
                self.apart += not marked and _core(word.text) in unbroken

    def rates(self) -> dict[str, float]:
        """Every rate that has something to be a rate of."""
        parts = {
            "cer": (self.character_errors, self.characters),
            "wer": (self.word_errors, self.words),
            "numeric_recall": (self.numbers_read, self.numbers),
            "wrong_marked": (self.wrong_marked, self.wrong),
            "right_marked": (self.right_marked, self.right),
        }
        rates = {name: round(part / whole, 4) for name, (part, whole) in parts.items() if whole}
        counts = ("wrong", "right", "apart", "unread")
        return {"pages": self.pages, **rates, **{name: getattr(self, name) for name in counts}}


def judged(truth: list[str], words: Sequence[Word]) -> Iterator[tuple[Word, bool]]:
    """The words that matter, each with whether it is right.

    Tokens are aligned first; one that is right but stands elsewhere in the reading order is right.
    """
    true, read = [_core(token) for token in truth], [_core(word.text) for word in words]
    pairs = dict(_aligned(true, read))
    free = _unmet(true, read)
    spare = Counter(true[i] for i in free)
    whole = {_core("".join(truth[i] for i in run)) for run in _joinable(truth, free)}
    for j, word in enumerate(words):
        i = pairs.get(j)
        meant = true[i] if i is not None else ""
        if not (matters(read[j]) or matters(meant)):
            continue
        right = meant == read[j] or read[j] in whole
        if not right and spare[read[j]]:
            spare[read[j]] -= 1
            right = True
        yield word, right


def _unread(truth: list[str], words: Sequence[Word]) -> int:
    """How many of the truth's tokens that matter have no word read in their place or elsewhere."""
    true, read = [_core(token) for token in truth], [_core(word.text) for word in words]
    met = {i for _, i in _aligned(true, read) if i is not None}
    spare = Counter(read) - Counter(true[i] for i in met)
    for run in _joinable(truth, _unmet(true, read)):
        if _core("".join(truth[i] for i in run)) in spare:
            met.update(run)
    missed = Counter(token for i, token in enumerate(true) if i not in met and matters(token))
    return (missed - spare).total()


def _unmet(true: list[str], read: list[str]) -> set[int]:
    """The truth's tokens that were not read as they stand in their place."""
    return set(range(len(true))) - {
        i for j, i in _aligned(true, read) if i is not None and true[i] == read[j]
    }


def _joinable(truth: list[str], free: set[int]) -> Iterator[range]:
    """Runs of tokens, all in `free`, that may be written in one without making a new number."""
    for first in free:
        for last in range(first + 1, first + _MOST_PARTS):
            if last not in free or _makes_number(truth[last - 1], truth[last]):
                break
            yield range(first, last + 1)


def _makes_number(before: str, after: str) -> bool:
    return bool(_ENDS_NUMBER.search(before) and _OPENS_NUMBER.match(after))


def matters(token: str) -> bool:
    """Whether a token is a number, dose, unit or part of a date."""
    low = token.lower()
    return (
        any(c.isdigit() for c in low)
        or _UNIT.fullmatch(low) is not None
        or (_MONTH.fullmatch(low) is not None and (low in _MONTHS or len(low) <= 4))
    )


def _aligned(true: list[str], read: list[str]) -> Iterator[tuple[int, int | None]]:
    """(index read, index in the truth or None) for every token read."""
    for step in Levenshtein.opcodes(true, read):
        for offset in range(step.dest_end - step.dest_start):
            inside = step.src_start + offset < step.src_end
            yield step.dest_start + offset, step.src_start + offset if inside else None


def _core(token: str) -> str:
    return token.strip(_AROUND) or token


def _numbers(text: str) -> Counter[str]:
    return Counter(_core(token) for token in text.split() if any(c.isdigit() for c in token))


def words_of(page: Page) -> list[Word]:
    """A page's words in reading order."""
    return [word for line in page.lines for word in line.words]
