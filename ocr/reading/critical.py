"""Tokens where one wrong character can harm: numbers, doses, units, dates."""

import calendar
import re

_AROUND = ".,;:()[]{}'\"“”‘’|_"
_MONTHS = frozenset(name.lower() for name in (*calendar.month_name, *calendar.month_abbr) if name)
_UNIT = re.compile(
    r"[munpkdcµμ]?(?:g|l|m|mol|iu|eq|osm|at|cal|bq)|mc?g|meg|units?|u|%|‰|cells?|f[lit1]|p[ga]|(?:hb)?a[l1i]c"
    r"|mmhg|cmh2o|bpm|hpf|tab(?:let)?s?|cap(?:sule)?s?|puffs?|drops?|gtts?|patch(?:es)?"
    r"|qd|qod|bid|tid|qid|prn|hs|ac|pc|po|iv|im|sc|sl|daily|twice|once|hourly|weekly|monthly"
    r"|hrs?|hours?|mins?|minutes?|days?|weeks?|months?|years?",
    re.IGNORECASE,
)
_RATIO = re.compile(r"\S{1,12}/\S{1,20}")
"""mg/dL and what engines make of it: mog/dt, me¢/dL."""

_CONFUSABLE = re.compile(
    r".*\d,\d.*|m[ce]?g|[µuμ]g|.*[il|]c|(?-i:(?:.*/)?[mdfµun]?l)", re.IGNORECASE
)
"""A comma for a decimal point, "meg" for "mcg", "Alc" for "A1c", "g/dl" for "g/dL": engines are
sure of them."""

_IMPLAUSIBLE = re.compile(
    r"[qg][^\W\d]{1,2}h"  # what should be q6h or q12h
    r"|.*a[il|]c"  # A1c
    r"|@"  # a nought with a dot or a bar in it
    r"|(?-i:.*/I)"  # a litre
    r"|.*\d,(?!\d{3}(?!\d)).*"  # a comma that parts no thousands stands for a point
    r"|[^\W\d]+%"  # a flag and the unit beside it
    r"|.*[^/]/"  # a ratio without its lower part
    r"|[,;:.]\d.*",  # what came before the mark is missing
    re.IGNORECASE,
)
"""What nobody writes, although engines agree on it."""
_POINTED = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_CLOSING = ",;:()[]{}'\"“”‘’|_."


def core_of(token: str) -> str:
    """The token without the punctuation around it."""
    return token.strip(_AROUND) or token


def is_critical(token: str) -> bool:
    """Whether a token, as read, is or may be a number, dose, unit, rhythm or part of a date."""
    core = core_of(token)
    if any(character.isdigit() for character in core):
        return True
    low = core.lower()
    known = _UNIT.fullmatch(low) or low in _MONTHS or _RATIO.fullmatch(low)
    return bool(known or _IMPLAUSIBLE.fullmatch(low))


def is_implausible(token: str) -> bool:
    """Whether a critical token is one that nobody would write."""
    text = token.rstrip(_CLOSING)
    pointed = _POINTED.fullmatch(core_of(token))
    return bool(_IMPLAUSIBLE.fullmatch(text) or (pointed and not _is_date(pointed)))


def _is_date(pointed: re.Match[str]) -> bool:
    day, month, year = (int(part) for part in pointed.groups())
    return 1 <= min(day, month) <= 12 and max(day, month) <= 31 and len(str(year)) in (2, 4)


def is_confusable(token: str) -> bool:
    """Whether a critical token is one that engines misread without a doubt."""
    return _CONFUSABLE.fullmatch(core_of(token)) is not None
