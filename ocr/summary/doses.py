"""Doses in running text, from the first number or word of amount to the last word of rate.

Wider than a prescription's line (`sig`): literature and letters dose by weight and surface
("30 mg/kg/day"), over time ("2 g over 3 hours"), and in words ("low-dose", "an overdose").
"""

import re
from collections.abc import Iterable
from functools import cache

from ocr.summary.sig import form_words, unit_words
from ocr.summary.text import Span
from ocr.summary.vocabulary import data, phrases

_NUMBER = r"\d+(?:[.,]\d+)*(?:\s?(?:[-–/]|to|and|or|\+/-)\s?\d+(?:[.,]\d+)*)?"


def find_doses(text: str, start: int = 0, end: int | None = None) -> list[Span]:
    """Amounts with all that rates them, and amounts in words, by position."""
    end = len(text) if end is None else end
    numbers = [_rated(text, match.span(), end) for match in _amount().finditer(text, start, end)]
    words = [match.span() for match in _in_words().finditer(text, start, end)]
    return sorted({*_apart(numbers), *words})


def dose_in_words(text: str, start: int, end: int) -> re.Match[str] | None:
    """A size of dose that is said without a number, such as "low-dose"."""
    return _sized().search(text, start, end)


def _apart(spans: list[Span]) -> list[Span]:
    """Without spans that begin inside the one before."""
    kept: list[Span] = []
    for span in spans:
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept


def _rated(text: str, span: Span, end: int) -> Span:
    """Through every route, rate, period and volume that follows directly."""
    reached = span[1]
    while more := _rate().match(text, reached, end):
        reached = more.end()
    return (span[0], reached)


@cache
def _amount() -> re.Pattern[str]:
    units = _either((*unit_words(), *form_words()))
    return re.compile(
        rf"(?:\bbetween\s)?(?<![\w.,/-]){_NUMBER}\s?-?(?:{units})(?![A-Za-z])"
        rf"(?:\s?{_PER})*",
        re.IGNORECASE,
    )


_PER = (
    r"(?:(?:/|per|a)\s?(?:\d+\s?)?(?:kg|m\(?2\)?|m²|ml|l|day|d|hours?|hrs?|h|min(?:ute)?|weeks?|wk"
    r"|month|dose|body weight|patient)(?![A-Za-z])|(?:kg|m|d|h)\s?[-–]\s?[12](?!\d))"
)


@cache
def _rate() -> re.Pattern[str]:
    tables = (data("sig")["route"], data("sig")["rate"], data("sig")["timing"])
    known = phrases(form for table in tables for forms in table.values() for form in forms).pattern
    period = r"(?:minutes?|min|hours?|hrs?|h|days?|d|weeks?|wk|months?)(?![A-Za-z])"
    count = rf"(?:{_NUMBER}|one|two|three|four|five|six|seven|eight|ten|twelve)"
    return re.compile(
        rf"[\s,]*(?:{known}|(?:in|over|for|every|by|within)\s(?:a\s)?{count}[\s-]?{period}"
        rf"|in\s{_NUMBER}\s?ml\b|(?:as\s)?(?:a\s)?(?:continuous\s)?(?:infusion|bolus)\b"
        r"|each|twice\s?/|/\s?(?:day|d|week)\b)",
        re.IGNORECASE,
    )


@cache
def _in_words() -> re.Pattern[str]:
    alone = _either(data("sig")["dose_in_words"]["alone"])
    return re.compile(rf"{_sized().pattern}|\b(?:{alone})\b", re.IGNORECASE)


@cache
def _sized() -> re.Pattern[str]:
    words = data("sig")["dose_in_words"]
    size = rf"(?:very\s|relatively\s)?['\"‘“]?(?:{_either(words['sizes'])})['\"’”]?"
    sizes = rf"{size}(?:,?\s(?:or\s|and\s|to\s)?{size})*"
    return re.compile(rf"(?<!\w){sizes}[\s-]+(?:{_either(words['nouns'])})\b", re.IGNORECASE)


def _either(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
