"""How right a reading is, and whether it knows where it is not.

CER and WER are edit distances over the length of the truth, pooled over pages, white space taken
as one blank. Numeric recall is the share of the truth's tokens with a digit that were read,
wherever on the page. Calibration looks at every token that is a number, dose, unit or date, in the
truth or as read: it is right when it is read as the truth has it, and marked when its word is
below the confidence from which on a summary asks for no check.

A token that the truth has, too, but for its blanks is right as long as no digit or letter met or
left another one, nor a number its decimals, by that: the truths of forms write "466- 5087" where
the paper has "466-5087", and a report's "side.,7." may be read as two words. "12 5" for "125",
"4. 60" for "4.60" and "m g" for "mg" are wrong. Right is also a token whose words and numbers all
stand in the truth where nothing was read: a form's truth has "7363 335-" for "335-7363". `apart`
counts both, `apart_marked` the marked ones among them: wrong + apart and wrong_marked +
apart_marked are the counts without that allowance.

`unread` are the truth's tokens that matter for which nothing was read, so that no word could carry
a mark.
"""

import calendar
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import accumulate

from rapidfuzz.distance import Levenshtein, Opcode

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
_POINTS = (".", ",")
_MONTHS = frozenset(name.lower() for name in calendar.month_name if name)


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
    apart_marked: int = 0
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
        for word, verdict in judged(truth, words):
            marked = word.confidence < SURE
            if verdict is Verdict.WRONG:
                self.wrong += 1
                self.wrong_marked += marked
                continue
            self.right += 1
            self.right_marked += marked
            if verdict is Verdict.APART:
                self.apart += 1
                self.apart_marked += marked

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
        counts = ("wrong", "right", "apart", "apart_marked", "unread")
        return {"pages": self.pages, **rates, **{name: getattr(self, name) for name in counts}}


class Verdict(Enum):
    """What a token is, held against the truth."""

    RIGHT = auto()
    APART = auto()
    """Right but for its blanks, harmlessly."""
    WRONG = auto()


def judged(truth: list[str], words: Sequence[Word]) -> Iterator[tuple[Word, Verdict]]:
    """The words that matter, each with its verdict.

    Tokens are aligned first; one that is right but stands elsewhere in the reading order is right.
    """
    true, read = [_core(token) for token in truth], [_core(word.text) for word in words]
    pairs = dict(_aligned(true, read))
    spare = Counter(true[i] for i in set(range(len(true))) - {pairs.get(j) for j in pairs})
    spare += Counter(true[i] for j, i in pairs.items() if i is not None and true[i] != read[j])
    around = _around(true, read)
    pieces = sum((Counter(_pieces(token)) for token in spare.elements()), Counter[str]())
    for j, word in enumerate(words):
        i = pairs.get(j)
        meant = true[i] if i is not None else ""
        if not (matters(read[j]) or matters(meant)):
            continue
        if meant == read[j] or spare[read[j]]:
            spare[read[j]] -= meant != read[j]
            yield word, Verdict.RIGHT
        else:
            own = Counter(_pieces(read[j]))
            scattered = len(own) > 1 and own <= pieces
            pieces -= own if scattered else Counter()
            apart = scattered or is_apart(read[j], [truth[k] for k in around.get(j, ())])
            yield word, Verdict.APART if apart else Verdict.WRONG


def is_apart(token: str, truth: Sequence[str]) -> bool:
    """Whether consecutive tokens of `truth` hold `token` but for blanks, and harmlessly so."""
    whole, ends, at = "".join(truth), set(accumulate(map(len, truth))), -1
    while token and (at := whole.find(token, at + 1)) >= 0:
        end = at + len(token)
        cuts = {at, end} - ends - {0}
        joints = {place for place in ends if at < place < end}
        if all(_is_harmless(whole, place) for place in cuts | joints):
            return True
    return False


def _pieces(token: str) -> list[str]:
    """The words and numbers of a token: those of "(336) 335-7392" are 336, 335 and 7392."""
    return [piece for piece in re.split(r"[^\w.,]+", token) if piece]


def _is_harmless(whole: str, place: int) -> bool:
    """Whether a blank between whole[:place] and whole[place:] changes nothing that is meant."""
    before, after = whole[:place], whole[place:]
    if before[-1:].isalnum() and after[:1].isalnum():
        return False
    pointed = before[-1:] in _POINTS or after[:1] in _POINTS
    digits = before.rstrip(".,")[-1:].isdigit() and after.lstrip(".,")[:1].isdigit()
    return not (pointed and digits)


def _around(true: list[str], read: list[str]) -> dict[int, range]:
    """For each token read that is not aligned with its like, the truth's tokens in its place."""
    found: dict[int, range] = {}
    block: list[Opcode] = []
    for step in [*Levenshtein.opcodes(true, read), None]:
        if step is not None and step.tag != "equal":
            block.append(step)
            continue
        if block:
            place = range(block[0].src_start, block[-1].src_end)
            found |= dict.fromkeys(range(block[0].dest_start, block[-1].dest_end), place)
        block = []
    return found


def _unread(truth: list[str], words: Sequence[Word]) -> int:
    """How many of the truth's tokens that matter have no word read in their place or elsewhere."""
    true, read = [_core(token) for token in truth], [_core(word.text) for word in words]
    met = {i for _, i in _aligned(true, read) if i is not None}
    for j, place in _around(true, read).items():
        if is_apart(read[j], [truth[i] for i in place]):
            met.update(i for i in place if true[i] in read[j])
    spare = Counter(read) - Counter(true[i] for i in met)
    missed = Counter(token for i, token in enumerate(true) if i not in met and matters(token))
    return (missed - spare).total()


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
