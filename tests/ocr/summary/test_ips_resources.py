"""Facts as FHIR resources: what is unknown is said to be unknown."""

import pytest

from core.facts import Coding, Evidence, Fact, Kind, Polarity
from core.words import Box
from ocr.summary import ips_resources as resources

PLACE = Evidence(
    document="a.png",
    page=1,
    box=Box(left=0, top=0, right=1, bottom=1),
    span=(0, 1),
    quote="x",
    method="test",
)
SUBJECT = "urn:uuid:1"


def make_fact(kind: Kind, name: str, **overrides) -> Fact:
    values = {"id": "f1", "evidence": (PLACE,), "confidence": 0.9, "check": False}
    return Fact(kind=kind, name=name, **(values | overrides))


def make_field(name: str, value: str, **overrides) -> Fact:
    return make_fact(Kind.PATIENT, name, value=value, **overrides)


def make_lab(**overrides) -> Fact:
    return make_fact(Kind.LAB, "Potassium", **({"value": "4.9", "unit": "mmol/L"} | overrides))


def code_of(concept: dict) -> str:
    return concept["coding"][0]["code"]


def is_unknown(element: dict) -> bool:
    return element["extension"][0]["valueCode"] == "unknown"


def test_patient_is_unknown_in_each_field_when_nothing_was_found():
    resource = resources.patient(())
    assert is_unknown(resource["name"][0])
    assert is_unknown(resource["_birthDate"])
    assert resource["gender"] == "unknown"
    assert "birthDate" not in resource


def test_patient_has_no_birth_date_or_sex_when_paper_tells_two():
    facts = (
        make_field("birth date", "1961-03-14"),
        make_field("birth date", "1961-03-11"),
        make_field("sex", "female"),
        make_field("sex", "male"),
    )
    resource = resources.patient(facts)
    assert is_unknown(resource["_birthDate"])
    assert resource["gender"] == "unknown"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Nora Linden", {"text": "Nora Linden", "family": "Linden", "given": ["Nora"]}),
        (
            "Nora Mae Linden",
            {"text": "Nora Mae Linden", "family": "Linden", "given": ["Nora", "Mae"]},
        ),
        ("Madonna", {"text": "Madonna", "family": "Madonna"}),
    ],
)
def test_patient_name_is_parted(name, expected):
    assert resources.patient((make_field("name", name),))["name"] == [expected]


def test_allergy_denied_is_refuted_and_without_a_clinical_status():
    fact = make_fact(Kind.ALLERGY, "Latex", polarity=Polarity.NEGATED)
    resource = resources.allergy(fact, SUBJECT)
    assert code_of(resource["verificationStatus"]) == "refuted"
    assert "clinicalStatus" not in resource


@pytest.mark.parametrize(("check", "status"), [(True, "unconfirmed"), (False, "confirmed")])
def test_allergy_is_confirmed_only_when_it_was_read_surely(check, status):
    fact = make_fact(Kind.ALLERGY, "Latex", reaction="hives", severity="severe", check=check)
    resource = resources.allergy(fact, SUBJECT)
    assert code_of(resource["verificationStatus"]) == status
    assert resource["reaction"] == [{"manifestation": [{"text": "hives"}], "severity": "severe"}]


@pytest.mark.parametrize(
    ("status", "shown"), [("active", "active"), ("resolved", "resolved"), (None, "active")]
)
def test_condition_has_the_status_of_the_paper(status, shown):
    fact = make_fact(Kind.PROBLEM, "Gout", status=status, check=True)
    resource = resources.condition(fact, SUBJECT)
    assert code_of(resource["clinicalStatus"]) == shown
    assert code_of(resource["verificationStatus"]) == "unconfirmed"
    assert "recordedDate" not in resource


@pytest.mark.parametrize(
    ("status", "shown"), [("current", "active"), ("stopped", "stopped"), ("last-seen", "unknown")]
)
def test_medication_is_active_only_when_it_is_current(status, shown):
    fact = make_fact(Kind.MEDICATION, "ramipril", status=status, cue="stopped", earlier="5 mg")
    resource = resources.medication(fact, SUBJECT)
    assert resource["status"] == shown
    assert resource["statusReason"] == [{"text": "stopped"}]
    assert resource["note"] == [{"text": "Earlier: 5 mg"}]
    assert is_unknown(resource["_effectiveDateTime"])
    assert "dosage" not in resource


def test_medication_dosage_repeats_the_paper():
    fact = make_fact(
        Kind.MEDICATION, "apixaban", brand="Eliquis", dose="5 mg", route="oral", date="2024-03"
    )
    resource = resources.medication(fact, SUBJECT)
    assert resource["dosage"] == [{"text": "5 mg, oral", "route": {"text": "oral"}}]
    assert resource["medicationCodeableConcept"] == {"text": "apixaban (Eliquis)"}
    assert resource["effectiveDateTime"] == "2024-03"


@pytest.mark.parametrize(
    ("value", "quantity"),
    [
        ("4.9", {"value": 4.9}),
        ("5.0", {"value": 5}),
        ("<0.01", {"value": 0.01, "comparator": "<"}),
        ("≥60", {"value": 60, "comparator": ">="}),
        ("318,000", {"value": 318000}),
        ("7,4", {"value": 7.4}),
    ],
)
def test_observation_has_number_comparator_and_ucum(value, quantity):
    found = resources.observation(make_lab(value=value), SUBJECT)["valueQuantity"]
    ucum = {"unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}
    assert found == quantity | ucum


def test_observation_has_no_ucum_code_when_the_unit_is_unknown():
    quantity = resources.observation(make_lab(unit="furlong"), SUBJECT)["valueQuantity"]
    assert quantity == {"value": 4.9, "unit": "furlong"}


@pytest.mark.parametrize(
    ("range_", "limits"),
    [("3.5-5.1", {"low", "high"}), ("<5.1", {"high"}), (">3.5", {"low"}), ("negative", set())],
)
def test_observation_range_has_the_limits_that_are_printed(range_, limits):
    (found,) = resources.observation(make_lab(range=range_), SUBJECT)["referenceRange"]
    assert found["text"] == range_
    assert set(found) - {"text"} == limits


@pytest.mark.parametrize(
    ("flag", "codes"), [("H", ["H"]), ("LL", ["LL"]), ("A", ["A"]), (None, []), ("?", [])]
)
def test_observation_interprets_only_flags_that_are_printed_and_known(flag, codes):
    resource = resources.observation(make_lab(flag=flag), SUBJECT)
    assert [code_of(c) for c in resource.get("interpretation", [])] == codes


def test_observation_time_and_performer_are_unknown_when_the_paper_is_undated():
    resource = resources.observation(make_lab(), SUBJECT)
    assert is_unknown(resource["_effectiveDateTime"])
    assert is_unknown(resource["performer"][0])


def test_immunization_and_procedure_times_are_unknown_when_undated():
    given = resources.immunization(make_fact(Kind.IMMUNIZATION, "Influenza"), SUBJECT)
    done = resources.procedure(make_fact(Kind.PROCEDURE, "Appendectomy"), SUBJECT)
    assert is_unknown(given["_occurrenceDateTime"])
    assert is_unknown(done["_performedDateTime"])


def test_code_keeps_the_words_of_the_paper_beside_the_code():
    coding = Coding(system="http://loinc.org", code="2823-3", display="Potassium")
    resource = resources.observation(make_lab(code=coding), SUBJECT)
    assert resource["code"]["text"] == "Potassium"
    assert code_of(resource["code"]) == "2823-3"
