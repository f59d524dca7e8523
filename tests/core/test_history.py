import pytest

from core.errors import MixedPatientsError
from core.facts import Evidence, Experiencer, Fact, Kind, Polarity
from core.history import About, Caution, Source, history_of, newest_first, rank_trends
from core.words import Box

EVIDENCE = Evidence(
    document="a.pdf",
    page=1,
    box=Box(left=0, top=0, right=1, bottom=1),
    span=(0, 1),
    quote="x",
    method="test",
)


def make_fact(kind: Kind, name: str, **overrides) -> Fact:
    values = {"id": f"f{name}{overrides.get('date', '')}", "confidence": 0.9, "check": False}
    return Fact(kind=kind, name=name, evidence=(EVIDENCE,), **(values | overrides))


def test_history_sorts_facts_into_their_sections():
    history = history_of(
        [
            make_fact(Kind.MEDICATION, "aspirin", status="current"),
            make_fact(Kind.MEDICATION, "ramipril", status="stopped"),
            make_fact(Kind.MEDICATION, "omeprazole", status="last-seen"),
            make_fact(Kind.PROBLEM, "gout", experiencer=Experiencer.FAMILY),
            make_fact(Kind.PROBLEM, "asthma", polarity=Polarity.NEGATED),
            make_fact(Kind.PROBLEM, "hypertension"),
        ]
    )
    assert [f.name for f in history.medications_current] == ["aspirin"]
    assert {f.name for f in history.medications_stopped} == {"ramipril", "omeprazole"}
    assert [f.name for f in history.family] == ["gout"]
    assert [f.name for f in history.negated] == ["asthma"]
    assert [f.name for f in history.problems] == ["hypertension"]
    assert len(history.facts) == 6


def test_history_puts_the_dangerous_allergies_first():
    history = history_of(
        [
            make_fact(Kind.ALLERGY, "known allergies", polarity=Polarity.NEGATED),
            make_fact(Kind.ALLERGY, "codeine", severity="mild"),
            make_fact(Kind.ALLERGY, "peanut", reaction="anaphylaxis"),
            make_fact(Kind.ALLERGY, "latex", severity="severe"),
        ]
    )
    assert [f.name for f in history.allergies] == ["peanut", "latex", "codeine", "known allergies"]


def test_history_puts_active_problems_before_resolved_ones():
    problems = [
        make_fact(Kind.PROBLEM, "a", status="resolved"),
        make_fact(Kind.PROBLEM, "b"),
        make_fact(Kind.PROBLEM, "c", status="active"),
    ]
    assert [f.name for f in history_of(problems).problems] == ["c", "b", "a"]


def test_history_is_the_same_whatever_the_order_of_facts():
    facts = [make_fact(Kind.PROBLEM, name) for name in "cab"]
    assert history_of(facts) == history_of(reversed(facts))


def test_rank_trends_orders_points_and_puts_flagged_tests_first():
    trends = rank_trends(
        [
            make_fact(Kind.LAB, "sodium", date="2024-01-01"),
            make_fact(Kind.LAB, "potassium", date="2024-01-01", flag="H"),
            make_fact(Kind.LAB, "potassium", date="2023-01-01"),
            make_fact(Kind.LAB, "sodium"),
        ]
    )
    assert [t.name for t in trends] == ["potassium", "sodium"]
    assert [p.date for p in trends[0].points] == ["2023-01-01", "2024-01-01"]
    assert trends[1].latest.date == "2024-01-01"


def test_newest_first_sorts_any_precision_and_undated_last():
    dates = [None, "2023", "2024-03", "2024-03-05"]
    assert sorted(dates, key=newest_first)[-2:] == ["2023", None]


def test_history_returns_its_own_exit_code_only_for_mixed_patients():
    mixed = Caution(code=About.MIXED_PATIENTS, text="two")
    other = Caution(code=About.MISSING, text="no labs")
    assert history_of([], warnings=[mixed, other]).exit_code == MixedPatientsError.exit_code
    assert history_of([], warnings=[other]).exit_code == 0
    assert str(other) == "no labs"


@pytest.mark.parametrize(
    ("dates", "period"),
    [([], None), ([None], None), (["2024-03-05", "2023"], ("2023", "2024-03-05"))],
)
def test_history_period_spans_the_dated_documents(dates, period):
    documents = [
        Source(document=f"{i}.pdf", sha256="0" * 64, pages=1, date=d) for i, d in enumerate(dates)
    ]
    left_out = Source(document="x", sha256="0" * 64, pages=1, date="1990", included=False)
    assert history_of([], documents=[*documents, left_out]).period == period
