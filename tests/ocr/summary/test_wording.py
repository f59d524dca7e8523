import pytest

from core.facts import Evidence, Fact, Kind, Polarity
from core.words import Box
from ocr.summary.wording import fact_line, fact_title, stop_words

PLACE = Evidence(
    document="a.png",
    page=1,
    box=Box(left=0, top=0, right=1, bottom=1),
    span=(0, 1),
    quote="x",
    method="test",
)


def make_fact(kind: Kind, name: str, **overrides) -> Fact:
    values = {"id": "f1", "evidence": (PLACE,), "confidence": 0.9, "check": False}
    return Fact(kind=kind, name=name, **(values | overrides))


@pytest.mark.parametrize(
    ("fact", "title"),
    [
        (
            make_fact(Kind.ALLERGY, "known allergies", polarity=Polarity.NEGATED),
            "No known allergies",
        ),
        (make_fact(Kind.ALLERGY, "Latex", polarity=Polarity.NEGATED), "Denied: Latex"),
        (make_fact(Kind.MEDICATION, "apixaban", brand="Eliquis"), "apixaban (Eliquis)"),
        (make_fact(Kind.PROBLEM, "Gout"), "Gout"),
    ],
)
def test_fact_title_never_reads_like_the_opposite(fact, title):
    assert fact_title(fact) == title


@pytest.mark.parametrize(
    ("fact", "line"),
    [
        (
            make_fact(
                Kind.MEDICATION,
                "ramipril",
                dose="5 mg",
                route="oral",
                frequency="once daily",
                status="stopped",
                cue="discontinued",
                date="2024-03",
            ),
            "ramipril: 5 mg, oral, once daily, stopped (discontinued), 2024-03",
        ),
        (
            make_fact(Kind.LAB, "Potassium", value="5.4", unit="mmol/L", flag="H", range="3.5-5.1"),
            "Potassium: 5.4 mmol/L H, reference 3.5-5.1",
        ),
        (
            make_fact(Kind.ALLERGY, "Latex", reaction="hives", severity="severe"),
            "Latex: hives, severe",
        ),
        (make_fact(Kind.PROBLEM, "Gout"), "Gout"),
        (
            make_fact(Kind.MEDICATION, "ramipril", status="stopped", cue="stopped"),
            "ramipril: stopped",
        ),
        (
            make_fact(Kind.SOCIAL, "Exercise", value="30", unit="min/d", date="2024"),
            "Exercise: 30 min/d (2024)",
        ),
    ],
)
def test_fact_line_tells_everything_and_nothing_of_what_is_unknown(fact, line):
    assert fact_line(fact) == line


@pytest.mark.parametrize(
    ("status", "cue", "words"),
    [
        ("stopped", None, "stopped"),
        ("stopped", "stopped", "stopped"),
        ("stopped", "Stopped because of cough", "“Stopped because of cough”"),
        ("stopped", "completed", "stopped: “completed”"),
        ("last-seen", None, "last seen"),
    ],
)
def test_stop_words_leave_no_doubt_that_it_is_over(status, cue, words):
    assert stop_words(make_fact(Kind.MEDICATION, "ramipril", status=status, cue=cue)) == words
