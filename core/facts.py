"""Facts: clinical statements, each with the place on a page where it stands.

No source, no fact: a Fact without evidence cannot be made.
"""

from dataclasses import dataclass
from enum import StrEnum

from core.words import Box


class Kind(StrEnum):
    PATIENT = "patient"
    ALLERGY = "allergy"
    PROBLEM = "problem"
    MEDICATION = "medication"
    LAB = "lab"
    PROCEDURE = "procedure"
    IMMUNIZATION = "immunization"
    VITAL = "vital"
    DEVICE = "device"
    SOCIAL = "social"
    CONTACT = "contact"


class Polarity(StrEnum):
    AFFIRMED = "affirmed"
    NEGATED = "negated"


class Experiencer(StrEnum):
    PATIENT = "patient"
    FAMILY = "family"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Where a fact stands: the words in `box` on `page` of `document` read `quote`."""

    document: str
    page: int
    """1 for the first page."""
    box: Box
    span: tuple[int, int]
    """Character offsets [start, end) in the page text; the text there is `quote`."""
    quote: str
    method: str
    """The rule that found it, such as "lab-row"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    system: str
    code: str
    display: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One statement. Fields that don't apply to its kind, or that no page says, are None."""

    id: str
    """Stable across runs on the same paper: derived from kind, name and evidence."""
    kind: Kind
    name: str
    """Ingredient, diagnosis, test, procedure, vaccine; for PATIENT the field: "birth date"."""
    evidence: tuple[Evidence, ...]
    confidence: float
    check: bool
    """True when a person should compare it with the paper."""
    code: Coding | None = None
    value: str | None = None
    unit: str | None = None
    range: str | None = None
    flag: str | None = None
    dose: str | None = None
    route: str | None = None
    frequency: str | None = None
    reaction: str | None = None
    brand: str | None = None
    """Medication: the trade name, where the paper uses one."""
    severity: str | None = None
    """Allergy: mild, moderate, severe, as the paper says."""
    status: str | None = None
    """Medication: current, stopped or last-seen; problem: active or resolved."""
    cue: str | None = None
    """The words of the paper that gave the status, such as "discontinued"."""
    earlier: str | None = None
    """Medication: doses that older paper gave, each with its date."""
    polarity: Polarity = Polarity.AFFIRMED
    experiencer: Experiencer = Experiencer.PATIENT
    date: str | None = None
    """ISO 8601 with the precision the page has: 2024, 2024-03 or 2024-03-05."""
    date_either: str | None = None
    """"2024-03-04 or 2024-04-03" where day and month could be either; `date` is then the year."""
    corrected: str | None = None
    """Who confirmed or completed it and when, and what the paper has; see core.corrections."""

    @property
    def when(self) -> str | None:
        """The date as a person should see it: both where it could be either."""
        return self.date_either or self.date

    def __post_init__(self) -> None:
        if not self.evidence:
            raise ValueError(f"a {self.kind} fact without evidence")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Facts that cannot all be true, to be shown side by side."""

    kind: Kind
    name: str
    about: str
    """What they disagree on, such as "dose" or "polarity"."""
    facts: tuple[str, ...]
    """Fact ids."""
