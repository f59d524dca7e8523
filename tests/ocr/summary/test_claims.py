"""Mentions to facts: confidence, marks for checking, identity."""

import pytest

from ocr.summary import summarise
from ocr.summary.claims import LEGIBLE, SURE
from tests.ocr.summary.paper import HEAD, history_of_text, make_document, make_reading

TABLE = "Test   Result   Unit   Reference range\n"


def allergy_read_with(confidence: float):
    text = "Patient: Nora Linden\nAllergies\nLatex"
    reading = make_reading(make_document("a.png", text, confidence=confidence))
    (fact,) = summarise(reading).allergies
    return fact


@pytest.mark.parametrize(
    ("confidence", "check"), [(0.99, False), (LEGIBLE, False), (LEGIBLE - 0.01, True), (0.0, True)]
)
def test_fact_is_marked_when_its_name_is_hardly_legible(confidence, check):
    assert allergy_read_with(confidence).check is check


def test_fact_is_never_surer_than_the_words_it_stands_on():
    assert allergy_read_with(0.6).confidence == 0.6
    assert allergy_read_with(1.0).confidence < 1


@pytest.mark.parametrize(("confidence", "check"), [(SURE, False), (SURE - 0.01, True)])
def test_value_is_marked_when_it_was_read_below_the_threshold(confidence, check):
    text = HEAD + TABLE + "Potassium   4.9   mmol/L   3.5-5.1"
    reading = make_reading(make_document("a.png", text, confidence=confidence))
    ((point,),) = [trend.points for trend in summarise(reading).labs]
    assert point.check is check


def test_fact_ids_do_not_change_when_other_paper_is_added():
    letter = make_document("a.png", HEAD + "Allergies\nLatex\nDiagnoses\nGout")
    other = make_document("b.png", HEAD + "Diagnoses\nAsthma")
    alone, together = summarise(make_reading(letter)), summarise(make_reading(letter, other))
    assert alone.allergies == together.allergies
    assert {fact.id for fact in alone.problems} < {fact.id for fact in together.problems}


def test_fact_ids_differ_when_one_value_is_of_two_dates():
    table = "Test   2023-03-06   2024-03-11   Unit\nCreatinine   1.1   1.1   mg/dL"
    ids = [p.id for trend in history_of_text(table).labs for p in trend.points]
    assert len(ids) == len(set(ids)) == 2
