"""Social history, contacts, advance directives, in the paper's words: nothing is interpreted."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import takewhile

from core.facts import Kind
from core.history import DIRECTIVES
from ocr.summary.mentions import Mention
from ocr.summary.sections import Unit, heading_kind
from ocr.summary.sheets import Sheet
from ocr.summary.text import Span, TextLine
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
    """Whom to call, and code status: what stands behind the label, or under one that is alone."""
    for line in sheet.page.lines:
        for cell in line.cells:
            match = _label().match(sheet.text, cell.start, line.end)
            if match and (spans := _field(sheet, line, match)):
                yield _contact(sheet, match, spans)


def phones_in(value: str) -> tuple[str, ...]:
    """The telephone numbers in the words of a contact, as they stand there."""
    return tuple(found.group() for found in _PHONE.finditer(value))


def emails_in(value: str) -> tuple[str, ...]:
    """The mail addresses in the words of a contact."""
    return tuple(found.group() for found in _EMAIL.finditer(value))


_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")

_PHONE = re.compile(
    r"(?<!\d)(?!\d{4}-\d\d-\d\d|\d{1,2}[./-]\d{1,2}[./-]\d{2,4})\+?\(?\d[\d\s().-]{5,}\d"
)
_PHONE_CELL = re.compile(
    rf"(?:(?:tel|telephone|phone|mobile|cell|mob|ph)\b[.:]*\s*)?(?P<number>{_PHONE.pattern})\s*",
    re.IGNORECASE,
)
_LONGEST_NAME = 8
"""Words of a line under a label that stands alone: a name, a relation, a number."""


def _field(sheet: Sheet, line: TextLine, label: re.Match[str]) -> list[Span]:
    """The places of a contact's name and telephone number."""
    if label["colon"] is None and label.end("label") < line.end:
        return []
    cells = [cell for cell in line.cells if cell.end > label.end()]
    if not cells:
        return _below(sheet, line)
    first = _trimmed(sheet.text, max(label.end(), cells[0].start), cells[0].end)
    if first[0] >= first[1] or _label().match(sheet.text, *first):
        return []
    phones = takewhile(lambda cell: _PHONE_CELL.fullmatch(cell.text), cells[1:])
    return [first, *(_number(cell.start, cell.text) for cell in phones)]


def _below(sheet: Sheet, line: TextLine) -> list[Span]:
    """The name in the line under a label that fills its own, and a number under that."""
    found: list[Span] = []
    for other in sheet.page.lines[line.index + 1 : line.index + 3]:
        if phone := _PHONE_CELL.fullmatch(other.text):
            return [*found, (other.start + phone.start("number"), other.end)] if found else []
        words = other.text.split()
        named = words[0][:1].isupper() and len(words) <= _LONGEST_NAME and ":" not in other.text
        if found or not named or heading_kind(other.text):
            return found
        found.append(_trimmed(sheet.text, other.start, other.end))
    return found


def _number(start: int, text: str) -> Span:
    found = _PHONE_CELL.fullmatch(text)
    assert found is not None
    return (start + found.start("number"), start + len(text))


def _trimmed(text: str, start: int, end: int) -> Span:
    while start < end and text[start] in " :.,;-":
        start += 1
    while end > start and text[end - 1] in " :.,;-":
        end -= 1
    return start, end


def _contact(sheet: Sheet, label: re.Match[str], spans: list[Span]) -> Mention:
    told = ", ".join(" ".join(sheet.text[slice(*span)].split()) for span in spans)
    named = label.span("label")
    joined = [(named[0], spans[0][1]), *spans[1:]]
    if "\n" in sheet.text[slice(*joined[0])]:
        joined = [named, *spans]
    name = _labels()[normal(label["label"])]
    return Mention(
        kind=Kind.SOCIAL if name in DIRECTIVES else Kind.CONTACT,
        name=name,
        span=spans[0],
        extent=tuple(joined),
        method="contact-line",
        details={"value": told, "date": sheet.date},
        confidence=0.9,
        numbers=tuple(spans),
    )


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
def _labels() -> dict[str, str]:
    return inverted(data("social")["contacts"]) | inverted(data("social")["directives"])


@cache
def _label() -> re.Pattern[str]:
    labels = "|".join(re.escape(label) for label in sorted(_labels(), key=len, reverse=True))
    return re.compile(rf"\s*(?P<label>{labels})\s*(?P<colon>:)?(?!\w)[ \t]*", re.IGNORECASE)
