"""Medicines against allergies, and medicines against each other."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import combinations

from core.alerts import Alert, Subject, Urgency
from core.facts import Fact, Polarity
from core.history import History
from ocr.summary.drugs import find_drugs
from ocr.summary.rules import DrugClass, cited, classes
from ocr.summary.vocabulary import normal

THE_PAPER = "the paper"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """What the thesaurus says of two ingredients."""

    urgency: Urgency
    depends: bool
    """Whether the level depends on dose or circumstances."""
    effect: str
    """The kind of harm, "" where the thesaurus names none that has a word here."""


def ingredients(medicine: Fact) -> tuple[str, ...]:
    """The ingredients of a medicine, one by one."""
    return tuple(part.strip().lower() for part in medicine.name.split(" / "))


def allergy_alerts(history: History) -> Iterator[Alert]:
    """Current medicines against the allergies that a page affirms: ingredient, class, across."""
    allergies = [fact for fact in history.allergies if fact.polarity is Polarity.AFFIRMED]
    for medicine in history.medications_current:
        for allergy in allergies:
            if told := _against(ingredients(medicine), allergy):
                urgency, reason, source = told
                yield Alert(
                    subject=Subject.DRUG_ALLERGY,
                    urgency=urgency,
                    title=f"{medicine.name} against the allergy to {allergy.name.lower()}",
                    reason=reason + (f"; reaction: {allergy.reaction}" if allergy.reaction else ""),
                    source=source,
                    facts=(medicine.id, allergy.id),
                )


def _against(taken: Sequence[str], allergy: Fact) -> tuple[Urgency, str, str] | None:
    names = allergen_names(allergy.name)
    if names & set(taken):
        return Urgency.DANGER, "the paper lists an allergy to this ingredient", THE_PAPER
    mine = {known.name: known for part in taken for known in classes_of(part)}
    for known in mine.values():
        if names & known.names:
            reason = f"the paper lists an allergy to {known.name}, and it is one of them"
            return Urgency.DANGER, reason, known.cited
    return _across(mine, _allergen_classes(names))


def _across(mine: Iterable[str], theirs: set[str]) -> tuple[Urgency, str, str] | None:
    """The most urgent of what is known to react across two classes, or within one."""
    known = [row for row in classes().cross if row.allergy in theirs and row.class_ in set(mine)]
    worst = min(known, key=lambda row: row.urgency, default=None)
    return (worst.urgency, worst.reason, worst.cited) if worst else None


def allergen_names(allergen: str) -> set[str]:
    """An allergen as printed, and the ingredients that are named in it."""
    found = {drug.name.lower() for drug in find_drugs(allergen, 0, len(allergen))}
    parts = {part.strip() for name in found for part in name.split("/")}
    return {normal(allergen), *parts}


def _allergen_classes(names: set[str]) -> set[str]:
    return {row.name for row in classes().classes if names & {*row.names, *row.members}}


def classes_of(ingredient: str) -> tuple[DrugClass, ...]:
    """The classes that an ingredient belongs to."""
    return tuple(row for row in classes().classes if ingredient in row.members)


def duplicate_alerts(medicines: Sequence[Fact]) -> Iterator[Alert]:
    """The same ingredient twice, or two of a class of which one is enough."""
    for first, second in combinations(medicines, 2):
        both = set(ingredients(first)) & set(ingredients(second))
        if both and first.name != second.name:
            reason = f"{', '.join(sorted(both))} is in both: the doses add up"
            yield _pair(Subject.DUPLICATE, Urgency.WARNING, first, second, reason, THE_PAPER)
        elif not both and (shared := _twice(first, second)):
            reason = f"two {shared.name} at a time: one of a class is to be tried to its full first"
            source = cited((*shared.twice, *shared.sources))
            yield _pair(Subject.DUPLICATE, Urgency.WARNING, first, second, reason, source)


def _twice(first: Fact, second: Fact) -> DrugClass | None:
    pair = (set(ingredients(first)), set(ingredients(second)))
    found = (row for row in classes().classes if row.twice)
    return next((row for row in found if all(one & set(row.members) for one in pair)), None)


def interaction_alerts(medicines: Sequence[Fact]) -> Iterator[Alert]:
    """Pairs that the thesaurus of the French agency ANSM names, each with its severest level."""
    for first, second in combinations(medicines, 2):
        found = [
            interaction
            for a in ingredients(first)
            for b in ingredients(second)
            for interaction in interactions(a, b)
        ]
        if found:
            worst = min(found, key=lambda one: (one.urgency, not one.effect))
            yield _pair(
                Subject.DRUG_DRUG, worst.urgency, first, second, _told(worst), thesaurus_source()
            )


_LEVELS = {
    Urgency.DANGER: "contraindicated",
    Urgency.WARNING: "not recommended together",
    Urgency.NOTE: "needs precautions",
}


def _told(interaction: Interaction) -> str:
    level = _LEVELS[interaction.urgency]
    if interaction.depends:
        level += " in some cases (dose, route)"
    return f"{level}; risk of {interaction.effect}" if interaction.effect else level


def _pair(
    subject: Subject, urgency: Urgency, first: Fact, second: Fact, reason: str, source: str
) -> Alert:
    return Alert(
        subject=subject,
        urgency=urgency,
        title=f"{first.name} with {second.name}",
        reason=reason,
        source=source,
        facts=(first.id, second.id),
    )


def interactions(first: str, second: str) -> list[Interaction]:
    """What the thesaurus says of two ingredients, by themselves and by their classes."""
    drugs, pairs = _thesaurus()
    return [
        pairs[frozenset((a, b))]
        for a in drugs.get(first, ())
        for b in drugs.get(second, ())
        if first != second and frozenset((a, b)) in pairs
    ]


def thesaurus_source() -> str:
    """Who says so, for the alert."""
    return cited(("thesaurus",))


_Thesaurus = tuple[Mapping[str, Sequence[int]], Mapping[frozenset[int], Interaction]]


@cache
def _thesaurus() -> _Thesaurus:
    text = files("ocr.summary").joinpath("data/interactions.json").read_text(encoding="utf-8")
    read = json.loads(text)
    return read["drugs"], _severest(read["pairs"])


def _severest(
    rows: Iterable[tuple[int, int, int, bool, str]],
) -> Mapping[frozenset[int], Interaction]:
    pairs: dict[frozenset[int], Interaction] = {}
    for first, second, level, depends, effect in rows:
        new = Interaction(urgency=Urgency(level), depends=depends, effect=effect)
        old = pairs.setdefault(frozenset((first, second)), new)
        if new.urgency < old.urgency:
            pairs[frozenset((first, second))] = new
    return pairs
