"""What people say of facts, applied without touching what the paper says."""

from dataclasses import replace

import pytest

from core.corrections import Correction, Place, Role, Verdict, corrected
from core.facts import Conflict, Evidence, Fact, Kind
from core.history import About, Caution, History, history_of
from core.words import Box


def make_fact(name: str = "metformin", *, span: tuple[int, int] = (0, 9), **fields: object) -> Fact:
    evidence = Evidence(
        document="letter.pdf",
        page=1,
        box=Box(left=0, top=0, right=9, bottom=9),
        span=span,
        quote=name,
        method="list",
    )
    values = {"kind": Kind.MEDICATION, "status": "current", "dose": "500 mg", "check": True}
    merged = {"id": f"f-{name}", "name": name, "evidence": (evidence,), "confidence": 0.5}
    return Fact(**{**merged, **values, **fields})  # type: ignore[arg-type]


def make_correction(verdict: Verdict = Verdict.WRONG, **fields: object) -> Correction:
    values = {
        "id": "c1",
        "verdict": verdict,
        "author": "Nora Linden",
        "role": Role.PATIENT,
        "date": "2026-03-05",
        "kind": Kind.MEDICATION,
        "name": "metformin",
        "places": (Place(document="letter.pdf", page=1, span=(0, 9)),),
    }
    return Correction(**{**values, **fields})  # type: ignore[arg-type]


def make_history(*facts: Fact, **fields: object) -> History:
    return history_of(facts, **fields)  # type: ignore[arg-type]


def test_corrected_withdraws_what_is_wrong_and_keeps_it_to_be_seen():
    fact = make_fact()
    history = corrected(
        make_history(fact, make_fact("aspirin", span=(20, 27))), [make_correction()]
    )
    assert [f.name for f in history.facts] == ["aspirin"]
    (withdrawn,) = history.withdrawn
    assert withdrawn == replace(fact, corrected=withdrawn.corrected)
    assert withdrawn.corrected == "said to be wrong by Nora Linden (patient), 2026-03-05"


def test_corrected_takes_the_doubt_from_what_is_confirmed():
    confirmed = make_correction(Verdict.CONFIRMED, role=Role.CLINICIAN)
    (fact,) = corrected(make_history(make_fact()), [confirmed]).facts
    assert not fact.check
    assert fact.corrected == "confirmed by Nora Linden (clinician), 2026-03-05"
    assert fact.dose == "500 mg"


def test_corrected_completes_and_says_what_the_paper_has():
    completed = make_correction(
        Verdict.COMPLETED, fields=(("dose", "1000 mg"), ("frequency", "twice daily"))
    )
    (fact,) = corrected(make_history(make_fact()), [completed]).medications_current
    assert (fact.dose, fact.frequency) == ("1000 mg", "twice daily")
    assert "dose 1000 mg (paper: 500 mg)" in (fact.corrected or "")
    assert "frequency twice daily (paper: not stated)" in (fact.corrected or "")
    assert fact.evidence == make_fact().evidence


def test_corrected_ranks_anew_when_a_medicine_is_said_to_be_stopped():
    stopped = make_correction(Verdict.COMPLETED, fields=(("status", "stopped"),))
    history = corrected(make_history(make_fact()), [stopped])
    assert history.medications_current == ()
    assert [fact.name for fact in history.medications_stopped] == ["metformin"]


def test_corrected_lets_the_last_word_that_is_not_undone_count():
    log = [make_correction(Verdict.CONFIRMED), make_correction(id="c2")]
    assert corrected(make_history(make_fact()), log).facts == ()
    log[1] = replace(log[1], undone=True)
    assert len(corrected(make_history(make_fact()), log).facts) == 1


def test_corrected_adds_up_what_is_completed_and_the_later_word_on_a_field_holds():
    log = [
        make_correction(Verdict.COMPLETED, fields=(("dose", "850 mg"), ("route", "oral"))),
        make_correction(Verdict.COMPLETED, fields=(("dose", "1000 mg"),), author="Dr Hale"),
        make_correction(Verdict.CONFIRMED),
    ]
    (fact,) = corrected(make_history(make_fact()), log).facts
    assert (fact.dose, fact.route) == ("1000 mg", "oral")
    told = (fact.corrected or "").split("; before that ")
    assert [part.split(" by ")[0] for part in told] == [
        "confirmed", "dose 1000 mg (paper: 500 mg)",
        "dose 850 mg (paper: 500 mg), route oral (paper: not stated)",
    ]  # fmt: skip


@pytest.mark.parametrize("last", [Verdict.WRONG, Verdict.CONFIRMED])
def test_corrected_tells_what_another_author_said_before(last):
    first = Verdict.CONFIRMED if last is Verdict.WRONG else Verdict.WRONG
    log = [make_correction(first), make_correction(last, author="Dr Hale", role=Role.CLINICIAN)]
    history = corrected(make_history(make_fact()), log)
    (fact,) = (*history.facts, *history.withdrawn)
    assert (fact in history.withdrawn) is (last is Verdict.WRONG)
    assert "by Dr Hale (clinician)" in (fact.corrected or "")
    assert "; before that " in (fact.corrected or "")
    assert "by Nora Linden (patient)" in (fact.corrected or "")


def test_corrected_holds_when_new_paper_gives_the_fact_another_id():
    other = make_fact(id="another")
    assert corrected(make_history(other), [make_correction()]).facts == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "aspirin"},
        {"kind": Kind.ALLERGY},
        {"places": (Place(document="letter.pdf", page=2, span=(0, 9)),)},
        {"places": (Place(document="other.pdf", page=1, span=(0, 9)),)},
        {"places": (Place(document="letter.pdf", page=1, span=(9, 12)),)},
    ],
)
def test_corrected_reports_a_correction_that_finds_nothing(fields):
    history = corrected(make_history(make_fact()), [make_correction(**fields)])
    assert len(history.facts) == 1
    assert [warning.code for warning in history.warnings if warning.code is About.CORRECTION]


def test_corrected_ends_a_contradiction_whose_one_side_is_wrong():
    sides = make_fact(), make_fact("Metformin", span=(40, 49), id="f2", dose="850 mg")
    conflict = Conflict(
        kind=Kind.MEDICATION, name="metformin", about="dose", facts=(sides[0].id, "f2")
    )
    history = make_history(*sides, conflicts=[conflict])
    assert corrected(history, []).conflicts == (conflict,)
    assert corrected(history, [make_correction()]).conflicts == ()


def test_corrected_counts_doubtful_statements_anew():
    doubt = Caution(code=About.TO_CHECK, text="1 statement should be compared with the paper.")
    history = make_history(make_fact(), warnings=[doubt])
    assert corrected(history, []).warnings[0].text == doubt.text
    assert corrected(history, [make_correction(Verdict.CONFIRMED)]).warnings == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"places": ()},
        {"fields": (("dose", "5 mg"),)},
        {"verdict": Verdict.COMPLETED},
        {"verdict": Verdict.COMPLETED, "fields": (("name", "aspirin"),)},
        {"verdict": Verdict.COMPLETED, "fields": (("reaction", "rash"),)},
        {"verdict": Verdict.COMPLETED, "fields": (("status", "maybe"),)},
        {"verdict": Verdict.COMPLETED, "fields": (("date", "2024/03/05"),)},
        {"verdict": Verdict.COMPLETED, "fields": (("date", "2024-13"),)},
        {"verdict": Verdict.COMPLETED, "fields": (("date", "last year"),)},
        {
            "verdict": Verdict.COMPLETED,
            "fields": (("value", "3 May"),),
            "kind": Kind.PATIENT,
            "name": "birth date",
        },
    ],
)
def test_correction_that_makes_no_sense_cannot_be_made(fields):
    with pytest.raises(ValueError, match=r"place|field|completed|one of|no date"):
        make_correction(**fields)
