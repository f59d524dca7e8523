"""The emergency card: only what the first minutes need, on half an A4 side.

It lies beside history.html; each line leads to the place on the paper there.
"""

from core.alerts import Urgency
from core.history import About, History, Trend
from core.words import Reading
from ocr.summary.alerts import alerts_of
from ocr.summary.front import urgent_trends
from ocr.summary.marks import links_of
from ocr.summary.page import template
from ocr.summary.wording import fact_line, fact_title

PAGE = "history.html"
"""The file that the card's links lead to."""

_ALERTS, _PROBLEMS, _RESULTS, _CONTACTS = 8, 14, 8, 4
_VITAL_TESTS = (
    "Creatinine", "eGFR", "Potassium", "Sodium", "Hemoglobin", "Platelets", "INR", "Glucose",
)  # fmt: skip


def render_card(history: History, reading: Reading) -> str:
    """Self-contained HTML: who, allergies, dangers, medicines, problems, results."""
    dangers = [a for a in alerts_of(history) if a.urgency is not Urgency.NOTE]
    problems = [fact for fact in history.problems if fact.status != "resolved"]
    card: str = template("card.html").render(
        page=PAGE,
        history=history,
        name=[fact for fact in history.patient if fact.name == "name"],
        fields=[
            *(fact for fact in history.patient if fact.name != "name"),
            *history.directives,
            *history.contacts[:_CONTACTS],
        ],
        dangers=dangers[:_ALERTS],
        more_dangers=dangers[_ALERTS:],
        problems=problems[:_PROBLEMS],
        more_problems=problems[_PROBLEMS:],
        results=_results(history),
        links=links_of(history, reading),
        facts={fact.id: fact for fact in history.facts},
        title=fact_title,
        line=fact_line,
        mixed=any(w.code is About.MIXED_PATIENTS for w in history.warnings),
        contradicted=history.contradicted,
        denied={fact.name: fact for fact in history.negated},
    )
    return card


def _results(history: History) -> list[Trend]:
    vital = [trend for trend in urgent_trends(history) if trend.name in _VITAL_TESTS]
    return vital[:_RESULTS]
