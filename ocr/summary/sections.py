"""Pages to sections, and sections to units: the list items and sentences that are judged alone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from statistics import median

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from ocr.summary.dates import find_dates
from ocr.summary.drugs import find_drugs
from ocr.summary.text import PageText, Span, TextLine
from ocr.summary.vocabulary import data, normal, phrases

LISTS = frozenset({"allergies", "problems", "history", "procedures", "family"})
"""Kinds of section whose units are list items."""

_BULLET = re.compile(r"\s*(?:[-•*·–—▪◦»]|\(?\d{1,2}[.)]|[a-hA-H][.)])\s+")
_INLINE_NUMBER = re.compile(r"(?:(?<=[\s;:])|(?<=[^\d][.,])|(?<=[.],)|^)\d{1,2}[.)]\s*(?=[A-Z])")
"""An item's number; never the end of a decimal, as in "PTT 37.1. Platelets"."""
_TRAILING_NUMBER = re.compile(r"(?<=[.;]),?\s?,?\s*(?<=[,\s])\d{1,2}\.?$")
_SENTENCE_END = re.compile(r"[.!?],?(?:\s+|(?<=,))(?=[\"'(]?[A-Z0-9•])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:dr|mr|mrs|ms|prof|st|no|vs|approx|e\.g|i\.e|ca|max|min|ref|reg|tel|jr|sr|inc)|"
    r"\b[a-z]\.[a-z](?:\.[a-z])?|(?:^|\s)\d{1,2}|\b[A-Z])$",
    re.IGNORECASE,
)
_CAPS_HEADING = re.compile(r"(?:(?<=[.,;])|(?<=\s)|^)([A-Z][A-Z/&,\s-]{2,50}[A-Z])\s*:")
_DIRECTIONS = re.compile(r"\s*Sig(?:\s*[:;.]|\s+\d)", re.IGNORECASE)
_FULL_LINE = 0.8
"""A line of this share of the longest one fills its paragraph's width."""
_ENTRIES = frozenset({"allergies", "problems"})
"""Kinds whose short entries beside the heading end with their line."""
_SIGNATURE = re.compile(
    r"(?:Dr|Prof|Professor)\.? (?:[A-Z][\w.'-]* ?){1,4}(?:,.*)?$"
    r"|(?:[A-Z][\w.'-]* ){1,4}[A-Z][\w'-]+,? (?:MD|M\.D\.|DO|MBBS|FRCP|RN|NP|PharmD)\b"
)
_TAIL = re.compile(
    r"\s+(?:on|at|as|for|from|since|before|after|prior|during|by|upon)\b.*$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A stretch of a page under one heading; the text before the first heading is "top"."""

    kind: str
    heading: str
    start: int
    """Where the body starts, after the heading."""
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A list item, table row or sentence."""

    span: Span
    section: Section
    item: bool
    """True for a list item or table row, False for a sentence of running text."""


@cache
def _headings() -> dict[str, str]:
    return {
        normal(name): kind for kind, names in data("sections")["headings"].items() for name in names
    }


@cache
def _footers() -> tuple[str, ...]:
    return tuple(data("sections")["footer"]["starts"])


def sections(page: PageText) -> tuple[Section, ...]:
    """The page cut at its headings, in order, without overlap."""
    marks: list[_Mark] = [(0, 0, "top", "")]
    for line in page.lines:
        found = list(_marks(page, line, after_heading=marks[-1][1] == line.start - 1))
        if not found and (mark := _unheaded(page, line, marks[-1])):
            found = [mark]
        marks.extend(found)
    ends = [mark[0] for mark in marks[1:]] + [len(page.text)]
    cut = tuple(
        Section(kind=kind, heading=heading, start=body, end=end)
        for (_, body, kind, heading), end in zip(marks, ends, strict=True)
        if body < end
    )
    return cut or (Section(kind="top", heading="", start=0, end=len(page.text)),)


_Mark = tuple[int, int, str, str]
"""Start of heading, start of body, kind, heading."""


def _unheaded(page: PageText, line: TextLine, mark: _Mark) -> _Mark | None:
    """A section without a heading that was read: a prescription, or what follows a short entry."""
    _, body, kind, _ = mark
    if kind != "medications" and _BULLET.match(line.text) and _has_directions(page, line):
        return (line.start, line.start, "medications", "")
    return (line.start, line.start, "other", "") if _entry_is_over(page, line, body, kind) else None


def _has_directions(page: PageText, line: TextLine) -> bool:
    """Whether "Sig:" stands under the line: it opens the directions of a prescription only."""
    below = page.lines[line.index + 1 : line.index + 3]
    for other in below:
        if _DIRECTIONS.match(other.text):
            return True
        if _BULLET.match(other.text):
            return False
    return False


def _entry_is_over(page: PageText, line: TextLine, body: int, kind: str) -> bool:
    """Whether an entry beside its heading, as in "Allergies: latex", ended on the line above."""
    if kind not in _ENTRIES or not line.index or body >= line.start:
        return False
    first = page.line_at(body)
    if first.start == body or first.end <= body:
        return False
    above = page.lines[line.index - 1]
    longest = max(other.end - other.start for other in page.lines)
    if above.end - above.start >= _FULL_LINE * longest:
        return False
    if _runs_on(above, line, bulleted=False, longest=longest):
        return False
    listed = _BULLET.match(page.text, body, first.end) is not None
    indented = line.cells[0].left > first.cells[0].left + 2 * (first.bottom - first.top)
    return not (indented or (listed and _BULLET.match(line.text)))


def _marks(page: PageText, line: TextLine, *, after_heading: bool) -> Iterator[_Mark]:
    if whole := heading_kind(line.text):
        yield (line.start, line.end, whole, line.text)
        return
    if (
        _SIGNATURE.match(line.text)
        or normal(line.text).startswith(_footers())
        or _unknown_heading(page, line, after_heading)
    ):
        yield (line.start, line.start, "other", "")
        return
    head, colon, _ = line.text.partition(":")
    if colon and (kind := _known(head)):
        yield (line.start, line.start + len(head) + 1, kind, head)
    for match in _CAPS_HEADING.finditer(line.text, len(head) + 1 if colon and _known(head) else 0):
        if kind := _known(match.group(1)) or _unknown_label(match):
            yield (line.start + match.start(1), line.start + match.end(), kind, match.group(1))


def _unknown_label(match: re.Match[str]) -> str | None:
    """Capitals before a colon head something, unless they name a medicine or a diagnosis."""
    words = normal(match.group(1))
    if len(words) < 5 or words in _diagnoses() or _substances().search(words):
        return None
    return None if find_drugs(words, 0, len(words)) else "other"


@cache
def _diagnoses() -> frozenset[str]:
    return frozenset(
        normal(alias) for entry in data("problems")["problem"] for alias in entry["aliases"]
    )


@cache
def _substances() -> re.Pattern[str]:
    return phrases(data("allergens")["substances"])


@cache
def heading_kind(text: str) -> str | None:
    """The kind of section that a line opens when it is nothing but a heading."""
    bare = _BULLET.sub("", text, count=1) if _BULLET.match(text) else text
    if kind := _known(bare):
        return kind
    if text.rstrip().endswith((".", ",", ";")) or len(text.split()) > 10:
        return None
    for dated in find_dates(bare, years=True):
        bare = bare[: dated.span[0]]
        break
    head = _TAIL.sub("", bare.strip(" ,(:-"))
    if head != text and text[:1].isupper() and (kind := _headings().get(normal(head))):
        return kind
    return None


@cache
def _known(text: str) -> str | None:
    name = normal(text.replace("/", " ").replace("&", "and"))
    if not name or len(name) > 50:
        return None
    if kind := _headings().get(name) or _headings().get(normal(text)):
        return kind
    if len(name) < 6 or not any(c.isupper() for c in text[:1]):
        return None
    slips = 1 if len(name) < 12 else 2
    close = process.extractOne(
        name, tuple(_headings()), scorer=Levenshtein.distance, score_cutoff=slips
    )
    return _headings()[close[0]] if close else None


def _unknown_heading(page: PageText, line: TextLine, after_heading: bool) -> bool:
    """A short title that stands off from what is above it: it ends the section before."""
    if after_heading or not line.index or len(line.cells) > 1 or len(line.text.split()) > 6:
        return False
    if not re.fullmatch(r"[A-Z][A-Za-z'/() -]+:?", line.text):
        return False
    above = page.lines[line.index - 1]
    return line.top - above.bottom > 1.4 * max(_usual_gap(page), 1)


def _usual_gap(page: PageText) -> float:
    gaps = [below.top - above.bottom for above, below in pairwise(page.lines)]
    return median([gap for gap in gaps if gap > 0] or [0])


def units(page: PageText, section: Section) -> tuple[Unit, ...]:
    """The section's list items and sentences, in order."""
    found: list[Unit] = []
    for start, end, item in _blocks(page, section):
        cuts = [] if item and _is_row(page, start) else _cuts(page.text, start, end)
        bounds = [start, *cuts, end]
        for a, b in pairwise(bounds):
            span = _trimmed(page.text, a, b)
            if span[0] < span[1]:
                found.append(Unit(span=span, section=section, item=item))
    return tuple(found)


def _blocks(page: PageText, section: Section) -> Iterator[tuple[int, int, bool]]:
    """Lines joined where one runs on into the next: (start, end, is list item)."""
    lines = [line for line in page.lines if line.end > section.start and line.start < section.end]
    bulleted = sum(bool(_BULLET.match(line.text)) for line in lines) > 1
    longest = max((line.end - line.start for line in page.lines), default=0)
    current: tuple[int, int, bool] | None = None
    above: TextLine | None = None
    for line in lines:
        start, end = max(line.start, section.start), min(line.end, section.end)
        if current and above and _runs_on(above, line, bulleted=bulleted, longest=longest):
            current = (current[0], end, current[2])
        else:
            if current:
                yield current
            current = (start, end, _is_item(line, section))
        above = line
    if current:
        yield current


def _is_item(line: TextLine, section: Section) -> bool:
    row = len(line.cells) > 2
    prose = line.text.rstrip().endswith(".") and len(line.text.split()) > 8
    return row or bool(_BULLET.match(line.text)) or (section.kind in LISTS and not prose)


def _runs_on(above: TextLine, line: TextLine, *, bulleted: bool, longest: int) -> bool:
    if _BULLET.match(line.text) or len(line.cells) > 2 or len(above.cells) > 2:
        return False
    if line.text[:1].islower() or above.text.rstrip().endswith(
        (",", " and", " or", " of", " with")
    ):
        return True
    wrapped = above.end - above.start >= _FULL_LINE * longest and not _ENDED.search(above.text)
    return wrapped or (bulleted and bool(_BULLET.match(above.text)) and line.text[:1] == "(")


_ENDED = re.compile(r"(?:\.|\d{4}(?:-\d\d){0,2})\s*$")
"""A full stop, or a date: what a list item ends with."""


def _is_row(page: PageText, offset: int) -> bool:
    return len(page.line_at(offset).cells) > 2


def _cuts(text: str, start: int, end: int) -> list[int]:
    cuts = {m.start() for m in _INLINE_NUMBER.finditer(text, start, end) if m.start() > start}
    for match in _SENTENCE_END.finditer(text, start, end):
        if not _ABBREVIATION.search(text[max(start, match.start() - 12) : match.start()]):
            cuts.add(match.end())
    return sorted(cuts)


def _trimmed(text: str, start: int, end: int) -> Span:
    """Without bullets and white space around."""
    while end > start and text[end - 1] in " \n\t,":
        end -= 1
    if trailing := _TRAILING_NUMBER.search(text, start, end):
        end = trailing.start()
    bullet = _BULLET.match(text, start, end)
    start = bullet.end() if bullet else start
    number = _INLINE_NUMBER.match(text, start, end)
    start = number.end() if number else start
    while start < end and text[start] in " \n\t,:":
        start += 1
    return start, end
