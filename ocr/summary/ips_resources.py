"""Facts as FHIR R4 resources, after the International Patient Summary 2.0.

What the paper does not say is said to be unknown (data-absent-reason), never made up.
"""

import re
from decimal import Decimal
from typing import Any

from core.facts import Fact, Kind, Polarity
from ocr.summary import ips_people
from ocr.summary.front import is_numeric
from ocr.summary.lab_units import ucum_of
from ocr.summary.lab_values import bounds, number

Json = dict[str, Any]

UNKNOWN: Json = {
    "extension": [
        {
            "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
            "valueCode": "unknown",
        }
    ]
}
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
_COMPARATORS = {"<": "<", ">": ">", "<=": "<=", ">=": ">=", "≤": "<=", "≥": ">="}
_INTERPRETATIONS = {
    "H": "High",
    "L": "Low",
    "HH": "Critical high",
    "LL": "Critical low",
    "A": "Abnormal",
}
_ABSENT = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
_NOTHING = {
    "known medications": ("no-known-medications", "No known medications"),
    "known problems": ("no-known-problems", "No known problems"),
}
_NONE_KNOWN = {
    "known allergies": ("716186003", "No known allergy"),
    "known drug allergies": ("409137002", "No known history of drug allergy"),
}


def coded(system: str, code: str, display: str | None = None) -> Json:
    """A CodeableConcept with one coding."""
    coding = {"system": system, "code": code}
    return {"coding": [coding | ({"display": display} if display else {})]}


def patient(facts: tuple[Fact, ...], contacts: tuple[Fact, ...] = ()) -> Json:
    """The Patient with whom to call; what was not found is marked as unknown."""
    told: dict[str, list[Fact]] = {}
    for fact in facts:
        told.setdefault(fact.name, []).append(fact)
    name = told["name"][0].value if "name" in told else None
    birth = told["birth date"][0].value if len(told.get("birth date", [])) == 1 else None
    birth = birth[:4] if birth and " or " in birth else birth
    sex = told["sex"][0].value if len(told.get("sex", [])) == 1 else None
    resource: Json = {"resourceType": "Patient", "name": [_name(name)]}
    if identifiers := told.get("identifier"):
        resource["identifier"] = [
            {"type": {"text": fact.unit or "Identifier"}, "value": fact.value}
            for fact in identifiers
        ]
    if called := ips_people.contacts(contacts):
        resource["contact"] = called
    resource |= {"birthDate": birth} if birth else {"_birthDate": UNKNOWN}
    return resource | ({"gender": sex} if sex else {"gender": "unknown"})


def _name(name: str | None) -> Json:
    if name is None:
        return {"text": "Unknown", **UNKNOWN}
    *given, family = name.split()
    return {"text": name, "family": family} | ({"given": given} if given else {})


def allergy(fact: Fact, subject: str) -> Json:
    """AllergyIntolerance; a stated "none known" carries its own code."""
    if fact.name in _NONE_KNOWN and fact.polarity is Polarity.NEGATED:
        code = coded(SNOMED, *_NONE_KNOWN[fact.name]) | {"text": f"No {fact.name}"}
    else:
        code = _code(fact)
    resource: Json = {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": coded(f"{_TERMINOLOGY}/allergyintolerance-clinical", "active"),
        "verificationStatus": coded(
            f"{_TERMINOLOGY}/allergyintolerance-verification", _verification(fact)
        ),
        "code": code,
        "patient": {"reference": subject},
    }
    if fact.polarity is Polarity.NEGATED and fact.name not in _NONE_KNOWN:
        del resource["clinicalStatus"]
    if fact.reaction:
        reaction: Json = {"manifestation": [{"text": fact.reaction}]}
        resource["reaction"] = [reaction | ({"severity": fact.severity} if fact.severity else {})]
    return resource


def _verification(fact: Fact) -> str:
    if fact.polarity is Polarity.NEGATED and fact.name not in _NONE_KNOWN:
        return "refuted"
    return "unconfirmed" if fact.check else "confirmed"


def condition(fact: Fact, subject: str) -> Json:
    """Condition of the problem list or of past illness."""
    status = "resolved" if fact.status == "resolved" else "active"
    resource: Json = {
        "resourceType": "Condition",
        "clinicalStatus": coded(f"{_TERMINOLOGY}/condition-clinical", status),
        "category": [coded(f"{_TERMINOLOGY}/condition-category", "problem-list-item")],
        "code": _code(fact),
        "subject": {"reference": subject},
    }
    if fact.check:
        resource["verificationStatus"] = coded(
            f"{_TERMINOLOGY}/condition-ver-status", "unconfirmed"
        )
    return resource | ({"recordedDate": fact.date} if fact.date else {})


def medication(fact: Fact, subject: str) -> Json:
    """MedicationStatement; last-seen medicines have the status unknown."""
    status = {"current": "active", "stopped": "stopped"}.get(fact.status or "", "unknown")
    if fact.polarity is Polarity.NEGATED:
        status = "active"
    resource: Json = {
        "resourceType": "MedicationStatement",
        "status": status,
        "medicationCodeableConcept": _code(fact),
        "subject": {"reference": subject},
    }
    resource |= {"effectiveDateTime": fact.date} if fact.date else {"_effectiveDateTime": UNKNOWN}
    if fact.cue:
        resource["statusReason"] = [{"text": fact.cue}]
    if fact.earlier:
        resource["note"] = [{"text": f"Earlier: {fact.earlier}"}]
    sig = ", ".join(part for part in (fact.dose, fact.route, fact.frequency) if part)
    if sig:
        dosage: Json = {"text": sig}
        resource["dosage"] = [dosage | ({"route": {"text": fact.route}} if fact.route else {})]
    return resource


def observation(fact: Fact, subject: str) -> Json:
    """An Observation: a result, a vital sign, or words of the social history."""
    resource: Json = {
        "resourceType": "Observation",
        "status": "final",
        "category": [_category(fact)],
        "code": _code(fact),
        "subject": {"reference": subject},
        "performer": [UNKNOWN],
    }
    resource |= {"effectiveDateTime": fact.date} if fact.date else {"_effectiveDateTime": UNKNOWN}
    if fact.value and is_numeric(fact):
        resource["valueQuantity"] = _quantity(fact.value, fact.unit)
    elif fact.name == "Blood pressure" and _IS_PRESSURE.fullmatch(fact.value or ""):
        resource["component"] = _pressures(fact)
    elif fact.value:
        resource["valueString"] = fact.value
    else:
        system = f"{_TERMINOLOGY}/data-absent-reason"
        resource["dataAbsentReason"] = coded(system, "unknown", "Unknown")
    if fact.flag in _INTERPRETATIONS:
        resource["interpretation"] = [
            coded(
                f"{_TERMINOLOGY}/v3-ObservationInterpretation",
                fact.flag,
                _INTERPRETATIONS[fact.flag],
            )
        ]
    if fact.range:
        resource["referenceRange"] = [_range(fact.range, fact.unit)]
    return resource


_IS_PRESSURE = re.compile(r"\d{2,3}(?:\.\d+)?/\d{2,3}(?:\.\d+)?")
_PRESSURES = (("8480-6", "Systolic blood pressure"), ("8462-4", "Diastolic blood pressure"))


def _pressures(fact: Fact) -> list[Json]:
    """Systolic and diastolic, as the FHIR profile of blood pressure has them."""
    return [
        {"code": coded(LOINC, *code), "valueQuantity": _quantity(part, fact.unit)}
        for code, part in zip(_PRESSURES, (fact.value or "").split("/"), strict=True)
    ]


def _category(fact: Fact) -> Json:
    system = f"{_TERMINOLOGY}/observation-category"
    if fact.kind is Kind.VITAL:
        return coded(system, "vital-signs", "Vital Signs")
    if fact.kind is Kind.SOCIAL:
        return coded(system, "social-history", "Social History")
    return coded(system, "laboratory", "Laboratory")


def device(fact: Fact, subject: str) -> Json:
    """The use of a device, the device itself inside."""
    when = {"timingDateTime": fact.date} if fact.date else {"_timingDateTime": UNKNOWN}
    return {
        "resourceType": "DeviceUseStatement",
        "contained": [{"resourceType": "Device", "id": "device", "type": _code(fact)}],
        "status": "active",
        "subject": {"reference": subject},
        "device": {"reference": "#device"},
        **when,
    }


def procedure(fact: Fact, subject: str) -> Json:
    """A Procedure that has taken place."""
    when = {"performedDateTime": fact.date} if fact.date else {"_performedDateTime": UNKNOWN}
    return {
        "resourceType": "Procedure",
        "status": "completed",
        "code": _code(fact),
        "subject": {"reference": subject},
        **when,
    }


def immunization(fact: Fact, subject: str) -> Json:
    """An Immunization that was given."""
    when = {"occurrenceDateTime": fact.date} if fact.date else {"_occurrenceDateTime": UNKNOWN}
    return {
        "resourceType": "Immunization",
        "status": "completed",
        "vaccineCode": _code(fact),
        "patient": {"reference": subject},
        **when,
    }


def _code(fact: Fact) -> Json:
    if fact.polarity is Polarity.NEGATED and fact.name in _NOTHING:
        return coded(_ABSENT, *_NOTHING[fact.name]) | {"text": f"No {fact.name}"}
    text = f"{fact.name} ({fact.brand})" if fact.brand else fact.name
    if fact.code is None:
        return {"text": text}
    return coded(fact.code.system, fact.code.code, fact.code.display) | {"text": text}


def _quantity(value: str, unit: str | None) -> Json:
    quantity = _amount(number(value), unit)
    comparator = "".join(c for c in value if c in "<>=≤≥")
    if comparator:
        quantity["comparator"] = _COMPARATORS[comparator]
    return quantity


def _amount(value: float, unit: str | None) -> Json:
    exact = Decimal(str(value))
    amount: Json = {"value": int(exact) if exact == exact.to_integral_value() else float(exact)}
    if unit:
        amount["unit"] = unit
        if ucum := ucum_of(unit):
            amount |= {"system": "http://unitsofmeasure.org", "code": ucum}
    return amount


def _range(range_: str, unit: str | None) -> Json:
    low, high = bounds(range_)
    found: Json = {"text": range_}
    if low is not None:
        found["low"] = _amount(low, unit)
    if high is not None:
        found["high"] = _amount(high, unit)
    return found
