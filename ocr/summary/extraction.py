"""What one document says: the facts of its pages, and what on them was not understood."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.facts import Fact, Kind
from ocr.summary.claims import facts_of, find_mentions
from ocr.summary.language import ENGLISH, language_of
from ocr.summary.mentions import UNREAD
from ocr.summary.sheets import Sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """One document's facts, repeated as often as its pages state them."""

    facts: tuple[Fact, ...]
    unread: tuple[int, ...] = ()
    """Page numbers, one for each result row whose value was not read."""
    foreign: tuple[tuple[int, str], ...] = ()
    """Page numbers with their languages, of pages that are not English."""


def extract(pages: Iterable[Sheet]) -> Extract:
    """Read every page; of one in another language only whose it is."""
    facts: list[Fact] = []
    unread: list[int] = []
    foreign: list[tuple[int, str]] = []
    for sheet in pages:
        number, language = sheet.page.page.number, language_of(sheet.text)
        mentions = find_mentions(sheet)
        if language != ENGLISH:
            foreign.append((number, language))
            mentions = tuple(m for m in mentions if m.kind is Kind.PATIENT)
        unread += [number for mention in mentions if mention.method == UNREAD]
        facts += facts_of(sheet, mentions)
    return Extract(facts=tuple(facts), unread=tuple(unread), foreign=tuple(foreign))
