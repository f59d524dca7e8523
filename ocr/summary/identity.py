"""Identity fields by their labels: name, birth date, sex, identifiers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest

from core.facts import Kind
from ocr.summary.dates import find_dates
from ocr.summary.mentions import Mention
from ocr.summary.sheets import Sheet
from ocr.summary.text import Span, TextLine
from ocr.summary.vocabulary import data, normal, phrases

_NAME_WORD = re.compile(r"(?P<comma>,?)\s*(?P<word>[^\W\d_][\w'’-]*\.?)")
_PARTICLES = frozenset(
    {"al", "bin", "da", "de", "del", "della", "den", "der", "di", "dos", "du", "el", "ibn", "la"}
    | {"le", "los", "ten", "ter", "van", "von", "zu", "zur"}
)
_LONGEST_NAME = 6
"""Words of a name."""
_IDENTIFIER = re.compile(r"[A-Z]{0,4}[-/]?\d[\w./-]*(?:\s\d[\w-]*){0,3}", re.IGNORECASE)
_SEX = {
    "m": "male",
    "male": "male",
    "man": "male",
    "f": "female",
    "female": "female",
    "woman": "female",
}
_TITLES = re.compile(r"^(?:mrs?|ms|miss|mx|dr|prof)\.?\s+", re.IGNORECASE)
_METHOD = "identity-label"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Label:
    field: str
    """A field, "identifier:SYSTEM", or "" for labels that only end what stands before them."""
    start: int
    end: int
    colon: bool


def identity_mentions(sheet: Sheet) -> list[Mention]:
    """Every identity field that a label names; values without label are not taken."""
    found: list[Mention] = []
    for line in sheet.page.lines:
        labels = _labels(line)
        names: dict[str, Mention] = {}
        for label, following in zip_longest(labels, labels[1:]):
            end = following.start if following else line.end
            if mention := _value(sheet, line, label, end):
                names[label.field] = mention
        found.extend(_whole_name(names, found))
    return found


def _whole_name(names: dict[str, Mention], above: list[Mention]) -> Iterator[Mention]:
    yield from (m for field, m in names.items() if field not in ("family_name", "given_name"))
    given, family = names.get("given_name"), names.get("family_name")
    if given and family and not any(m.name == "name" for m in above):
        yield Mention(
            kind=Kind.PATIENT,
            name="name",
            span=given.span,
            extent=(*given.extent, *family.extent),
            method=_METHOD,
            details={"value": f"{given.details['value']} {family.details['value']}"},
        )


def _labels(line: TextLine) -> list[_Label]:
    found = []
    for match in _pattern().finditer(line.text):
        after = line.text[match.end() : match.end() + 3]
        colon = after.lstrip().startswith((":", "."))
        start = line.start + match.start()
        if colon or _fills_cell(line, start, line.start + match.end()):
            field = _fields().get(normal(match.group()), "")
            found.append(
                _Label(field=field, start=start, end=line.start + match.end(), colon=colon)
            )
    return found


def _fills_cell(line: TextLine, start: int, end: int) -> bool:
    """A label without a colon stands alone in its cell, its value in the next."""
    return any((cell.start, cell.end) == (start, end) for cell in line.cells)


def _value(sheet: Sheet, line: TextLine, label: _Label, end: int) -> Mention | None:
    if not label.field:
        return None
    start = label.end
    while start < end and sheet.text[start] in " :.#\t":
        start += 1
    limit = end if label.colon else _cell_end(line, start, end)
    return _mention(sheet, label, (start, limit)) if start < limit else None


def _cell_end(line: TextLine, start: int, end: int) -> int:
    """Without a colon the value is the rest of the label's cell, or the next cell."""
    for cell in line.cells:
        if cell.end > start:
            return min(cell.end, end)
    return end


def _mention(sheet: Sheet, label: _Label, span: Span) -> Mention | None:
    read = {"birth": _birth, "sex": _sex}.get(
        label.field, _identifier if label.field.startswith("identifier") else _name
    )
    value = read(sheet.text, span)
    if value is None:
        return None
    shown, place = value
    system = label.field.partition(":")[2]
    name = {"birth": "birth date"}.get(label.field, label.field.partition(":")[0])
    return Mention(
        kind=Kind.PATIENT,
        name=name,
        span=place,
        extent=((label.start, place[1]),),
        method=_METHOD,
        details={"value": shown, "unit": system or None},
        numbers=(place,) if label.field == "birth" or system else (),
    )


_Value = tuple[str, Span]


def _name(text: str, span: Span) -> _Value | None:
    start = span[0]
    if title := _TITLES.match(text[start : span[1]]):
        start += title.end()
    ends = _name_ends(text, start, span[1])
    if not ends or (len(ends) == 1 and ends[0] < start + len(text[start : span[1]].rstrip(" ,."))):
        return None
    return _in_order(text[start : ends[-1]]), (start, ends[-1])


def _name_ends(text: str, start: int, end: int) -> list[int]:
    """Where the words of a name end: words in capitals or of scripts without, and particles.

    A particle never ends a name, nor does a name reach over a label.
    """
    ends: list[int] = []
    capitals = 0
    while len(ends) < _LONGEST_NAME and (word := _NAME_WORD.match(text, start, end)):
        printed = word["word"]
        if (word["comma"] and not ends) or _is_label(text, word, end):
            break
        if printed[0].islower() and normal(printed) not in _PARTICLES:
            break
        ends.append(word.end())
        capitals = len(ends) if not printed[0].islower() else capitals
        start = word.end()
    return ends[:capitals]


def _is_label(text: str, word: re.Match[str], end: int) -> bool:
    """Whether a word that labels fields does so here: Page and Sample are surnames too.

    A label has its field behind it, and not another label.
    """
    if normal(word["word"]) not in _fields() or not text[word.end() : end].strip(" .,"):
        return False
    following = _NAME_WORD.match(text, word.end(), end)
    return following is None or normal(following["word"]) not in _fields()


def _in_order(name: str) -> str:
    """`LINDEN, Nora` as `Nora Linden`."""
    family, comma, given = name.partition(",")
    whole = f"{given.strip()} {family.strip()}" if comma else name
    words = " ".join(whole.split()).rstrip(".,").split(" ")
    return " ".join(w.capitalize() if w.isupper() and len(w) > 2 else w for w in words)


_BIRTH_REACH = 4
"""A date of birth stands at most this many characters behind its label."""


def _birth(text: str, span: Span) -> _Value | None:
    dates = find_dates(text, *span)
    if not dates or dates[0].span[0] - span[0] >= _BIRTH_REACH:
        return None
    return dates[0].either or dates[0].iso, dates[0].span


def _sex(text: str, span: Span) -> _Value | None:
    match = re.compile(r"[A-Za-z]+").match(text, *span)
    sex = _SEX.get(match.group().lower()) if match else None
    return (sex, match.span()) if match and sex else None


def _identifier(text: str, span: Span) -> _Value | None:
    match = _IDENTIFIER.match(text, *span)
    return (match.group().rstrip(".,"), match.span()) if match else None


@cache
def _fields() -> dict[str, str]:
    vocabulary = data("patient")
    table = {normal(label): "" for label in vocabulary["stops"]["labels"]}
    for system, labels in vocabulary["identifiers"].items():
        table |= {normal(label): f"identifier:{system}" for label in labels}
    for name, labels in vocabulary["fields"].items():
        table |= {normal(label): name for label in labels}
    return table


@cache
def _pattern() -> re.Pattern[str]:
    return phrases(_fields())
