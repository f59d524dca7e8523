"""In which language is a page written? Only English is interpreted; the rest is listed.

A rule made for English finds something in any text: "die" is a German article, "pain" French
bread. So a page in another language gives no facts but whose it is.
"""

import re
import unicodedata
from collections import Counter
from functools import cache

from ocr.summary.vocabulary import data

ENGLISH = "English"
OTHER_SCRIPT = "another script"

_ENOUGH = 12
"""Words below which a page is taken for English: a table's few words tell nothing."""
_SHARE = 0.12
"""Function words of its language among a page's words; running text has 0.3 and more."""
_DIFFERENT = 5
"""Function words that must differ: "po" and "od" fill a prescription and are Polish words."""
_LEAD = 2.0
"""How many times more of them than English ones."""
_FOREIGN_LETTERS = 0.5


def language_of(text: str) -> str:
    """The name of the page's language, "English" where nothing speaks against it."""
    if not text.isascii() and _beyond_latin(text) > _FOREIGN_LETTERS:
        return OTHER_SCRIPT
    words = re.findall(r"[^\W\d_]+", text.lower())
    if len(words) < _ENOUGH:
        return ENGLISH
    counts = Counter(name for word in words for name in _languages().get(word, ()))
    best = max(_known(), key=lambda name: counts[name])
    different = len(_known()[best].intersection(words))
    if best == ENGLISH or different < _DIFFERENT or counts[best] < _SHARE * len(words):
        return ENGLISH
    return best if counts[best] >= _LEAD * counts[ENGLISH] else ENGLISH


def _beyond_latin(text: str) -> float:
    """Share of the letters that are not Latin; Greek letters of units count little."""
    letters = [c for c in text if c.isalpha()]
    if len(letters) < _ENOUGH:
        return 0.0
    return sum(not _is_latin(letter) for letter in letters) / len(letters)


@cache
def _is_latin(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("LATIN")


@cache
def _known() -> dict[str, frozenset[str]]:
    return {
        name: frozenset(w for w in words if len(w) > 1)
        for name, words in data("languages")["words"].items()
    }


@cache
def _languages() -> dict[str, tuple[str, ...]]:
    """The languages of each function word."""
    table: dict[str, list[str]] = {}
    for name, words in _known().items():
        for word in words:
            table.setdefault(word, []).append(name)
    return {word: tuple(names) for word, names in table.items()}
