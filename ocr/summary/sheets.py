"""A page made ready for extraction: its text, sections, units, and the date it speaks of."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache

from core.words import Document
from ocr.summary.abbreviations import Abbreviations, defined
from ocr.summary.dates import Dated, find_dates
from ocr.summary.sections import Section, Unit, sections, units
from ocr.summary.text import PageText, page_text
from ocr.summary.vocabulary import data, phrases

_LABEL_REACH = 24
"""A date stands at most this many characters behind its label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One page with its units in reading order."""

    page: PageText
    sections: tuple[Section, ...]
    units: tuple[Unit, ...]
    date: str | None
    """The date the page's statements hold for, by label; else its document's; else None."""
    date_either: str | None = None
    """Both dates, where day and month of `date` could be either."""
    discharge_list: bool = False
    """The document lists the medicines at discharge, so those at admission are past."""
    abbreviations: Abbreviations = field(default_factory=dict)
    """Short forms that the document defines."""

    @property
    def text(self) -> str:
        return self.page.text


_DISCHARGE = re.compile(r"discharge|take home|\btt[ao]\b", re.IGNORECASE)
_WEAK_RANK = 5
"""Labels from this rank on say when the paper was made, not when the patient was seen."""


def sheets(document: Document) -> tuple[Sheet, ...]:
    """The document's pages, each with a date of its own or the document's."""
    pages = [page_text(page) for page in document.pages]
    labelled = [labelled_date(page.text) for page in pages]
    found = [date for date in labelled if date]
    common = min(found, key=lambda ranked: (ranked[0], ranked[1].iso), default=None)
    leaves = [
        _sheet(page, own if own and own[0] < _WEAK_RANK else common)
        for page, own in zip(pages, labelled, strict=True)
    ]
    discharged = any(
        part.kind == "medications" and _DISCHARGE.search(part.heading)
        for leaf in leaves
        for part in leaf.sections
    )
    short = defined(page.text for page in pages)
    return tuple(replace(leaf, discharge_list=discharged, abbreviations=short) for leaf in leaves)


def document_date(leaves: Iterable[Sheet]) -> str | None:
    """The newest date among the document's pages."""
    return max((leaf.date for leaf in leaves if leaf.date), default=None)


def labelled_date(text: str) -> tuple[int, Dated] | None:
    """The date with the best label: (rank, date). Lower ranks are better.

    A date that fills a line of its own counts last, as letters have it.
    """
    dates = find_dates(text)
    for rank, pattern in enumerate(_labels()):
        for match in pattern.finditer(text):
            for dated in dates:
                if _belongs(text, match, dated):
                    return rank, dated
    return next(((len(_labels()), dated) for dated in dates if _alone(text, dated.span)), None)


def _sheet(page: PageText, ranked: tuple[int, Dated] | None) -> Sheet:
    parts = sections(page)
    return Sheet(
        page=page,
        sections=parts,
        units=tuple(unit for part in parts for unit in units(page, part)),
        date=ranked[1].iso if ranked else None,
        date_either=ranked[1].either if ranked else None,
    )


def _belongs(text: str, label: re.Match[str], dated: Dated) -> bool:
    gap = text[label.end() : dated.span[0]]
    if not 0 <= dated.span[0] - label.end() <= _LABEL_REACH or "\n" in gap:
        return False
    if ":" not in gap and text[: label.start()].rstrip(" ")[-1:] not in ("", "\n"):
        return False
    return _GAP.fullmatch(gap) is not None


_GAP = re.compile(r"\s*(?:\([^)]*\)|on|and time|/ ?time)?\s*[:.-]?\s*(?:[A-Za-z]{2,9},?\s)?")


def _alone(text: str, span: tuple[int, int]) -> bool:
    start = text.rfind("\n", 0, span[0]) + 1
    end = text.find("\n", span[1])
    rest = text[start : span[0]] + text[span[1] : end if end >= 0 else len(text)]
    return re.fullmatch(r"\s*(?:[A-Z][a-z]+,\s*)?\s*", rest) is not None


@cache
def _labels() -> tuple[re.Pattern[str], ...]:
    return tuple(phrases(labels) for labels in data("patient")["document_date"]["labels"])
