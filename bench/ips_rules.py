"""Rules of the International Patient Summary 2.0.1 as FHIRPath, for bundles of any origin.

Source: HL7 International Patient Summary Implementation Guide 2.0.1, profiles Bundle,
Composition, Patient, Observation and MedicationStatement.
"""

from functools import cache
from typing import Any

from fhirpathpy import compile as compiled
from fhirpathpy.models import models

REQUIRED = {"11450-4": "problems", "48765-2": "allergies", "10160-0": "medications"}
_COMPOSITION = "entry.first().resource"


def _all(kind: str) -> str:
    return f"entry.resource.where(resourceType = '{kind}')"


RULES = {
    "a document": "type = 'document'",
    "an identifier": "identifier.system.exists() and identifier.value.exists()",
    "a timestamp": "timestamp.exists()",
    "a full URL for each entry": "entry.all(fullUrl.exists())",
    "distinct full URLs": "entry.fullUrl.isDistinct()",
    "the composition first": f"{_COMPOSITION}.resourceType = 'Composition'",
    "one composition": f"{_all('Composition')}.count() = 1",
    "a patient": f"{_all('Patient')}.count() >= 1",
    "the type of a patient summary": f"{_COMPOSITION}.type.coding"
    ".where(system = 'http://loinc.org' and code = '60591-5').exists()",
    "an author": f"{_COMPOSITION}.author.exists()",
    "a title": f"{_COMPOSITION}.title.exists()",
    "text in each section": f"{_COMPOSITION}.section.all(text.exists())",
    "no sections in sections": f"{_COMPOSITION}.section.section.empty()",
    "entries or a reason in required sections": f"{_COMPOSITION}.section.where(code.coding.code in"
    " ('11450-4' | '48765-2' | '10160-0')).all(entry.exists() xor emptyReason.exists())",
    "a name of the patient": f"{_all('Patient')}.name"
    ".all(family.exists() or given.exists() or text.exists())",
    "a value in each observation": f"{_all('Observation')}.all(value.exists() or"
    " dataAbsentReason.exists() or hasMember.exists() or component.exists())",
    "a time of each medication": f"{_all('MedicationStatement')}.all(effective.exists())",
}


def broken_rules(bundle: dict[str, Any]) -> list[str]:
    """The names of the rules that a bundle breaks, required sections and references included."""
    broken = [name for name, rule in _compiled().items() if rule(bundle) != [True]]
    entries = bundle.get("entry") or [{}]
    sections = entries[0].get("resource", {}).get("section", [])
    codes = [c.get("code") for s in sections for c in s.get("code", {}).get("coding", [])]
    broken += [
        f"one section of {name}" for code, name in REQUIRED.items() if codes.count(code) != 1
    ]
    known = {name for entry in entries for name in _names(entry)}
    asked = [e.get("reference", "") for s in sections for e in s.get("entry", [])]
    if not all(any(name.endswith(one) for name in known) for one in asked):
        broken.append("every section entry in the bundle")
    return broken


def _names(entry: dict[str, Any]) -> tuple[str, str]:
    resource = entry.get("resource", {})
    return entry.get("fullUrl", ""), f"{resource.get('resourceType')}/{resource.get('id')}"


@cache
def _compiled() -> dict[str, Any]:
    return {name: compiled(rule, models["r4"]) for name, rule in RULES.items()}
