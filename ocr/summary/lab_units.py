"""Printed units and what they are in UCUM."""

import re
from dataclasses import dataclass
from functools import cache

from ocr.summary.vocabulary import data


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit of laboratory results."""

    key: str
    """As in the tables of tests."""
    ucum: str
    shown: str


@cache
def unit_of(printed: str) -> Unit | None:
    """The unit that `printed` means, None if it is none that we know."""
    squeezed = _squeezed(printed)
    return _table().get(squeezed) or _lookalikes().get(squeezed.translate(_LOOKALIKES))


@cache
def ucum_of(shown: str) -> str | None:
    """UCUM code of a unit as facts show it."""
    unit = unit_of(shown)
    return unit.ucum if unit else None


def match_unit(text: str, position: int) -> re.Match[str] | None:
    """A known unit at `position`."""
    return _pattern().match(text, position)


_LOOKALIKES = str.maketrans("i1|", "lll")
"""Letters that engines take for an l, as in "mmoi/L"."""


@cache
def _lookalikes() -> dict[str, Unit]:
    return {form.translate(_LOOKALIKES): unit for form, unit in _table().items()}


def _squeezed(printed: str) -> str:
    return re.sub(r"\s+", "", printed).lower().strip(".,;()")


@cache
def _table() -> dict[str, Unit]:
    table: dict[str, Unit] = {}
    for key, (ucum, printed, *shown) in data("units")["units"].items():
        unit = Unit(key=key, ucum=ucum, shown=shown[0] if shown else key)
        table |= {_squeezed(form): unit for form in (*printed, key, unit.shown)}
    return table


@cache
def _pattern() -> re.Pattern[str]:
    forms = sorted(_table(), key=len, reverse=True)
    body = "|".join(r"\s?".join(re.escape(part) for part in _parts(form)) for form in forms)
    return re.compile(rf"[\[(]?(?P<unit>{body})[\])]?(?![\w/^])", re.IGNORECASE)


def _parts(form: str) -> list[str]:
    """Where white space may stand inside a printed unit: around slashes, after the factor."""
    return [part for part in re.split(r"(/)|(?<=\d)(?=feu)", form) if part]
