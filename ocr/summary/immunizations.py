"""Immunisations: dated rows of vaccine tables, and vaccines with a date in running text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from core.facts import Coding, Kind
from ocr.summary.dates import Dated, find_dates
from ocr.summary.mentions import Mention, clean
from ocr.summary.sheets import Sheet
from ocr.summary.text import Span, TextLine
from ocr.summary.vocabulary import data, normal, phrases

CVX = "http://hl7.org/fhir/sid/cvx"

_NOT_GIVEN = re.compile(
    r"\b(?:declined|refused|deferred|not given|contraindicated|due|overdue|recommended|planned"
    r"|if)\b",
    re.IGNORECASE,
)
_GIVEN = re.compile(r"\s(?:was\s)?(?:given|administered|received)(?:\son)?$", re.IGNORECASE)
_VACCINE_WORD = re.compile(r"\b(?:vaccin\w*|immuni[sz]\w*|shot|booster|jab)\b", re.IGNORECASE)
_NOT_DATES = (
    "next due",
    "due",
    "expiry",
    "expires",
    "exp",
    "expiration",
    "exp date",
    "valid until",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vaccine:
    """A vaccine of the vocabulary."""

    name: str
    cvx: str | None


def immunization_mentions(sheet: Sheet) -> list[Mention]:
    """One mention for each vaccine and date given; without a date there is none."""
    found: list[Mention] = []
    header: TextLine | None = None
    sections = {s.start: s for s in sheet.sections}
    kind = "top"
    for line in sheet.page.lines:
        kind = next((s.kind for s in reversed(sections.values()) if s.start <= line.end), kind)
        if is_header(line):
            header = line
            continue
        listed = kind == "immunizations" or header is not None
        found.extend(_row(sheet, line, header, listed=listed))
    return found


def is_header(line: TextLine) -> bool:
    """Whether the line heads a table of vaccines: it names them and a date, and holds neither."""
    text = line.text.lower()
    return bool(
        re.search(r"\b(?:vaccine|immuni[sz]ation|product)\b", text)
        and re.search(r"\b(?:date|given|administered)\b", text)
        and not find_dates(line.text)
        and len(line.text.split()) < 14
    )


def vaccine_tables(sheet: Sheet) -> list[Span]:
    """Tables of vaccines, each to the end of its section: the diseases there are not had."""
    found = []
    for line in sheet.page.lines:
        if is_header(line):
            end = next((s.end for s in sheet.sections if s.end > line.end), len(sheet.text))
            found.append((line.start, end))
    return found


def known_vaccine(text: str) -> Vaccine | None:
    """The vocabulary's vaccine that `text` begins with."""
    match = _pattern().match(text)
    return _aliases()[normal(match.group())] if match else None


def _row(
    sheet: Sheet, line: TextLine, header: TextLine | None, *, listed: bool
) -> Iterator[Mention]:
    written = find_dates(sheet.text, line.start, line.end)
    if not written and listed:
        written = find_dates(sheet.text, line.start, line.end, years=True)
    dates = [d for d in written if _is_given(line, header, d)]
    if not dates or _NOT_GIVEN.search(line.text):
        return
    match = _pattern().search(line.text)
    lead = match is not None and not re.search(r"[A-Za-z]{3}", line.text[: match.start()])
    if match and ((listed and lead) or _near_vaccine_word(line.text, match)):
        start, vaccine = match.start(), _aliases()[normal(match.group())]
    elif (
        listed
        and header
        and line.cells[0].end < dates[0].span[0]
        and line.cells[0].text[0].isupper()
    ):
        start, vaccine = 0, None
    else:
        return
    for dated in dates:
        yield _mention(sheet, line, line.start + start, dated, vaccine, listed)


def _near_vaccine_word(text: str, match: re.Match[str]) -> bool:
    around = text[max(0, match.start() - 25) : match.end() + 25]
    return _VACCINE_WORD.search(around) is not None


def _is_given(line: TextLine, header: TextLine | None, dated: Dated) -> bool:
    """Whether the date stands under a header that means the date of giving."""
    if header is None or len(header.cells) < 2:
        return True
    cell = next((c for c in line.cells if c.start <= dated.span[0] < c.end), None)
    if cell is None:
        return True
    nearest = min(header.cells, key=lambda head: abs(head.left - cell.left))
    return normal(nearest.text) not in _NOT_DATES


def _mention(
    sheet: Sheet,
    line: TextLine,
    start: int,
    dated: Dated,
    vaccine: Vaccine | None,
    listed: bool,
) -> Mention:
    cell_end = next((c.end for c in line.cells if c.end > start), line.end)
    match = _pattern().match(sheet.text, start)
    end = min(cell_end if listed else (match.end() if match else cell_end), line.end)
    end = dated.span[0] if start < dated.span[0] < end else end
    name = clean(_GIVEN.sub("", sheet.text[start:end].rstrip()))
    return Mention(
        kind=Kind.IMMUNIZATION,
        name=name[:1].upper() + name[1:],
        span=(start, end),
        extent=((min(start, dated.span[0]), max(start + len(name), dated.span[1])),),
        method="vaccine-row",
        details={"date": dated.iso},
        code=Coding(system=CVX, code=vaccine.cvx, display=vaccine.name)
        if vaccine and vaccine.cvx
        else None,
        confidence=0.95 if vaccine else 0.8,
        numbers=(dated.span,),
    )


@cache
def _aliases() -> dict[str, Vaccine]:
    table: dict[str, Vaccine] = {}
    for entry in data("vaccines")["vaccine"]:
        vaccine = Vaccine(name=entry["name"], cvx=entry.get("cvx"))
        table |= {normal(alias): vaccine for alias in (*entry["aliases"], entry["name"])}
    return table


@cache
def _pattern() -> re.Pattern[str]:
    return phrases(_aliases())
