"""Products of several ingredients are one medicine, with a strength for each."""

import pytest

from core.facts import Fact, Kind
from tests.ocr.summary.paper import found, history_of_text


def medicines(*lines: str) -> list[Fact]:
    return found(
        history_of_text("Current medications:\n" + "\n".join(lines) + "\n"), Kind.MEDICATION
    )


@pytest.mark.parametrize(
    ("printed", "name", "dose"),
    [
        (
            "Amoxicillin 250 MG / Clavulanate 125 MG Oral Tablet",
            "amoxicillin / clavulanate",
            "250 mg / 125 mg",
        ),
        (
            "Atenolol 50 MG / Chlorthalidone 25 MG Oral Tablet",
            "atenolol / chlorthalidone",
            "50 mg / 25 mg",
        ),
        (
            "amLODIPine 5 MG / Hydrochlorothiazide 12.5 MG / Olmesartan medoxomil 20 MG Tablet",
            "amlodipine / hydrochlorothiazide / olmesartan",
            "5 mg / 12.5 mg / 20 mg",
        ),
    ],
)
def test_products_are_one_medicine_when_strengths_join_the_ingredients(printed, name, dose):
    (medicine,) = medicines(printed)
    assert (medicine.name, medicine.dose, medicine.check) == (name, dose, False)
    assert printed.startswith(medicine.evidence[0].quote)


def test_products_keep_each_strength_with_its_ingredient_when_the_usual_name_turns_them_round():
    (medicine,) = medicines("Acetaminophen 325 MG / HYDROcodone Bitartrate 7.5 MG Oral Tablet")
    assert medicine.name == "hydrocodone / acetaminophen"
    assert medicine.dose == "7.5 mg / 325 mg"


def test_products_take_the_trade_name_when_it_follows_in_brackets():
    (medicine,) = medicines(
        "Donepezil hydrochloride 10 MG / Memantine hydrochloride 28 MG [Namzaric]"
    )
    assert (medicine.name, medicine.brand) == ("donepezil / memantine", "Namzaric")


def test_products_are_marked_when_the_last_strength_is_missing():
    (medicine,) = medicines("Atenolol 50 MG / Chlorthalidone Oral Tablet")
    assert medicine.dose == "50 mg / ?"
    assert medicine.check


def test_products_stay_apart_when_a_comma_parts_them():
    assert len(medicines("Lisinopril 10 mg daily, metformin 500 mg twice daily")) == 2


def test_summarise_keeps_both_strengths_when_a_paper_stops_one_and_continues_another():
    history = history_of_text(
        "Current medications:\nHydrochlorothiazide 25 mg daily\n\n"
        "Stopped medications:\nHydrochlorothiazide 6.25 mg\n"
    )
    assert [(m.dose, m.status) for m in history.medications_current] == [("25 mg", "current")]
    assert [(m.dose, m.status) for m in history.medications_stopped] == [("6.25 mg", "stopped")]
    assert history.conflicts == ()
