"""Vital signs, devices, social history and contacts."""

from typing import Any

import fhirkit
import pytest

from bench.ips_rules import broken_rules
from core.facts import Fact, Kind
from ocr.summary import ips_bundle, render_card, render_html, render_pdf, summarise
from ocr.summary.social import phones_in
from tests.ocr.summary.paper import HEAD, found, history_of_text, names, read_texts
from tests.ocr.summary.test_outputs import AT
from tests.ocr.summary.test_pdf import texts_of

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
        ("Pharmacy", "Corner Pharmacy, 555-0199"),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Emergency contact: Paul Linden (husband)   Tel: 555-0134   Ward: 4",
         [("Emergency contact", "Paul Linden (husband), 555-0134")]),
        ("GP: Dr. Amira Hale, 020 7946 0018",
         [("Primary care physician", "Dr. Amira Hale, 020 7946 0018")]),
        ("GP: Dr. Hale   Emergency contact: P. Linden",
         [("Emergency contact", "P. Linden"), ("Primary care physician", "Dr. Hale")]),
        ("Emergency contact\nPaul Linden, husband\n+44 20 7946 0018\nDiagnoses\nGout",
         [("Emergency contact", "Paul Linden, husband, +44 20 7946 0018")]),
        ("GP: Dr. Hale   2024-03-05", [("Primary care physician", "Dr. Hale")]),
        ("Emergency contact\nAllergies\nLatex", []),
        ("Please ask your pharmacy about refills.", []),
        ("Pharmacy collection only", []),
    ],
)  # fmt: skip
def test_contacts_keep_the_telephone_number_that_stands_beside_them(text, told):
    history = history_of_text(text)
    assert [(f.name, f.value) for f in history.contacts] == told
    for fact in history.contacts:
        quoted = " ".join(e.quote for e in fact.evidence)
        assert all(word in quoted for word in (fact.value or "").replace(",", "").split())


@pytest.mark.parametrize(
    ("words", "phones"),
    [
        ("Dr. Hale, 020 7946 0018", ("020 7946 0018",)),
        ("P. Linden, (555) 010-0134", ("(555) 010-0134",)),
        ("P. Linden, 555-0134, +44 20 7946 0018", ("555-0134", "+44 20 7946 0018")),
        ("Dr. Hale, 2024-03-05", ()),
        ("Dr. Hale, 05/03/2024", ()),
        ("12 High Street", ()),
    ],
)
def test_phones_in_takes_no_date_and_no_house_number(words, phones):
    assert phones_in(words) == phones


def test_contacts_are_empty_when_a_label_has_nothing_behind_it():
    assert history_of_text("Emergency contact:\n").contacts == ()


def test_functional_status_stands_under_its_own_topic():
    history = history_of_text(
        "Social history:\nWalks with a cane.\nFunctional status:\n"
        "Independent in activities of daily living.\n"
    )
    assert {(f.name, f.value) for f in history.social} == {
        ("Functional status", "Walks with a cane."),
        ("Functional status", "Independent in activities of daily living."),
    }


WHOLE = (
    HEAD + "Emergency contact: Paul Linden   Tel: 555-0134\nGP: Dr. Hale\n"
    "Pharmacy: Corner Pharmacy\nVital signs: BP 140/90 mmHg, pulse 72/min\n"
    "Devices:\nPacemaker in 2015\nSocial history:\nFormer smoker. Walks with a cane.\n"
    "Family history:\nMother: breast cancer.\n"
)


def test_background_is_on_the_first_side_of_every_file():
    reading = read_texts(paper=WHOLE)
    history = summarise(reading)
    page = render_html(history, reading, embed_images=False)
    first, card = texts_of(render_pdf(history, reading))[0], render_card(history, reading)
    for words in ("140/90 mmHg", "Former smoker", "Walks with a cane", "Pacemaker", "mother"):
        assert words in page[: page.index("Behind the first side")]
        assert words in " ".join(first.split())
    for words in ("Paul Linden, 555-0134", "Dr. Hale"):
        assert words in page[: page.index("</header>")]
        assert words in first
        assert words in card[: card.index("</header>")]


def test_background_is_in_the_bundle_with_its_provenance():
    reading = read_texts(paper=WHOLE)
    bundle = ips_bundle(summarise(reading), reading, generated_at=AT)
    assert broken_rules(bundle) == []
    assert fhirkit.validate(bundle) == []
    by_type: dict[str, list[Any]] = {}
    for entry in bundle["entry"]:
        by_type.setdefault(entry["resource"]["resourceType"], []).append(entry)
    sections = {
        s["code"]["coding"][0]["code"]: s.get("entry", [])
        for s in bundle["entry"][0]["resource"]["section"]
    }
    assert [len(sections[c]) for c in ("8716-3", "46264-8", "29762-2", "47420-5", "10157-6")] == [
        2, 1, 1, 1, 1
    ]  # fmt: skip
    (patient,) = (entry["resource"] for entry in by_type["Patient"])
    assert patient["contact"] == [
        {
            "relationship": [
                {
                    "text": "Emergency contact",
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/v2-0131",
                            "code": "C",
                            "display": "Emergency Contact",
                        }
                    ],
                }
            ],
            "name": {"text": "Paul Linden"},
            "telecom": [{"system": "phone", "value": "555-0134"}],
        },
        {"relationship": [{"text": "Pharmacy"}], "organization": {"display": "Corner Pharmacy"}},
    ]
    (doctor,) = by_type["Practitioner"]
    assert patient["generalPractitioner"] == [{"reference": doctor["fullUrl"]}]
    assert doctor["resource"]["name"] == [{"text": "Dr. Hale"}]
    (relative,) = by_type["FamilyMemberHistory"]
    assert relative["resource"]["relationship"]["coding"][0]["code"] == "MTH"
    pressure = next(e["resource"] for e in by_type["Observation"] if "component" in e["resource"])
    assert [c["valueQuantity"]["value"] for c in pressure["component"]] == [140, 90]
    assert pressure["category"][0]["coding"][0]["code"] == "vital-signs"
    targets = {t["reference"] for e in by_type["Provenance"] for t in e["resource"]["target"]}
    assert {doctor["fullUrl"], relative["fullUrl"], by_type["Patient"][0]["fullUrl"]} <= targets


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
