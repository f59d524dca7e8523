"""What of a history stands on the first A4 side, so that one side always is enough.

Each section puts its most urgent lines first; lines are granted in the order of clinical weight
while the estimated height fits. What does not fit stands on the sides behind it, and the section
says how many lines that are: nothing is left out in silence.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from math import ceil
from typing import Any, Generic, TypeVar

from core.alerts import Alert
from core.facts import Conflict, Fact
from core.history import About, Caution, History, Trend
from ocr.summary.lab_values import side_of
from ocr.summary.wording import fact_line

Item = TypeVar("Item")

HEIGHT = 815.0
"""Points of an A4 side that lines may take by the estimate, which runs about 6 % above what a
browser needs with a wide font; an A4 side has 797 between the margins."""

_LINE, _HEADING, _FRAME = 9.8, 17.0, 62.0
"""Points: a line, a section's heading, and what every page has (title, identity, footer)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut(Generic[Item]):
    """The lines of a section: those on the first side, and the rest."""

    shown: tuple[Item, ...]
    rest: tuple[Item, ...]

    def __bool__(self) -> bool:
        return bool(self.shown or self.rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """The first side, section by section."""

    allergies: Cut[Fact]
    alerts: Cut[Alert]
    conflicts: Cut[Conflict]
    current: Cut[Fact]
    stopped: Cut[Fact]
    problems: Cut[Fact]
    labs: Cut[Trend]
    procedures: Cut[Fact]
    immunizations: Cut[Fact]
    devices: Cut[Fact]
    family: Cut[Fact]
    social: Cut[Fact]
    negated: Cut[Fact]
    vitals: Cut[Fact]
    contacts: Cut[Fact]
    gaps: Cut[Caution]
    checks: Cut[Fact]

    @property
    def alert_sources(self) -> tuple[str, ...]:
        """Who says what the alerts say, beside the paper, each once."""
        said = (alert.source for alert in (*self.alerts.shown, *self.alerts.rest))
        return tuple(dict.fromkeys(one for one in said if not one.endswith("the paper")))


@dataclass(slots=True, kw_only=True)
class _Section:
    """A section while the side fills up."""

    items: Sequence[Any]
    width: int
    """Characters that fit into one line of it."""
    columns: int
    said: Callable[[Any], str]
    padding: float = 2.6
    count: int = 0

    @property
    def height(self) -> float:
        """Points that the section takes, its heading not counted."""
        if not self.items:
            return 0
        tall = [
            _LINE * ceil(max(len(self.said(item)), 1) / self.width) + self.padding
            for item in self._granted
        ]
        uneven = max(tall, default=0) / 4 if self.columns > 1 else 0
        more = _LINE if self.count < len(self.items) else 0
        return sum(tall) / self.columns + uneven + more

    @property
    def _granted(self) -> Sequence[Any]:
        return self.items[: self.count]

    @property
    def cut(self) -> Cut[Any]:
        return Cut(shown=tuple(self._granted), rest=tuple(self.items[self.count :]))


def front_of(history: History, alerts: Sequence[Alert]) -> Front:
    """The first side of `history`."""
    sections = _sections(history, alerts)
    for name, number in _GRANTS:
        section = sections[name]
        while section.count < min(number, len(section.items)):
            section.count += 1
            if _total(sections) > HEIGHT:
                section.count -= 1
                break
    return Front(**{name: section.cut for name, section in sections.items()})


_GRANTS = (
    ("contacts", 3), ("allergies", 6), ("alerts", 6), ("current", 20), ("conflicts", 2),
    ("problems", 8),
    ("labs", 6), ("conflicts", 3), ("stopped", 4), ("devices", 3), ("checks", 2), ("gaps", 2),
    ("vitals", 4), ("procedures", 4),
    ("immunizations", 3), ("family", 4), ("negated", 4), ("social", 3),
    ("current", 30), ("allergies", 20), ("alerts", 9), ("problems", 16), ("conflicts", 6),
    ("labs", 16), ("devices", 6), ("stopped", 8), ("checks", 6), ("gaps", 6), ("procedures", 8),
    ("immunizations", 8), ("labs", 20), ("alerts", 12), ("procedures", 12), ("stopped", 16),
    ("problems", 30), ("labs", 32), ("family", 12), ("social", 12), ("negated", 20),
    ("immunizations", 14), ("contacts", 4), ("vitals", 10),
)  # fmt: skip
"""Which section may grow to how many lines, the most pressing first."""


def _total(sections: Mapping[str, _Section]) -> float:
    """Points of the whole side: what stands side by side counts once."""
    rows = [max(sections[name].height for name in row) + _HEADING for row in _ROWS]
    optional = [sections[name].height + _HEADING for name in _OPTIONAL if sections[name].items]
    background = sum(sections[name].height for name in _BACKGROUND)
    notes = sum(sections[name].height for name in _NOTES)
    tail = [part + _HEADING for part in (background, notes) if part]
    return _FRAME + sections["contacts"].height + sum(rows) + sum(optional) + sum(tail)


_ROWS = (
    ("allergies",), ("alerts",), ("current",), ("problems",), ("labs",),
    ("procedures", "immunizations", "devices"),
)  # fmt: skip
_OPTIONAL = ("conflicts", "stopped")
_BACKGROUND = ("vitals", "family", "social", "negated")
_NOTES = ("gaps", "checks")


def _sections(history: History, alerts: Sequence[Alert]) -> dict[str, _Section]:
    facts = {fact.id: fact for fact in history.facts}

    def conflict(item: Conflict) -> str:
        return item.name + " / ".join(fact_line(facts[i]) for i in item.facts if i in facts)

    def plain(items: Sequence[Any], width: int, columns: int, extra: int = 9) -> _Section:
        return _Section(
            items=items,
            width=width,
            columns=columns,
            said=lambda item: " " * extra + (fact_line(item) if isinstance(item, Fact) else ""),
        )

    gaps = [w for w in history.warnings if w.code not in (About.TO_CHECK, About.MIXED_PATIENTS)]
    return {
        "allergies": plain(history.allergies, 54, 2),
        "alerts": _Section(items=alerts, width=58, columns=2, said=_alert_line),
        "conflicts": _Section(items=history.conflicts, width=96, columns=1, said=conflict),
        "current": _Section(
            items=history.medications_current, width=96, columns=1, said=_medicine, padding=3.4
        ),
        "stopped": plain(history.medications_stopped, 52, 2),
        "problems": plain(history.problems, 52, 2),
        "labs": _Section(items=urgent_trends(history), width=52, columns=2, said=_lab, padding=5),
        "procedures": plain(history.procedures, 40, 1),
        "immunizations": plain(_newest_of_each(history.immunizations), 34, 1),
        "devices": plain(history.devices, 34, 1),
        "family": plain(history.family, 110, 4, 4),
        "social": plain(history.social, 110, 2, 4),
        "negated": plain(
            [f for f in history.negated if not f.name.startswith("known ")], 110, 4, 4
        ),
        "vitals": plain(_measured(history), 110, 3, 14),
        "contacts": plain((*history.directives, *history.contacts), 110, 2, 4),
        "gaps": _Section(items=gaps, width=112, columns=1, said=str),
        "checks": plain([f for f in history.facts if f.check], 104, 1),
    }


def _measured(history: History) -> list[Fact]:
    """The newest of each vital sign before the older ones."""
    newest = [trend.latest for trend in history.vitals]
    points = [point for trend in history.vitals for point in reversed(trend.points)]
    return [*newest, *(point for point in points if point not in newest)]


def _newest_of_each(facts: Sequence[Fact]) -> list[Fact]:
    """The newest of each name before the earlier ones of the same name."""
    newest = tuple({fact.name: fact for fact in reversed(facts)}.values())[::-1]
    return [*newest, *(fact for fact in facts if fact not in newest)]


def _alert_line(alert: Alert) -> str:
    return f"{alert.title}: {alert.reason} ({alert.short_source})" + " " * 4 * len(alert.linked)


def _medicine(fact: Fact) -> str:
    return f"{fact_line(fact)} earlier {fact.earlier}" if fact.earlier else fact_line(fact)


def _lab(trend: Trend) -> str:
    latest = trend.latest
    return f"{trend.name} {latest.value} {latest.flag} {latest.unit} {latest.date}"


_BEDSIDE = (
    "Potassium", "Sodium", "Creatinine", "eGFR", "Hemoglobin", "INR", "Platelets", "Glucose",
    "Hemoglobin A1c", "White blood cell count", "C-reactive protein", "Troponin I",
)  # fmt: skip
"""What an emergency physician looks for first, when nothing is abnormal."""


def urgent_trends(history: History) -> list[Trend]:
    """Tests, abnormal ones first, then those of the bedside."""
    return sorted(history.labs, key=_urgent)


def _urgent(trend: Trend) -> tuple[bool, int, int]:
    known = _BEDSIDE.index(trend.name) if trend.name in _BEDSIDE else len(_BEDSIDE)
    return (not is_abnormal(trend.latest), known, -len(trend.points))


def others_of(history: History, front: Front) -> list[Fact]:
    """Statements that have no section of their own on the page."""
    # What is to be checked is told there a second time; its own line stands elsewhere.
    cuts = (getattr(front, field.name) for field in fields(front) if field.name != "checks")
    placed = {fact.id for cut in cuts for fact in (*cut.shown, *cut.rest) if isinstance(fact, Fact)}
    placed |= {fact.id for fact in history.patient}
    placed |= {point.id for trend in history.labs for point in trend.points}
    return [fact for fact in history.facts if fact.id not in placed]


def is_abnormal(point: Fact) -> bool:
    """Whether the paper marks the value, or it lies outside the range that the paper prints."""
    if point.flag:
        return True
    return bool(is_numeric(point) and point.range and side_of(point.value or "", point.range))


def is_numeric(point: Fact) -> bool:
    """Whether the value is a number, with or without a comparator."""
    return re.fullmatch(r"[<>≤≥=\s]*-?\d[\d.,]*", point.value or "") is not None
