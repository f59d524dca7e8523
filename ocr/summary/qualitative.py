"""Results in words: "HIV non-reactive", "Urine nitrite: positive", "Blood culture: no growth".

The value stands as printed; nothing is counted as abnormal that the paper does not mark or whose
reference it does not print.
"""

import re
from collections.abc import Iterator
from functools import cache

from core.facts import Kind
from ocr.summary.assertions import assertion, is_conditional
from ocr.summary.lab_values import shown_flag
from ocr.summary.mentions import QUALITATIVE, Mention
from ocr.summary.sections import Section
from ocr.summary.sheets import Sheet
from ocr.summary.text import Cell, Span, TextLine
from ocr.summary.vocabulary import data, inverted, normal, phrases

_FILLER = re.compile(
    r"(?:\s*(?:[:=,–—-]|\([^()]{0,24}\)|\b(?:is|was|were|are|remains?|came back|returned|result|"
    r"results|test|tests|screen|screening|antibody|antibodies|qualitative|rapid|final|both|all|"
    r"serology|pcr|naat|igg|igm|x\s?\d|1/2|ab/ag|ag/ab|ab|ag)(?=[\s:=,(-])))*\s*",
    re.IGNORECASE,
)
_ORGANISM = re.compile(r"\s(?:for|growing)\s(?:[A-Z][A-Za-z. -]{2,40}[a-z])")
_GROWTH = re.compile(
    r"(?:(?:heavy|moderate|light|scanty|profuse)\s)?growth of\s[A-Za-z][A-Za-z. -]{2,40}[a-z]|"
    r"grew\s[A-Z][A-Za-z. -]{2,40}[a-z]", re.IGNORECASE,
)  # fmt: skip
_FLAG = re.compile(r"[\[(]?(?P<flag>A|ABN|Abnormal|H|\*+)[\])]?(?=\s|$)")
_NOT_HERS = re.compile(
    r"\b(?:check|repeat|order|send|sent|await|awaiting|recheck|obtain|partner|boyfriend|girlfriend|"
    r"spouse|contacts?|donor|exposure|exposed|no|not|never|without|denies|denied)\b",
    re.IGNORECASE,
)
"""Before a test's name: a plan, somebody else's result, or one that is denied."""


def qualitative_mentions(sheet: Sheet, section: Section, line: TextLine) -> Iterator[Mention]:
    """Tests named with a result in words on one line."""
    urine = _is_urine(sheet, section, line)
    pattern = _names_pattern(urine=urine)
    end = line.start
    for name in pattern.finditer(sheet.text, line.start, line.end):
        if name.start() < end:
            continue
        value = _value_at(sheet.text, name.end(), line.end)
        if value is None or not _is_result(sheet, section, name.start(), value):
            continue
        mention = _mention(sheet, line, name, value, urine=urine)
        end = mention.extent[0][1]
        yield mention


def qualitative_row(sheet: Sheet, line: TextLine) -> Mention | None:
    """A row of a result table whose test is not known: name, value and reference in words."""
    if len(line.cells) < 3 or not re.search(r"[A-Za-z]{2}", line.cells[0].text):
        return None
    name, value = line.cells[0], line.cells[1]
    if _whole(value.text) is None or not any(_whole(cell.text) for cell in line.cells[2:]):
        return None
    return _made(
        sheet, line, name.text, (name.start, name.end), (value.start, value.end), confidence=0.85
    )


def qualitative_cells(line: TextLine) -> list[Cell]:
    """The cells behind a test's name that hold a result in words, as in a row with many dates."""
    return [cell for cell in line.cells[1:] if _whole(cell.text)]


def is_absent(value: str) -> bool | None:
    """Whether the words say that it is not there; None where they leave it open or are none."""
    meaning = _meanings().get(normal(value))
    return {"absent": True, "present": False}.get(meaning or "")


def _whole(text: str) -> str | None:
    return _meanings().get(normal(text))


def _is_urine(sheet: Sheet, section: Section, line: TextLine) -> bool:
    """Whether the nearest heading above is one of urine; a line of one cell counts as heading."""
    headings = data("qualitative")["urine"]["headings"]
    above = [other for other in sheet.page.lines[: line.index] if len(other.cells) == 1]
    named = {normal(section.heading), *(normal(other.text) for other in above[-1:])}
    return any(re.search(rf"\b{re.escape(word)}\b", name) for word in headings for name in named)


def _value_at(text: str, start: int, end: int) -> Span | None:
    filler = _FILLER.match(text, start, end)
    begin = filler.end() if filler else start
    if begin == start:
        return None
    if grown := _GROWTH.match(text, begin, end):
        return grown.span()
    value = _values_pattern().match(text, begin, end)
    if value is None:
        return None
    organism = _ORGANISM.match(text, value.end(), end)
    return (value.start(), organism.end() if organism else value.end())


def _is_result(sheet: Sheet, section: Section, start: int, value: Span) -> bool:
    """Not a condition, a plan or a question; nor a diagnosis in a list of them."""
    unit = next((u for u in sheet.units if u.span[0] <= start < u.span[1]), None)
    before = sheet.text[unit.span[0] if unit else start : start]
    if is_conditional(before) or _NOT_HERS.search(before) or sheet.text[value[1] :][:1] == "?":
        return False
    if unit and assertion(before + sheet.text[start : value[1]], (len(before), len(before))).family:
        return False
    listed = section.kind in data("qualitative")["diagnoses"]["kinds"]
    return not listed or is_absent(sheet.text[slice(*value)]) is not False


def _mention(
    sheet: Sheet, line: TextLine, name: re.Match[str], value: Span, *, urine: bool
) -> Mention:
    shown = _names(urine=urine)[normal(name.group())]
    return _made(sheet, line, shown, name.span(), value, confidence=0.95)


def _made(
    sheet: Sheet, line: TextLine, shown: str, name: Span, value: Span, *, confidence: float
) -> Mention:
    flag, range_, end = _behind(value[1], line)
    return Mention(
        kind=Kind.LAB,
        name=shown,
        span=name,
        extent=((name[0], end),),
        method=QUALITATIVE,
        details={
            "value": " ".join(sheet.text[slice(*value)].split()),
            "range": range_,
            "flag": shown_flag(flag),
            "date": sheet.date,
        },
        confidence=confidence,
        numbers=(value,),
    )


def _behind(start: int, line: TextLine) -> tuple[str | None, str | None, int]:
    """Flag and reference in the cells behind a value, in either order, and where they end."""
    flag: str | None = None
    range_: str | None = None
    end = start
    for cell in (cell for cell in line.cells if cell.start >= start):
        if found := _FLAG.fullmatch(cell.text):
            flag = found["flag"]
        elif range_ is None and _whole(cell.text):
            range_ = cell.text
        else:
            break
        end = cell.end
    return flag, range_, end


@cache
def _names(*, urine: bool) -> dict[str, str]:
    table = data("qualitative")
    bare = {name: forms for name, forms in table["urine"].items() if name != "headings"}
    return inverted(table["tests"]) | (inverted(bare) if urine else {})


@cache
def _names_pattern(*, urine: bool) -> re.Pattern[str]:
    return phrases(_names(urine=urine))


@cache
def _meanings() -> dict[str, str]:
    values = data("qualitative")["values"].items()
    return {normal(form) or form: meaning for meaning, forms in values for form in forms}


@cache
def _values_pattern() -> re.Pattern[str]:
    forms = sorted(_meanings(), key=len, reverse=True)
    body = "|".join(r"\s+".join(map(re.escape, form.split())) for form in forms)
    return re.compile(rf"(?:{body})(?=[\s,;.)]|$)", re.IGNORECASE)
