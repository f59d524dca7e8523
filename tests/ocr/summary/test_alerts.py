"""Dangers that follow from the facts, with reason, source and facts; and none that do not."""

import json
import re
from importlib.resources import files

import pytest

from core.alerts import MOST_NAMED, Alert, Subject, Urgency
from core.history import History
from ocr.summary import facts_document, render_html, summarise
from ocr.summary.alerts import alerts_of
from ocr.summary.dose_alerts import ckd_epi_2021, milligrams_a_day, per_day
from ocr.summary.drug_alerts import interactions
from ocr.summary.rules import dosing
from ocr.summary.vocabulary import data
from tests.ocr.summary.paper import (
    HEAD,
    history_of_text,
    make_document,
    make_reading,
    read_texts,
)


def make_history(*medicines: str, allergies: str = "", results: str = "") -> History:
    listed = "\n".join(f"{i}. {medicine}" for i, medicine in enumerate(medicines, 1))
    text = f"Current medications\n{listed}\n" if medicines else ""
    if allergies:
        text += f"Allergies\n{allergies}\n"
    if results:
        text += f"Laboratory results\nTest   Result   Unit   Reference range\n{results}\n"
    return history_of_text(text, head=HEAD.replace("ID:", "Sex: Female   ID:"))


def alerts(history: History, subject: Subject) -> list[Alert]:
    return [alert for alert in alerts_of(history) if alert.subject is subject]


@pytest.mark.parametrize(
    ("medicine", "allergy", "urgency"),
    [
        ("Amoxicillin 500 mg oral three times daily", "Penicillin: anaphylaxis", Urgency.DANGER),
        ("Augmentin 625 mg oral twice daily", "Penicillin: rash", Urgency.DANGER),
        ("Bactrim DS 1 tablet oral twice daily", "Sulfa drugs: hives", Urgency.DANGER),
        ("Naproxen 250 mg oral twice daily", "Ibuprofen: angioedema", Urgency.DANGER),
        ("Cefalexin 500 mg oral twice daily", "Penicillin: rash", Urgency.NOTE),
        ("Amoxicillin 500 mg oral twice daily", "Cefalexin: anaphylaxis", Urgency.WARNING),
        ("Morphine 10 mg oral twice daily", "Opioids: rash", Urgency.DANGER),
        ("Ibuprofen 400 mg oral twice daily", "Aspirin: asthma", Urgency.WARNING),
        ("Lisinopril 10 mg oral once daily", "Ramipril: angioedema", Urgency.WARNING),
    ],
)
def test_alerts_of_sets_a_medicine_against_an_allergy(medicine, allergy, urgency):
    history = make_history(medicine, allergies=allergy)
    (alert,) = alerts(history, Subject.DRUG_ALLERGY)
    assert alert.urgency is urgency
    assert alert.reason
    assert alert.source
    assert alert.facts == (history.medications_current[0].id, history.allergies[0].id)


@pytest.mark.parametrize(
    ("medicine", "allergy"),
    [
        ("Metformin 500 mg oral twice daily", "Penicillin: rash"),
        ("Furosemide 40 mg oral once daily", "Sulfa antibiotics: rash"),
        ("Amoxicillin 500 mg oral three times daily", "No known drug allergies"),
        # No source says that who reacts to one of these reacts to the other.
        ("Morphine 10 mg oral twice daily", "Codeine: nausea"),
        ("Atorvastatin 20 mg oral once daily", "Simvastatin: myalgia"),
    ],
)
def test_alerts_of_is_silent_when_allergy_and_medicine_have_nothing_in_common(medicine, allergy):
    assert alerts(make_history(medicine, allergies=allergy), Subject.DRUG_ALLERGY) == []


def test_alerts_of_is_silent_about_medicines_that_were_stopped():
    text = (
        "STOP\n1. Amoxicillin 500 mg daily\nStopped because of a rash.\nAllergies\nPenicillin: rash"
    )
    history = history_of_text(text)
    assert history.medications_stopped
    assert alerts_of(history) == ()


@pytest.mark.parametrize(
    ("first", "second", "urgency", "harm"),
    [
        ("Warfarin 5 mg", "Ibuprofen 400 mg", Urgency.WARNING, "bleeding"),
        ("Simvastatin 20 mg", "Clarithromycin 500 mg", Urgency.DANGER, "rhabdomyolysis"),
        ("Ramipril 5 mg", "Potassium chloride 20 mEq", Urgency.WARNING, "high potassium"),
        ("Methotrexate 10 mg", "Bactrim 1 tablet", Urgency.DANGER, "bone marrow"),
    ],
)
def test_alerts_of_names_pairs_that_the_thesaurus_names(first, second, urgency, harm):
    history = make_history(f"{first} oral once weekly", f"{second} oral once daily")
    (alert,) = alerts(history, Subject.DRUG_DRUG)
    assert alert.urgency is urgency
    assert harm in alert.reason
    assert "ANSM" in alert.source
    assert set(alert.facts) == {fact.id for fact in history.medications_current}


def test_interactions_are_the_same_in_both_directions_and_none_of_a_thing_with_itself():
    assert interactions("warfarin", "ibuprofen") == interactions("ibuprofen", "warfarin") != []
    assert interactions("warfarin", "warfarin") == []
    assert interactions("metformin", "amoxicillin") == []
    assert interactions("no such thing", "warfarin") == []


def test_interactions_take_the_mildest_level_where_it_depends_on_the_member_of_a_class():
    assert all(one.urgency is Urgency.NOTE for one in interactions("gabapentin", "tramadol"))


def test_alerts_of_names_an_ingredient_that_is_in_two_medicines():
    history = make_history("Percocet 1 tablet every 6 hours", "Tylenol 500 mg twice daily")
    (alert,) = alerts(history, Subject.DUPLICATE)
    assert "acetaminophen" in alert.reason


def test_alerts_of_names_two_of_a_class_but_not_a_statin_with_an_opioid():
    twice = make_history("Ramipril 5 mg oral daily", "Lisinopril 10 mg oral daily")
    assert "ACE inhibitors" in alerts(twice, Subject.DUPLICATE)[0].reason
    other = make_history("Atorvastatin 20 mg oral daily", "Codeine 30 mg oral daily")
    assert alerts(other, Subject.DUPLICATE) == []


@pytest.mark.parametrize(
    ("medicine", "expected"),
    [
        ("Acetaminophen 1000 mg oral every 4 hours", True),
        ("Acetaminophen 1 g oral four times daily", False),
        ("Citalopram 60 mg oral once daily", True),
        ("Citalopram 40 mg oral once daily", False),
        ("Metoprolol 5 mg intravenous every 4 hours", False),
    ],
)
def test_alerts_of_names_daily_doses_above_the_label(medicine, expected):
    found = alerts(make_history(medicine), Subject.DOSE)
    assert bool(found) is expected
    assert all(re.search(r"label|Health Canada", alert.source) for alert in found)


def test_alerts_of_says_what_a_maximum_does_not_tell():
    (alert,) = alerts(make_history("Simvastatin 80 mg oral once daily"), Subject.DOSE)
    assert "more than 40 mg a day" in alert.reason
    assert "80 mg only for those who have long taken it" in alert.reason


def test_alerts_of_calls_daily_methotrexate_a_danger_and_weekly_none():
    daily = make_history("Methotrexate 10 mg oral once daily")
    assert alerts(daily, Subject.DOSE)[0].urgency is Urgency.DANGER
    assert alerts(make_history("Methotrexate 10 mg oral once weekly"), Subject.DOSE) == []


def test_milligrams_a_day_is_none_when_dose_or_frequency_leave_it_open():
    for medicine in (
        "Metformin oral twice daily",
        "Metformin 500 mg oral",
        "Insulin 4 units daily",
    ):
        for fact in make_history(medicine).medications_current:
            assert milligrams_a_day(fact) is None


def test_per_day_counts_what_sig_knows():
    assert set(dosing().per_day.rate) <= set(data("sig")["rate"])
    assert set(dosing().per_day.timing) <= set(data("sig")["timing"])
    assert per_day("twice daily with meals") == 2
    assert per_day("at bedtime") == 1
    assert per_day("once weekly") is None
    assert per_day("once weekly at night") is None
    assert per_day(None) is None


# Inker et al., N Engl J Med 2021;385:1737, as calculators give them.
@pytest.mark.parametrize(
    ("creatinine", "years", "female", "expected"),
    [(1.0, 50, False, 91.7), (1.0, 50, True, 68.6), (0.8, 60, True, 84.3), (2.1, 70, False, 33.2)],
)
def test_ckd_epi_2021_gives_the_published_values(creatinine, years, female, expected):
    assert ckd_epi_2021(creatinine, years, female=female) == pytest.approx(expected, abs=0.05)


def test_alerts_of_sets_medicines_against_the_printed_kidney_function():
    history = make_history("Metformin 500 mg oral twice daily", results="eGFR   28   mL/min   >60")
    (alert,) = alerts(history, Subject.DRUG_KIDNEY)
    assert alert.urgency is Urgency.DANGER
    assert "eGFR 28" in alert.title
    assert len(alert.facts) == 2


@pytest.mark.parametrize(
    ("printed", "told"),
    [("2.4   mg/dL   0.5-1.0", "2.4 mg/dL"), ("212   umol/L   45-84", "212 µmol/L")],
)
def test_alerts_of_reckons_kidney_function_and_shows_what_from(printed, told):
    results = f"Creatinine   {printed}"
    history = make_history("Metformin 500 mg oral twice daily", results=results)
    (alert,) = alerts(history, Subject.DRUG_KIDNEY)
    assert f"CKD-EPI 2021 from creatinine {told} of 2024-03-05" in alert.reason
    assert "eGFR 2" in alert.title
    kinds = {fact.name for fact in history.facts if fact.id in alert.facts}
    assert kinds == {"metformin", "Creatinine", "birth date", "sex"}


def test_alerts_of_does_not_reckon_kidney_function_without_sex_or_for_a_child():
    text = "Current medications\n1. Metformin 500 mg oral twice daily\nLaboratory results\n"
    text += "Creatinine   2.4   mg/dL   0.5-1.0\n"
    for head in (
        HEAD,
        "Patient: Nora Linden   DOB: 2015-03-14   Sex: Female\nDate: 5 March 2024\n",
    ):
        assert alerts(history_of_text(text, head=head), Subject.DRUG_KIDNEY) == []


@pytest.mark.parametrize(
    ("name", "value", "unit", "critical"),
    [
        ("Calcium", "12.9", "mg/dL", True),
        ("Calcium", "12.8", "mg/dL", False),
        ("Calcium", "1.6", "mmol/L", True),
        ("Hemoglobin", "66", "g/L", True),
        ("Hemoglobin", "67", "g/L", False),
        ("Sodium", "120", "mEq/L", True),
        ("Platelets", "37", "10^9/L", True),
        ("Platelets", "38", "x10^3/uL", False),
        ("WBC", "37000", "/uL", True),
        ("WBC", "2.1", "K/uL", False),
    ],
)
def test_alerts_of_calls_results_critical_at_the_published_limits(name, value, unit, critical):
    history = make_history(results=f"{name}   {value}   {unit}   ")
    found = [a for a in alerts(history, Subject.LAB_VALUE) if a.urgency is Urgency.DANGER]
    assert bool(found) is critical
    assert all("critical limits" in alert.source.lower() for alert in found)


def test_alerts_of_names_critical_results_and_sums_up_the_others():
    history = make_history(
        results="Potassium   6.9   mmol/L   3.5-5.1\nSodium   133   mmol/L   135-145\n"
        "Calcium   9.3   mg/dL   8.5-10.5"
    )
    critical, summed = alerts(history, Subject.LAB_VALUE)
    assert critical.urgency is Urgency.DANGER
    assert "critical limit of 6.2" in critical.reason
    assert summed.urgency is Urgency.NOTE
    assert "Sodium 133" in summed.reason
    assert "Calcium" not in summed.reason


def _results(name: str, unit: str, *values: tuple[str, str]) -> History:
    papers = {
        f"p{i}": f"{HEAD}Collected: {day}\nTest   Result   Unit\n{name}   {value}   {unit}\n"
        for i, (day, value) in enumerate(values)
    }
    return summarise(read_texts(**papers))


@pytest.mark.parametrize(
    ("name", "unit", "values", "word"),
    [
        ("Creatinine", "mg/dL", [("2024-03-01", "0.9"), ("2024-03-05", "1.6")], "kidney injury"),
        ("Hemoglobin", "g/dL", [("2024-03-01", "13.0"), ("2024-03-09", "10.4")], "bleeding"),
        (
            "eGFR", "mL/min/1.73m2",
            [("2022-03-01", "80"), ("2023-03-01", "71"), ("2024-03-01", "62")], "falls by 9.0",
        ),
    ],
)  # fmt: skip
def test_alerts_of_names_results_that_change_fast(name, unit, values, word):
    (alert,) = alerts(_results(name, unit, *values), Subject.LAB_CHANGE)
    assert word in alert.reason
    assert len(alert.facts) == 2


@pytest.mark.parametrize(
    ("name", "unit", "values"),
    [
        ("Creatinine", "mg/dL", [("2024-01-01", "0.9"), ("2024-03-05", "1.6")]),
        ("Creatinine", "mg/dL", [("2024-03-01", "1.5"), ("2024-03-05", "1.0")]),
        ("Hemoglobin", "g/dL", [("2024-03-01", "13.0"), ("2024-03-09", "12.1")]),
        ("eGFR", "mL/min/1.73m2", [("2022-03-01", "80"), ("2024-03-01", "60")]),
    ],
)
def test_alerts_of_is_silent_when_results_change_slowly_or_for_the_better(name, unit, values):
    assert alerts(_results(name, unit, *values), Subject.LAB_CHANGE) == []


def test_alert_without_facts_cannot_be_made():
    with pytest.raises(ValueError, match="without facts"):
        Alert(subject=Subject.DOSE, urgency=Urgency.NOTE, title="", reason="", source="", facts=())


def test_alerts_stand_in_facts_json_with_facts_that_are_there():
    history = make_history("Warfarin 5 mg oral daily", "Ibuprofen 400 mg oral daily")
    document = facts_document(history)
    ids = {fact["id"] for fact in document["facts"]}
    assert [alert["urgency"] for alert in document["alerts"]] == ["warning"]
    assert all(set(alert["facts"]) <= ids for alert in document["alerts"])


def test_interactions_data_names_source_and_licence_and_only_known_terms():
    read = json.loads(files("ocr.summary").joinpath("data/interactions.json").read_text())
    assert "ANSM" in read["source"]
    assert "MIT" in read["licence"]
    terms = {term for own in read["drugs"].values() for term in own}
    assert {side for pair in read["pairs"] for side in pair[:2]} <= terms


def test_alerts_link_every_value_that_they_name_and_count_the_rest():
    rows = "".join(
        f"{test} {value} H {unit} {range_}\n"
        for test, value, unit, range_ in (
            ("Sodium", "147", "mmol/L", "135-145"), ("Potassium", "5.3", "mmol/L", "3.5-5.1"),
            ("Chloride", "109", "mmol/L", "98-107"), ("Glucose", "131", "mg/dL", "70-99"),
            ("Calcium", "10.4", "mg/dL", "8.6-10.2"), ("Triglycerides", "181", "mg/dL", "50-150"),
            ("Total Cholesterol", "231", "mg/dL", "100-200"),
        )
    )  # fmt: skip
    text = f"{HEAD}\nLaboratory results\nCollected: 2025-03-10\n{rows}"
    reading = make_reading(make_document("results.pdf", text))
    history = summarise(reading)
    (alert,) = (a for a in alerts_of(history) if a.title == "Newest values out of range")
    facts = {fact.id: fact for fact in history.facts}
    named = [f"{facts[i].name} {facts[i].value}" for i in alert.linked]
    assert [name for name in named if name not in alert.reason] == []
    assert alert.reason.count(" H") == len(named) == MOST_NAMED
    assert alert.reason.endswith("and 2 more")
    page = render_html(history, reading, embed_images=False)
    line = next(part for part in page.split("</li>") if alert.title in part)
    line = line[line.index(alert.title) :]
    assert line.count('class="source"') == MOST_NAMED


def test_alerts_say_once_what_meets_a_medicine_that_stands_there_with_two_doses():
    history = read_texts(
        a=HEAD
        + "Current medications\n1. Warfarin 5 mg oral once daily\n2. Ibuprofen 400 mg daily\n",
        b=HEAD + "Current medications\n1. Warfarin 3 mg oral once daily\n",
    )
    found = alerts(summarise(history), Subject.DRUG_DRUG)
    assert [alert.title for alert in found] == ["ibuprofen with warfarin"]
    assert len(found[0].facts) == 3
