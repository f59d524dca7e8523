"""Sentences that are true of a fact that is not there: the same, but for one field.

They are as well formed as true ones, so nothing but the fact itself can give them away.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from random import Random

from bench._prose_facts import DOSES, FREQUENCIES, REACTIONS, ROUTES
from bench._prose_mutant import Mutant
from bench._prose_shapes import SHAPES, Written, role_of, written
from core.facts import Experiencer, Fact, Kind, Polarity
from core.history import History


def altered_sentences(history: History, rng: Random) -> Iterator[Mutant]:
    """For each fact and each field that can differ: a sentence of the fact as it is not."""
    for fact in history.facts:
        true = _sentences_of(fact, fact, history)
        for kind, other in _alterations(fact, rng):
            # A shape may not speak of the field; then it is as true as before.
            told = [one for one in _sentences_of(other, fact, history) if one not in true]
            if told and true:
                yield Mutant(
                    kind=f"true of another {kind}", text=rng.choice(told), ids=(fact.id,),
                    source=Written(true[0], (fact,), ""),
                    before=f"{kind} as it is", after=f"{kind} as it is not",
                )  # fmt: skip


def _sentences_of(fact: Fact, cited: Fact, history: History) -> list[str]:
    """All shapes that would be true of `fact`, were it there in the place of `cited`."""
    roles = role_of(fact, history) - {"newest" if fact is not cited else ""}
    return [written(shape, (fact,), role).text for role, shape in SHAPES if role in roles]


def _alterations(fact: Fact, rng: Random) -> Iterator[tuple[str, Fact]]:
    if fact.kind is Kind.MEDICATION:
        yield "dose", replace(fact, dose=_one_of(DOSES, fact.dose, rng))
        yield "frequency", replace(fact, frequency=_one_of(FREQUENCIES, fact.frequency, rng))
        yield "route", replace(fact, route=_one_of(ROUTES, fact.route, rng))
        yield "status", replace(fact, status=_one_of(("current", "stopped"), fact.status, rng))
    if fact.kind is Kind.PROBLEM:
        yield from _of_another(fact, rng)
    if fact.kind is Kind.ALLERGY and not fact.name.startswith("known"):
        yield "polarity", _denied(fact)
    yield from _reacted_otherwise(fact, rng)
    if fact.value and fact.kind is Kind.LAB:
        yield from _measured_otherwise(fact)
    if fact.date:
        yield "date", replace(fact, date=f"{int(fact.date[:4]) - 1}{fact.date[4:]}")


def _one_of(among: tuple[str, ...], own: str | None, rng: Random) -> str:
    return rng.choice([each for each in among if each != own])


def _of_another(fact: Fact, rng: Random) -> Iterator[tuple[str, Fact]]:
    yield "polarity", _denied(fact)
    if fact.experiencer is Experiencer.FAMILY:
        yield "experiencer", replace(fact, experiencer=Experiencer.PATIENT, status="active")
        return
    yield "experiencer", replace(fact, experiencer=Experiencer.FAMILY, status=None)
    if fact.status:
        yield "status", replace(fact, status=_one_of(("active", "resolved"), fact.status, rng))


def _reacted_otherwise(fact: Fact, rng: Random) -> Iterator[tuple[str, Fact]]:
    if fact.reaction:
        yield "reaction", replace(fact, reaction=_one_of(REACTIONS, fact.reaction, rng))
    if fact.severity:
        yield "severity", replace(fact, severity=_one_of(("mild", "severe"), fact.severity, rng))


def _denied(fact: Fact) -> Fact:
    """The same with the opposite polarity: what was affirmed denied, what was denied present."""
    if fact.polarity is Polarity.NEGATED:
        return replace(fact, polarity=Polarity.AFFIRMED, status="active")
    return replace(fact, polarity=Polarity.NEGATED, status=None, reaction=None, severity=None)


def _measured_otherwise(fact: Fact) -> Iterator[tuple[str, Fact]]:
    value = (fact.value or "").lstrip("<")
    sign = "<" if (fact.value or "").startswith("<") else ""
    yield "value", replace(fact, value=f"{sign}{Decimal(value) + Decimal(1).scaleb(-1)}")
    yield "unit", replace(fact, unit="nmol/L")
    if fact.flag:
        yield "flag", replace(fact, flag={"H": "L", "L": "H"}[fact.flag])
    elif not sign:
        yield "flag", replace(fact, flag="H")
