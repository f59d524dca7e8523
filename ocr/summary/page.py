"""The one page: self-contained HTML without scripts, every line linked to its place on paper."""

import base64
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from core.facts import Conflict, Fact
from core.history import About, History
from core.words import Reading
from ocr.summary.alerts import alerts_of
from ocr.summary.front import front_of, others_of
from ocr.summary.lab_table import LabRow, lab_row, lab_table
from ocr.summary.marks import Mark, links_of, numbered_marks
from ocr.summary.pages import numbered_pages
from ocr.summary.sparkline import HEIGHT, WIDTH
from ocr.summary.wording import fact_line, fact_title, fact_words, stop_words


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A page image with its marks."""

    title: str
    source: str
    width: int
    height: int
    marks: tuple[Mark, ...]


def render_html(history: History, reading: Reading, *, embed_images: bool) -> str:
    """The page. Images are data URIs when embedded, else `cid:page-N` for a vault to fill in."""
    front = front_of(history, alerts_of(history))
    page: str = template("history.html").render(
        history=history,
        front=front,
        name=_told(history, "name"),
        fields=[*(f for f in history.patient if f.name != "name"), *front.contacts.shown],
        links=links_of(history, reading),
        facts={fact.id: fact for fact in history.facts},
        on_front={trend.latest.id for trend in front.labs.shown},
        denied={fact.name: fact for fact in history.negated},
        others=others_of(history, front),
        contradicted=history.contradicted,
        title=fact_title,
        stopped=stop_words,
        line=fact_line,
        words=fact_words,
        lab_table=lab_table(history.labs),
        lab_halves=_halves([lab_row(trend, ()) for trend in front.labs.shown]),
        figures=_figures(history, reading, embed_images=embed_images),
        mixed=[w for w in history.warnings if w.code is About.MIXED_PATIENTS],
        about=about,
        size=(WIDTH, HEIGHT),
        documents=[s for s in history.documents if s.included],
    )
    return page


def _halves(rows: list[LabRow]) -> tuple[list[LabRow], list[LabRow]]:
    middle = (len(rows) + 1) // 2
    return rows[:middle], rows[middle:]


def _figures(history: History, reading: Reading, *, embed_images: bool) -> list[Figure]:
    marks = numbered_marks(history, reading)
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


def _told(history: History, field: str) -> list[Fact]:
    return [fact for fact in history.patient if fact.name == field]


_ABOUT = {
    "polarity": "one page affirms what another denies",
    "status": "still taken, active, or over",
    "dose": "different doses at the same time",
    "frequency": "different frequencies at the same time",
    "value": "different values at the same time",
}


def about(conflict: Conflict) -> str:
    """What a contradiction is about, in words."""
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
