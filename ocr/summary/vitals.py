"""Vital signs and body measures, in running text and in tables, with the unit as printed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from core.facts import Coding, Kind
from ocr.summary.assertions import is_conditional
from ocr.summary.mentions import Mention
from ocr.summary.sheets import Sheet
from ocr.summary.vocabulary import data, inverted, normal, phrases

LOINC = "http://loinc.org"

_NO_VITALS = frozenset({"family", "allergies", "immunizations", "medications", "plan"})
_FILLER = re.compile(
    r"(?:[\s:=,(]|\b(?:is|was|of|at|today|were|reading|currently|now|afebrile|rate|measured)\b)*",
    re.IGNORECASE,
)
_PRESSURE = re.compile(r"(?P<value>\d{2,3}\s?/\s?\d{2,3})(?![\d/])")
_NUMBER = re.compile(r"(?P<value>\d{1,3}(?:\.\d{1,2})?)(?!\d|[/.]\d|\s?[-–]\s?\d|\s?(?:to|or)\s\d)")
_GOAL = re.compile(
    r"\b(?:target|goal|aim\w*|keep|below|above|under|over|call|less|greater"
    r"|ideal|excess|birth)\b",
    re.IGNORECASE,
)
_CUT_OFF = 8
_REACH = 24
"""A value stands at most this many characters behind its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vital:
    """A measure: its code, and what a body can have in each unit ("" for none printed)."""

    name: str
    loinc: str
    limits: dict[str, tuple[float, float]]


def vital_mentions(sheet: Sheet) -> Iterator[Mention]:
    """Every measure that is named with its value; goals and conditions are none."""
    for unit in sheet.units:
        if unit.section.kind in _NO_VITALS:
            continue
        for name in _names().finditer(sheet.text, *unit.span):
            before = sheet.text[unit.span[0] : name.start()]
            if is_conditional(before) or _GOAL.search(before[-30:]):
                continue
            # A number at a sentence's end is cut off as if it were the next item's.
            end = max(unit.span[1], min(name.end() + _CUT_OFF, len(sheet.text)))
            if mention := _measured(sheet, name, end):
                yield mention


def is_vital(name: str) -> bool:
    """Whether `name` is that of a vital sign or body measure."""
    return normal(name) in _vitals()


def starts_with_vital(text: str) -> bool:
    """Whether a line begins with a measure and its value."""
    name = _names().match(text.lstrip())
    return name is not None and re.match(r"[\s:=]*\d", text.lstrip()[name.end() :]) is not None


def vital_of(loinc: str) -> Vital | None:
    """The measure that a LOINC code stands for, None for one that is not among ours."""
    return _coded().get(loinc)


def vital_unit(printed: str) -> str:
    """The unit as histories show it; as printed where it is none of these measures'.

    An annotation of UCUM such as {score} is no unit.
    """
    if re.fullmatch(r"\{[^}]*\}", printed):
        return ""
    return _units().get(" ".join(printed.lower().split()), printed)


def is_possible(vital: Vital, value: str, unit: str | None) -> bool:
    """Whether a body can have it, in a unit in which it is measured."""
    limits = vital.limits.get(unit or "")
    numbers = [float(number) for number in value.split("/")]
    falls = len(numbers) == 1 or numbers[0] > numbers[1]
    return limits is not None and falls and all(limits[0] <= n <= limits[1] for n in numbers)


def _measured(sheet: Sheet, name: re.Match[str], end: int) -> Mention | None:
    vital = _vitals()[normal(name.group())]
    filler = _FILLER.match(sheet.text, name.end(), min(end, name.end() + _REACH))
    start = filler.end() if filler else name.end()
    pattern = _PRESSURE if vital.name == "Blood pressure" else _NUMBER
    value = pattern.match(sheet.text, start, end) if start > name.end() else None
    if value is None:
        return None
    unit = _units_pattern().match(sheet.text, value.end(), end)
    shown = _units()[" ".join(unit["unit"].lower().split())] if unit else None
    return _mention(vital, name, value, unit, shown, sheet.date)


def _mention(
    vital: Vital,
    name: re.Match[str],
    value: re.Match[str],
    unit: re.Match[str] | None,
    shown: str | None,
    date: str | None,
) -> Mention:
    printed = re.sub(r"\s", "", value["value"])
    return Mention(
        kind=Kind.VITAL,
        name=vital.name,
        span=name.span(),
        extent=((name.start(), unit.end() if unit else value.end()),),
        method="vital-sign",
        details={"value": printed, "unit": shown, "date": date},
        code=Coding(system=LOINC, code=vital.loinc, display=vital.name),
        numbers=(value.span("value"),),
        doubtful=not is_possible(vital, printed, shown),
    )


@cache
def _vitals() -> dict[str, Vital]:
    table: dict[str, Vital] = {}
    for entry in data("vitals")["vital"]:
        limits = {unit: (low, high) for unit, low, high in entry["units"]}
        vital = Vital(name=entry["name"], loinc=entry["loinc"], limits=limits)
        table |= {normal(alias): vital for alias in (*entry["aliases"], entry["name"])}
    return table


@cache
def _coded() -> dict[str, Vital]:
    table: dict[str, Vital] = {}
    for entry in data("vitals")["vital"]:
        codes = (entry["loinc"], *entry.get("also", ()))
        table |= dict.fromkeys(codes, _vitals()[normal(entry["name"])])
    return table


@cache
def _names() -> re.Pattern[str]:
    return phrases(_vitals())


@cache
def _units() -> dict[str, str]:
    table = data("vitals")["units"]
    return inverted(table) | {form: shown for shown, forms in table.items() for form in forms}


@cache
def _units_pattern() -> re.Pattern[str]:
    forms = sorted(_units(), key=len, reverse=True)
    body = "|".join(re.escape(form).replace(r"\ ", r"\s") for form in forms)
    return re.compile(rf"\s?(?P<unit>{body})(?![\w/])", re.IGNORECASE)
