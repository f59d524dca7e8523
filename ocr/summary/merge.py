"""Facts of many pages to facts of one patient: said twice is one fact, disagreement is shown."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from core.facts import Conflict, Evidence, Experiencer, Fact, Kind, Polarity
from core.history import newest_first
from ocr.summary.drugs import find_drugs
from ocr.summary.immunizations import known_vaccine
from ocr.summary.medication_merge import merge_medication
from ocr.summary.problems import known_problem
from ocr.summary.symptoms import known_symptom
from ocr.summary.vocabulary import data, normal


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """Facts without repetition, and what they disagree on."""

    facts: tuple[Fact, ...]
    conflicts: tuple[Conflict, ...]


def merge(facts: Iterable[Fact], complete_lists: Sequence[str] = ()) -> Merged:
    """Merge the facts of one patient.

    `complete_lists` are the dates of papers that list every medicine taken: what only older
    paper has is "last-seen".
    """
    groups: dict[tuple[str, ...], list[Fact]] = defaultdict(list)
    for fact in facts:
        groups[(fact.kind, fact.experiencer, *_key(fact))].append(fact)
    kept: list[Fact] = []
    conflicts: list[Conflict] = []
    for group in groups.values():
        merged, about = _MERGERS[group[0].kind](group, complete_lists)
        kept.extend(merged)
        if about:
            conflicts.append(_conflict(merged, about))
    kept = _without_general(_undated_joined(_births_settled(kept)))
    kept, denied = _denials(kept)
    return Merged(
        facts=tuple(kept),
        conflicts=(
            *conflicts,
            *denied,
            *_none_known(kept),
            *_none_listed(kept),
            *_repeated_values(kept),
        ),
    )


def _key(fact: Fact) -> tuple[str, ...]:
    if fact.kind is Kind.PATIENT:
        return (fact.name, re.sub(r"\W", "", fact.value or "").lower())
    if fact.kind is Kind.ALLERGY:
        return (_singular(normal(fact.name)), fact.polarity if "known" in fact.name else "")
    if fact.kind is Kind.PROBLEM:
        known = known_problem(fact.name)
        symptom = known_symptom(fact.name) if fact.polarity is Polarity.NEGATED else None
        whose = fact.value or ""
        return (known.name if known else symptom or normal(fact.name), fact.polarity, whose)
    if fact.kind in (Kind.SOCIAL, Kind.CONTACT):
        return (fact.name, normal(fact.value or ""))
    if fact.kind in (Kind.LAB, Kind.VITAL):
        return (fact.name, fact.date or "", normal(fact.value or ""), fact.unit or "")
    if fact.kind is Kind.IMMUNIZATION:
        vaccine = known_vaccine(fact.name)
        return (vaccine.name if vaccine else normal(fact.name), fact.date or "")
    if fact.kind is Kind.PROCEDURE:
        return (normal(fact.name), fact.date or "")
    if fact.kind is Kind.MEDICATION:
        return (normal(fact.name), fact.polarity)
    return (normal(fact.name),)


def _singular(name: str) -> str:
    return name[:-1] if name.endswith("s") and len(name) > 4 else name


_Result = tuple[list[Fact], str | None]


def _same(group: list[Fact], _lists: Sequence[str]) -> _Result:
    """One fact, the newest, with the evidence of all."""
    return [joined(group)], None


def joined(group: Sequence[Fact]) -> Fact:
    """The newest fact of `group`, its gaps filled from the others, with all their evidence."""
    ordered = sorted(
        group, key=lambda f: (newest_first(f.date), -_fullness(f), -f.confidence, f.id)
    )
    filled: dict[str, Any] = {
        name: next((getattr(f, name) for f in ordered if getattr(f, name)), None)
        for name in _FILLED
    }
    return replace(
        ordered[0],
        evidence=_all_evidence(ordered),
        confidence=max(f.confidence for f in ordered),
        check=all(f.check for f in ordered),
        **filled,
    )


def _fullness(fact: Fact) -> int:
    """How much a fact says: the fullest statement is shown first among equals."""
    return sum(getattr(fact, name) is not None for name in _FILLED)


_FILLED = ("code", "range", "flag", "reaction", "severity", "brand")


def _all_evidence(facts: Sequence[Fact]) -> tuple[Evidence, ...]:
    """Without repetition; a place within a wider place of the same fact counts once."""
    found: dict[Evidence, None] = {}
    for fact in facts:
        found |= dict.fromkeys(fact.evidence)
    return tuple(
        one for one in found
        if not any(other is not one and _covers(other, one) for other in found)
    )  # fmt: skip


def _covers(wide: Evidence, narrow: Evidence) -> bool:
    same = (wide.document, wide.page) == (narrow.document, narrow.page)
    inside = wide.span[0] <= narrow.span[0] and narrow.span[1] <= wide.span[1]
    return same and inside and wide.span != narrow.span


def _allergy(group: list[Fact], _lists: Sequence[str]) -> _Result:
    sides = [[f for f in group if f.polarity is polarity] for polarity in Polarity]
    merged = [_with_reactions(side) for side in sides if side]
    return merged, "polarity" if len(merged) > 1 else None


def _with_reactions(group: list[Fact]) -> Fact:
    """All reactions that pages name, without those that are part of a fuller one."""
    reactions = list(dict.fromkeys(f.reaction.lower() for f in group if f.reaction))
    fuller = [r for r in reactions if not any(r != other and r in other for other in reactions)]
    return replace(joined(group), reaction="; ".join(fuller) or None)


def _problem(group: list[Fact], _lists: Sequence[str]) -> _Result:
    """The newest status wins; two that no date orders stand beside each other."""
    stated = sorted((f for f in group if f.status), key=lambda f: newest_first(f.date))
    if not stated:
        return [joined(group)], None
    newest = [f for f in stated if f.date in (stated[0].date, None)]
    statuses = list(dict.fromkeys(f.status for f in newest))
    if len(statuses) == 1:
        return [replace(joined(group), status=statuses[0], name=stated[0].name)], None
    rest = [f for f in group if f not in newest]
    sides = [[f for f in newest if f.status == status] for status in statuses]
    return [joined(side + (rest if i == 0 else [])) for i, side in enumerate(sides)], "status"


_MERGERS: dict[Kind, Callable[[list[Fact], Sequence[str]], _Result]] = {
    Kind.PATIENT: _same,
    Kind.ALLERGY: _allergy,
    Kind.PROBLEM: _problem,
    Kind.MEDICATION: lambda group, lists: merge_medication(group, lists, joined),
    Kind.LAB: _same,
    Kind.PROCEDURE: _same,
    Kind.IMMUNIZATION: _same,
    Kind.VITAL: _same,
    Kind.DEVICE: _same,
    Kind.SOCIAL: _same,
    Kind.CONTACT: _same,
}


def _conflict(facts: Sequence[Fact], about: str) -> Conflict:
    return Conflict(
        kind=facts[0].kind, name=facts[0].name, about=about, facts=tuple(f.id for f in facts)
    )


def _births_settled(facts: list[Fact]) -> list[Fact]:
    """A birth date that could be either joins the one that another paper has in full."""
    births = [f for f in facts if f.kind is Kind.PATIENT and f.name == "birth date"]
    result = list(facts)
    for fact in births:
        readings = str(fact.value).split(" or ")
        twin = next((f for f in births if f is not fact and f.value in readings), None)
        if len(readings) > 1 and twin:
            result.remove(fact)
            known = next(f for f in result if f.id == twin.id)
            whole = replace(known, evidence=_all_evidence([known, fact]))
            result[result.index(known)] = whole
    return result


def _undated_joined(facts: list[Fact]) -> list[Fact]:
    """A value or procedure told again without its date joins the dated one."""
    result = list(facts)
    for fact in facts:
        if fact not in result or fact.date or fact.kind not in (Kind.LAB, Kind.PROCEDURE):
            continue
        twin = next((f for f in result if f is not fact and _told_again(f, fact)), None)
        if twin:
            result[result.index(twin)] = replace(
                joined([twin, fact]),
                id=twin.id,
                date=twin.date,
                date_either=twin.date_either,
                name=twin.name,
            )
            result.remove(fact)
    return result


def _told_again(full: Fact, bare: Fact) -> bool:
    if full.kind is not bare.kind:
        return False
    if full.kind is Kind.LAB:
        return (full.name, full.value) == (bare.name, bare.value) and bare.unit in (full.unit, None)
    words, others = set(normal(bare.name).split()), set(normal(full.name).split())
    return words <= others


def _without_general(facts: list[Fact]) -> list[Fact]:
    """Leave general diagnoses to the narrower ones, which take their evidence."""
    by_name = {
        known.name: fact
        for fact in facts
        if fact.kind is Kind.PROBLEM
        and fact.polarity is Polarity.AFFIRMED
        and fact.experiencer is Experiencer.PATIENT
        and (known := known_problem(fact.name))
    }
    result = list(facts)
    for general, narrower in data("problems")["narrower"].items():
        specific = next((by_name[n] for n in narrower if n in by_name), None)
        if general in by_name and specific and by_name[general] in result:
            result.remove(by_name[general])
            evidence = _all_evidence([specific, by_name[general]])
            result[result.index(specific)] = replace(specific, evidence=evidence)
            by_name[_name_of(specific)] = replace(specific, evidence=evidence)
    return result


def _name_of(fact: Fact) -> str:
    known = known_problem(fact.name)
    return known.name if known else fact.name


def _denials(facts: list[Fact]) -> tuple[list[Fact], list[Conflict]]:
    """Denied problems stay; against the same problem affirmed they are a conflict."""
    affirmed = {
        _name_of(f).lower(): f
        for f in facts
        if f.kind is Kind.PROBLEM
        and f.polarity is Polarity.AFFIRMED
        and f.experiencer is Experiencer.PATIENT
    }
    kept, conflicts = [], []
    for fact in facts:
        if (
            fact.kind is not Kind.PROBLEM
            or fact.polarity is Polarity.AFFIRMED
            or (fact.experiencer is Experiencer.PATIENT and known_symptom(fact.name))
        ):
            kept.append(fact)
        elif fact.experiencer is Experiencer.PATIENT and (
            known_problem(fact.name) or fact.name == "known problems"
        ):
            kept.append(fact)
            if other := affirmed.get(_name_of(fact).lower()):
                conflicts.append(_conflict([other, fact], "polarity"))
    return kept, conflicts


def _none_known(facts: list[Fact]) -> list[Conflict]:
    """ "None known" on one page against an allergy on another."""
    allergies = [
        f for f in facts
        if f.kind is Kind.ALLERGY and f.experiencer is Experiencer.PATIENT
    ]  # fmt: skip
    named = [f for f in allergies if f.polarity is Polarity.AFFIRMED]
    conflicts = []
    for none in (f for f in allergies if f.name in data("allergens")["none"]):
        against = [f for f in named if "drug" not in none.name or is_medicine(f.name)]
        if against:
            conflicts.append(_conflict([none, *against], "polarity"))
    return conflicts


def _none_listed(facts: list[Fact]) -> list[Conflict]:
    """ "No medicines", "no problems" against those of paper that is not older."""
    own = [f for f in facts if f.experiencer is Experiencer.PATIENT]
    conflicts = []
    for none in (f for f in own if f.name in ("known medications", "known problems")):
        against = [
            f for f in own
            if f.kind is none.kind and f.polarity is Polarity.AFFIRMED
            and f.status in ("current", "active")
            and not (none.date and f.date and none.date[: len(f.date)] < f.date[: len(none.date)])
        ]  # fmt: skip
        if against:
            conflicts.append(_conflict([none, *against], "polarity"))
    return conflicts


@cache
def is_medicine(substance: str) -> bool:
    """Whether an allergen is a medicine or a class of them."""
    classes = data("allergens")["drug_classes"]
    return substance.lower() in classes or bool(find_drugs(substance, 0, len(substance)))


def _repeated_values(facts: list[Fact]) -> list[Conflict]:
    """Two values of one test on one day from different papers."""
    groups: dict[tuple[str, str, str], list[Fact]] = defaultdict(list)
    for fact in facts:
        if fact.kind is Kind.LAB and fact.date and len(fact.date) == 10:
            groups[(fact.name, fact.date, fact.unit or "")].append(fact)
    return [
        _conflict(group, "value")
        for group in groups.values()
        if len({f.evidence[0].document for f in group}) > 1
    ]
