"""What a reader of a history should know beside its facts: what is missing, doubtful, not read.

The texts name files and pages, never what stands on them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from core.facts import Fact, Kind
from core.history import About, Caution
from core.words import Reading
from ocr.summary.extraction import Extract
from ocr.summary.patients import identity_of
from ocr.summary.sheets import Sheet, document_date


def cautions(
    reading: Reading,
    leaves: Mapping[str, Sequence[Sheet]],
    extracts: Mapping[str, Extract],
    patients: Sequence[frozenset[str]],
    merged: Sequence[Fact],
) -> list[Caution]:
    """Everything to be said of the reading beside its facts.

    `merged` are the facts of the first of `patients`, whose history it is.
    """
    found = {name: one.facts for name, one in extracts.items()}
    return [
        *_about_patients(leaves, found, patients),
        *_about_reading(reading, leaves, extracts, patients[0]),
        *_about_extracts(extracts, patients[0]),
        *_about_facts(merged),
    ]


def _about_extracts(extracts: Mapping[str, Extract], mine: frozenset[str]) -> Iterator[Caution]:
    """Pages that say something this program cannot say again."""
    for name, one in extracts.items():
        if name in mine and one.unread:
            count, pages = len(one.unread), _numbers(one.unread)
            rows = "1 result has a value" if count == 1 else f"{count} results have values"
            text = f"{name}, page {pages}: {rows} that could not be read. Read the paper."
            yield Caution(code=About.UNREAD_ROW, text=text, documents=(name,))
        if one.foreign:
            languages = ", ".join(dict.fromkeys(language for _, language in one.foreign))
            pages = _numbers(number for number, _ in one.foreign)
            text = f"{name}, page {pages}: in {languages}, listed but not interpreted."
            yield Caution(code=About.FOREIGN, text=text, documents=(name,))


def _numbers(pages: Iterable[int]) -> str:
    return ", ".join(str(number) for number in dict.fromkeys(pages))


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
    extracts: Mapping[str, Extract],
    mine: frozenset[str],
) -> list[Caution]:
    foreign = frozenset(name for name, one in extracts.items() if one.foreign)
    found = {name: one.facts for name, one in extracts.items()}
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
        elif name in mine - foreign and not any(f.kind is not Kind.PATIENT for f in found[name]):
            text = f"{name}: nothing was found that this summary understands. Read the paper."
            cautions.append(Caution(code=About.NO_FACTS, text=text, documents=(name,)))
    either = tuple(
        name for name in extracts if name in mine and any(f.date_either for f in found[name])
    )
    if either:
        text = f"Day and month of a date could be either, both are shown: {', '.join(either)}."
        cautions.append(Caution(code=About.AMBIGUOUS_DATE, text=text, documents=either))
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
