"""Social history and contacts, in the paper's own words: nothing here is interpreted."""

import re
from collections.abc import Iterator
from functools import cache

from core.facts import Kind
from ocr.summary.mentions import Mention, clean
from ocr.summary.sections import Unit
from ocr.summary.sheets import Sheet
from ocr.summary.text import TextLine
from ocr.summary.vocabulary import data, inverted, normal, phrases

_LONGEST = 200
"""Characters of a statement; a longer one is no statement about one thing."""


def social_mentions(sheet: Sheet) -> Iterator[Mention]:
    """Statements of the social history, each under its topic."""
    for unit in sheet.units:
        if unit.section.kind == "social" and unit.span[1] - unit.span[0] <= _LONGEST:
            text = sheet.text[slice(*unit.span)]
            yield from (
                _statement(sheet, unit, topic) for topic, words in _topics() if words.search(text)
            )


def contact_mentions(sheet: Sheet) -> Iterator[Mention]:
    """Lines that begin with whom to call: "Emergency contact: ..."."""
    for line in sheet.page.lines:
        match = _label().match(line.text)
        if match is None:
            continue
        start = match.end()
        end = _end_of_field(line, start)
        value = clean(line.text[start:end])
        if value:
            at = line.start + start + len(line.text[start:]) - len(line.text[start:].lstrip())
            yield Mention(
                kind=Kind.CONTACT,
                name=_contacts()[normal(match["label"])],
                span=(at, line.start + end),
                extent=((line.start + match.start("label"), line.start + end),),
                method="contact-line",
                details={"value": value, "date": sheet.date},
                confidence=0.9,
                numbers=((at, line.start + end),),
            )


def _end_of_field(line: TextLine, start: int) -> int:
    """Where the cell with the field's value ends."""
    return next((c.end for c in line.cells if c.end > line.start + start), line.end) - line.start


def _statement(sheet: Sheet, unit: Unit, topic: str) -> Mention:
    return Mention(
        kind=Kind.SOCIAL,
        name=topic,
        span=unit.span,
        extent=(unit.span,),
        method="social-statement",
        details={"value": " ".join(sheet.text[slice(*unit.span)].split()), "date": sheet.date},
        confidence=0.9,
    )


@cache
def _topics() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((topic, phrases(words)) for topic, words in data("social")["topics"].items())


@cache
def _contacts() -> dict[str, str]:
    return inverted(data("social")["contacts"])


@cache
def _label() -> re.Pattern[str]:
    labels = "|".join(re.escape(label) for label in sorted(_contacts(), key=len, reverse=True))
    return re.compile(rf"\s*(?P<label>{labels})\s*:\s*", re.IGNORECASE)
