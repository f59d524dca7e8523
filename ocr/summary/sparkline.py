"""A test over time as a drawing of two lines' height: values, and the reference band."""

from dataclasses import dataclass
from datetime import date

from core.history import Trend
from ocr.summary.front import is_numeric
from ocr.summary.lab_values import bounds, number

WIDTH, HEIGHT, MARGIN = 84, 22, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparkline:
    """Coordinates in a WIDTH x HEIGHT drawing."""

    line: str
    """The points of a polyline."""
    dots: tuple[tuple[float, float], ...]
    band: tuple[float, float] | None
    """Top and height of the reference band."""
    label: str
    """The same in words."""


def sparkline(trend: Trend) -> Sparkline | None:
    """Drawn from two dated values in one unit on; None otherwise."""
    points = [p for p in trend.points if p.date and is_numeric(p) and p.unit == trend.latest.unit]
    if len(points) < 2:
        return None
    days = [_day(point.date or "") for point in points]
    values = [number(point.value or "") for point in points]
    limits = bounds(trend.latest.range) if trend.latest.range else (None, None)
    low = min([*values, *(x for x in limits if x is not None)])
    high = max([*values, *(x for x in limits if x is not None)])
    dots = tuple(
        (_scaled(day, days[0], days[-1], WIDTH), HEIGHT - _scaled(value, low, high, HEIGHT))
        for day, value in zip(days, values, strict=True)
    )
    return Sparkline(
        line=" ".join(f"{x:.1f},{y:.1f}" for x, y in dots),
        dots=dots,
        band=_band(limits, low, high),
        label=f"{trend.name}: " + ", ".join(f"{p.value} on {p.date}" for p in points),
    )


def _band(
    limits: tuple[float | None, float | None], low: float, high: float
) -> tuple[float, float] | None:
    if limits == (None, None):
        return None
    top = 0.0 if limits[1] is None else HEIGHT - _scaled(limits[1], low, high, HEIGHT)
    bottom = float(HEIGHT) if limits[0] is None else HEIGHT - _scaled(limits[0], low, high, HEIGHT)
    return (round(top, 1), round(bottom - top, 1))


def _scaled(value: float, low: float, high: float, size: int) -> float:
    share = 0.5 if high == low else (value - low) / (high - low)
    return round(MARGIN + share * (size - 2 * MARGIN), 1)


def _day(iso: str) -> float:
    year, month, day = (*map(int, iso.split("-")), 1, 1)[:3]
    return date(year, month, day).toordinal()
