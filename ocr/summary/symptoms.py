"""Symptoms that the patient denies: "denies chest pain" is worth as much as a diagnosis denied."""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from core.facts import Kind
from ocr.summary.assertions import is_conditional
from ocr.summary.mentions import DENIED, SYMPTOM, Mention
from ocr.summary.sections import Section, Unit
from ocr.summary.sheets import Sheet
from ocr.summary.text import TextLine
from ocr.summary.vocabulary import data, inverted, normal, phrases


def symptom_mentions(sheet: Sheet) -> Iterator[Mention]:
    """Known symptoms in the patient's own account; only what is denied becomes a fact."""
    for unit in sheet.units:
        if not _is_account(unit.section):
            continue
        for match, names in _named(sheet, unit):
            if is_conditional(sheet.text[unit.span[0] : match.start()]):
                continue
            yield from (_mention(sheet, match, unit, name) for name in names)


def _named(sheet: Sheet, unit: Unit) -> Iterator[tuple[re.Match[str], Sequence[str]]]:
    """Where symptoms are named, in words or in letters such as N/V/D, and which."""
    for match in _pattern().finditer(sheet.text, *unit.span):
        printed = " ".join(match.group().split())
        yield match, (printed[:1].upper() + printed[1:],)
    for match in _letters().finditer(sheet.text, *unit.span):
        if match.group() not in sheet.abbreviations:
            yield match, data("symptoms")["slashed"][match.group().lower()]


def _mention(sheet: Sheet, match: re.Match[str], unit: Unit, name: str) -> Mention:
    line = sheet.page.line_at(match.start())
    answer = _ANSWER.match(sheet.text, match.end(), line.end)
    denied = answer is not None or _listed_as_denied(sheet, line)
    return Mention(
        kind=Kind.PROBLEM,
        name=name,
        span=match.span(),
        extent=((match.start(), answer.end() if answer else match.end()),),
        method=DENIED if denied else SYMPTOM,
        unit=None if denied else unit,
        details={"date": sheet.date},
        confidence=0.9,
    )


_ANSWER = re.compile(
    r"\s*[:=–—-]?\s*(?:no|none|denied|denies|negative|neg|nil|absent)(?=\s*(?:[.,;]|$))",
    re.IGNORECASE,
)
"""What stands behind a symptom that was asked for: "Fever: no"."""
_DENIES = re.compile(
    r"(?:the\s)?(?:patient|pt|he|she)?\s*(?:denies|denied|negative for|no)"
    r"(?:\s(?:any|all|of|the|following|symptoms))*\s*:", re.IGNORECASE,
)  # fmt: skip
_ITEM = re.compile(r"\s*[-•*–]\s*")
_TURN = re.compile(r"\b(?:but|except|has|had|reports|admits|positive|yes|present)\b", re.IGNORECASE)


def _listed_as_denied(sheet: Sheet, line: TextLine) -> bool:
    """Whether it is a short item under a line that says "denies:" and nothing more."""
    if not _ITEM.match(line.text) or len(line.text.split()) > _LONGEST or _TURN.search(line.text):
        return False
    above = next(o for o in _upwards(sheet, line) if o is None or not _ITEM.match(o.text))
    return above is not None and _DENIES.fullmatch(above.text.strip()) is not None


_LONGEST = 6
"""Words of an item that names a symptom and nothing else."""


def _upwards(sheet: Sheet, line: TextLine) -> Iterator[TextLine | None]:
    """The lines above, the nearest first; then None."""
    yield from reversed(sheet.page.lines[: line.index])
    yield None


def known_symptom(name: str) -> str | None:
    """The vocabulary's name of the symptom that `name` is, if it is one."""
    return _names().get(normal(name))


def _is_account(section: Section) -> bool:
    rules = data("symptoms")["sections"]
    heading = normal(section.heading)
    return section.kind in rules["kinds"] or heading in rules["headings"]


@cache
def _names() -> dict[str, str]:
    return inverted(data("symptoms")["symptoms"])


@cache
def _letters() -> re.Pattern[str]:
    rows = sorted(data("symptoms")["slashed"], key=len, reverse=True)
    body = "|".join(re.escape(row) for row in rows)
    return re.compile(rf"(?<![\w/&])(?:{body})(?![\w/&])", re.IGNORECASE)


@cache
def _pattern() -> re.Pattern[str]:
    return phrases(_names(), slashed=True)
