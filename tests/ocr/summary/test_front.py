"""What stands on the first side, and that nothing is left out in silence."""

from dataclasses import fields

import pytest

from core.facts import Fact, Kind
from core.history import History
from ocr.summary import render_html, summarise
from ocr.summary.front import Front, front_of, is_abnormal, others_of
from ocr.summary.pdf import render_pdf
from tests.ocr.summary.paper import HEAD, history_of_text, read_texts
from tests.ocr.summary.thick import thick_reading


@pytest.fixture(scope="module")
def thick() -> History:
    return summarise(thick_reading())


@pytest.fixture(scope="module")
def front(thick: History) -> Front:
    return front_of(thick, ())


def test_front_of_keeps_every_statement_on_a_side(thick, front):
    cuts = [getattr(front, field.name) for field in fields(front) if field.name != "labs"]
    placed = {f.id for cut in cuts for f in (*cut.shown, *cut.rest) if isinstance(f, Fact)}
    points = {point.id for trend in thick.labs for point in trend.points}
    identity = {fact.id for fact in thick.patient}
    assert {fact.id for fact in thick.facts} == placed | points | identity
    assert {*front.labs.shown, *front.labs.rest} == set(thick.labs)


def test_front_of_puts_all_allergies_and_current_medicines_first(front):
    assert front.allergies.rest == ()
    assert len(front.current.shown) == 18
    assert front.current.rest == ()


def test_front_of_shows_something_of_every_section_when_there_is_too_much(front):
    for name in ("problems", "labs", "procedures", "immunizations", "conflicts", "stopped"):
        assert getattr(front, name).shown, name
    assert front.labs.rest


def test_front_of_ranks_abnormal_bedside_tests_first(front):
    assert [trend.name for trend in front.labs.shown][:3] == ["Potassium", "Sodium", "Creatinine"]
    assert all(is_abnormal(trend.latest) for trend in front.labs.shown)


def test_front_of_shows_the_newest_of_each_vaccine_before_earlier_ones(thick, front):
    shown = front.immunizations.shown
    assert len({fact.name for fact in shown}) == len(shown)
    assert {fact.date for fact in shown} == {"2023-10-16"}


def test_front_of_shows_everything_when_there_is_little():
    history = history_of_text("Diagnoses\n1. Gout\nAllergies\nPenicillin: rash\n")
    front = front_of(history, ())
    assert not any(getattr(front, field.name).rest for field in fields(front))


def test_front_of_nothing_is_empty():
    front = front_of(History(), ())
    assert not any(bool(getattr(front, field.name)) for field in fields(front))


def test_front_of_gives_a_doubtful_measure_a_line_of_its_own():
    reading = read_texts(paper=HEAD + "Vital signs\nHeart rate: ~72~ /min\n")
    history = summarise(reading)
    (vital,) = [fact for fact in history.facts if fact.kind is Kind.VITAL]
    assert vital.check
    assert front_of(history, ()).vitals.shown == (vital,)
    assert others_of(history, front_of(history, ())) == []
    assert f'id="{vital.id}"' in render_html(history, reading, embed_images=False)
    assert render_pdf(history, reading).startswith(b"%PDF")


def test_front_of_shows_the_newest_of_each_vital_sign_before_older_ones():
    told = {f"d{y}": f"Date: 20{y}-01-02\nVital signs: pulse {y}/min, weight 7{y[1]} kg\n"
            for y in ("71", "72", "73")}  # fmt: skip
    who = "Patient: Nora Linden   DOB: 1961-03-14\n"
    vitals = front_of(summarise(read_texts(**{k: who + t for k, t in told.items()})), ()).vitals
    assert [(f.name, f.value) for f in vitals.shown][:2] == [
        ("Heart rate", "73"), ("Weight", "73")
    ]  # fmt: skip
