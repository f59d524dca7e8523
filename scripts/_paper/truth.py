"""The truth: which statements a faithful reader of the whole bag may make.

Rules
1. Every entry stands on a paper; nothing is inferred across papers but the state of a drug.
2. A drug's state is the one its newest paper gives; older states are listed under `earlier`.
3. What is said of relatives, or said not to be, is never the patient's.
4. `optional` holds true statements of lesser weight: reporting them is right, leaving them out
   is no miss.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from scripts._paper import statements as say
from scripts._paper.model import Paper

Said = tuple[Paper, Any]


def truth(
    patient: say.Patient, papers: Sequence[Paper], pages: dict[str, list[str]]
) -> dict[str, Any]:
    """The content of truth.json; `pages` holds the text of each file's pages."""
    ordered = sorted(papers, key=lambda paper: paper.date)
    return {
        "patient": asdict(patient),
        "documents": [_document(paper, pages[paper.file]) for paper in papers],
        "facts": {
            "allergies": [_allergy(said) for said in _by_name(ordered, say.Allergy)],
            "problems": [_problem(said) for said in _by_name(ordered, say.Problem)],
            "medications": [_medication(said) for said in _by_name(ordered, say.Medication)],
            "labs": [
                asdict(lab) | {"date": paper.date, "document": paper.file}
                for paper, lab in _all(ordered, say.Lab)
            ],
            "procedures": _dated(ordered, say.Procedure),
            "immunizations": _dated(ordered, say.Immunization),
            "contacts": _dated(ordered, say.Contact),
        },
        "negated": _dated(ordered, say.Negated),
        "family": _dated(ordered, say.Family),
        "optional": _dated(ordered, say.Optional),
    }


def _document(paper: Paper, text: list[str]) -> dict[str, Any]:
    return {
        "file": paper.file,
        "title": paper.title,
        "kind": paper.kind,
        "form": str(paper.form),
        "date": paper.date,
        "pages": len(paper.sheets),
        "text": text,
    }


def _all(papers: Sequence[Paper], kind: type) -> Iterator[Said]:
    return ((paper, said) for paper in papers for said in paper.says if isinstance(said, kind))


def _by_name(papers: Sequence[Paper], kind: type) -> list[list[Said]]:
    """Statements of one kind, those of one name together, oldest first."""
    groups: dict[str, list[Said]] = {}
    for paper, said in _all(papers, kind):
        groups.setdefault(said.name, []).append((paper, said))
    return list(groups.values())


def _dated(papers: Sequence[Paper], kind: type) -> list[dict[str, Any]]:
    return [asdict(said) | {"document": paper.file} for paper, said in _all(papers, kind)]


def _files(group: list[Said]) -> list[str]:
    return list(dict.fromkeys(paper.file for paper, _ in group))


def _allergy(group: list[Said]) -> dict[str, Any]:
    reactions = [said.reaction for _, said in group if said.reaction]
    return {
        "name": group[0][1].name,
        "reaction": reactions[0] if reactions else None,
        "documents": _files(group),
    }


def _problem(group: list[Said]) -> dict[str, Any]:
    newest = group[-1][1]
    return {"name": newest.name, "status": newest.status, "documents": _files(group)}


def _medication(group: list[Said]) -> dict[str, Any]:
    newest = group[-1][1]
    earlier = [asdict(said) | {"document": paper.file} for paper, said in group if said != newest]
    return asdict(newest) | {"documents": _files(group), "earlier": earlier}


SECTIONS: dict[str, str] = {
    "allergy": "allergies",
    "problem": "problems",
    "medication": "medications",
    "lab": "labs",
    "procedure": "procedures",
    "immunization": "immunizations",
    "contact": "contacts",
}
"""Kind of a fact to its section of the truth."""
