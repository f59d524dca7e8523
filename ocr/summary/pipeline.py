"""The order of the stages: sections, mentions, assertions, facts, merge, rank."""

from collections.abc import Iterable, Mapping, Sequence

from core.facts import Conflict, Fact, Kind
from core.history import History, Source, history_of
from core.words import Document, Reading
from ocr.summary.cautions import cautions
from ocr.summary.extraction import Extract, extract
from ocr.summary.merge import merge
from ocr.summary.patients import identity_of, sort_by_patient
from ocr.summary.sheets import Sheet, document_date, sheets
from ocr.summary.vocabulary import data, phrases


def summarise(reading: Reading, *, stated: Mapping[str, Sequence[Fact]] | None = None) -> History:
    """One history of everything that was read.

    `stated` gives the facts of documents that say them themselves, by name, such as other
    systems' summaries; the words of the rest are searched for facts.

    Paper of another patient is listed and left out, never merged; the history then carries a
    caution and `exit_code` 9.
    """
    leaves = {document.name: sheets(document) for document in reading.documents}
    given = stated or {}
    extracts = {
        name: Extract(facts=tuple(given[name])) if name in given else extract(pages)
        for name, pages in leaves.items()
    }
    found = {name: one.facts for name, one in extracts.items()}
    patients = sort_by_patient({name: identity_of(facts) for name, facts in found.items()})
    mine = [fact for name, facts in found.items() if name in patients[0] for fact in facts]
    merged = merge(mine, _complete_lists(p for n in leaves if n in patients[0] for p in leaves[n]))
    conflicts = (*_identity_conflicts(merged.facts), *merged.conflicts)
    return history_of(
        merged.facts,
        conflicts=conflicts,
        warnings=cautions(reading, leaves, extracts, patients, merged.facts),
        documents=[
            _source(document, leaves[document.name], patients[0]) for document in reading.documents
        ],
    )


def _complete_lists(pages: Iterable[Sheet]) -> list[str]:
    """Dates of pages that list every medicine taken."""
    words = phrases(data("sections")["complete"]["words"])
    return [
        sheet.date
        for sheet in pages
        for section in sheet.sections
        if sheet.date and section.kind == "medications" and words.search(section.heading)
    ]


def _source(document: Document, pages: Sequence[Sheet], mine: frozenset[str]) -> Source:
    return Source(
        document=document.name,
        sha256=document.sha256,
        pages=len(document.pages),
        date=document_date(pages),
        included=document.name in mine,
    )


def _identity_conflicts(facts: Sequence[Fact]) -> list[Conflict]:
    """Fields of which a person has one, told in two ways."""
    own = [fact for fact in facts if fact.kind is Kind.PATIENT]
    conflicts = []
    for field in ("birth date", "sex"):
        told = [fact for fact in own if fact.name == field]
        if len(told) > 1:
            conflicts.append(
                Conflict(
                    kind=Kind.PATIENT, name=field, about="value", facts=tuple(f.id for f in told)
                )
            )
    return conflicts
