"""What a paper says, as values: the same values are drawn on it and written to the truth."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["allergy", "problem", "medication", "lab", "procedure", "immunization", "vital"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    name: str
    birth_date: str
    """ISO 8601."""
    sex: str
    identifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Allergy:
    name: str
    reaction: str | None = None
    """None where the paper names the substance alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    name: str
    status: Literal["active", "resolved"] = "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class Medication:
    """A drug as one paper has it."""

    name: str
    """Ingredient, lower case."""
    dose: str
    frequency: str
    route: str = "oral"
    status: Literal["current", "stopped"] = "current"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    name: str
    value: str
    unit: str
    range: str
    flag: Literal["H", "L"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    name: str
    date: str
    """ISO 8601, as precise as the paper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Immunization:
    name: str
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom to call."""

    name: str
    """The role, such as "Primary care physician"."""
    value: str
    """The words of the paper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Negated:
    """Something the paper says the patient does not have."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Something a relative has or had."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Optional:
    """True and on the paper, but no reader has to report it: symptoms, measurements in prose."""

    kind: Kind
    name: str
    value: str | None = None


Statement = (
    Allergy
    | Problem
    | Medication
    | Lab
    | Procedure
    | Immunization
    | Contact
    | Negated
    | Family
    | Optional
)
