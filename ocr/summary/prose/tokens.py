"""The first look at a sentence: every sign and every word must come from its facts.

Words that no fact has are the closed list of `data/prose.toml`, each group with its reason. That a
sentence passes says nothing yet of its meaning; it is told apart here why it cannot mean well.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache

from core.prose import Refusal
from ocr.summary.drugs import find_drugs
from ocr.summary.prose.slots import Told
from ocr.summary.vocabulary import data

LONGEST = 400
"""Characters of a sentence."""

_TOKEN = re.compile(r"[^\s()\[\],;:\"“”]+")
_SPACES = re.compile(r"[ \u00a0\u2009\u202f\t\n]+")
_QUOTES = str.maketrans({"’": "'", "‘": "'"})


def tidied(text: str) -> str:
    """One space between words, straight apostrophes, composed letters."""
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text)).translate(_QUOTES).strip()


def foreign(text: str, slots: Sequence[Iterable[Told]]) -> Refusal | None:
    """What stands in `text` that neither its facts nor the closed list have."""
    carried = [form for fact in slots for told in fact for form in told.forms]
    if len(text) > LONGEST:
        return Refusal.TOO_LONG
    if not set(text) <= _signs() | {sign for form in carried for sign in form}:
        return Refusal.CHARACTER
    known = function_words() | {token for form in carried for token in _tokens(form)}
    strange = [token for token in _tokens(text) if token not in known]
    if not strange:
        return None
    if any(any(c.isdigit() for c in token) or token in _MONTHS for token in strange):
        return Refusal.NUMBER
    return Refusal.DRUG if find_drugs(" ".join(strange), 0, 10**6) else Refusal.WORD


@cache
def function_words() -> frozenset[str]:
    """The words that no fact carries."""
    return frozenset(word for group in data("prose")["words"] for word in group["words"])


@cache
def _signs() -> frozenset[str]:
    return frozenset(map(chr, range(0x20, 0x7F)))


def _tokens(text: str) -> list[str]:
    found = (match.group().lower() for match in _TOKEN.finditer(text))
    return [token for token in (one.strip(".") for one in found) if token]


_MONTHS = frozenset(
    {"january", "february", "march", "april", "may", "june", "july", "august", "september",
     "october", "november", "december", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep",
     "oct", "nov", "dec"}
)  # fmt: skip
