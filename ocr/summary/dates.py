"""Dates in explicit forms only, with the precision the paper has.

A number alone is never a date. Where day and month could be either, only the year is taken.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from ocr.summary.text import Span

_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTH = rf"(?P<month>{'|'.join(_MONTHS)}|{'|'.join(m[:3] for m in _MONTHS)}|sept)\.?"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_FORMS = tuple(
    re.compile(rf"(?<![\w./-])(?:{form})(?![\w/-]|\.\d)", re.IGNORECASE)
    for form in (
        rf"{_YEAR}-(?P<mm>\d\d)-(?P<day>\d\d)(?:T[\d:.+Z-]*)?",
        rf"{_YEAR}/(?P<mm>\d\d)/(?P<day>\d\d)",
        rf"{_DAY}(?:\s+of)?[\s-]+{_MONTH}[\s,-]+{_YEAR}",
        rf"{_MONTH}[\s-]+{_DAY}\s*,?\s+{_YEAR}",
        rf"(?P<a>\d{{1,2}})[/-](?P<b>\d{{1,2}})[/-]{_YEAR}",
        rf"(?P<day>\d{{1,2}})\.\s?(?P<mm>\d{{1,2}})\.\s?{_YEAR}",
        rf"{_MONTH},?(?:\s+of)?[\s-]+{_YEAR}",
        rf"{_YEAR}-(?P<mm>\d\d)",
        rf"(?P<mm>0?[1-9]|1[0-2])/{_YEAR}",
    )
)
_DIGITS = re.compile(r"\d{4}")
_BARE_YEAR = re.compile(rf"(?<![\w./-]){_YEAR}(?![\w/%-]|\.\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A date as printed at `span`."""

    iso: str
    """2024, 2024-03 or 2024-03-05."""
    span: Span
    either: str | None = None
    """Both dates, as "2024-03-04 or 2024-04-03", where day and month could be either; `iso` is
    then the year."""

    @property
    def ambiguous(self) -> bool:
        return self.either is not None


def find_dates(
    text: str, start: int = 0, end: int | None = None, *, years: bool = False
) -> list[Dated]:
    """The dates in text[start:end], by position; with `years` also years that stand alone."""
    end = len(text) if end is None else end
    if _DIGITS.search(text, start, end) is None:
        return []
    found: list[Dated] = []
    for form in (*_FORMS, _BARE_YEAR) if years else _FORMS:
        for match in form.finditer(text, start, end):
            if not _overlaps(match.span(), found):
                found.extend(_dated(match))
    return sorted(found, key=lambda dated: dated.span)


def _overlaps(span: Span, found: list[Dated]) -> bool:
    return any(span[0] < other.span[1] and other.span[0] < span[1] for other in found)


def _dated(match: re.Match[str]) -> Iterator[Dated]:
    parts = match.groupdict()
    year = int(parts["year"])
    if parts.get("a"):
        yield from _slashed(year, int(parts["a"]), int(parts["b"]), match.span())
        return
    month = int(parts["mm"]) if parts.get("mm") else _month(parts.get("month"))
    day = int(parts["day"]) if parts.get("day") else None
    if _exists(year, month, day):
        yield Dated(iso=_iso(year, month, day), span=match.span())


def _slashed(year: int, a: int, b: int, span: Span) -> Iterator[Dated]:
    readings = {(m, d) for m, d in ((b, a), (a, b)) if _exists(year, m, d)}
    if len(readings) == 1:
        month, day = readings.pop()
        yield Dated(iso=_iso(year, month, day), span=span)
    elif readings:
        either = " or ".join(sorted(_iso(year, month, day) for month, day in readings))
        yield Dated(iso=f"{year}", span=span, either=either)


def _month(name: str | None) -> int | None:
    if name is None:
        return None
    return next(i for i, m in enumerate(_MONTHS, 1) if m.startswith(name.lower()[:3]))


def _exists(year: int, month: int | None, day: int | None) -> bool:
    try:
        date(year, 1 if month is None else month, 1 if day is None else day)
    except ValueError:
        return False
    return True


def _iso(year: int, month: int | None, day: int | None) -> str:
    return "-".join(
        part
        for part in (
            f"{year:04}",
            "" if month is None else f"{month:02}",
            "" if day is None else f"{day:02}",
        )
        if part
    )
