"""Abbreviations that a document defines itself: "chronic kidney disease (CKD)".

Definitions are found by the method of Schwartz and Hearst (Pac Symp Biocomput 2003:451): the
letters of the short form stand in the long one in their order, the first at the head of a word.
They hold in that document alone, and before any general meaning: paper that says "mitral stenosis
(MS)" never means multiple sclerosis by MS.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from ocr.summary.text import Span

Abbreviations = Mapping[str, str | None]
"""Short form as printed to its long form; None where the document defines it in two ways."""

_SHORT = r"(?=[^()\s]*[A-Z][^()\s]*[A-Z])[A-Za-z0-9][A-Za-z0-9/-]{1,9}"
_BEHIND = re.compile(rf"\((?P<short>{_SHORT})\)")
_REACH = 120
"""A long form begins at most this many characters before its short one."""
_BEFORE = re.compile(rf"(?<![\w/-])(?P<short>{_SHORT})\s?\((?P<long>[A-Za-z][^()]{{3,80}})\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelled:
    """A stretch of text with its abbreviations spelled out, and where each letter comes from."""

    text: str
    places: tuple[Span, ...]
    """Span in the printed text for each letter; all letters of a long form share its short one."""

    def printed(self, start: int, end: int) -> Span | None:
        """The printed span of a part; None when it begins or ends inside a long form."""
        if self._inside(start) or self._inside(end):
            return None
        return (self.places[start][0], self.places[end - 1][1])

    def _inside(self, cut: int) -> bool:
        return 0 < cut < len(self.places) and self.places[cut - 1] == self.places[cut]


def defined(texts: Iterable[str]) -> Abbreviations:
    """What the pages of one document define."""
    found: dict[str, str | None] = {}
    for text in texts:
        for short, long in _definitions(text):
            known = found.setdefault(short, long)
            if known is None or known.lower() != long.lower():
                found[short] = None
    return found


def spelled_out(text: str, span: Span, abbreviations: Abbreviations) -> Spelled:
    """`span` of `text` with every defined short form replaced.

    One that is defined in two ways, or stands where it is defined, becomes blanks: it says nothing.
    """
    at, end = span
    if not abbreviations:
        return Spelled(text=text[at:end], places=tuple(_each(at, end)))
    parts: list[str] = []
    places: list[Span] = []
    for match in _shorts(tuple(sorted(abbreviations))).finditer(text, at, end):
        long = abbreviations[match.group()] or ""
        shown = long if not _is_definition(text, match, long) and long else " " * len(match.group())
        parts += [text[at : match.start()], shown]
        places += [*_each(at, match.start()), *[match.span()] * len(shown)]
        at = match.end()
    return Spelled(text="".join((*parts, text[at:end])), places=(*places, *_each(at, end)))


def is_ambiguous(text: str, abbreviations: Abbreviations) -> bool:
    """Whether `text` holds a short form that its document defines in two ways."""
    twice = tuple(sorted(short for short, long in abbreviations.items() if long is None))
    return bool(twice) and _shorts(twice).search(text) is not None


def _each(start: int, end: int) -> Iterator[Span]:
    return ((i, i + 1) for i in range(start, end))


def _is_definition(text: str, match: re.Match[str], long: str) -> bool:
    bracketed = text[: match.start()].endswith("(") and text[match.end() :].startswith(")")
    after = _squeezed(text[match.end() : match.end() + _REACH])
    return bracketed or after.startswith(f"({long})")


def _definitions(text: str) -> Iterator[tuple[str, str]]:
    for match in _BEHIND.finditer(text):
        before = re.split(r"[().;:]|\n\s*\n", text[max(0, match.start() - _REACH) : match.start()])[
            -1
        ]
        if long := _long_form(match["short"], before):
            yield match["short"], long
    for match in _BEFORE.finditer(text):
        long = _squeezed(match["long"])
        if _long_form(match["short"], long) == long:
            yield match["short"], long


def _long_form(short: str, before: str) -> str | None:
    """The end of `before` that `short` stands for."""
    words = before.split()
    most = min(len(short) + 5, len(short) * 2)
    text = " ".join(words[-most:])
    at = len(text)
    letters = [letter for letter in short.lower() if letter.isalnum()]
    for number, letter in reversed(list(enumerate(letters))):
        at -= 1
        while at >= 0 and (text[at].lower() != letter or (number == 0 and not _heads(text, at))):
            at -= 1
        if at < 0:
            return None
    long = text[at:].strip(" ,-")
    enough = len(long) > len(short) and len(long.split()) > 1
    return long if enough and short not in long.split() else None


def _heads(text: str, at: int) -> bool:
    return at == 0 or not text[at - 1].isalnum()


def _squeezed(text: str) -> str:
    return " ".join(text.split())


@cache
def _shorts(names: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(names, key=len, reverse=True)
    return re.compile(rf"(?<![\w/-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w/])")
