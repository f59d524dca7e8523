"""Procedures and examinations that have taken place, with their dates."""

import re
from collections.abc import Iterator
from functools import cache

from core.facts import Kind
from ocr.summary.dates import Dated, find_dates
from ocr.summary.mentions import Mention, clean, hull
from ocr.summary.sections import Section, Unit
from ocr.summary.sheets import Sheet
from ocr.summary.text import Span
from ocr.summary.vocabulary import data, phrases

_NARRATIVE = frozenset({"narrative", "history", "top", "labs", "other", "exam", "problems"})
_CUT = re.compile(
    r"\s[-–—]\s|;|:|\("
    r"|,?\s(?:in|at|by|after|due to|because|performed|done|dated)\s"
    r"|,?\son\s(?!(?:the\s)?(?:left|right))"
    r"|(?<![Ss]urgery)(?<![Oo]peration),?\sfor\s"
    r"|\.\s|\.$"
)
_COMMA = re.compile(r"[,;]\s+(?:and\s+)?")
_SIDE = re.compile(r"(?:left|right|bilateral|both)\b|#\d", re.IGNORECASE)
"""Where, or which of several teeth."""
_LEAD = re.compile(
    r"(?:includes?|status post|s/p|history of|positive for|notable for)\s*:?\s+", re.IGNORECASE
)
_LONGEST = 14
_PLAN_REACH = 30


def procedure_mentions(sheet: Sheet) -> list[Mention]:
    """List items of procedure sections, known procedures of running text, titled examinations."""
    found: list[Mention] = []
    told: Section | None = None
    for unit in sheet.units:
        section = unit.section.kind
        if section == "procedures":
            found.extend(_listed(sheet, unit, told=unit.section is told))
            told = unit.section if _tells(sheet.text[slice(*unit.span)]) else told
        elif section in _NARRATIVE:
            found.extend(_narrated(sheet, unit, listed=unit.item and section == "history"))
    return found


def is_procedure(name: str) -> bool:
    """Whether the name is, or holds, a procedure we know."""
    return _known().search(name) is not None


def _listed(sheet: Sheet, unit: Unit, *, told: bool) -> Iterator[Mention]:
    """The procedures of a list item; of a sentence, those that it says were done.

    `told`: the section has gone over from naming what was done to telling how.
    """
    text = sheet.text
    dates = find_dates(text, *unit.span, years=True)
    start, end = _named_cells(sheet, unit)
    for dated in dates:
        start = dated.span[1] + 1 if dated.span[0] == start else start
    if dates and _are_several(text, start, dates[0].span[0]):
        yield from _narrated(sheet, unit, listed=True)
        return
    end = min((dated.span[0] for dated in dates if dated.span[0] > start), default=end)
    parts = list(_parts(text, start, end))
    if dates or _tells(text[start:end]):
        parts = parts[:1]
    if not parts or not _is_name(clean(text[slice(*parts[0])])):
        yield from _narrated(sheet, unit, listed=False)
        return
    for span in parts:
        if _names_procedure(clean(text[slice(*span)]), dates, told=told):
            yield _mention(sheet, unit, clean(text[slice(*span)]), span, dates[:1])


def _named_cells(sheet: Sheet, unit: Unit) -> Span:
    """The cells of a table row that name something, else the unit."""
    start, end = unit.span
    cells = [c for c in sheet.page.line_at(start).cells if c.end > start]
    named = [c for c in cells if re.search("[a-z]{4}", c.text)]
    if len(cells) < 2 or end > cells[-1].end or not named:
        return unit.span
    return max(start, named[0].start), named[0].end


def _parts(text: str, start: int, end: int) -> Iterator[Span]:
    """What stands between the item's commas; a bare side, as in ", right leg", with its act."""
    lead = _LEAD.match(text, start, end)
    start = lead.end() if lead else start
    commas = _COMMA.finditer(text, start, end)
    stops = [m.span() for m in commas if not _is_open(text[start : m.start()])]
    pending: Span | None = None
    for a, b in zip([start, *(s[1] for s in stops)], [*(s[0] for s in stops), end], strict=True):
        if pending and _SIDE.match(text, a, b) and not _acts().search(text, a, b):
            pending = (pending[0], _cut(text, a, b))
            continue
        if pending:
            yield pending
        pending = (a, _cut(text, a, b))
    if pending:
        yield pending


def _is_open(text: str) -> bool:
    """Whether a bracket is not closed yet."""
    return text.count("(") > text.count(")")


def _cut(text: str, start: int, end: int) -> int:
    """Where the name ends: before a comment, a place or a reason."""
    cut = _CUT.search(text, start, end)
    return start + len(text[start : cut.start() if cut else end].rstrip(" ,(:-"))


def _tells(text: str) -> bool:
    """Whether it is a sentence, not a name."""
    return bool(set(text.lower().split()) & _verbs())


def _is_name(name: str) -> bool:
    words = name.lower().split()
    opens = words and words[0] in data("procedures")["openings"]
    told = not words or opens or len(words) > _LONGEST or _tells(name)
    return not told and re.search("[A-Za-z]{3}", name) is not None


def _names_procedure(name: str, dates: list[Dated], *, told: bool) -> bool:
    """A name that holds an act, or at least a dated one."""
    if not _is_name(name):
        return False
    known = _known() if told else _acts()
    return bool(known.search(name) or (dates and name[0].isupper()))


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
        dates = dates or _date_before(sheet.text, unit.span[0], span[0])
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


def _date_before(text: str, start: int, end: int) -> list[Dated]:
    """The date that opens the sentence, as in "In 2001, left rotator cuff repair"."""
    opening = find_dates(text, start, end, years=True)[:1]
    return [
        dated
        for dated in opening
        if re.fullmatch(r"(?:in|on)?\s*", text[start : dated.span[0]], re.IGNORECASE)
        and _OPENED.fullmatch(text[dated.span[1] : end])
    ]


_OPENED = re.compile(
    r"[,:]?\s+(?:(?:he|she|the patient)\s+)?(?:(?:underwent|had|has had)\s+)?"
    r"(?:(?:an?|the|his|her)\s+)?(?:[\w-]+\s+){0,2}",
    re.IGNORECASE,
)
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
    several = [f"{term}s" for term in rules["terms"] if " " in term]
    terms = phrases([*rules["terms"], *several]).pattern
    return re.compile(rf"{terms}|\b[A-Za-z]{{3,}}(?:{endings})\b", re.IGNORECASE)


@cache
def _acts() -> re.Pattern[str]:
    """Procedures known anywhere, and what is one only where procedures are listed."""
    rules = data("procedures")
    return re.compile(rf"{_known().pattern}|{phrases(rules['acts']).pattern}", re.IGNORECASE)


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
