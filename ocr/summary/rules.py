"""The figures and classes behind the alerts, each with the sources that it was read in.

A row without a source, or with one that `sources.toml` does not hold, does not load: an alert that
nobody can be named for cannot be made.
"""

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from core.alerts import Urgency
from core.errors import SetupError
from ocr.summary.vocabulary import data

_Text = Annotated[str, Field(min_length=1)]
_Positive = Annotated[float, Field(gt=0)]
Shape = TypeVar("Shape")


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Row):
    """A publication, and where and when its passage was read."""

    title: _Text
    organisation: _Text
    edition: _Text
    """Date, year or version."""
    section: _Text
    seen: Literal["source", "copy", "abstract"]
    """The publisher's own page, its text word for word elsewhere, or an abstract."""
    read: date
    url: str = ""
    at: str = ""
    """Where the copy stood."""
    record: str = ""
    """Number of a label's record, as the copy gives it."""

    @property
    def cited(self) -> str:
        """Title, organisation, edition and section, as an alert names them."""
        return ", ".join((self.title, self.organisation, self.edition, self.section))


def _held(name: str) -> str:
    if name not in sources():
        raise ValueError(f"no source {name!r} in sources.toml")
    return name


class Rule(_Row):
    """A row that an alert may follow from."""

    sources: Annotated[tuple[Annotated[str, AfterValidator(_held)], ...], Field(min_length=1)]

    @property
    def cited(self) -> str:
        """The sources, as an alert names them."""
        return cited(self.sources)


class Maximum(Rule):
    """The most that adults are to take by mouth."""

    ingredient: _Text
    mg: _Positive
    """Milligrams a day."""
    note: str = ""
    """What the figure does not tell."""


class Weekly(Rule):
    """An ingredient that is not taken every day."""

    ingredient: _Text
    reason: _Text


class KidneyLimit(Rule):
    """What is said of ingredients below a kidney function."""

    ingredients: Annotated[tuple[_Text, ...], Field(min_length=1)]
    below: _Positive
    """mL/min/1.73 m2."""
    urgency: Urgency
    reason: _Text


class PerDay(_Row):
    """How many times a day a frequency means; arithmetic, so without a source."""

    rate: Mapping[str, int]
    timing: Mapping[str, int]


class Dosing(_Row):
    """`dosing.toml`."""

    maximum: tuple[Maximum, ...]
    weekly: tuple[Weekly, ...]
    kidney: tuple[KidneyLimit, ...]
    per_day: PerDay


class DrugClass(Rule):
    """Ingredients that belong together; its sources say that they do."""

    name: _Text
    allergens: tuple[_Text, ...]
    """What papers call an allergy to the class."""
    members: Annotated[tuple[_Text, ...], Field(min_length=1)]
    twice: tuple[Annotated[str, AfterValidator(_held)], ...] = ()
    """Sources that advise against two members at a time."""

    @property
    def names(self) -> frozenset[str]:
        """The class itself, by all its names."""
        return frozenset((self.name.lower(), *self.allergens))


class Cross(Rule):
    """Who reacts to a member of one class and takes one of another, or of the same."""

    allergy: _Text
    class_: Annotated[str, Field(alias="class", min_length=1)]
    urgency: Urgency
    reason: _Text


class Classes(_Row):
    """`drug_classes.toml`."""

    classes: Annotated[tuple[DrugClass, ...], Field(alias="class")]
    cross: tuple[Cross, ...]


class CriticalLimit(Rule):
    """Values that a laboratory reports at once: at or below `low`, at or above `high`."""

    test: _Text
    units: Annotated[tuple[_Text, ...], Field(min_length=1)]
    low: float
    high: float


class KidneyInjury(Rule):
    """Creatinine against the lowest of the days before it."""

    ratio: _Positive
    days: int


class KidneyDecline(Rule):
    """A fall of eGFR, in mL/min/1.73 m2 a year."""

    per_year: _Positive
    years: _Positive
    values: int


class HemoglobinFall(Rule):
    """A fall that may be a bleed."""

    grams_per_litre: _Positive
    days: int


class LabDangers(_Row):
    """`lab_dangers.toml`."""

    limit: tuple[CriticalLimit, ...]
    acute_kidney_injury: KidneyInjury
    kidney_decline: KidneyDecline
    hemoglobin_fall: HemoglobinFall


def cited(names: tuple[str, ...]) -> str:
    """Sources by their names, as an alert names them."""
    return "; ".join(sources()[name].cited for name in names)


@cache
def sources() -> Mapping[str, Source]:
    """`sources.toml`, by key. Raises SetupError naming the row that is wrong."""
    return parsed("sources", TypeAdapter(dict[str, Source]), data("sources"))


@cache
def dosing() -> Dosing:
    """Daily doses and kidney function. Raises SetupError naming the row that is wrong."""
    return parsed("dosing", TypeAdapter(Dosing), data("dosing"))


@cache
def classes() -> Classes:
    """Classes of ingredients and reactions across. Raises SetupError naming the wrong row."""
    return parsed("drug_classes", TypeAdapter(Classes), data("drug_classes"))


@cache
def lab_dangers() -> LabDangers:
    """Critical results and fast changes. Raises SetupError naming the row that is wrong."""
    return parsed("lab_dangers", TypeAdapter(LabDangers), data("lab_dangers"))


def parsed(name: str, shape: TypeAdapter[Shape], table: Mapping[str, Any]) -> Shape:
    """`table` of `data/NAME.toml` in its shape. Raises SetupError naming file, row and field."""
    try:
        return shape.validate_python(table)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"])
        raise SetupError(
            f"ocr/summary/data/{name}.toml, {place}: {first['msg']}. Every row of the alerts needs "
            "its figures and a source: correct the row or remove it."
        ) from error
