"""How faithful a reading is: facts found on the sample paper against its truth.

    report = score(json.loads(facts), json.loads(truth))
    report.recall("lab")      # share of the results that were found
    report.invented           # statements no paper makes

Rules
1. A fact is right when name, substance (value and date of a result; dose and status of a drug
   as the newest paper it cites has them) and document agree with an entry, and polarity and
   experiencer with the list that entry is in.
2. An entry is found when at least one right fact also gives its state: for a drug the newest
   dose and status, for a problem the status.
3. A right fact that gives a detail otherwise (unit, range, flag, route, frequency, reaction)
   is listed as differing. A detail left out is no difference.
4. Every other fact is invented. Facts on `optional` entries are right and count nowhere else.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from scripts._paper.names import agree, same_frequency, same_route, same_value
from scripts._paper.truth import SECTIONS

Entry = Mapping[str, Any]
Truth = Mapping[str, Any]

KINDS = ("patient", *SECTIONS, "negated", "family")
"""What recall is counted over, in the order of a history."""


class _Place(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)
    document: str


class Found(BaseModel):
    """The part of a fact that scoring looks at."""

    model_config = ConfigDict(extra="ignore", frozen=True)
    kind: str
    name: str
    evidence: tuple[_Place, ...]
    value: str | None = None
    unit: str | None = None
    range: str | None = None
    flag: str | None = None
    dose: str | None = None
    route: str | None = None
    frequency: str | None = None
    reaction: str | None = None
    status: str | None = None
    polarity: str = "affirmed"
    experiencer: str = "patient"
    date: str | None = None

    def __str__(self) -> str:
        parts = (self.kind, self.name, self.value, self.unit, self.dose, self.status, self.date)
        marks = (
            "negated" if self.polarity == "negated" else None,
            "family" if self.experiencer == "family" else None,
            "in " + ", ".join(sorted({place.document for place in self.evidence})),
        )
        return " ".join(part for part in (*parts, *marks) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """One kind of statement."""

    expected: int
    missing: tuple[str, ...]

    @property
    def found(self) -> int:
        return self.expected - len(self.missing)

    @property
    def recall(self) -> float:
        """Share found; 1 where there was nothing to find."""
        return self.found / self.expected if self.expected else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    tallies: Mapping[str, Tally]
    """By kind, see KINDS."""
    invented: tuple[str, ...]
    differing: tuple[str, ...]

    def recall(self, kind: str | None = None) -> float:
        """Of one kind, or of everything together."""
        if kind is not None:
            return self.tallies[kind].recall
        expected = sum(tally.expected for tally in self.tallies.values())
        return sum(tally.found for tally in self.tallies.values()) / expected if expected else 1.0

    def lines(self) -> Iterator[str]:
        """The report for a terminal."""
        for kind, tally in self.tallies.items():
            yield f"{kind:<13} {tally.found:>3} of {tally.expected:<3} {tally.recall:7.1%}"
            yield from (f"    missing   {name}" for name in tally.missing)
        yield f"{'all':<13} {self.recall():.1%} found, {len(self.invented)} invented"
        yield from (f"    invented  {fact}" for fact in self.invented)
        yield from (f"    differing {note}" for note in self.differing)


def score(facts: Sequence[Mapping[str, Any]], truth: Truth) -> Report:
    """Compare the facts of a reading with truth.json.

    Raises pydantic.ValidationError when an item of `facts` is no fact.
    """
    read = [Found.model_validate(fact) for fact in facts]
    entries = {kind: _entries(kind, truth) for kind in KINDS}
    right = {
        kind: [
            (fact, entry) for entry in entries[kind] for fact in read if _right(fact, kind, entry)
        ]
        for kind in KINDS
    }
    kept = {id(fact) for pairs in right.values() for fact, _ in pairs}
    kept |= {id(fact) for fact in read if any(_optional(fact, e) for e in truth["optional"])}
    return Report(
        tallies={kind: _tally(kind, entries[kind], right[kind]) for kind in KINDS},
        invented=tuple(str(fact) for fact in read if id(fact) not in kept),
        differing=tuple(
            note for kind in KINDS for pair in right[kind] for note in _differing(*pair)
        ),
    )


def _entries(kind: str, truth: Truth) -> list[Entry]:
    if kind == "patient":
        names = (document["file"] for document in truth["documents"])
        everywhere = tuple(names)
        return [
            {"name": name.replace("_", " "), "value": value, "documents": everywhere}
            for name, value in truth["patient"].items()
        ]
    if kind in SECTIONS:
        return list(truth["facts"][SECTIONS[kind]])
    return list(truth[kind])


def _list_of(fact: Found) -> str:
    """Which list of the truth a fact belongs to."""
    if fact.experiencer == "family":
        return "family"
    return "negated" if fact.polarity == "negated" else fact.kind


def _right(fact: Found, kind: str, entry: Entry) -> bool:
    return (
        _list_of(fact) == kind
        and agree(fact.name, entry["name"])
        and _placed(fact, entry)
        and _substance(fact, kind, entry)
    )


def _placed(fact: Found, entry: Entry) -> bool:
    documents = entry.get("documents") or (entry["document"],)
    return any(place.document in documents for place in fact.evidence)


def _substance(fact: Found, kind: str, entry: Entry) -> bool:
    if kind in ("patient", "lab", "contact") and not same_value(fact.value, entry["value"]):
        return False
    if kind in ("lab", "procedure", "immunization"):
        return fact.date in (entry["date"], None)
    return kind != "medication" or _as_ordered(fact, _state(fact, entry))


def _state(fact: Found, drug: Entry) -> Entry:
    """The drug as the newest paper among the fact's own has it."""
    cited = {place.document for place in fact.evidence}
    newest = [document for document in drug["documents"] if document in cited][-1]
    return next((state for state in drug["earlier"] if state["document"] == newest), drug)


def _as_ordered(fact: Found, state: Entry) -> bool:
    """Dose and status agree; a drug last seen in use may be called last-seen."""
    allowed = (state["status"], None, *(("last-seen",) if state["status"] == "current" else ()))
    return fact.status in allowed and (fact.dose is None or same_value(fact.dose, state["dose"]))


_MEASURED = frozenset({"lab", "vital"})
"""A measurement in prose is right under either name."""


def _optional(fact: Found, entry: Entry) -> bool:
    kinds = _MEASURED if entry["kind"] in _MEASURED else {entry["kind"]}
    return (
        _list_of(fact) in kinds
        and agree(fact.name, entry["name"])
        and _placed(fact, entry)
        and (entry["value"] is None or same_value(fact.value, entry["value"]))
    )


def _tally(kind: str, entries: list[Entry], right: list[tuple[Found, Entry]]) -> Tally:
    missing = [
        entry
        for entry in entries
        if not any(_complete(fact, kind, entry) for fact, of in right if of is entry)
    ]
    return Tally(expected=len(entries), missing=tuple(_title(entry) for entry in missing))


def _complete(fact: Found, kind: str, entry: Entry) -> bool:
    if kind == "medication":
        return same_value(fact.dose, entry["dose"]) and fact.status == entry["status"]
    if kind == "problem":
        return fact.status in (entry["status"], None)
    if kind in ("lab", "procedure", "immunization"):
        return bool(fact.date == entry["date"])
    return True


def _title(entry: Entry) -> str:
    parts = (entry.get(key) for key in ("name", "value", "unit", "dose", "status", "date"))
    place = entry.get("document") or (entry.get("documents") or ("",))[-1]
    return f"{' '.join(str(part) for part in parts if part)} ({place})"


def _differing(fact: Found, entry: Entry) -> Iterator[str]:
    for key in ("unit", "range", "flag"):
        mine, true = getattr(fact, key), entry.get(key)
        if key in entry and mine is not None and not same_value(mine, true):
            yield f"{fact}: {key} {mine!r} for {true!r}"
    if fact.reaction and entry.get("reaction") and not agree(fact.reaction, entry["reaction"]):
        yield f"{fact}: reaction {fact.reaction!r} for {entry['reaction']!r}"
    if "earlier" in entry:
        yield from _differing_orders(fact, entry)


def _differing_orders(fact: Found, drug: Entry) -> Iterator[str]:
    state = _state(fact, drug)
    if fact.route and not same_route(fact.route, state["route"]):
        yield f"{fact}: route {fact.route!r} for {state['route']!r}"
    if fact.frequency and not same_frequency(fact.frequency, state["frequency"]):
        yield f"{fact}: frequency {fact.frequency!r} for {state['frequency']!r}"
