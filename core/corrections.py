"""What a patient or a clinician says of facts: wrong, confirmed, or completed.

A correction is a statement of its own, with author and date. It is never applied to the paper's
words: the fact keeps its evidence, and says who changed what. Corrections are kept in the order in
which they were made; undoing one is a further entry, so the log only grows.

Rules:

1. A correction holds for the fact of its kind and name that shares a place on the paper with the
   one that was seen. New paper may change a fact's id; it does not change where it stood.
2. Of those that are not undone the last decides whether the fact stands; what any of them
   completes holds until a later one completes the same field.
3. All of them are told at the fact, the newest first: nobody is overruled unseen.
4. A correction whose fact is gone is reported, never dropped in silence.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date as calendar_day
from enum import StrEnum
from typing import Any

from core.facts import Conflict, Evidence, Fact, Kind
from core.history import About, Caution, History, history_of


class Verdict(StrEnum):
    WRONG = "wrong"
    CONFIRMED = "confirmed"
    COMPLETED = "completed"


class Role(StrEnum):
    PATIENT = "patient"
    CLINICIAN = "clinician"


FIELDS: dict[Kind, tuple[str, ...]] = {
    Kind.PATIENT: ("value", "unit"),
    Kind.ALLERGY: ("reaction", "severity", "date"),
    Kind.PROBLEM: ("status", "date"),
    Kind.MEDICATION: ("dose", "route", "frequency", "status", "date"),
    Kind.LAB: ("value", "unit", "date"),
    Kind.VITAL: ("value", "unit", "date"),
    Kind.PROCEDURE: ("date",),
    Kind.IMMUNIZATION: ("date",),
    Kind.DEVICE: ("date",),
    Kind.SOCIAL: ("value", "date"),
    Kind.CONTACT: ("value", "date"),
}
"""What can be completed. Names cannot: a fact of another name is another fact."""

_CHOICES: dict[tuple[Kind, str], tuple[str, ...]] = {
    (Kind.MEDICATION, "status"): ("current", "stopped", "last-seen"),
    (Kind.PROBLEM, "status"): ("active", "resolved"),
    (Kind.ALLERGY, "severity"): ("mild", "moderate", "severe"),
}
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the fact stood that was corrected."""

    document: str
    page: int
    span: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """One statement about one fact."""

    id: str
    verdict: Verdict
    author: str
    role: Role
    date: str
    """ISO 8601 day on which it was made."""
    kind: Kind
    name: str
    places: tuple[Place, ...]
    fields: tuple[tuple[str, str], ...] = ()
    """COMPLETED: field and value, out of FIELDS."""
    undone: bool = False
    undone_by: str = ""
    """Who undid it and when."""

    def __post_init__(self) -> None:
        if not self.places:
            raise ValueError("a correction without a place")
        if bool(self.fields) != (self.verdict is Verdict.COMPLETED):
            raise ValueError("fields belong to what is completed, and only to that")
        for field, value in self.fields:
            _refuse_nonsense(self.kind, self.name, field, value)

    def concerns(self, fact: Fact) -> bool:
        """Whether it speaks of this fact (rule 1)."""
        same = (fact.kind, fact.name.lower()) == (self.kind, self.name.lower())
        return same and any(self._at(evidence) for evidence in fact.evidence)

    def _at(self, evidence: Evidence) -> bool:
        return any(
            (place.document, place.page) == (evidence.document, evidence.page)
            and place.span[0] < evidence.span[1]
            and evidence.span[0] < place.span[1]
            for place in self.places
        )

    def told(self, fact: Fact) -> str:
        """Who said what of the fact, and what the paper has."""
        by = f"by {self.author} ({self.role}), {self.date}"
        if self.verdict is not Verdict.COMPLETED:
            return f"{'said to be wrong' if self.verdict is Verdict.WRONG else 'confirmed'} {by}"
        changes = [
            f"{name} {value} (paper: {getattr(fact, name) or 'not stated'})"
            for name, value in self.fields
        ]
        return f"{', '.join(changes)} {by}"


def corrected(history: History, corrections: Sequence[Correction]) -> History:
    """The history with `corrections` applied, ranked anew."""
    live = [correction for correction in corrections if not correction.undone]
    kept: list[Fact] = []
    withdrawn: list[Fact] = []
    for fact in history.facts:
        said = [correction for correction in live if correction.concerns(fact)]
        if said and said[-1].verdict is Verdict.WRONG:
            withdrawn.append(replace(fact, corrected=_told(fact, said)))
        else:
            kept.append(_with(fact, said) if said else fact)
    ranked = history_of(
        kept,
        conflicts=_standing(history.conflicts, {fact.id for fact in kept}),
        warnings=[*_still(history, kept), *_lost(live, history.facts)],
        documents=history.documents,
    )
    return replace(ranked, withdrawn=tuple(withdrawn))


def _with(fact: Fact, said: Sequence[Correction]) -> Fact:
    changes: dict[str, Any] = {}
    for correction in said:
        changes |= dict(correction.fields)
    return replace(fact, check=False, corrected=_told(fact, said), **changes)


def _told(fact: Fact, said: Sequence[Correction]) -> str:
    """What everybody said of the fact, the newest first, each thing once."""
    words = dict.fromkeys(correction.told(fact) for correction in reversed(said))
    return "; before that ".join(words)


def _refuse_nonsense(kind: Kind, name: str, field: str, value: str) -> None:
    """Raise ValueError, in words for whoever typed it, when the field cannot hold the value."""
    if field not in FIELDS[kind]:
        known = ", ".join(FIELDS[kind])
        raise ValueError(f"{field} cannot be completed for a {kind} fact. What can: {known}.")
    choices = _CHOICES.get((kind, field), ())
    if (kind, name) == (Kind.PATIENT, "sex"):
        choices = ("female", "male")
    if choices and value not in choices:
        raise ValueError(f"The {field} of a {kind} fact is one of: {', '.join(choices)}.")
    dated = field == "date" or (kind, name, field) == (Kind.PATIENT, "birth date", "value")
    if dated and not _is_date(value):
        raise ValueError(f"{value} is no date. Write 2024, 2024-03 or 2024-03-05.")


def _is_date(value: str) -> bool:
    if not _DATE.fullmatch(value):
        return False
    try:
        calendar_day.fromisoformat(value + "-01-01"[len(value) - len("2024") :])
    except ValueError:
        return False
    return True


def _standing(conflicts: Iterable[Conflict], kept: set[str]) -> list[Conflict]:
    """Contradictions that two facts at least still have."""
    found = []
    for conflict in conflicts:
        facts = tuple(fact for fact in conflict.facts if fact in kept)
        if len(facts) > 1:
            found.append(replace(conflict, facts=facts))
    return found


def _still(history: History, kept: Sequence[Fact]) -> list[Caution]:
    """The cautions, the count of doubtful statements as it is now."""
    others = [caution for caution in history.warnings if caution.code is not About.TO_CHECK]
    doubtful = [fact for fact in kept if fact.check]
    if not doubtful:
        return others
    documents = tuple(sorted({e.document for f in doubtful for e in f.evidence[:1]}))
    many = "s" if len(doubtful) > 1 else ""
    text = f"{len(doubtful)} statement{many} should be compared with the paper."
    return [*others, Caution(code=About.TO_CHECK, text=text, documents=documents)]


def _lost(live: Iterable[Correction], facts: Sequence[Fact]) -> list[Caution]:
    gone = [c for c in live if not any(c.concerns(fact) for fact in facts)]
    documents = tuple(sorted({place.document for c in gone for place in c.places}))
    if not gone:
        return []
    many = "s" if len(gone) > 1 else ""
    text = f"{len(gone)} correction{many} found no statement on the paper given now."
    return [Caution(code=About.CORRECTION, text=text, documents=documents)]
