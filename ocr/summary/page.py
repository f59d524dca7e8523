"""The one page: self-contained HTML without scripts, every line linked to its place on paper."""

import base64
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from core.facts import Conflict, Evidence, Fact
from core.history import About, History, Trend
from core.words import Reading
from ocr.summary.alerts import alerts_of
from ocr.summary.front import Front, front_of, is_abnormal
from ocr.summary.lab_rows import side_of
from ocr.summary.pages import NumberedPage, numbered_pages
from ocr.summary.sparkline import HEIGHT, WIDTH, Sparkline, sparkline
from ocr.summary.wording import fact_line, fact_title


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A box on a page image, in percent of its size."""

    number: int
    fact: str
    quote: str
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A page image with its marks."""

    title: str
    source: str
    width: int
    height: int
    marks: tuple[Mark, ...]


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
        side = side_of(point.value, point.range) if point.value and point.range else None
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


def render_html(history: History, reading: Reading, *, embed_images: bool) -> str:
    """The page. Images are data URIs when embedded, else `cid:page-N` for a vault to fill in."""
    marks = _numbered_marks(history, reading)
    links: dict[str, list[int]] = {}
    for mark, _ in marks:
        links.setdefault(mark.fact, []).append(mark.number)
    front = front_of(history, alerts_of(history))
    page: str = template("history.html").render(
        history=history,
        front=front,
        name=_told(history, "name"),
        fields=[fact for fact in history.patient if fact.name != "name"],
        links=links,
        facts={fact.id: fact for fact in history.facts},
        on_front={trend.latest.id for trend in front.labs.shown},
        others=_others(history, front),
        title=fact_title,
        line=fact_line,
        lab_table=_lab_table(history.labs),
        lab_halves=_halves([_lab_row(trend, ()) for trend in front.labs.shown]),
        figures=_figures(history, reading, marks, embed_images=embed_images),
        mixed=[w for w in history.warnings if w.code is About.MIXED_PATIENTS],
        about=_about,
        size=(WIDTH, HEIGHT),
        documents=[s for s in history.documents if s.included],
    )
    return page


def _others(history: History, front: Front) -> list[Fact]:
    """Statements that have no section of their own on the page."""
    cuts = (getattr(front, field.name) for field in fields(front))
    placed = {fact.id for cut in cuts for fact in (*cut.shown, *cut.rest) if isinstance(fact, Fact)}
    placed |= {fact.id for fact in history.patient}
    placed |= {point.id for trend in history.labs for point in trend.points}
    return [fact for fact in history.facts if fact.id not in placed]


def _halves(rows: list[LabRow]) -> tuple[list[LabRow], list[LabRow]]:
    middle = (len(rows) + 1) // 2
    return rows[:middle], rows[middle:]


_Marks = list[tuple[Mark, tuple[str, int]]]
"""Marks with the document and page they stand on, in the order of the page."""


def _numbered_marks(history: History, reading: Reading) -> _Marks:
    pages = numbered_pages(history, reading)
    found: _Marks = []
    for fact in history.facts:
        for evidence in fact.evidence:
            key = (evidence.document, evidence.page)
            found.append((_mark(len(found) + 1, fact, evidence, pages[key]), key))
    return found


def _mark(number: int, fact: Fact, evidence: Evidence, page: NumberedPage) -> Mark:
    box, width, height = evidence.box, max(page.page.width, 1), max(page.page.height, 1)
    return Mark(
        number=number,
        fact=fact.id,
        quote=evidence.quote,
        left=round(100 * box.left / width, 2),
        top=round(100 * box.top / height, 2),
        width=round(100 * (box.right - box.left) / width, 2),
        height=round(100 * (box.bottom - box.top) / height, 2),
    )


def _figures(
    history: History, reading: Reading, marks: _Marks, *, embed_images: bool
) -> list[Figure]:
    dates = {source.document: source.date for source in history.documents}
    return [
        Figure(
            title=f"{page.page.document}, page {page.page.number} ({dates[name] or 'undated'})",
            source=_data_uri(page.image) if embed_images else f"cid:page-{page.number}",
            width=page.page.width,
            height=page.page.height,
            marks=tuple(mark for mark, key in marks if key == (name, number)),
        )
        for (name, number), page in numbered_pages(history, reading).items()
    ]


def _data_uri(image: bytes) -> str:
    return f"data:image/jpeg;base64,{base64.b64encode(image).decode()}"


def _lab_table(trends: Sequence[Trend]) -> LabTable:
    dates = _columns(trends)
    rows = [_lab_row(trend, dates) for trend in trends]
    return LabTable(dates=dates, rows=tuple(sorted(rows, key=lambda row: not row.abnormal)))


def _columns(trends: Sequence[Trend]) -> tuple[str, ...]:
    """The newest dates, those with several values before those with one."""
    counts = Counter(point.date for trend in trends for point in trend.points if point.date)
    ranked = sorted(counts, key=lambda date: (counts[date] > 1, date), reverse=True)
    return tuple(sorted(ranked[:_COLUMNS], reverse=True))


def _lab_row(trend: Trend, dates: Sequence[str]) -> LabRow:
    return LabRow(
        trend=trend,
        cells=tuple(tuple(p for p in trend.points if p.date == date) for date in dates),
        older=tuple(point for point in reversed(trend.points) if point.date not in dates),
        drawing=sparkline(trend),
    )


def _told(history: History, field: str) -> list[Fact]:
    return [fact for fact in history.patient if fact.name == field]


_ABOUT = {
    "polarity": "one page affirms what another denies",
    "status": "still taken, active, or over",
    "dose": "different doses at the same time",
    "frequency": "different frequencies at the same time",
    "value": "different values at the same time",
}


def _about(conflict: Conflict) -> str:
    return _ABOUT.get(conflict.about, conflict.about)


@cache
def template(name: str) -> Any:
    """A template of this package; what it is given is escaped, what it lacks is an error."""
    environment = Environment(
        loader=PackageLoader("ocr.summary", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
