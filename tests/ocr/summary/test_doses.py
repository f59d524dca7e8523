"""Doses as letters and literature write them."""

import pytest

from core.facts import Kind
from ocr.summary.doses import find_doses
from tests.ocr.summary.paper import found, history_of_text


def shown(text: str) -> list[str]:
    return [text[a:b] for a, b in find_doses(text)]


@pytest.mark.parametrize(
    "dose",
    [
        "30 mg/kg/day",
        "2 g/m2 intravenously every 12 hours",
        "10 mg/m(2)/day",
        "60 mg twice daily",
        "4 mg twice/day",
        "1.25 mg in 0.1 ml",
        "between 4.6 and 40.8 mg/kg/d",
        "240 to 1440 mg per day",
        "21 g over 14 days",
        "2 puffs four times daily",
        "low-dose",
        "low or moderate dosage",
        "overdose",
    ],
)
def test_find_doses_covers_the_whole_when_it_is_rated(dose):
    assert shown(f"She was given {dose} of the drug.") == [dose]


@pytest.mark.parametrize(
    "text", ["Blood pressure 120/80.", "In 2019 she moved.", "A low mood.", "Room 12 g"[:7]]
)
def test_find_doses_is_empty_when_nothing_is_dosed(text):
    assert shown(text) == []


def test_find_doses_stays_inside_the_bounds_when_given():
    text = "5 mg daily and 10 mg daily"
    assert [text[a:b] for a, b in find_doses(text, 11)] == ["10 mg daily"]


def test_summarise_says_the_size_of_a_dose_when_no_number_is_given():
    history = history_of_text("Medications:\nLow-dose aspirin daily\n")
    (aspirin,) = found(history, Kind.MEDICATION)
    assert (aspirin.name, aspirin.dose) == ("aspirin", "low dose")
    assert aspirin.evidence[0].quote == "Low-dose aspirin daily"
