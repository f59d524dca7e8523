"""Other systems' summaries: what they state comes in whole, and nothing else does."""

import json

import pytest

from core.errors import PaperError
from core.facts import Kind, Polarity
from ocr.summary import ips_bundle, render_html, render_pdf
from ocr.summary.bundle_rows import rows_of
from ocr.summary.bundle_source import read_bundle, with_summaries
from tests.ocr.summary.foreign import IPS, coded, history, make_bundle
from tests.ocr.summary.paper import HEAD, make_document, make_reading
from tests.ocr.summary.test_outputs import AT

MEDICATION = {
    "resourceType": "MedicationStatement",
    "status": "active",
    "medicationCodeableConcept": coded("109081006", "Metformin 500 mg tablet"),
    "effectiveDateTime": "2024-11-02T08:00:00Z",
    "dosage": [
        {
            "route": {"text": "oral"},
            "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
            "doseAndRate": [{"doseQuantity": {"value": 500, "unit": "mg"}}],
        }
    ],
}
ALLERGY = {
    "resourceType": "AllergyIntolerance",
    "code": coded("373270004", "Penicillin"),
    "reaction": [{"manifestation": [{"text": "hives"}], "severity": "severe"}],
}
POTASSIUM = {
    "resourceType": "Observation",
    "status": "final",
    "code": coded("2823-3", "Potassium [Moles/volume] in Serum", "http://loinc.org"),
    "effectiveDateTime": "2024-05-06",
    "valueQuantity": {"value": 5.9, "unit": "mmol/L", "comparator": ">"},
    "referenceRange": [{"low": {"value": 3.5}, "high": {"value": 5.1}}],
    "interpretation": [{"coding": [{"code": "H"}]}],
}


def test_read_bundle_takes_every_field_and_its_place(read):
    source = read(MEDICATION, ALLERGY, POTASSIUM)
    told, _ = history(source)
    (medicine,) = told.medications_current
    assert (medicine.name, medicine.dose, medicine.route) == ("metformin", "500 mg", "oral")
    assert (medicine.frequency, medicine.date) == ("twice daily", "2024-11-02")
    (allergy,) = told.allergies
    assert (allergy.name, allergy.reaction, allergy.severity) == ("Penicillin", "hives", "severe")
    (trend,) = told.labs
    assert (trend.name, trend.latest.value, trend.latest.unit) == ("Potassium", ">5.9", "mmol/L")
    assert (trend.latest.range, trend.latest.flag) == ("3.5-5.1", "H")
    pages = {page.number: page.text for page in source.document.pages}
    for fact in source.facts:
        (evidence,) = fact.evidence
        assert pages[evidence.page][slice(*evidence.span)] == evidence.quote


def test_read_bundle_follows_references_within_and_inside(read):
    within = {"resourceType": "Medication", "id": "m", "code": coded("1", "Ramipril")}
    by_reference = MEDICATION | {"medicationReference": {"reference": "Medication/m"}}
    inside = MEDICATION | {
        "contained": [{"id": "a", "resourceType": "Medication", "code": coded("2", "Amlodipine")}],
        "medicationReference": {"reference": "#a"},
    }
    for resource in (by_reference, inside):
        del resource["medicationCodeableConcept"]
    told, _ = history(read(within, by_reference, inside))
    assert [fact.name for fact in told.medications_current] == ["amlodipine", "ramipril"]


@pytest.mark.parametrize(
    ("code", "name"),
    [("no-known-allergies", "known allergies"), ("no-known-medications", "known medications")],
)
def test_read_bundle_keeps_a_stated_none(read, code, name):
    concept = coded(code, system=IPS)
    kind = {"resourceType": "AllergyIntolerance", "code": concept}
    if "medications" in code:
        kind = {"resourceType": "MedicationStatement", "medicationCodeableConcept": concept}
    told, reading = history(read(kind))
    (fact,) = [f for f in told.facts if f.name == name]
    assert fact.polarity is Polarity.NEGATED
    assert "No " + name in render_html(told, reading, embed_images=False)
    assert code.split("-")[2] in json.dumps(ips_bundle(told, reading, generated_at=AT)).lower()


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "AllergyIntolerance", "code": coded("no-allergy-info", system=IPS)},
        {"resourceType": "Immunization", "status": "not-done", "vaccineCode": coded("1", "MMR")},
        {"resourceType": "Procedure", "status": "preparation", "code": coded("1", "Scan")},
        {"resourceType": "AllergyIntolerance"},
        MEDICATION | {"doNotPerform": True},
        ALLERGY | {"verificationStatus": {"coding": [{"code": "entered-in-error"}]}},
    ],
)
def test_read_bundle_makes_no_statement_of_what_states_none(read, resource):
    assert {fact.kind for fact in read(resource).facts} == {Kind.PATIENT}


def test_read_bundle_keeps_what_is_refuted_as_denied(read):
    told, _ = history(read(ALLERGY | {"verificationStatus": coded("refuted")}))
    assert [fact.polarity for fact in told.allergies] == [Polarity.NEGATED]


def test_summary_stands_beside_the_paper_and_contradicts_it(read):
    paper = make_document("letter.pdf", HEAD + "Allergies: No known drug allergies\n")
    told, reading = history(read(ALLERGY, MEDICATION), papers=[paper])
    assert [conflict.about for conflict in told.conflicts] == ["polarity"]
    assert {e.document for f in told.allergies for e in f.evidence} == {
        "letter.pdf",
        "summary.json",
    }
    assert render_pdf(told, reading).startswith(b"%PDF")


def test_summary_of_another_patient_is_left_out(read):
    other = make_document("other.pdf", "Patient: Paul Reyes   DOB: 1985-01-02\nAllergies: latex")
    more = make_document("more.pdf", "Patient: Paul Reyes   DOB: 1985-01-02\nAllergies: latex")
    told, _ = history(read(ALLERGY), papers=[other, more])
    assert told.exit_code == 9
    assert "Penicillin" not in [fact.name for fact in told.allergies]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'{"resourceType": "Patient"}', b'{"entry": 5}', b"\xff\xfe",
     b"[" * 100_000, b'{"resourceType": "Bundle", "entry": [1, null, "x"]}'],
)  # fmt: skip
def test_read_bundle_refuses_what_is_no_document(tmp_path, content):
    path = tmp_path / "hostile.json"
    path.write_bytes(content)
    with pytest.raises(PaperError) as caught:
        read_bundle(path)
    assert "hostile.json" in caught.value.user_message()


@pytest.mark.parametrize(
    "junk", [None, 5, "x", [], {}, [[]], [None], {"coding": 5}, {"coding": [7]}]
)
def test_rows_of_passes_over_shapes_that_fhir_does_not_have(junk):
    kinds = ("AllergyIntolerance", "Condition", "MedicationStatement", "Observation", "Procedure",
             "Immunization", "DeviceUseStatement", "Patient", "RelatedPerson", "CareTeam",
             "FamilyMemberHistory")  # fmt: skip
    fields = ("code", "reaction", "dosage", "component", "valueQuantity", "name", "identifier",
              "status", "verificationStatus", "category", "device", "contained", "vaccineCode",
              "medicationReference", "interpretation", "referenceRange", "contact", "condition",
              "generalPractitioner", "participant", "relationship", "telecom")  # fmt: skip
    hostile = [{"resourceType": kind, **dict.fromkeys(fields, junk)} for kind in kinds]
    assert all(isinstance(row["text"], str) for row in rows_of(make_bundle(*hostile)))


def test_read_bundle_escapes_what_it_shows(read):
    hostile = "<script>alert(1)</script>"
    told, reading = history(read(ALLERGY | {"code": {"text": hostile}}))
    assert hostile not in render_html(told, reading, embed_images=False)


def test_with_summaries_refuses_what_cannot_be_read_and_goes_on(tmp_path):
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(make_bundle(ALLERGY)))
    bad.write_text("{}")
    reading, stated = with_summaries(make_reading(), [bad, good, good])
    assert [document.name for document in reading.documents] == ["good.json", "good-2.json"]
    assert [refusal.name for refusal in reading.refusals] == ["bad.json"]
    assert all(refusal.fatal for refusal in reading.refusals)
    assert set(stated) == {"good.json", "good-2.json"}
