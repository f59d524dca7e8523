"""One history: a patient's facts in the order in which a doctor needs them.

Pure values and pure ranking. What the paper does not say is not here either: an empty tuple
means that nothing was found, and only a fact with negated polarity means "none".
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any

from core.errors import MixedPatientsError
from core.facts import Conflict, Experiencer, Fact, Kind, Polarity
from core.prose import Prose

DIRECTIVES = ("Code status", "Advance directive")
"""Facts of kind social that belong beside the name: they decide what is done first."""


class About(StrEnum):
    """What kind of thing a person should know about a history."""

    MIXED_PATIENTS = "mixed-patients"
    NO_IDENTITY = "no-identity"
    NOT_READ = "not-read"
    EMPTY_PAGE = "empty-page"
    NO_FACTS = "no-facts"
    UNREAD_ROW = "unread-row"
    FOREIGN = "foreign"
    UNDATED = "undated"
    AMBIGUOUS_DATE = "ambiguous-date"
    MISSING = "missing"
    TO_CHECK = "to-check"
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caution:
    """Something missing or doubtful. The text names files, never what stands in them."""

    code: About
    text: str
    documents: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A document the history was made from."""

    document: str
    sha256: str
    pages: int
    date: str | None
    """ISO 8601 with the precision of the paper; None when it bears no date."""
    included: bool = True
    """False for paper of somebody else: listed, its facts left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One test over time, oldest first; values that bear no date stand at the end."""

    name: str
    points: tuple[Fact, ...]

    @property
    def latest(self) -> Fact:
        dated = [point for point in self.points if point.date]
        return (dated or list(self.points))[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Everything that is shown of a patient, ranked."""

    patient: tuple[Fact, ...] = ()
    allergies: tuple[Fact, ...] = ()
    """Affirmed and negated, such as "no known allergies"."""
    medications_current: tuple[Fact, ...] = ()
    medications_stopped: tuple[Fact, ...] = ()
    """Stopped, and those that were only seen on older paper (status last-seen)."""
    problems: tuple[Fact, ...] = ()
    labs: tuple[Trend, ...] = ()
    procedures: tuple[Fact, ...] = ()
    immunizations: tuple[Fact, ...] = ()
    family: tuple[Fact, ...] = ()
    """Problems of relatives; never the patient's."""
    vitals: tuple[Trend, ...] = ()
    devices: tuple[Fact, ...] = ()
    social: tuple[Fact, ...] = ()
    """In the paper's own words, by topic."""
    directives: tuple[Fact, ...] = ()
    """Code status and advance directives in the paper's own words, newest first."""
    contacts: tuple[Fact, ...] = ()
    """Whom to call: relatives, the family doctor, the pharmacy."""
    negated: tuple[Fact, ...] = ()
    """Diagnoses that the paper expressly denies."""
    conflicts: tuple[Conflict, ...] = ()
    warnings: tuple[Caution, ...] = ()
    documents: tuple[Source, ...] = ()
    withdrawn: tuple[Fact, ...] = ()
    """Statements of the paper that somebody said are wrong; not among the facts."""
    prose: Prose | None = None
    """Sentences over these facts, where somebody asked for them."""

    @property
    def facts(self) -> tuple[Fact, ...]:
        """All facts in the order of the page."""
        points = (point for trend in self.labs for point in trend.points)
        vitals = (point for trend in self.vitals for point in trend.points)
        return (
            *self.patient,
            *self.allergies,
            *self.medications_current,
            *self.medications_stopped,
            *self.problems,
            *points,
            *self.procedures,
            *self.immunizations,
            *self.family,
            *vitals,
            *self.devices,
            *self.social,
            *self.directives,
            *self.contacts,
            *self.negated,
        )

    @property
    def contradicted(self) -> frozenset[str]:
        """Ids of facts that other paper contradicts."""
        return frozenset(fact for conflict in self.conflicts for fact in conflict.facts)

    @property
    def counts(self) -> dict[str, int]:
        """How many statements each section holds, for telling people what was found."""
        return {
            "allergies": len(self.allergies),
            "current medications": len(self.medications_current),
            "stopped medications": len(self.medications_stopped),
            "problems": len(self.problems),
            "lab values": sum(len(trend.points) for trend in self.labs),
            "procedures": len(self.procedures),
            "immunizations": len(self.immunizations),
            "vital signs": sum(len(trend.points) for trend in self.vitals),
            "devices": len(self.devices),
        }

    @property
    def exit_code(self) -> int:
        """What a command that made this history returns: 0, or 9 for paper of two patients."""
        mixed = any(warning.code is About.MIXED_PATIENTS for warning in self.warnings)
        return MixedPatientsError.exit_code if mixed else 0

    @property
    def period(self) -> tuple[str, str] | None:
        """Dates of the oldest and the newest document."""
        dates = sorted(s.date for s in self.documents if s.included and s.date)
        return (dates[0], dates[-1]) if dates else None


def history_of(
    facts: Iterable[Fact],
    *,
    conflicts: Sequence[Conflict] = (),
    warnings: Sequence[Caution] = (),
    documents: Sequence[Source] = (),
) -> History:
    """Sort merged facts into their sections and rank each."""
    facts = tuple(facts)
    own = tuple(fact for fact in facts if fact.experiencer is Experiencer.PATIENT)
    medications = _affirmed(own, Kind.MEDICATION)
    lives = _of(own, Kind.SOCIAL)
    return History(
        patient=_ranked(_of(own, Kind.PATIENT), _by_field),
        allergies=_ranked(_of(own, Kind.ALLERGY), _by_danger),
        medications_current=_ranked((m for m in medications if m.status == "current"), _by_name),
        medications_stopped=_ranked((m for m in medications if m.status != "current"), _by_newest),
        problems=_ranked(_affirmed(own, Kind.PROBLEM), _by_activity),
        labs=rank_trends(_of(own, Kind.LAB)),
        procedures=_ranked(_affirmed(own, Kind.PROCEDURE), _by_newest),
        immunizations=_ranked(_affirmed(own, Kind.IMMUNIZATION), _by_newest),
        family=_ranked((f for f in facts if f.experiencer is Experiencer.FAMILY), _by_name),
        vitals=rank_trends(_of(own, Kind.VITAL)),
        devices=_ranked(_affirmed(own, Kind.DEVICE), _by_name),
        social=_ranked((f for f in lives if f.name not in DIRECTIVES), _by_newest),
        directives=_ranked((f for f in lives if f.name in DIRECTIVES), _by_newest),
        contacts=_ranked(_of(own, Kind.CONTACT), _by_call),
        negated=tuple(
            f for f in own if f.polarity is Polarity.NEGATED and f.kind is not Kind.ALLERGY
        ),
        conflicts=tuple(conflicts),
        warnings=tuple(warnings),
        documents=tuple(documents),
    )


def rank_trends(labs: Iterable[Fact]) -> tuple[Trend, ...]:
    """Group values by test, flagged tests first, then those followed longest."""
    ordered = sorted(labs, key=lambda fact: (fact.name.lower(), fact.date or "9", fact.id))
    trends = [
        Trend(name=name, points=tuple(points))
        for name, points in groupby(ordered, key=lambda fact: fact.name)
    ]
    return tuple(sorted(trends, key=lambda t: (not t.latest.flag, -len(t.points), t.name.lower())))


def newest_first(date: str | None) -> tuple[bool, str]:
    """Sort key for ISO dates of any precision: newest first, undated last."""
    inverted = "".join(chr(ord("9") - int(c)) if c.isdigit() else c for c in date or "")
    return (date is None, inverted)


_CALLED = (
    "Emergency contact", "Next of kin", "Health care proxy", "Guardian", "Caregiver",
    "Primary care physician", "Pharmacy",
)  # fmt: skip
_FIELDS = ("name", "birth date", "sex", "identifier")
_SEVERITIES = ("severe", "moderate", "mild")


def _by_field(fact: Fact) -> tuple[int, str]:
    known = fact.name in _FIELDS
    return (_FIELDS.index(fact.name) if known else len(_FIELDS), fact.name)


def _by_call(fact: Fact) -> tuple[int, bool, str]:
    known = _CALLED.index(fact.name) if fact.name in _CALLED else len(_CALLED)
    return (known, *newest_first(fact.date))


def _by_danger(fact: Fact) -> tuple[bool, int, str]:
    rank = _SEVERITIES.index(fact.severity) if fact.severity in _SEVERITIES else len(_SEVERITIES)
    if fact.reaction and "anaphyla" in fact.reaction.lower():
        rank = -1
    return (fact.polarity is Polarity.NEGATED, rank, fact.name.lower())


def _by_name(fact: Fact) -> str:
    return fact.name.lower()


def _by_newest(fact: Fact) -> tuple[bool, str, str]:
    return (*newest_first(fact.date), fact.name.lower())


def _by_activity(fact: Fact) -> tuple[int, str]:
    order = {"active": 0, None: 1, "resolved": 2}
    return (order.get(fact.status, 1), fact.name.lower())


def _of(facts: Iterable[Fact], kind: Kind) -> tuple[Fact, ...]:
    return tuple(fact for fact in facts if fact.kind is kind)


def _affirmed(facts: Iterable[Fact], kind: Kind) -> tuple[Fact, ...]:
    return tuple(f for f in _of(facts, kind) if f.polarity is Polarity.AFFIRMED)


def _ranked(facts: Iterable[Fact], key: Callable[[Fact], Any]) -> tuple[Fact, ...]:
    return tuple(sorted(facts, key=lambda fact: (key(fact), fact.id)))
