"""The order of the stages: sections, mentions, assertions, facts, merge, rank."""

from collections.abc import Iterable, Mapping, Sequence

from core.facts import Conflict, Fact, Kind
from core.history import About, Caution, History, Source, history_of
from core.words import Document, Reading
from ocr.summary.claims import facts_of, find_mentions
from ocr.summary.merge import Merged, merge
from ocr.summary.patients import identity_of, sort_by_patient
from ocr.summary.sheets import Sheet, document_date, sheets
from ocr.summary.vocabulary import data, phrases


def summarise(reading: Reading) -> History:
    """One history of everything that was read.

    Paper of another patient is listed and left out, never merged; the history then carries a
    caution and `exit_code` 9.
    """
    leaves = {document.name: sheets(document) for document in reading.documents}
    found = {name: extract(pages) for name, pages in leaves.items()}
    patients = sort_by_patient({name: identity_of(facts) for name, facts in found.items()})
    mine = [fact for name, facts in found.items() if name in patients[0] for fact in facts]
    merged = merge(mine, _complete_lists(p for n in leaves if n in patients[0] for p in leaves[n]))
    conflicts = (*_identity_conflicts(merged.facts), *merged.conflicts)
    return history_of(
        merged.facts,
        conflicts=conflicts,
        warnings=_cautions(reading, leaves, found, patients, merged),
        documents=[
            _source(document, leaves[document.name], patients[0]) for document in reading.documents
        ],
    )


def extract(pages: Iterable[Sheet]) -> tuple[Fact, ...]:
    """The facts of one document, repeated as often as its pages state them."""
    return tuple(fact for sheet in pages for fact in facts_of(sheet, find_mentions(sheet)))


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


def _cautions(
    reading: Reading,
    leaves: Mapping[str, Sequence[Sheet]],
    found: Mapping[str, Sequence[Fact]],
    patients: Sequence[frozenset[str]],
    merged: Merged,
) -> list[Caution]:
    return [
        *_about_patients(leaves, found, patients),
        *_about_reading(reading, leaves, found, patients[0]),
        *_about_facts(merged.facts),
    ]


def _about_patients(
    leaves: Mapping[str, Sequence[Sheet]],
    found: Mapping[str, Sequence[Fact]],
    patients: Sequence[frozenset[str]],
) -> list[Caution]:
    cautions = []
    if len(patients) > 1:
        others = tuple(sorted(name for group in patients[1:] for name in group))
        cautions.append(
            Caution(
                code=About.MIXED_PATIENTS,
                text=f"Paper of {len(patients)} different patients was given. Left out here, "
                f"because name, birth date or identifier differ: {', '.join(others)}.",
                documents=others,
            )
        )
    nameless = tuple(
        name for name in leaves if name in patients[0] and not identity_of(found[name]).known
    )
    if nameless:
        cautions.append(
            Caution(
                code=About.NO_IDENTITY,
                text=f"No patient is named on: {', '.join(nameless)}. Taken for this patient's.",
                documents=nameless,
            )
        )
    return cautions


def _about_reading(
    reading: Reading,
    leaves: Mapping[str, Sequence[Sheet]],
    found: Mapping[str, Sequence[Fact]],
    mine: frozenset[str],
) -> list[Caution]:
    cautions = [
        Caution(code=About.NOT_READ, text=f"{r.name} could not be read.", documents=(r.name,))
        for r in reading.refusals
        if r.fatal
    ]
    for name, pages in leaves.items():
        empty = [str(s.page.page.number) for s in pages if not s.text.strip()]
        if empty:
            text = f"{name}: nothing was read on page {', '.join(empty)}."
            cautions.append(Caution(code=About.EMPTY_PAGE, text=text, documents=(name,)))
        elif name in mine and not any(f.kind is not Kind.PATIENT for f in found[name]):
            text = f"{name}: nothing was found that this summary understands. Read the paper."
            cautions.append(Caution(code=About.NO_FACTS, text=text, documents=(name,)))
    undated = tuple(
        name
        for name in leaves
        if name in mine
        and not document_date(leaves[name])
        and any(f.date is None and f.kind is not Kind.PATIENT for f in found[name])
    )
    if undated:
        text = f"No date was found on: {', '.join(undated)}."
        cautions.append(Caution(code=About.UNDATED, text=text, documents=undated))
    return cautions


_EXPECTED = {
    Kind.ALLERGY: "No page says anything about allergies: unknown, not none.",
    Kind.MEDICATION: "No page lists medications: unknown, not none.",
    Kind.PROBLEM: "No page lists problems or diagnoses: unknown, not none.",
    Kind.IMMUNIZATION: "No immunisations were found.",
    Kind.LAB: "No laboratory results were found.",
}


def _about_facts(facts: Sequence[Fact]) -> list[Caution]:
    kinds = {fact.kind for fact in facts}
    cautions = [
        Caution(code=About.MISSING, text=text)
        for kind, text in _EXPECTED.items()
        if kind not in kinds
    ]
    doubtful = [fact for fact in facts if fact.check]
    if doubtful:
        documents = tuple(sorted({e.document for f in doubtful for e in f.evidence[:1]}))
        number = len(doubtful)
        text = f"{number} statement{'s' if number > 1 else ''} should be compared with the paper."
        cautions.append(Caution(code=About.TO_CHECK, text=text, documents=documents))
    return cautions
