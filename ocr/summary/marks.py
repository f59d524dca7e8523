"""The places of a history's statements, numbered in the order of the page."""

from dataclasses import dataclass

from core.facts import Evidence, Fact
from core.history import History
from core.words import Reading
from ocr.summary.pages import NumberedPage, numbered_pages


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A box on a page image, in percent of its size."""

    number: int
    fact: str
    quote: str
    left: float
    top: float
    width: float
    height: float


NumberedMarks = list[tuple[Mark, tuple[str, int]]]
"""Marks with the document and page they stand on."""


def numbered_marks(history: History, reading: Reading) -> NumberedMarks:
    """A mark for each piece of evidence."""
    pages = numbered_pages(history, reading)
    found: NumberedMarks = []
    for fact in (*history.facts, *history.withdrawn):
        for evidence in fact.evidence:
            key = (evidence.document, evidence.page)
            found.append((_mark(len(found) + 1, fact, evidence, pages[key]), key))
    return found


def links_of(history: History, reading: Reading) -> dict[str, list[int]]:
    """The numbers of each fact's marks."""
    links: dict[str, list[int]] = {}
    for mark, _ in numbered_marks(history, reading):
        links.setdefault(mark.fact, []).append(mark.number)
    return links


def _mark(number: int, fact: Fact, evidence: Evidence, page: NumberedPage) -> Mark:
    box, width, height = evidence.box, max(page.page.width, 1), max(page.page.height, 1)
    return Mark(
        number=number,
        fact=fact.id,
        quote=evidence.quote,
        left=round(100 * box.left / width, 2),
        top=round(100 * box.top / height, 2),
        width=round(100 * (box.right - box.left) / width, 2),
        height=round(100 * (box.bottom - box.top) / height, 2),
    )
