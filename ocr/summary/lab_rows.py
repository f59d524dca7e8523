"""One result row: name, value with comparator, flag, unit, reference range."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from ocr.summary.lab_units import Unit, match_unit, unit_of
from ocr.summary.lab_values import (
    MISREAD,
    NUMBER,
    VALUE,
    number,
    shown_flag,
    shown_value,
    side_of,
)
from ocr.summary.text import Span, TextLine
from ocr.summary.vocabulary import data, normal, phrases

_RANGE = re.compile(
    rf"[\[(]?(?:(?:ref(?:erence)?|normal)\.?\s*(?:range|interval)?:?\s*)?(?P<range>"
    rf"(?:{NUMBER})\s?(?:-|–|—|to)\s?(?:{NUMBER})|[<>≤≥]=?\s?(?:{NUMBER})"
    rf"|(?:up to|below|above|under|over|less than|greater than)\s(?:{NUMBER}))"
    r"[\])]?(?=[\s,;.)]|$)",
    re.IGNORECASE,
)
_FLAG = re.compile(
    r"[\[(]?(?P<flag>HH|LL|[HL]\*|H|L|High|HIGH|high|Low|LOW|low|Abnormal|ABN|A|Critical|CRIT|\*+|↑|↓|N|Normal)"
    r"[\])]?(?=[\s,;.)]|$)"
)
_FLAG_BEFORE = re.compile(rf"(?<!\S){_FLAG.pattern}")
_TAIL = re.compile(
    r"(?:\s*(?:[\[({][^\])}]*[\])}]|,|:|[©®™°~_]|in|of|by|by calculation|serum|plasma|blood|venous"
    r"|total|count|automated|auto|level|calculated|calc|fasting|random|whole|method|estimated|ckd-epi"
    r"|mass/volume|or|result)(?=[\s,:(\[{]|$))*\s*",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r"(?:\s*(?:is|was|of|at|[:=]|were|level|levels|value|result|count|normal|elevated|stable|low|high"
    r"|slightly|decreased|increased|now|today|currently|up|down|improved|to|with|a|risen|fallen|about"
    r"|mildly|remains|again|\([A-Za-z0-9 ]{1,12}\))(?=[\s:=(]|$))*\s*",
    re.IGNORECASE,
)
_SHORT, _IN_A_ROW = 3, 3
"""Test names shorter than this count in tables only: "K" and "Na" are also other things."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """A laboratory test: what it may be measured in, and what a body can have."""

    name: str
    units: dict[str, tuple[str, float, float]]
    """Unit key to LOINC code ("" where not sure), lowest and highest value of physiology."""

    def loinc(self, unit: Unit | None) -> str | None:
        """The code that this test has in this unit."""
        return self.units.get(unit.key if unit else "", ("", 0, 0))[0] or None

    @property
    def bare(self) -> bool:
        """Whether it is usually printed without a unit."""
        return "" in self.units


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One value of one test, with its place in the page text."""

    name: str
    test: Test | None
    name_span: Span
    value: str
    value_span: Span
    unit: Unit | None
    printed_unit: str | None
    range: str | None
    flag: str | None
    end: int
    exact: bool = True
    """False when the name is a near miss of a known one, the point of the value is not as printed,
    or which of two values holds is open."""
    between: str = ""
    """What stands between name and value."""

    @property
    def start(self) -> int:
        return self.name_span[0]

    @property
    def doubtful(self) -> bool:
        """Whether value, unit, range and flag don't fit together."""
        sound = self._unit_fits() and self._in_physiology() and self._flag_fits()
        return not (sound and self.exact)

    def with_value(self, value: re.Match[str], offset: int, unit: Unit | None) -> "Row":
        """The same test with another value, as in a row of a series."""
        span = (offset + value.start("value"), offset + value.end("value"))
        return replace(
            self,
            value=shown_value(value, self.range),
            exact=self.exact and shown_value(value, self.range) == _bare(value["value"]),
            value_span=span,
            flag=shown_flag(value["flag"]),
            unit=self.unit or unit,
            end=max(self.end, span[1]),
        )

    def _unit_fits(self) -> bool:
        if self.test is None:
            return self.unit is not None or self.printed_unit is None
        if self.unit is None:
            return self.test.bare and self.printed_unit is None
        return self.unit.key in self.test.units

    def _in_physiology(self) -> bool:
        if self.test is None:
            return True
        limits = self.test.units.get(self.unit.key if self.unit else "")
        return limits is None or limits[1] <= number(self.value) <= limits[2]

    def _flag_fits(self) -> bool:
        if self.range is None or self.flag not in ("H", "L", "HH", "LL"):
            return True
        outside = side_of(self.value, self.range)
        return outside is None or outside == self.flag[0]


def parse_row(line: TextLine, *, table: bool) -> Row | None:
    """Read a line that begins with a test's name; unknown names count in tables only."""
    text, offset = line.text, line.start
    lead = len(text) - len(text.lstrip(" *•-"))
    known = _name_at(text, lead)
    if known:
        test, name_end = known
        gap = _TAIL if table else _FILLER
        start = _after(gap, text, name_end)
        if table and (printed := match_unit(text, start)):
            start = _after(_SEPARATORS, text, printed.end())
        value = _value_at(text, _skip_flag(text, start), table=table)
        if value is None and not table:
            return None
        if value:
            return _row(text, offset, (lead, name_end), test, value, table=table)
    return _unknown_row(line, lead) if table else None


def unread_name(line: TextLine) -> tuple[Test, Span] | None:
    """The known test that opens a table row from which no value could be read, and its name."""
    lead = len(line.text) - len(line.text.lstrip(" *•-"))
    known = _name_at(line.text, lead)
    if known is None or len(line.cells) < 2 or _after(_TAIL, line.text, known[1]) >= len(line.text):
        return None
    return known[0], (line.start + lead, line.start + known[1])


def known_tests(text: str, offset: int, *, bare: bool) -> Iterator[Row]:
    """Known tests in running text with value and unit; with `bare` also without a unit.

    Names as short as "K" count only in a row of at least three tests.
    """
    found: list[tuple[bool, Row]] = []
    for match in _aliases_pattern().finditer(text):
        short = len(match.group()) < _SHORT
        value = VALUE.match(text, _after(_FILLER, text, match.end()))
        if value is None or value.start() == match.end() or (short and not bare):
            continue
        test = _aliases()[_key(match.group())]
        if row := _row(text, offset, match.span(), test, value, table=bare):
            found.append((short, replace(row, between=text[match.end() : value.start()])))
    yield from (row for short, row in found if not short or len(found) >= _IN_A_ROW)


def _row(
    text: str, offset: int, name: Span, test: Test | None, value: re.Match[str], *, table: bool
) -> Row | None:
    before = _FLAG_BEFORE.search(text[name[1] : value.start()])
    behind = _skip_previous(text, value.end())
    unit, printed, range_, flag, end = _rest(text, behind)
    if unit is None and (found := match_unit(text[: value.start()], _unit_start(text, name[1]))):
        printed, unit = found["unit"], unit_of(found["unit"])
    if unit is None and range_ is None and not table and not (test and test.bare):
        return None
    shown = test.name if test else text[name[0] : name[1]].strip(" .:*,-")
    flag = (
        flag
        or value["flag"]
        or (before["flag"] if before else None)
        or (value["star"] or "").strip()
    )
    return Row(
        name=shown,
        test=test,
        name_span=(offset + name[0], offset + name[1]),
        value=shown_value(value, range_),
        value_span=(offset + value.start("value"), offset + value.end("value")),
        unit=unit,
        printed_unit=printed,
        range=range_,
        flag=shown_flag(flag),
        end=offset + end,
        exact=behind == value.end() and shown_value(value, range_) == _bare(value["value"]),
    )


_Rest = tuple[Unit | None, str | None, str | None, str | None, int]


def _rest(text: str, start: int) -> _Rest:
    """Unit, printed unit, range, flag and where they end; in whatever order they come."""
    unit = printed = range_ = flag = None
    position = end = start
    while position < len(text):
        position = _after(_SEPARATORS, text, position)
        if range_ is None and (found := _RANGE.match(text, position)):
            range_ = re.sub(r"\s*([-–—<>≤≥=])\s*", r"\1", found["range"])
        elif flag is None and (found := _FLAG.match(text, position)):
            flag = found["flag"]
        elif printed is None and (found := match_unit(text, position)):
            printed, unit = found["unit"], unit_of(found["unit"])
        elif printed is None and (found := _LIKE_UNIT.match(text, position)):
            printed, unit = found.group(), unit_of(found.group())
        else:
            break
        position = end = found.end()
    return unit, printed, range_, flag, end


_SEPARATORS = re.compile(r"[\s,|]*")
_LIKE_UNIT = re.compile(
    r"(?:[a-zA-Zµμ%]{1,5}/[\w.^*²³µμ/]{1,12}|[a-zµ]{1,3}m|ms|bpm|/min)(?![\w/])"
)


def _unknown_row(line: TextLine, lead: int) -> Row | None:
    """A row of a result table whose test we don't know: its first cell is the name."""
    if len(line.cells) < 2 or not re.search(r"[A-Za-z]{2}", line.cells[0].text):
        return None
    name = line.cells[0]
    start = line.cells[1].start - line.start
    value = _value_at(line.text, _skip_flag(line.text, start), table=True)
    if value is None:
        return None
    test = near_test(name.text)
    row = _row(line.text, line.start, (lead, name.end - line.start), test, value, table=True)
    if row is None or not (row.unit or row.printed_unit or row.range):
        return None
    return replace(row, exact=row.exact and test is None)


@cache
def near_test(printed: str) -> Test | None:
    """The known test that `printed` misspells by a letter, or two in long names."""
    name = _key(_BRACKETS.sub("", printed))
    if len(name) < 6:
        return None
    slips = 1 if len(name) < 12 else 2
    close = process.extractOne(
        name, tuple(_aliases()), scorer=Levenshtein.distance, score_cutoff=slips
    )
    return _aliases()[close[0]] if close else None


_BRACKETS = re.compile(r"[\[({].*$")


def _value_at(text: str, start: int, *, table: bool) -> re.Match[str] | None:
    """A value; in a table also one whose point was read as a colon, if a unit follows."""
    if value := VALUE.match(text, start):
        return value
    misread = MISREAD.match(text, start) if table else None
    follows = misread and match_unit(text, _after(_SEPARATORS, text, misread.end()))
    return misread if follows else None


def _bare(printed: str) -> str:
    return re.sub(r"\s+", "", printed)


def _unit_start(text: str, name_end: int) -> int:
    return _after(_SEPARATORS, text, _after(_TAIL, text, name_end))


def _skip_previous(text: str, start: int) -> int:
    """Over a second number before the unit: the value of an earlier visit, beside the present."""
    previous = VALUE.match(text, _after(_SEPARATORS, text, start))
    if previous is None:
        return start
    behind = _after(_SEPARATORS, text, previous.end())
    return behind if match_unit(text, behind) else start


def _skip_flag(text: str, start: int) -> int:
    flag = _FLAG.match(text, start)
    return _after(_SEPARATORS, text, flag.end()) if flag else start


def _after(pattern: re.Pattern[str], text: str, start: int) -> int:
    match = pattern.match(text, start)
    return match.end() if match else start


def _name_at(text: str, start: int) -> tuple[Test, int] | None:
    match = _aliases_pattern().match(text, start)
    return (_aliases()[_key(match.group())], match.end()) if match else None


def _key(printed: str) -> str:
    return normal(printed).replace("–", "-")


@cache
def _aliases() -> dict[str, Test]:
    table: dict[str, Test] = {}
    for entry in data("labs")["test"]:
        units = {unit: (code, low, high) for unit, code, low, high in entry["units"]}
        test = Test(name=entry["name"], units=units)
        table |= {_key(alias): test for alias in (*entry["aliases"], entry["name"])}
    return table


@cache
def _aliases_pattern() -> re.Pattern[str]:
    return phrases(_aliases())
