"""Procedures and examinations that have taken place, with their dates."""

import re
from collections.abc import Iterator
from functools import cache

from core.facts import Kind
from ocr.summary.dates import Dated, find_dates
from ocr.summary.mentions import Mention, clean, hull
from ocr.summary.sections import Unit
from ocr.summary.sheets import Sheet
from ocr.summary.text import Span
from ocr.summary.vocabulary import data, phrases

_NARRATIVE = frozenset({"narrative", "history", "top", "labs", "other", "exam", "problems"})
_CUT = re.compile(
    r"\s[-–—]\s|;|:|\(|,?\s(?:in|on|at|by|for|due to|because|performed|done|dated)\s|,\s|\.\s|\.$"
)
_LONGEST = 10
_PLAN_REACH = 30


def procedure_mentions(sheet: Sheet) -> list[Mention]:
    """List items of procedure sections, known procedures of running text, titled examinations."""
    found: list[Mention] = []
    for unit in sheet.units:
        section = unit.section.kind
        if section == "procedures":
            found.extend(_listed(sheet, unit))
        elif section in _NARRATIVE:
            found.extend(_narrated(sheet, unit, listed=unit.item and section == "history"))
    return found


def is_procedure(name: str) -> bool:
    """Whether the name is, or holds, a procedure we know."""
    return _known().search(name) is not None


def _listed(sheet: Sheet, unit: Unit) -> Iterator[Mention]:
    text = sheet.text
    start, end = unit.span
    dates = find_dates(text, start, end, years=True)
    cells = [c for c in sheet.page.line_at(start).cells if c.end > start]
    if (
        len(cells) > 1
        and end <= cells[-1].end
        and (named := [c for c in cells if re.search("[a-z]{4}", c.text)])
    ):
        start, end = max(start, named[0].start), named[0].end
    for dated in dates:
        start = dated.span[1] + 1 if dated.span[0] == start else start
    if dates and _are_several(text, start, dates[0].span[0]):
        yield from _narrated(sheet, unit, listed=True)
        return
    if cut := _CUT.search(text, start, end):
        end = cut.start()
    for dated in dates:
        if dated.span[0] > start:
            end = min(end, dated.span[0])
    name = clean(text[start:end])
    words = name.lower().split()
    if (
        not words
        or len(words) > _LONGEST
        or set(words) & _verbs()
        or not re.search("[A-Za-z]{4}", name)
    ):
        yield from _narrated(sheet, unit, listed=False)
        return
    if not (name[0].isupper() or _known().search(name)) or not _sounds_right(name, dates):
        return
    yield _mention(
        sheet, unit, name, (start, start + len(text[start:end].rstrip(" ,(:-"))), dates[:1]
    )


def _sounds_right(name: str, dates: list[Dated]) -> bool:
    """A name we know, or at least a dated item."""
    return bool(_known().search(name) or dates)


def _are_several(text: str, start: int, end: int) -> bool:
    """Whether several procedures share text[start:end]: its date is the last one's."""
    named = [match.start() for match in _known().finditer(text, start, end)]
    return len(named) > 1 and "," in text[named[0] : named[-1]]


def _narrated(sheet: Sheet, unit: Unit, *, listed: bool) -> Iterator[Mention]:
    """Procedures of running text that were done; with `listed` those that stand there bare."""
    for match in _known().finditer(sheet.text, *unit.span):
        span = _widened(sheet.text, unit, match.span(), _modifiers())
        before = sheet.text[unit.span[0] : span[0]][-40:]
        if _is_planned(sheet.text, unit, span):
            continue
        dates = _dates_after(sheet.text, span, unit.span[1])
        if dates or _done().search(before) or listed:
            yield _mention(sheet, unit, clean(sheet.text[slice(*span)]), span, dates)
    for match in _examinations().finditer(sheet.text, *unit.span):
        span = _widened(sheet.text, unit, match.span(), _examination_words())
        dates = _dates_after(sheet.text, span, unit.span[1])
        if dates and not _is_planned(sheet.text, unit, span):
            yield _mention(sheet, unit, clean(sheet.text[slice(*span)]), span, dates)
        elif _is_title(sheet, span):
            yield _mention(sheet, unit, clean(sheet.text[slice(*span)]), span, [])


def _is_planned(text: str, unit: Unit, span: Span) -> bool:
    """Whether words before the name, or closely behind it, say that it has yet to happen."""
    around = text[unit.span[0] : min(span[1] + _PLAN_REACH, unit.span[1])]
    return _planned().search(around) is not None


def _dates_after(text: str, span: Span, end: int) -> list[Dated]:
    """The date that follows the name closely."""
    near = find_dates(text, span[1], min(end, span[1] + 60), years=True)
    return [dated for dated in near if _LEAD_IN.fullmatch(text[span[1] : dated.span[0]])][:1]


_LEAD_IN = re.compile(
    r"\W*(?:was|were|had been|been)?\s*(?:performed|done|carried out|on|in|of|dated|from|date)?"
    r"\W*(?:on|in)?\W*"
)


def _is_title(sheet: Sheet, span: Span) -> bool:
    line = sheet.page.line_at(span[0])
    return line.start == span[0] and line.end == span[1] and sheet.date is not None


def _widened(text: str, unit: Unit, span: Span, words: re.Pattern[str]) -> Span:
    """With the modifiers that stand directly before."""
    start = span[0]
    while True:
        before = re.search(r"(\S+)\s$", text[unit.span[0] : start])
        if before is None or not words.fullmatch(before.group(1)):
            return (start, span[1])
        start = unit.span[0] + before.start(1)


def _mention(sheet: Sheet, unit: Unit, name: str, span: Span, dates: list[Dated]) -> Mention:
    titled = not dates and _is_title(sheet, span)
    date = dates[0].iso if dates else sheet.date if titled else None
    return Mention(
        kind=Kind.PROCEDURE,
        name=name[:1].upper() + name[1:],
        span=span,
        extent=(hull(span, dates[0].span if dates else None),),
        method="procedure-list" if unit.section.kind == "procedures" else "procedure-sentence",
        unit=unit,
        details={"date": date},
        confidence=0.9,
    )


@cache
def _known() -> re.Pattern[str]:
    rules = data("procedures")
    endings = "|".join(rules["endings"])
    return re.compile(
        rf"{phrases(rules['terms']).pattern}|\b[A-Za-z]{{3,}}(?:{endings})\b", re.IGNORECASE
    )


@cache
def _examinations() -> re.Pattern[str]:
    return phrases(data("procedures")["examinations"])


@cache
def _examination_words() -> re.Pattern[str]:
    return phrases(data("procedures")["examination_words"])


@cache
def _modifiers() -> re.Pattern[str]:
    return phrases(data("procedures")["modifiers"])


@cache
def _done() -> re.Pattern[str]:
    return phrases(data("procedures")["done"])


@cache
def _planned() -> re.Pattern[str]:
    return phrases(data("procedures")["planned"])


@cache
def _verbs() -> frozenset[str]:
    return frozenset(data("procedures")["verbs"])
