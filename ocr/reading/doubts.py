"""Numbers, doses, units and dates that stand in doubtful company.

Both engines read what is printed in a word's box; neither sees that the box holds half a word, or
two. Its neighbours on the line tell. Rules, each for a critical token:

1. A piece: it has digits, and hardly any space parts it from a neighbour that has; or both are bare
   numbers a blank apart, between which a dash was lost; or the word before it ends in a hyphen or
   slash; or the word after it is the rest of a number.
2. Run together: it opens a line, and may be a list's number with the figure after it ("4. 60").
3. Among noise: most of what stands around it could not be read.
4. Nobody would write it.

Such a token is never surer than `DOUBTED`.
"""

import re
import statistics
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
_LIST_HEAD = re.compile(r"\d{1,2}\.\d+.*")
_NEAR = 2
"""Words on either side that count as company."""
_NOISE = 0.60
"""Median confidence of the company below which nothing among it is certain."""


def doubted(line: Line, *, known: str = "") -> Line:
    """The line with its doubtful critical words marked, but for those of the engine `known`."""
    words = line.words
    return replace(
        line,
        words=tuple(
            replace(word, confidence=min(word.confidence, DOUBTED))
            if word.engine != known and is_critical(word.text) and _is_doubtful(words, at)
            else word
            for at, word in enumerate(words)
        ),
    )


def _is_doubtful(words: Sequence[Word], at: int) -> bool:
    word = words[at]
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


def _were_one(a: Word, b: Word) -> bool:
    gap = max(a.box.left, b.box.left) - min(a.box.right, b.box.right)
    height = min(word.box.bottom - word.box.top for word in (a, b))
    if all(_BARE.fullmatch(word.text) for word in (a, b)):
        return gap < _BLANK * height
    digits = all(any(character.isdigit() for character in word.text) for word in (a, b))
    return digits and gap < _TOUCHING * height


def _is_among_noise(words: Sequence[Word], at: int) -> bool:
    company = [*words[max(at - _NEAR, 0) : at], *words[at + 1 : at + 1 + _NEAR]]
    return bool(company) and statistics.median(w.confidence for w in company) < _NOISE
