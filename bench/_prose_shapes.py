# ruff: noqa: E501 - a shape stands on one line
"""Sentences as people write them, one shape a line, filled from the facts of a history.

The shapes were written by hand, apart from the gate's frames; see docs/adr/0032. A letter stands for a fact
of the role named beside it; `sentences` fills each shape with facts that fit.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from core.facts import Fact, Kind
from core.history import History
from ocr.summary.prose.slots import state_of

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
ADVERBS = {
    "oral": "orally", "subcutaneous": "subcutaneously", "intravenous": "intravenously",
    "inhaled": "by inhalation", "topical": "topically",
}  # fmt: skip
_FLAGS = {"H": "high", "L": "low"}

SHAPES = (
    # current medicines
    ("current", "The patient takes {a.name} {a.dose} {a.frequency}."),
    ("current", "{a.Name} is taken {a.adverb} at a dose of {a.dose} {a.frequency}."),
    ("current", "As of {a.day}, {a.name} {a.dose} is taken {a.frequency}."),
    ("current", "The patient is on {a.name} ({a.dose}, {a.frequency}), as recorded on {a.day}."),
    ("current", "The current dose of {a.name} is {a.dose} {a.frequency}."),
    ("current", "{a.Name} is listed as a current medication (as of {a.us})."),
    ("current", "According to the paper of {a.iso}, the patient is taking {a.dose} of {a.name} {a.adverb} {a.frequency}."),
    ("current current", "Current medications include {a.name} {a.dose} {a.frequency} and {b.name} {b.dose} {b.frequency}."),
    ("current current", "The patient currently takes {a.name} and {b.name}."),
    ("current current current", "Current medicines include {a.name} ({a.dose} {a.frequency}), {b.name} ({b.dose} {b.frequency}) and {c.name} ({c.dose} {c.frequency})."),
    ("current stopped", "The patient takes {a.name}, while {b.name} was stopped."),
    # stopped and last seen
    ("stopped", "{a.Name} was discontinued, as documented on {a.day}."),
    ("stopped", "The patient no longer takes {a.name}."),
    ("stopped stopped", "{a.Name} and {b.name} have been stopped."),
    ("stopped stopped", "Past medications include {a.name} and {b.name}."),
    ("stopped", "{a.Name} {a.dose} {a.frequency} is no longer used (recorded on {a.day})."),
    ("last-seen", "{a.Name} was last listed on {a.day}; whether it is still taken is unknown."),
    ("last-seen", "{a.Name} {a.dose} {a.frequency} was last seen on paper of {a.month}."),
    # problems
    ("active", "The patient has {a.name}."),
    ("active active", "Active problems include {a.name} and {b.name}."),
    ("active active", "The patient lives with {a.name} and {b.name}."),
    ("active", "{a.Name} is recorded as active on {a.day}."),
    ("active resolved", "{a.Name} remains active, and {b.name} has resolved."),
    ("resolved", "{a.Name} is listed as resolved (as of {a.month})."),
    ("resolved resolved", "{a.Name} and {b.name} have resolved."),
    ("noted noted", "The paper mentions {a.name} and {b.name}."),
    ("noted", "{a.Name} was documented in {a.year}."),
    ("denied", "The patient denies {a.name}."),
    ("denied denied", "There is no {a.name} or {b.name}."),
    ("denied denied denied", "{a.Name}, {b.name} and {c.name} are expressly denied."),
    ("active denied", "The patient has {a.name}; {b.name} is denied."),
    # family
    ("family family", "The family history includes {a.name} and {b.name}."),
    ("family", "A relative had {a.name}."),
    ("family", "There is a family history of {a.name}."),
    ("family-denied", "The patient has no family history of {a.name}."),
    ("family active", "The family history is positive for {a.name}, and the patient has {b.name}."),
    # allergies
    ("allergy", "The patient is allergic to {a.name}, with {a.reaction}."),
    ("allergy", "{a.Name} allergy with {a.reaction} is documented."),
    ("severe", "An allergy to {a.name} ({a.severity} {a.reaction}) is recorded."),
    ("severe allergy", "Recorded allergies include {a.name} ({a.reaction}, {a.severity}) and {b.name} ({b.reaction})."),
    ("plain-allergy", "The patient has an allergy to {a.name}."),
    ("not-allergic", "The patient is not allergic to {a.name}."),
    ("none-known", "The patient has no {a.name}."),
    # results
    ("result", "{a.Name} was {a.value} on {a.day}."),
    ("flagged", "{a.Name} was {a.value} ({a.flag}) on {a.us}."),
    ("flagged", "On {a.day}, {a.name} was {a.value}, {a.side} the reference range of {a.range}."),
    ("flagged", "{a.Name} measured {a.value} ({a.flag}; reference range {a.range}) on {a.iso}."),
    ("result result", "{a.Name} was {a.value} on {a.day}, and {b.name} was {b.value} on {b.day}."),
    ("flagged result", "Results include {a.name} {a.value} ({a.flag}, {a.iso}) and {b.name} {b.value} ({b.iso})."),
    ("within", "{a.Name} was {a.value} on {a.day}, within the reference range."),
    ("newest", "The most recent {a.name} was {a.value} on {a.day}."),
    ("below", "{a.Name} was below {a.limit} on {a.day}."),
    ("rising", "{a.Name} rose from {a.value} in {a.month} to {b.value} in {b.month}."),
    ("falling", "{a.Name} fell from {a.value} on {a.day} to {b.value} on {b.day}."),
    ("falling", "Between {a.month} and {b.month}, {a.name} decreased from {a.number} to {b.value}."),
    ("rising-flagged", "{a.Name} increased from {a.value} on {a.day} to {b.value} on {b.day}, both {a.flag}."),
    ("series", "{a.Name} values were {a.value} on {a.day} and {b.value} on {b.day}."),
    ("vital", "Blood pressure was {a.value} on {a.day}."),
    ("checked-vital", "{a.Name} was {a.value} on {a.day} (to be checked)."),
    # events and devices
    ("procedure", "The patient underwent {a.name} on {a.day}."),
    ("procedure procedure", "{a.Name} was performed in {a.year}, and {b.name} was performed in {b.year}."),
    ("procedure", "On {a.us}, a {a.name} was carried out."),
    ("vaccine", "{a.Name} vaccine was given on {a.day}."),
    ("vaccine", "The patient was vaccinated against {a.name} in {a.month}."),
    ("vaccine vaccine", "Immunisations include {a.name} ({a.month}) and {b.name} ({b.month})."),
    ("device", "The patient has a {a.name}, as of {a.year}."),
    # doubt and contradiction
    ("checked-medicine", "The patient takes {a.name} {a.dose} {a.frequency}, which should be checked against the paper."),
    ("checked-problem", "{a.Name} is listed as active; this is to be compared with the paper."),
    ("dose-conflict", "The paper contradicts itself on {a.name}: {a.dose} {a.frequency} (current, {a.day}) versus {b.dose} {b.frequency} (current, {b.day})."),
    ("polarity-conflict", "The sources disagree about {a.name}: {a.name} (active, {a.iso}) versus no {b.name} ({b.iso})."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """A true sentence with the facts that it cites."""

    text: str
    facts: tuple[Fact, ...]
    roles: str

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(fact.id for fact in self.facts)


class View:
    """A fact in the words of a sentence."""

    def __init__(self, fact: Fact) -> None:
        self._fact = fact
        whole = fact.name
        self.name = (
            whole if whole[1:2].isupper() or whole[1:2] in "0-" else whole[0].lower() + whole[1:]
        )
        self.Name = whole[0].upper() + whole[1:]
        self.dose, self.frequency, self.range = fact.dose, fact.frequency, fact.range
        self.adverb = ADVERBS.get(fact.route or "", fact.route)
        self.reaction, self.severity = fact.reaction, fact.severity
        self.number, self.flag = fact.value, _FLAGS.get(fact.flag or "")
        self.value = f"{fact.value} {fact.unit}"
        self.limit = f"{(fact.value or '').lstrip('<')} {fact.unit}"
        self.side = {"H": "above", "L": "below"}.get(fact.flag or "", "within")
        self._dates(fact.date or "")

    def _dates(self, iso: str) -> None:
        self.iso, self.year = iso, iso[:4]
        if len(iso) == 10:
            month, day = _MONTHS[int(iso[5:7]) - 1], int(iso[8:])
            self.month = f"{month} {self.year}"
            self.day, self.us = f"{day} {self.month}", f"{month} {day}, {self.year}"


def role_of(fact: Fact, history: History) -> set[str]:
    """What a fact can be in a shape."""
    if any(fact.id in conflict.facts for conflict in history.conflicts):
        return set()
    if fact.check:
        return {f"checked-{'medicine' if fact.kind is Kind.MEDICATION else fact.kind}"}
    known = {
        "medication-current": "current", "medication-stopped": "stopped",
        "medication-last-seen": "last-seen", "problem-active": "active",
        "problem-resolved": "resolved", "problem-unspecified": "noted", "problem-denied": "denied",
        "family": "family", "family-denied": "family-denied", "allergy-denied": "not-allergic",
        "none-known": "none-known", "procedure": "procedure", "immunization": "vaccine",
        "device": "device",
    }  # fmt: skip
    state = state_of(fact) or ""
    if state in known:
        return {known[state]}
    if fact.kind is Kind.ALLERGY:
        return {"severe" if fact.severity else "allergy" if fact.reaction else "plain-allergy"}
    return {"vital"} if fact.kind is Kind.VITAL else _result_roles(fact, history)


def _result_roles(fact: Fact, history: History) -> set[str]:
    if (fact.value or "").startswith("<"):
        return {"below"}
    newest = {trend.latest.id for trend in history.labs}
    roles = {"flagged"} if fact.flag else {"result", "within"}
    return roles | ({"newest"} if fact.id in newest and not fact.flag else set())


def pairs(history: History) -> Iterator[tuple[str, tuple[Fact, Fact]]]:
    """Two facts that belong together, with their role."""
    facts = {fact.id: fact for fact in history.facts}
    for trend in history.labs:
        if len(trend.points) == 2:
            one, other = trend.points
            up = float(other.value or 0) > float(one.value or 0)
            if one.flag is None:
                yield ("rising" if up else "falling"), (one, other)
                yield "series", (one, other)
            elif up:
                yield "rising-flagged", (one, other)
    for conflict in history.conflicts:
        yield f"{conflict.about}-conflict", (facts[conflict.facts[0]], facts[conflict.facts[1]])


def sentences(
    history: History, rng: Random, shapes: Sequence[tuple[str, str]] = SHAPES
) -> Iterator[Written]:
    """One sentence for each shape for which the history has facts."""
    by_role: dict[str, list[Fact]] = {}
    for fact in history.facts:
        for role in sorted(role_of(fact, history)):
            by_role.setdefault(role, []).append(fact)
    together: dict[str, list[tuple[Fact, Fact]]] = {}
    for role, pair in pairs(history):
        together.setdefault(role, []).append(pair)
    for roles, shape in shapes:
        if roles in together:
            yield written(shape, rng.choice(together[roles]), roles)
        elif facts := _drawn(roles.split(), by_role, rng.sample):
            yield written(shape, facts, roles)


def _drawn(
    roles: Sequence[str],
    by_role: dict[str, list[Fact]],
    sample: Callable[[list[Fact], int], list[Fact]],
) -> tuple[Fact, ...]:
    """A fact for each role, none twice; nothing when there are too few."""
    drawn: list[Fact] = []
    for role in roles:
        names = {fact.name for fact in drawn}
        left = [fact for fact in by_role.get(role, []) if fact.name not in names]
        if not left:
            return ()
        drawn += sample(left, 1)
    return tuple(drawn)


def written(shape: str, facts: Sequence[Fact], roles: str) -> Written:
    """The shape filled with `facts`, in the order of its letters."""
    views = dict(zip("abc", (View(fact) for fact in facts), strict=False))
    return Written(text=shape.format(**views), facts=tuple(facts), roles=roles)
