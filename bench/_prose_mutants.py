# ruff: noqa: E501
"""True sentences changed so that they say something else: one function for each kind."""

import re
from collections.abc import Iterator
from decimal import Decimal

from bench._prose_changes import CHANGES
from bench._prose_facts import DOSES, DRUGS, FREQUENCIES, REACTIONS, ROUTES
from bench._prose_mutant import (
    KINDS,
    Case,
    Mutant,
    cut,
    ended,
    kind,
    of_two,
    others_of,
    replaced,
    swapped,
    told_apart,
    with_ids,
    words,
)
from bench._prose_shapes import ADVERBS
from core.facts import Kind


@kind("value changed")
def _value(case: Case) -> Mutant | None:
    number = case.rng.choice(case.source.facts).value
    if not number or "/" in number or number.startswith("<"):
        return None
    step = Decimal(case.rng.choice((1, -1, 10, 3))).scaleb(-len(number.partition(".")[2]))
    return replaced("value changed", case.source, number, str(Decimal(number) + step))


@kind("decimal point moved")
def _point(case: Case) -> Mutant | None:
    number = (
        case.rng.choice(case.source.facts).value
        or (case.rng.choice(case.source.facts).dose or "").split(" ")[0]
    )
    if not re.fullmatch(r"\d+(\.\d+)?", number):
        return None
    return replaced(
        "decimal point moved",
        case.source,
        number,
        f"{Decimal(number).scaleb(case.rng.choice((1, -1))):f}",
    )


@kind("dose changed")
def _dose(case: Case) -> Mutant | None:
    dose = case.rng.choice(case.source.facts).dose
    own = {fact.dose for fact in case.source.facts}
    return replaced(
        "dose changed", case.source, dose, case.rng.choice([d for d in DOSES if d not in own])
    )


@kind("doses of two medicines swapped")
def _dose_swap(case: Case) -> Mutant | None:
    return of_two("doses of two medicines swapped", case.source, "dose", case.rng)


@kind("values of two results swapped")
def _value_swap(case: Case) -> Mutant | None:
    return of_two("values of two results swapped", case.source, "value", case.rng)


@kind("names swapped")
def _name_swap(case: Case) -> Mutant | None:
    states = {
        (f.kind, f.status, f.polarity, f.dose, f.value, f.date, f.reaction)
        for f in case.source.facts
    }
    mutant = of_two("names swapped", case.source, "name", case.rng)
    # Two that are told alike may change places without harm; so may names that one list holds.
    return mutant if mutant and len(states) > 1 and told_apart(case.source) else None


@kind("frequencies swapped")
def _frequency_swap(case: Case) -> Mutant | None:
    return of_two("frequencies swapped", case.source, "frequency", case.rng)


_MONTHS = ("January", "February", "March", "April", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip


@kind("date moved")
def _date(case: Case) -> Mutant | None:
    dated = list(re.finditer(r"\b(?:19|20)\d\d\b", case.source.text))
    if not dated:
        return None
    year = case.rng.choice(dated).group()
    months = [month for month in _MONTHS if month in case.source.text]
    if months and case.rng.random() < 0.5:
        return replaced(
            "date moved",
            case.source,
            months[0],
            case.rng.choice([m for m in _MONTHS if m not in months]),
        )
    return replaced("date moved", case.source, year, str(int(year) + case.rng.choice((1, -1, 10))))


@kind("dates swapped")
def _date_swap(case: Case) -> Mutant | None:
    forms = list(
        dict.fromkeys(re.findall(r"\d{1,2} [A-Z][a-z]+ \d{4}|\d{4}-\d\d-\d\d", case.source.text))
    )
    return swapped("dates swapped", case.source, *forms[:2]) if len(forms) == 2 else None


@kind("flag exchanged")
def _flag(case: Case) -> Mutant | None:
    changes = [("high", "low"), ("low", "high"), ("above", "below"), ("below", "above"), ("above", "within"),
               ("below", "within"), ("within", "above"), ("both high", "both low")]  # fmt: skip
    return words(
        "flag exchanged",
        case.source,
        [c for c in changes if "below" not in c[0] or "range" in case.source.text],
        case.rng,
    )


@kind("flag left out")
def _unflagged(case: Case) -> Mutant | None:
    changes = [
        (" (high)", ""),
        (" (low)", ""),
        ("high, ", ""),
        ("low, ", ""),
        ("high; ", ""),
        ("low; ", ""),
        (", both high", ""),
    ]
    return cut("flag left out", case.source, [before for before, _ in changes])


@kind("comparator flipped")
def _comparator(case: Case) -> Mutant | None:
    if case.source.roles != "below":
        return None
    return words(
        "comparator flipped",
        case.source,
        [("below", w) for w in ("above", "over", "at least", "exactly", "at")],
        case.rng,
    )


@kind("range changed")
def _range(case: Case) -> Mutant | None:
    for fact in case.source.facts:
        if fact.range and fact.range in case.source.text:
            low, high = fact.range.split("-")
            return replaced("range changed", case.source, fact.range, f"{low}-{Decimal(high) + 1}")
    return None


@kind("mark to be checked left out")
def _unmarked(case: Case) -> Mutant | None:
    parts = [
        " (to be checked)",
        ", which should be checked against the paper",
        "; this is to be compared with the paper",
    ]
    return cut("mark to be checked left out", case.source, parts)


@kind("one side of a contradiction")
def _one_side(case: Case) -> Mutant | None:
    sided = {fact for conflict in case.history.conflicts for fact in conflict.facts}
    if not sided & set(case.source.ids):
        return None
    one = case.rng.choice(case.source.facts)
    if one.kind is Kind.MEDICATION:
        text = f"The patient takes {one.name} {one.dose} {one.frequency}."
    else:
        text = f"The patient {'denies' if one.polarity == 'negated' else 'has'} {one.name}."
    ids = case.rng.choice([(one.id,), case.source.ids])
    return Mutant(
        kind="one side of a contradiction",
        text=text,
        ids=ids,
        source=case.source,
        before=case.source.text,
        after=text,
    )


@kind("frequency changed")
def _frequency(case: Case) -> Mutant | None:
    told = case.rng.choice(case.source.facts).frequency
    own = {fact.frequency for fact in case.source.facts}
    return replaced(
        "frequency changed",
        case.source,
        told,
        case.rng.choice([f for f in FREQUENCIES if f not in own]),
    )


@kind("frequency left out beside a dose")
def _no_frequency(case: Case) -> Mutant | None:
    told = case.rng.choice(case.source.facts)
    return (
        cut("frequency left out beside a dose", case.source, [f" {told.frequency}"])
        if told.dose and told.dose in case.source.text
        else None
    )


@kind("route changed")
def _route(case: Case) -> Mutant | None:
    for fact in case.source.facts:
        if fact.route and ADVERBS[fact.route] in case.source.text:
            other = case.rng.choice([r for r in ROUTES if r != fact.route])
            return replaced("route changed", case.source, ADVERBS[fact.route], ADVERBS[other])
    return None


@kind("another medicine")
def _drug(case: Case) -> Mutant | None:
    medicines = [fact.name for fact in case.source.facts if fact.kind is Kind.MEDICATION]
    if not medicines:
        return None
    return replaced(
        "another medicine",
        case.source,
        case.rng.choice(medicines),
        case.rng.choice([d for d in DRUGS if d not in medicines]),
    )


@kind("another name of its kind")
def _name(case: Case) -> Mutant | None:
    one = case.rng.choice(case.source.facts)
    names = [
        f.name
        for f in others_of(case.history, case.source, one.kind)
        if f.name.lower() not in case.source.text.lower()
    ]
    return (
        replaced("another name of its kind", case.source, one.name, case.rng.choice(names))
        if names
        else None
    )


@kind("reaction changed")
def _reaction(case: Case) -> Mutant | None:
    told = case.source.facts[0].reaction
    own = {fact.reaction for fact in case.source.facts}
    return replaced(
        "reaction changed",
        case.source,
        told,
        case.rng.choice([r for r in REACTIONS if r not in own]),
    )


@kind("severity changed or left out")
def _severity(case: Case) -> Mutant | None:
    told = case.source.facts[0].severity
    if case.rng.random() < 0.5:
        return cut("severity changed or left out", case.source, [f", {told}", f"{told} "])
    return replaced(
        "severity changed or left out",
        case.source,
        told,
        {"mild": "severe"}.get(told or "", "mild"),
    )


@kind("an older result called the latest")
def _latest(case: Case) -> Mutant | None:
    newest = {trend.latest.id for trend in case.history.labs}
    one = case.source.facts[0]
    if (
        one.kind is not Kind.LAB
        or one.id in newest
        or not case.source.text.lower().startswith(one.name.lower())
    ):
        return None
    if (
        len(case.source.facts) > 1
        and "Results" not in case.source.text
        and one.name == case.source.facts[1].name
    ):
        return None
    return replaced(
        "an older result called the latest", case.source, one.name, f"The latest {one.name}"
    )


@kind("something invented")
def _invented(case: Case) -> Mutant | None:
    tails = (", which is well controlled", " because of kidney disease", "; the patient is otherwise healthy",
             ", with good effect", " without side effects", ", and no allergies are known", " for heart failure",
             ", and the patient is stable", "; a follow-up is due in 3 months", ", which is normal")  # fmt: skip
    return ended("something invented", case.source, case.rng.choice(tails))


@kind("a clause without its fact")
def _uncited(case: Case) -> Mutant | None:
    others = [
        f for f in others_of(case.history, case.source) if f.kind in (Kind.PROBLEM, Kind.MEDICATION)
    ]
    verb = {Kind.PROBLEM: "the patient has", Kind.MEDICATION: "the patient takes"}
    one = case.rng.choice(others)
    return ended("a clause without its fact", case.source, f", and {verb[one.kind]} {one.name}")


@kind("an id left out")
def _id_dropped(case: Case) -> Mutant | None:
    if len(case.source.ids) < 2:
        return None
    gone = case.rng.randrange(len(case.source.ids))
    return with_ids(
        "an id left out", case.source, [i for n, i in enumerate(case.source.ids) if n != gone]
    )


@kind("no ids at all")
def _no_ids(case: Case) -> Mutant | None:
    return with_ids("no ids at all", case.source, ())


@kind("an id of another fact")
def _id_other(case: Case) -> Mutant | None:
    ids = list(case.source.ids)
    ids[case.rng.randrange(len(ids))] = case.rng.choice(others_of(case.history, case.source)).id
    return with_ids("an id of another fact", case.source, ids)


@kind("an id that does not exist")
def _id_unknown(case: Case) -> Mutant | None:
    return with_ids(
        "an id that does not exist",
        case.source,
        (*case.source.ids[1:], f"f{case.rng.randrange(900, 999)}"),
    )


@kind("a fact cited and not spoken of")
def _id_added(case: Case) -> Mutant | None:
    names = {fact.name for fact in case.source.facts}
    others = [f for f in others_of(case.history, case.source) if f.name not in names]
    return with_ids(
        "a fact cited and not spoken of",
        case.source,
        (*case.source.ids, case.rng.choice(others).id),
    )


def mutants(case: Case) -> Iterator[Mutant]:
    """Every change that can be made to the sentence; each differs in meaning or is none."""
    found = [mutate(case) for mutate in KINDS.values()]
    found += [words(kind, case.source, changes, case.rng) for kind, changes in CHANGES.items()]
    yield from (mutant for mutant in found if mutant and mutant.differs)
