"""People and things in other systems' summaries: whom to call, relatives, devices; and our own."""

import json
from typing import Any

import pytest

from bench.ips_rules import broken_rules
from core.facts import Experiencer
from core.history import History
from ocr.summary import ips_bundle, read_bundle, render_html, summarise
from tests.ocr.summary.foreign import coded, history, make_bundle
from tests.ocr.summary.paper import HEAD, make_document, make_reading
from tests.ocr.summary.test_outputs import AT, LETTER, RESULTS

V2 = "http://terminology.hl7.org/CodeSystem/v2-0131"
ROLE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"


def phones(*numbers: str) -> dict[str, Any]:
    return {"telecom": [{"system": "phone", "value": number} for number in numbers]}


def contacts_of(tmp_path, patient: dict[str, Any], *others: dict[str, Any]) -> History:
    bundle = make_bundle(*others)
    bundle["entry"][1]["resource"] |= patient
    path = tmp_path / "summary.json"
    path.write_text(json.dumps(bundle))
    return history(read_bundle(path))[0]


@pytest.mark.parametrize(
    ("contact", "name", "value"),
    [
        (
            {"relationship": [coded("C", system=V2), {"text": "Daughter"}], "name": {"text": "J"}}
            | phones("555-0134", "555-0199"),
            "Emergency contact",
            "J, Daughter, 555-0134, 555-0199",
        ),
        (
            {"relationship": [coded("MTH", system=ROLE)], "name": {"family": "Mum"}},
            "Contact",
            "Mum, mother",
        ),
        (
            {"relationship": [{"text": "Pharmacy"}], "organization": {"display": "MediPharm"}},
            "Pharmacy",
            "MediPharm",
        ),
        ({"relationship": [{"text": "next-of-kin"}], "name": {"text": "P"}}, "Next of kin", "P"),
        (phones("555-0134"), "Contact", "555-0134"),
    ],
)
def test_contact_of_the_patient_is_called_by_its_role(tmp_path, contact, name, value):
    told = contacts_of(tmp_path, {"contact": [contact]})
    assert [(f.name, f.value) for f in told.contacts] == [(name, value)]
    (evidence,) = told.contacts[0].evidence
    assert evidence.quote == f"{name}: {value}"


@pytest.mark.parametrize("empty", [{}, {"name": {}}, {"telecom": [{}]}, {"name": {"given": [5]}}])
def test_contact_without_name_and_number_states_nothing(tmp_path, empty):
    assert contacts_of(tmp_path, {"contact": [empty, None, "x"]}).contacts == ()


def test_own_doctors_are_found_behind_roles_and_references(tmp_path):
    doctor = {"resourceType": "Practitioner", "id": "d", "name": [{"text": "Dr. Hale"}]}
    role = {"resourceType": "PractitionerRole", "id": "r",
            "practitioner": {"reference": "Practitioner/d"}} | phones("555-0100")  # fmt: skip
    named = [{"reference": "PractitionerRole/r"}, {"reference": "gone", "display": "Dr. Best"}]
    told = contacts_of(tmp_path, {"generalPractitioner": named}, doctor, role)
    assert {(f.name, f.value) for f in told.contacts} == {
        ("Primary care physician", "Dr. Hale, 555-0100"),
        ("Primary care physician", "Dr. Best"),
    }


def test_related_persons_and_care_teams_are_contacts(read):
    person = {"resourceType": "RelatedPerson", "relationship": [coded("GUARD", system=ROLE)],
              "name": [{"given": ["Paul"], "family": "Linden"}]} | phones("555-0134")  # fmt: skip
    gone = person | {"active": False, "name": [{"text": "Someone Else"}]}
    nurse = {"resourceType": "Practitioner", "id": "n", "name": [{"text": "A. Ruiz"}]}
    team = {"resourceType": "CareTeam", "status": "active", "participant": [
        {"role": [{"text": "Diabetes nurse"}], "member": {"reference": "Practitioner/n"}},
        {"member": {"reference": "Patient/1"}},
    ]}  # fmt: skip
    told, _ = history(read(person, gone, nurse, team, team | {"status": "inactive"}))
    assert [(f.name, f.value) for f in told.contacts] == [
        ("Guardian", "Paul Linden, 555-0134"),
        ("Diabetes nurse", "A. Ruiz"),
    ]


def make_relative(*illnesses: str, **fields: Any) -> dict[str, Any]:
    found = [{"code": {"text": illness}, "outcome": {"text": "died"}} for illness in illnesses]
    return {"resourceType": "FamilyMemberHistory", "status": "completed",
            "condition": found} | fields  # fmt: skip


def test_relatives_illnesses_are_the_familys_and_never_the_patients(read):
    father = make_relative("Stroke", "Gout", relationship=coded("FTH", "Father", ROLE))
    unnamed = make_relative("Asthma", relationship=coded("FAMMEMB", system=ROLE))
    told, reading = history(read(father, unnamed))
    assert {(f.name, f.value) for f in told.family} == {
        ("Stroke", "father"), ("Gout", "father"), ("Asthma", None),
    }  # fmt: skip
    assert {f.experiencer for f in told.family} == {Experiencer.FAMILY}
    assert told.problems == ()
    assert "Stroke (father)" in render_html(told, reading, embed_images=False)
    assert broken_rules(ips_bundle(told, reading, generated_at=AT)) == []


@pytest.mark.parametrize(
    "resource",
    [
        make_relative("Stroke", status="entered-in-error"),
        make_relative("Stroke", status="health-unknown"),
        make_relative(),
        make_relative(condition=[{}, None, 5]),
    ],
)
def test_relatives_of_whom_nothing_is_known_state_nothing(read, resource):
    assert history(read(resource))[0].family == ()


def make_consent(**fields: Any) -> dict[str, Any]:
    consent = {
        "resourceType": "Consent",
        "status": "active",
        "dateTime": "2024-02-01",
        "scope": coded("treatment"),
        "category": [coded("dnr", "Do Not Resuscitate")],
        "provision": {"code": [coded("304253006", "Not for resuscitation")]},
    }
    return consent | fields


def test_directive_among_consents_keeps_its_words_and_date(read):
    told, _ = history(read(make_consent()))
    assert [(f.name, f.value, f.date) for f in told.directives] == [
        ("Code status", "Do Not Resuscitate; Not for resuscitation", "2024-02-01")
    ]
    will = make_consent(scope=coded("adr"), category=[{"text": "Living will"}], provision={})
    assert [f.name for f in history(read(will))[0].directives] == ["Advance directive"]


@pytest.mark.parametrize(
    "resource",
    [
        make_consent(status="inactive"),
        make_consent(status="rejected"),
        make_consent(scope=coded("patient-privacy"), category=[coded("59284-0")], provision={}),
        make_consent(category=None, provision=[]),
    ],
)
def test_consents_that_hold_no_longer_or_are_none_state_nothing(read, resource):
    assert history(read(resource))[0].directives == ()


def make_use(status: str, **device: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    use = {"resourceType": "DeviceUseStatement", "status": status,
           "device": {"reference": "Device/d", "display": "Hearing aid"}}  # fmt: skip
    return use, {"resourceType": "Device", "id": "d"} | device


def test_device_in_use_is_called_by_words_not_by_a_bare_code(read):
    told, _ = history(read(*make_use("active", type=coded("67270000", "Hip prosthesis"))))
    assert [f.name for f in told.devices] == ["Hip prosthesis"]
    told, _ = history(read(*make_use("active", type=coded("109228008"))))
    assert [f.name for f in told.devices] == ["Hearing aid"]


@pytest.mark.parametrize("status", ["completed", "stopped", "intended", "entered-in-error"])
def test_device_that_is_not_in_use_is_left_out(read, status):
    assert history(read(*make_use(status)))[0].devices == ()


OTHERS = (
    HEAD
    + """Emergency contact: Paul Linden (husband)   Tel: 555-0134
Pharmacy: MediPharm
GP: Dr. Hale   Tel: 020 7946 0018
Code status: DNR, discussed with daughter
Vitals
BP 142/91 mmHg, pulse 88 bpm, weight 80 kg
Family history
Father: stroke. Maternal aunt: breast cancer.
Social history
Smokes 10 cigarettes a day. Walks with a walking stick.
Immunizations
Influenza vaccine 2023-10-01
History of present illness
She has a pacemaker.
"""
)


def told_of(history: History) -> dict[str, Any]:
    lists = ("allergies", "medications_current", "procedures", "immunizations", "family",
             "devices", "social", "directives", "contacts")  # fmt: skip
    told: dict[str, Any] = {
        section: {(f.name.lower(), f.value) for f in getattr(history, section)} for section in lists
    }
    trends = (*history.labs, *history.vitals)
    return told | {t.name: {(p.value, p.unit, p.date) for p in t.points} for t in trends}


def test_our_own_bundle_is_read_back_with_the_same_statements(tmp_path):
    reading = make_reading(
        make_document("letter.pdf", LETTER),
        make_document("others.pdf", OTHERS),
        make_document("a.png", RESULTS.format(date="2023-02-01", value="5.4")),
    )
    before = summarise(reading)
    path = tmp_path / "history.json"
    path.write_text(json.dumps(ips_bundle(before, reading, generated_at=AT)))
    after, _ = history(read_bundle(path))
    told = told_of(before)
    assert all(told.values())
    assert told_of(after) == told
