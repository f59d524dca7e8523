"""Safety alerts: dangers that follow from a patient's facts together, each with its reason."""

import re
from dataclasses import dataclass
from enum import IntEnum, StrEnum

MOST_NAMED = 5
"""Facts that one alert names; what it does not name is counted."""


class Subject(StrEnum):
    """What kind of danger an alert speaks of."""

    DRUG_ALLERGY = "drug-allergy"
    DRUG_DRUG = "drug-drug"
    DUPLICATE = "duplicate-ingredient"
    DOSE = "dose"
    DRUG_KIDNEY = "drug-kidney"
    LAB_VALUE = "lab-value"
    LAB_CHANGE = "lab-change"


class Urgency(IntEnum):
    """How soon a person should look; lower is sooner."""

    DANGER = 0
    WARNING = 1
    NOTE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One danger. It cannot be made without the facts it follows from."""

    subject: Subject
    urgency: Urgency
    title: str
    """What meets what: "amoxicillin against the allergy to penicillin"."""
    reason: str
    """Why that is dangerous, in a sentence."""
    source: str
    """Who says so: a publication, or "the paper" for what is printed there."""
    facts: tuple[str, ...]
    """Ids of the facts it follows from."""

    def __post_init__(self) -> None:
        if not self.facts:
            raise ValueError(f"a {self.subject} alert without facts")

    @property
    def linked(self) -> tuple[str, ...]:
        """The facts whose places a page shows beside the alert: all that it names."""
        return self.facts[:MOST_NAMED]

    @property
    def short_source(self) -> str:
        """The source without title and page: "KDIGO 2012 guideline on acute kidney injury"."""
        return re.split(r"[,:]", self.source, maxsplit=1)[0]
