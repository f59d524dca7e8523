"""Results that cannot wait: at critical limits, and changing fast."""

from collections.abc import Iterator
from datetime import date

from core.alerts import MOST_NAMED, Alert, Subject, Urgency
from core.facts import Fact
from core.history import History, Trend
from ocr.summary.front import is_abnormal, is_numeric
from ocr.summary.lab_values import number
from ocr.summary.rules import CriticalLimit, lab_dangers


def lab_alerts(history: History) -> Iterator[Alert]:
    """Critical newest values, fast changes, then the other newest values out of range."""
    trends = {trend.name: trend for trend in history.labs}
    critical = [alert for trend in history.labs for alert in _critical(trend)]
    yield from critical
    if "Creatinine" in trends:
        yield from _kidney_injury(_dated(trends["Creatinine"]))
    if "eGFR" in trends:
        yield from _kidney_decline(_dated(trends["eGFR"]))
    if "Hemoglobin" in trends:
        yield from _bleeding(_dated(trends["Hemoglobin"]))
    known = {fact for alert in critical for fact in alert.facts}
    yield from _out_of_range([t.latest for t in history.labs if t.latest.id not in known])


def _critical(trend: Trend) -> Iterator[Alert]:
    latest = trend.latest
    reason, source = _beyond(latest)
    if reason:
        yield Alert(
            subject=Subject.LAB_VALUE,
            urgency=Urgency.DANGER,
            title=f"{_shown(latest)} ({latest.date or 'undated'})",
            reason=reason + ("; compare with the paper" if latest.check else ""),
            source=source,
            facts=(latest.id,),
        )


def _beyond(fact: Fact) -> tuple[str, str]:
    """Why a value is critical, and who says so; empty when it is not."""
    if fact.flag in ("HH", "LL"):
        return "marked as critical", "the paper"
    for row in lab_dangers().limit:
        if fact.name == row.test and fact.unit in row.units and is_numeric(fact):
            value = number(fact.value or "")
            if value <= row.low or value >= row.high:
                side, limit = _side(row, value)
                return f"{side} the critical limit of {limit:g} {fact.unit}", row.cited
    return "", ""


def _side(row: CriticalLimit, value: float) -> tuple[str, float]:
    return ("at or below", row.low) if value <= row.low else ("at or above", row.high)


def _kidney_injury(points: list[Fact]) -> Iterator[Alert]:
    """The newest creatinine against the lowest of the days before it."""
    rule = lab_dangers().acute_kidney_injury
    if not points:
        return
    last = points[-1]
    before = [p for p in points[:-1] if 0 <= _days(p, last) <= rule.days]
    base = min(before, key=lambda point: number(point.value or ""), default=None)
    if base and number(last.value or "") >= rule.ratio * number(base.value or ""):
        yield _change(Urgency.DANGER, base, last, "acute kidney injury is possible", rule.cited)


def _kidney_decline(points: list[Fact]) -> Iterator[Alert]:
    rule = lab_dangers().kidney_decline
    if len(points) < rule.values:
        return
    first, last = points[0], points[-1]
    years = _days(first, last) / 365.25
    fall = number(first.value or "") - number(last.value or "")
    if years >= rule.years and fall / years > rule.per_year:
        reason = f"kidney function falls by {fall / years:.1f} {last.unit or ''} a year"
        yield _change(Urgency.WARNING, first, last, reason, rule.cited)


def _bleeding(points: list[Fact]) -> Iterator[Alert]:
    rule = lab_dangers().hemoglobin_fall
    scale = {"g/dL": 10.0, "g/L": 1.0}.get(points[-1].unit or "") if points else None
    if scale is None:
        return
    last = points[-1]
    before = [p for p in points[:-1] if 0 <= _days(p, last) <= rule.days]
    for point in before[-1:]:
        fall = (number(point.value or "") - number(last.value or "")) * scale
        if fall >= rule.grams_per_litre:
            reason = f"fell by {fall:.0f} g/L: look for bleeding"
            yield _change(Urgency.DANGER, point, last, reason, rule.cited)


def _change(urgency: Urgency, first: Fact, last: Fact, reason: str, source: str) -> Alert:
    return Alert(
        subject=Subject.LAB_CHANGE,
        urgency=urgency,
        title=f"{last.name} {first.value} to {last.value} {last.unit or ''}".rstrip(),
        reason=f"{reason} ({first.date} to {last.date})",
        source=source,
        facts=(first.id, last.id),
    )


def _out_of_range(latest: list[Fact]) -> Iterator[Alert]:
    abnormal = [fact for fact in latest if is_abnormal(fact)]
    if abnormal:
        named = ", ".join(_shown(fact) for fact in abnormal[:MOST_NAMED])
        more = f" and {len(abnormal) - MOST_NAMED} more" if len(abnormal) > MOST_NAMED else ""
        yield Alert(
            subject=Subject.LAB_VALUE,
            urgency=Urgency.NOTE,
            title="Newest values out of range",
            reason=named + more,
            source="marks and ranges of the paper",
            facts=tuple(fact.id for fact in abnormal),
        )


def _shown(fact: Fact) -> str:
    return " ".join(part for part in (fact.name, fact.value, fact.unit, fact.flag) if part)


def _dated(trend: Trend) -> list[Fact]:
    """Values of whole dates in the unit of the newest, oldest first, none of them doubtful."""
    return [
        point
        for point in trend.points
        if is_numeric(point) and not point.check and point.unit == trend.latest.unit
        and point.date and len(point.date) == 10
    ]  # fmt: skip


def _days(first: Fact, last: Fact) -> int:
    return (date.fromisoformat(last.date or "") - date.fromisoformat(first.date or "")).days
