"""Observations of other systems: each in its kind, under the name and unit that paper has."""

import json
from typing import Any

import pytest

from bench.ips_rules import broken_rules
from core.facts import Kind
from ocr.summary import ips_bundle, render_html
from tests.ocr.summary.foreign import coded, history
from tests.ocr.summary.paper import HEAD, make_document
from tests.ocr.summary.test_outputs import AT

LOINC = "http://loinc.org"


def category(code: str) -> list[dict[str, Any]]:
    return [coded(code, system="http://terminology.hl7.org/CodeSystem/observation-category")]


def make_vital(code: str, text: str, **fields: Any) -> dict[str, Any]:
    vital = {
        "resourceType": "Observation",
        "category": category("vital-signs"),
        "code": coded(code, text, LOINC),
        "effectiveDateTime": "2024-05-06",
    }
    return vital | fields


def amount(value: float, unit: str) -> dict[str, Any]:
    return {"valueQuantity": {"value": value, "unit": unit}}


def make_pressure(high: Any, low: Any, *more: dict[str, Any], **fields: Any) -> dict[str, Any]:
    sides = [
        {"code": coded("8480-6", "Systolic", LOINC), **high},
        {"code": coded("8462-4", "Diastolic", LOINC), **low},
        *more,
    ]
    return make_vital("85354-9", "Blood pressure panel", component=sides, **fields)


def test_vital_signs_have_the_names_and_units_that_paper_has(read):
    source = read(
        make_vital("8331-1", "Oral temperature", **amount(38.4, "Cel")),
        make_vital("8867-4", "Heart Beat", **amount(88, "{beats}/min")),
        make_vital("2708-6", "O2 in Arterial blood", **amount(93, "%")),
        make_vital("72514-3", "Pain severity", **amount(7, "{score}")),
    )
    told, _ = history(source)
    assert {(t.name, t.latest.value, t.latest.unit) for t in told.vitals} == {
        ("Temperature", "38.4", "°C"),
        ("Heart rate", "88", "bpm"),
        ("Oxygen saturation", "93", "%"),
        ("Pain severity", "7", None),
    }
    assert not any(fact.check for fact in told.facts)
    assert told.labs == ()


def test_vital_sign_on_both_paper_and_summary_is_one_fact(read):
    paper = make_document("letter.pdf", HEAD + "Vitals\nWeight 80 kg\n")
    scales = make_vital("29463-7", "Body weight", effectiveDateTime="2024-03-05")
    told, _ = history(read(scales | amount(80, "kg")), papers=[paper])
    (weight,) = [t for t in told.vitals if t.name == "Weight"]
    assert {e.document for p in weight.points for e in p.evidence} == {"letter.pdf", "summary.json"}
    assert len(weight.points) == 1


def test_blood_pressure_is_one_value_and_other_components_stand_beside_it(read):
    mean = {"code": coded("6797001", "Mean pressure"), **amount(107, "mmHg")}
    pressure = make_pressure(amount(140, "mm[Hg]"), amount(90, "mm[Hg]"), mean)
    told, reading = history(read(pressure))
    assert {(t.name, t.latest.value, t.latest.unit) for t in told.vitals} == {
        ("Blood pressure", "140/90", "mmHg"),
        ("Mean pressure", "107", "mmHg"),
    }
    assert "140/90" in render_html(told, reading, embed_images=False)
    assert broken_rules(ips_bundle(told, reading, generated_at=AT)) == []


@pytest.mark.parametrize(
    ("high", "low"),
    [(amount(140, "mmHg"), {}), ({}, amount(90, "mmHg")), (amount(140, "mmHg"), amount(12, "kPa"))],
)
def test_blood_pressure_is_not_put_together_of_sides_that_do_not_belong(read, high, low):
    told, _ = history(read(make_pressure(high, low)))
    assert {t.name for t in told.vitals} <= {"Systolic", "Diastolic"}
    assert len(told.vitals) == bool(high) + bool(low)


@pytest.mark.parametrize(
    ("code", "value", "unit"), [("8867-4", 8800, "/min"), ("8310-5", 98.6, "Cel")]
)
def test_vital_sign_that_no_body_has_is_to_be_checked(read, code, value, unit):
    told, _ = history(read(make_vital(code, "measure", **amount(value, unit))))
    assert [t.latest.check for t in told.vitals] == [True]


@pytest.mark.parametrize(
    ("categories", "code", "kind"),
    [
        ([], "8867-4", Kind.VITAL),
        (category("laboratory"), "2708-6", Kind.LAB),
        (category("survey"), "72166-2", Kind.SOCIAL),
        ([], "74013-4", Kind.SOCIAL),
        (category("survey"), "44249-1", Kind.LAB),
        (category("social-history"), "82810-3", Kind.SOCIAL),
        ([], "2823-3", Kind.LAB),
    ],
)
def test_observation_is_of_the_kind_that_its_category_or_code_says(read, categories, code, kind):
    told = make_vital(code, "asked", category=categories, **amount(9, "1"))
    assert [f.kind for f in read(told).facts if f.kind is not Kind.PATIENT] == [kind]


def test_words_among_vital_signs_are_not_taken_for_a_blood_pressure(read):
    acuity = make_vital("98497-1", "Visual acuity", valueString="20/40")
    told, reading = history(read(acuity))
    assert [t.latest.value for t in told.vitals] == ["20/40"]
    bundle = ips_bundle(told, reading, generated_at=AT)
    assert "8480-6" not in json.dumps(bundle)


def test_social_history_keeps_its_unit(read):
    run = make_vital("55411-3", "Exercise", category=category("social-history"))
    told, reading = history(read(run | amount(30, "min/d")))
    assert "Exercise: 30 min/d" in render_html(told, reading, embed_images=False)
