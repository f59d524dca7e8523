"""Vital signs, devices, social history and contacts."""

import pytest

from core.facts import Fact, Kind
from tests.ocr.summary.paper import found, history_of_text, names

EXAM = "Physical examination:\n"


def measured(text: str) -> list[tuple[str, str | None, str | None, bool]]:
    facts = found(history_of_text(text), Kind.VITAL)
    return sorted((f.name, f.value, f.unit, f.check) for f in facts)


def test_vitals_are_read_when_a_sentence_lists_them():
    text = "Blood pressure 126/67, pulse 71, and respirations 20. Weight is 105.6 kg."
    assert measured(EXAM + text) == [
        ("Blood pressure", "126/67", None, False),
        ("Heart rate", "71", None, False),
        ("Respiratory rate", "20", None, False),
        ("Weight", "105.6", "kg", False),
    ]


def test_vitals_keep_their_units_when_the_paper_prints_them():
    text = "BP 140/90 mmHg  HR 80 bpm  RR 16/min  Temp 37.2 C  SpO2 97%  BMI 31.2 kg/m2"
    assert measured(EXAM + text) == [
        ("Blood pressure", "140/90", "mmHg", False),
        ("Body mass index", "31.2", "kg/m2", False),
        ("Heart rate", "80", "bpm", False),
        ("Oxygen saturation", "97", "%", False),
        ("Respiratory rate", "16", "/min", False),
        ("Temperature", "37.2", "°C", False),
    ]


@pytest.mark.parametrize(
    "text", ["Temperature 97.9", "Blood pressure 67/126", "Pulse 710", "Weight 70", "SpO2 9 %"]
)
def test_vitals_are_kept_and_marked_when_no_body_has_them_or_their_unit_is_missing(text):
    ((_, _, _, check),) = measured(EXAM + text)
    assert check


@pytest.mark.parametrize(
    "text",
    [
        "Keep blood pressure below 130/80.",
        "Call if temperature is 101 F.",
        "Target weight 70 kg.",
        "Pulse 60-80.",
        "Weight loss of 5 kg.",
        "Family history:\nFather's weight 120 kg.",
    ],
)
def test_vitals_are_empty_when_nothing_was_measured(text):
    assert measured(EXAM + text) == []


def devices(text: str) -> list[Fact]:
    return found(history_of_text("Past medical history:\n" + text), Kind.DEVICE)


def test_devices_are_facts_of_their_own_and_no_problems():
    history = history_of_text("Past medical history:\nGout\nPacemaker in 2015\n")
    assert names(history.devices) == ["Pacemaker"]
    assert names(history.problems) == ["Gout"]


@pytest.mark.parametrize(
    "text",
    [
        "No pacemaker.",
        "He will need a pacemaker.",
        "Pacemaker removed in 2015.",
        "Her mother has a pacemaker.",
        "Evaluated for insulin pump.",
    ],
)
def test_devices_are_empty_when_the_patient_has_none(text):
    assert devices(text) == []


def test_social_history_stands_in_the_words_of_the_paper():
    history = history_of_text(
        "Social history:\nShe does not smoke. Retired teacher, lives alone.\n"
    )
    assert {(f.name, f.value) for f in history.social} == {
        ("Tobacco", "She does not smoke."),
        ("Occupation", "Retired teacher, lives alone."),
        ("Living situation", "Retired teacher, lives alone."),
    }


def test_contacts_end_where_the_next_cell_begins():
    history = history_of_text(
        "Pharmacy: Corner Pharmacy   Phone: 555-0199\nNext of kin: A. Linden\n"
    )
    assert [(f.name, f.value) for f in history.contacts] == [
        ("Next of kin", "A. Linden"),
        ("Pharmacy", "Corner Pharmacy"),
    ]


def test_contacts_are_empty_when_a_label_has_nothing_behind_it():
    assert history_of_text("Emergency contact:\n").contacts == ()


def test_background_facts_quote_the_paper():
    text = "Vital signs: Pulse 71\nDevices:\nPacemaker\nSocial history:\nNon-smoker.\nGP: Dr. Lee\n"
    history = history_of_text(text)
    assert {f.kind for f in history.facts} >= {"vital", "device", "social", "contact"}
    assert all(f.evidence[0].quote for f in history.facts)


def test_vitals_are_no_laboratory_values_when_they_stand_in_its_table():
    head = "Test   Result   Units   Reference\n"
    table = f"{head}Body Height   170.2   cm\nSodium   140   mmol/L   135-145\n"
    history = history_of_text(table)
    assert names(found(history, Kind.LAB)) == ["Sodium"]
    assert names(found(history, Kind.VITAL)) == ["Height"]
