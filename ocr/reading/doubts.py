"""Numbers, doses, units and dates that stand in doubtful company.

Both engines read what is printed in a word's box; neither sees that the box holds half a word, or
two. Its neighbours on the line tell, and the rest of the page. Rules, for critical tokens and, in 1
and 6, for what may be a piece or a unit:

1. A piece: hardly any space parts it from a neighbour, both with digits or letter beside letter; or
   both are bare numbers a blank apart, between which a dash was lost; or the word before it ends in
   a hyphen or slash; or the word after it is the rest of a number; or a letter stands alone beside
   a unit or what begins like half a word ("A 1c", "M G/L").
2. Run together: it opens a line, and may be a list's number with the figure after it ("4. 60").
3. Among noise: most of what stands around it could not be read.
4. Nobody would write it.
5. Its page mostly writes that unit with other capitals.
6. Behind a number: a stroke, which may be a flag ("I" for "L"), or a short word that was not surely
   read, which may be its unit.

Such a token is never surer than `DOUBTED`.
"""

import re
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from core.words import Line, Word
from ocr.reading.critical import core_of, is_critical, is_implausible

DOUBTED = 0.70
"""Below what a summary takes for sure."""
_TOUCHING = 0.18
"""Of the height of the words; a blank is wider."""
_BLANK = 0.6
"""Of the height of the words; columns of a table stand further apart."""
_BARE = re.compile(r"\d+(\.\d+)?")
_JOINED = "-/"
_REST = re.compile(r"[.,-]\d|\+$")
"""What a number goes on with: ".39", "-34", a grade's "+"."""
_TORN = re.compile(r"\d[A-Za-z]|[A-Z]{1,3}/[A-Z]")
"""What a letter was torn from: "1c", "G/ACTUAT"."""
_STROKES = frozenset("Il|i")
_SHORT = 3
"""Letters of a unit that is no ratio."""
_PREVAILING = 0.75
"""Share of a unit's words that one spelling has when the others are slips."""
_SURE = 0.90
"""Confidence from which on a short word behind a number is taken as read."""
_LIST_HEAD = re.compile(r"\d{1,2}\.\d+.*")
_NEAR = 2
"""Words on either side that count as company."""
_NOISE = 0.60
"""Median confidence of the company below which nothing among it is certain."""


def doubted(lines: Sequence[Line], *, known: str = "") -> tuple[Line, ...]:
    """A page's lines, their doubtful words marked, but for those of the engine `known`."""
    rare = _rare_spellings(lines)
    return tuple(
        replace(
            line,
            words=tuple(
                replace(word, confidence=min(word.confidence, DOUBTED))
                if word.engine != known and (word.text in rare or _is_doubtful(line.words, at))
                else word
                for at, word in enumerate(line.words)
            ),
        )
        for line in lines
    )


def _rare_spellings(lines: Sequence[Line]) -> frozenset[str]:
    """Units that the page writes in two ways, "g/dl" and "g/dL", but for one that prevails."""
    units = Counter(
        word.text
        for line in lines
        for word in line.words
        if is_critical(word.text) and not any(character.isdigit() for character in word.text)
    )
    alike: Counter[str] = Counter()
    for text, count in units.items():
        alike[text.lower()] += count
    return frozenset(
        text for text, count in units.items() if count < _PREVAILING * alike[text.lower()]
    )


def _is_doubtful(words: Sequence[Word], at: int) -> bool:
    word = words[at]
    if not is_critical(word.text):
        return _is_odd_behind_number(words, at) or _is_torn_off(words, at)
    return (
        is_implausible(word.text)
        or _is_piece(words, at)
        or (at == 0 and _LIST_HEAD.fullmatch(core_of(word.text)) is not None)
        or _is_among_noise(words, at)
    )


def _is_piece(words: Sequence[Word], at: int) -> bool:
    before, after = words[max(at - 1, 0) : at], words[at + 1 : at + 2]
    cut = any(word.text[-1] in _JOINED and len(word.text) > 1 for word in before)
    goes_on = words[at].text.isdigit() and any(_REST.match(word.text) for word in after)
    return cut or goes_on or any(_were_one(words[at], other) for other in (*before, *after))


def _is_odd_behind_number(words: Sequence[Word], at: int) -> bool:
    core = core_of(words[at].text)
    if not at or not _BARE.fullmatch(core_of(words[at - 1].text)) or len(core) > _SHORT:
        return False
    return core in _STROKES or (core.isalpha() and words[at].confidence < _SURE)


def _is_torn_off(words: Sequence[Word], at: int) -> bool:
    """Whether it is a letter that hardly any space parts from its neighbour."""
    near = (*words[max(at - 1, 0) : at], *words[at + 1 : at + 2])
    return len(words[at].text) == 1 and any(_were_one(words[at], other) for other in near)


def _is_torn(a: Word, b: Word) -> bool:
    """Whether one of two neighbours is a letter, and the other what it was torn from."""
    return any(
        len(letter.text) == 1 and letter.text.isalpha() and _TORN.match(rest.text)
        for letter, rest in ((a, b), (b, a))
    )


def _were_one(a: Word, b: Word) -> bool:
    gap = max(a.box.left, b.box.left) - min(a.box.right, b.box.right)
    height = min(word.box.bottom - word.box.top for word in (a, b))
    if _is_torn(a, b):
        return gap < _BLANK * height
    if all(_BARE.fullmatch(word.text) for word in (a, b)):
        return gap < _BLANK * height
    digits = all(any(character.isdigit() for character in word.text) for word in (a, b))
    first, second = (a, b) if a.box.left < b.box.left else (b, a)
    letters = first.text[-1].isalpha() and second.text[0].isalpha()
    return (digits or letters) and gap < _TOUCHING * height


def _is_among_noise(words: Sequence[Word], at: int) -> bool:
    company = [*words[max(at - _NEAR, 0) : at], *words[at + 1 : at + 1 + _NEAR]]
    return bool(company) and statistics.median(w.confidence for w in company) < _NOISE
