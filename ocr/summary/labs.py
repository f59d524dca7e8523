"""Laboratory values: table rows, and values named in running text.

A row is read by what its parts look like, not by where a particular laboratory prints them:
name and value, then flag, unit and reference range in any order (`lab_rows`).
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from core.facts import Coding, Kind
from ocr.summary.dates import Dated, find_dates
from ocr.summary.lab_rows import Row, Test, known_tests, parse_row, unread_name
from ocr.summary.lab_units import Unit as LabUnit
from ocr.summary.lab_units import unit_of
from ocr.summary.lab_values import read_value
from ocr.summary.mentions import UNREAD, Mention
from ocr.summary.qualitative import qualitative_cells, qualitative_mentions, qualitative_row
from ocr.summary.sections import Section
from ocr.summary.sheets import Sheet
from ocr.summary.text import Span, TextLine
from ocr.summary.vitals import is_vital
from ocr.summary.vocabulary import data, phrases

LOINC = "http://loinc.org"

_NO_LABS = frozenset({"family", "allergies", "immunizations", "medications", "medications_stopped"})
_GOAL = re.compile(
    r"\b(?:target|goal|aim|aiming|normal range|should be|keep|below|under|if)\b", re.IGNORECASE
)
_DIGIT = re.compile(r"\d")
_SPREAD = re.compile(r"\s?(?:to|[-–])\s?\d")
"""Behind a number: it begins a range, as in "6 to 12", and is no value."""
_LAST = re.compile(
    r"\b(?:last|previous|previously|prior|earlier|baseline|old|from)\b", re.IGNORECASE
)


def lab_mentions(sheet: Sheet) -> list[Mention]:
    """Values of known tests, and of unknown ones in the rows of a result table."""
    found: list[Mention] = []
    table = False
    columns: tuple[tuple[int, Dated], ...] = ()
    for line in sheet.page.lines:
        section = _section_of(sheet, line)
        if section.kind in _NO_LABS:
            table = False
            if row := _among_medicines(section, line):
                found.append(_mention(row, _own_date(sheet.text, row, line), "lab-row"))
        elif is_header(line.text):
            table, columns = True, _date_columns(line)
        elif table and len(columns) > 1 and (series := _series(line, columns)):
            found.extend(series)
        elif worded := list(_worded(sheet, section, line, table=table)):
            found.extend(_with_dates(sheet, section, line, worded, columns if table else None))
        elif row := parse_row(line, table=table):
            if row.test is None and is_vital(row.name):
                continue
            date = _own_date(sheet.text, row, line) or _row_date(sheet, section, columns)
            found.append(_mention(row, date, "lab-row"))
        elif table and (named := unread_name(line)):
            found.append(_unread(*named, line, _row_date(sheet, section, columns)))
        else:
            table = table and len(line.text.split()) < 10
    return found + list(_narrative(sheet, found))


_IN_A_VOLUME = re.compile(r"/\s?(?:d|µ|m)?L$")


def _among_medicines(section: Section, line: TextLine) -> Row | None:
    """A result that follows a list of medicines: only a unit that no dose has tells it apart."""
    if section.kind != "medications":
        return None
    row = parse_row(line, table=False)
    measured = row and row.test and row.unit and _IN_A_VOLUME.search(row.unit.shown)
    return row if measured else None


def is_header(text: str) -> bool:
    """Whether the line heads a result table: it names results and units or ranges."""
    return bool(
        _header("value").search(text)
        and (_header("unit").search(text) or _header("range").search(text))
        and not re.search(r"\d", text)
    ) or bool(_header("name").search(text) and len(find_dates(text)) > 1)


@cache
def _header(role: str) -> re.Pattern[str]:
    return phrases(data("sections")["table"][role])


def _section_of(sheet: Sheet, line: TextLine) -> Section:
    return next(
        (s for s in reversed(sheet.sections) if s.start <= max(line.end - 1, line.start)),
        sheet.sections[0],
    )


def _own_date(text: str, row: Row, line: TextLine) -> str | None:
    """The date that stands right behind the value, as in "9.2 g/dL on 3 May 2024"."""
    for dated in find_dates(text, row.end, line.end):
        return dated.iso if _BEHIND.fullmatch(text[row.end : dated.span[0]]) else None
    return None


_BEHIND = re.compile(r"[\s,]*(?:\(|on\s|at\s|of\s)+")


def _row_date(sheet: Sheet, section: Section, columns: tuple[tuple[int, Dated], ...]) -> str | None:
    """The date of the table's column, else of its heading, else of the page."""
    named = find_dates(section.heading)
    if columns or named:
        return columns[0][1].iso if columns else named[0].iso
    return sheet.date


def _date_columns(line: TextLine) -> tuple[tuple[int, Dated], ...]:
    return tuple(
        ((cell.left + cell.right) // 2, dated)
        for cell in line.cells
        for dated in find_dates(cell.text)[:1]
    )


def _series(line: TextLine, columns: tuple[tuple[int, Dated], ...]) -> list[Mention]:
    """A row with one value for each date in the head of the table."""
    whole = parse_row(line, table=True)
    if whole is None:
        return []
    tail = next((parse_row_tail(line, cell.start) for cell in reversed(line.cells)), None)
    found = []
    for cell in line.cells[1:]:
        value = read_value(cell.text)
        middle = (cell.left + cell.right) // 2
        nearest = min(columns, key=lambda column: abs(column[0] - middle))
        if value and abs(nearest[0] - middle) < max(cell.right - cell.left, 60):
            row = whole.with_value(value, cell.start, tail)
            found.append(_mention(row, nearest[1].iso, "lab-series"))
    return found


def parse_row_tail(line: TextLine, start: int) -> LabUnit | None:
    """The unit that a series row prints behind its values."""
    return unit_of(line.text[start - line.start :].strip())


def _narrative(sheet: Sheet, rows: list[Mention]) -> Iterator[Mention]:
    taken = [mention.extent[0] for mention in rows]
    for unit in sheet.units:
        if unit.section.kind in _NO_LABS:
            continue
        text = sheet.text[unit.span[0] : unit.span[1]]
        if _DIGIT.search(text) is None:
            continue
        listed = unit.section.kind == "labs"
        for row in known_tests(text, unit.span[0], bare=listed):
            cut_off = re.match(r"[.,]?\d", sheet.text[row.value_span[1] :][:2])
            if cut_off or any(a < row.end and row.start < b for a, b in taken):
                continue
            before = text[max(0, row.start - unit.span[0] - 40) : row.start - unit.span[0]]
            if _GOAL.search(before) or _GOAL.search(row.between):
                continue
            taken.append((row.start, row.end))
            date = _narrative_date(sheet, text, listed)
            if row.test and _SPREAD.match(sheet.text, row.value_span[1]):
                yield _unread(row.test, row.name_span, sheet.page.line_at(row.start), date)
            else:
                yield _mention(row, date, "lab-narrative")


def _narrative_date(sheet: Sheet, sentence: str, listed: bool) -> str | None:
    """The date in the sentence; the page's own only for what is reported as its results."""
    dates = find_dates(sentence)
    if dates:
        return dates[0].iso if len(dates) == 1 else None
    return sheet.date if listed and not _LAST.search(sentence) else None


def _mention(row: Row, date: str | None, method: str) -> Mention:
    return Mention(
        kind=Kind.LAB,
        name=row.name,
        span=row.name_span,
        extent=((row.start, row.end),),
        method=method,
        details={
            "value": row.value,
            "unit": row.unit.shown if row.unit else row.printed_unit,
            "range": row.range,
            "flag": row.flag,
            "date": date,
        },
        code=_code(row.test, row.unit),
        confidence=0.97 if row.test else 0.85,
        numbers=(row.value_span,),
        doubtful=row.doubtful,
    )


def _unread(test: Test, name: Span, line: TextLine, date: str | None) -> Mention:
    """The row is kept: its name, its date, and that the value is to be read on the paper."""
    return Mention(
        kind=Kind.LAB,
        name=test.name,
        span=name,
        extent=((name[0], line.end),),
        method=UNREAD,
        details={"date": date},
        doubtful=True,
    )


def _worded(sheet: Sheet, section: Section, line: TextLine, *, table: bool) -> Iterator[Mention]:
    """Results in words; in a table also those of tests that are not known."""
    known = list(qualitative_mentions(sheet, section, line))
    yield from known
    if table and not known and (row := qualitative_row(sheet, line)):
        yield row


def _with_dates(
    sheet: Sheet,
    section: Section,
    line: TextLine,
    worded: list[Mention],
    columns: tuple[tuple[int, Dated], ...] | None,
) -> Iterator[Mention]:
    """Each with its date; a row of a table with many dates has a value for each."""
    cells = qualitative_cells(line)
    if not columns or len(columns) < 2 or len(cells) < 2:
        date = _row_date(sheet, section, columns) if columns is not None else None
        yield from (_dated(sheet, mention, date) for mention in worded)
        return
    for cell in cells:
        date = min(columns, key=lambda c: abs(c[0] - (cell.left + cell.right) // 2))[1].iso
        details = {"value": cell.text, "date": date}
        extent = ((worded[0].span[0], cell.end),)
        yield replace(worded[0], details=details, extent=extent, numbers=((cell.start, cell.end),))


def _dated(sheet: Sheet, mention: Mention, column: str | None) -> Mention:
    """With the date of its column, of its sentence, or of the page where results are listed."""
    unit = next((u for u in sheet.units if u.span[0] <= mention.span[0] < u.span[1]), None)
    sentence = sheet.text[slice(*unit.span)] if unit else ""
    listed = unit is None or unit.section.kind == "labs" or unit.item
    date = column or _narrative_date(sheet, sentence, listed)
    return replace(mention, details={**mention.details, "date": date})


def _code(test: Test | None, unit: LabUnit | None) -> Coding | None:
    loinc = test.loinc(unit) if test else None
    return Coding(system=LOINC, code=loinc, display=test.name) if test and loinc else None
