"""Marks that are no words: rules, smudges and signatures that an engine spelt out.

Only marks that mean nothing on medical paper go; signs that do (+, -, <, >, %, /, ±, #, *) stay.
"""

import statistics
from collections.abc import Iterable
from dataclasses import replace

from core.words import Word

_NOISE = frozenset("|¦_—–~`´‘’“”«»©®™¢§\\\"'^")
_PUNCTUATION = frozenset("[]{}().,:;=•°")
"""Noise too when it stands alone, unless the engine is sure of it."""
_SURE = 0.7
_BAR_SURE = 0.6
_MAX_LETTER = 1.2
"""Height of a capital over the page's median word; a table's rule is taller."""


def cleaned(words: Iterable[Word]) -> list[Word]:
    """`words` without meaningless marks; a lone bar the height of a letter is the word I."""
    found = list(words)
    if not found:
        return []
    typical = statistics.median(word.box.bottom - word.box.top for word in found)
    kept = (_cleaned(word, typical) for word in found)
    return [word for word in kept if word is not None]


def _cleaned(word: Word, typical: float) -> Word | None:
    if word.text == "|" and word.confidence >= _BAR_SURE:
        height = word.box.bottom - word.box.top
        return replace(word, text="I") if height <= _MAX_LETTER * typical else None
    marks = set(word.text)
    if marks <= _NOISE:
        return None
    if marks <= _NOISE | _PUNCTUATION and word.confidence < _SURE:
        return None
    text = word.text.strip("_|¦")
    return word if text == word.text else replace(word, text=text)
