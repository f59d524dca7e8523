"""Results for showing: each test's newest value and trend, and all values by date."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from core.facts import Fact
from core.history import Trend
from ocr.summary.front import is_abnormal, is_numeric
from ocr.summary.lab_values import side_of
from ocr.summary.sparkline import Sparkline, sparkline


@dataclass(frozen=True, slots=True, kw_only=True)
class LabRow:
    """A test's line: its values under the dates of the table, the rest, and the drawing."""

    trend: Trend
    cells: tuple[tuple[Fact, ...], ...]
    older: tuple[Fact, ...]
    """Values of dates that have no column."""
    drawing: Sparkline | None

    def outside(self, point: Fact) -> str:
        """ "high" or "low" against the printed range, or nothing."""
        printed = point.value and point.range and is_numeric(point)
        side = side_of(point.value or "", point.range or "") if printed else None
        return {"H": "high", "L": "low"}.get(side or "", "")

    @property
    def abnormal(self) -> bool:
        """Whether the latest value is marked or lies outside its range."""
        return is_abnormal(self.trend.latest)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabTable:
    """Tests by dates, newest date first."""

    dates: tuple[str, ...]
    rows: tuple[LabRow, ...]

    @property
    def has_older(self) -> bool:
        return any(row.older for row in self.rows)


_COLUMNS = 5
"""Dates side by side; what lies before them stands in one column."""


def lab_table(trends: Sequence[Trend]) -> LabTable:
    """All values by date, abnormal tests first."""
    dates = _columns(trends)
    rows = [lab_row(trend, dates) for trend in trends]
    return LabTable(dates=dates, rows=tuple(sorted(rows, key=lambda row: not row.abnormal)))


def _columns(trends: Sequence[Trend]) -> tuple[str, ...]:
    """The newest dates, those with several values before those with one."""
    counts = Counter(point.date for trend in trends for point in trend.points if point.date)
    ranked = sorted(counts, key=lambda date: (counts[date] > 1, date), reverse=True)
    return tuple(sorted(ranked[:_COLUMNS], reverse=True))


def lab_row(trend: Trend, dates: Sequence[str]) -> LabRow:
    """A test's line for a table that has `dates` as columns."""
    return LabRow(
        trend=trend,
        cells=tuple(tuple(p for p in trend.points if p.date == date) for date in dates),
        older=tuple(point for point in reversed(trend.points) if point.date not in dates),
        drawing=sparkline(trend),
    )
