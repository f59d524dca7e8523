"""People around the patient as FHIR R4: whom to call, the family doctor, relatives' illnesses."""

from typing import Any

from core.facts import Coding, Fact
from ocr.summary.social import emails_in, phones_in

Json = dict[str, Any]

FAMILY_DOCTOR = "Primary care physician"
_ORGANISATIONS = frozenset({"Pharmacy"})
_ROLES = {
    "Emergency contact": ("C", "Emergency Contact"),
    "Next of kin": ("N", "Next-of-Kin"),
}
_CONTACT_ROLE = "http://terminology.hl7.org/CodeSystem/v2-0131"
_RELATIVES = {
    "mother": ("MTH", "mother"), "mom": ("MTH", "mother"), "mum": ("MTH", "mother"),
    "father": ("FTH", "father"), "dad": ("FTH", "father"), "sister": ("SIS", "sister"),
    "brother": ("BRO", "brother"), "son": ("SON", "natural son"),
    "daughter": ("DAU", "natural daughter"),
    "aunt": ("AUNT", "aunt"), "uncle": ("UNCLE", "uncle"), "grandmother": ("GRMTH", "grandmother"),
    "grandfather": ("GRFTH", "grandfather"), "cousin": ("COUSN", "cousin"),
    "maternal grandmother": ("MGRMTH", "maternal grandmother"),
    "paternal grandmother": ("PGRMTH", "paternal grandmother"),
    "maternal grandfather": ("MGRFTH", "maternal grandfather"),
    "paternal grandfather": ("PGRFTH", "paternal grandfather"),
}  # fmt: skip
_ROLE_CODE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"


def contacts(facts: tuple[Fact, ...]) -> list[Json]:
    """Patient.contact: people and pharmacies in the words of the paper, with telephone numbers."""
    return [_contact(fact) for fact in facts if fact.name != FAMILY_DOCTOR]


def practitioner(fact: Fact, _subject: str) -> Json:
    """The family doctor, as the paper names them."""
    return {"resourceType": "Practitioner", "name": [{"text": _named(fact)}]} | _telecom(fact)


def relative(fact: Fact, subject: str) -> Json:
    """FamilyMemberHistory: one illness of one relative; who it is may not be said."""
    code = {"coding": [_coding(fact.code)]} if fact.code else {}
    return {
        "resourceType": "FamilyMemberHistory",
        "status": "completed",
        "patient": {"reference": subject},
        "relationship": _relationship(fact.value),
        "condition": [{"code": code | {"text": fact.name}}],
    } | ({"date": fact.date} if fact.date else {})


def _coding(code: Coding) -> Json:
    return {"system": code.system, "code": code.code, "display": code.display}


def _relationship(whose: str | None) -> Json:
    code, display = _RELATIVES.get(whose or "", ("FAMMEMB", "family member"))
    coding = {"coding": [{"system": _ROLE_CODE, "code": code, "display": display}]}
    return coding | ({"text": whose} if whose else {})


def _contact(fact: Fact) -> Json:
    relationship: Json = {"text": fact.name}
    if fact.name in _ROLES:
        code, display = _ROLES[fact.name]
        relationship["coding"] = [{"system": _CONTACT_ROLE, "code": code, "display": display}]
    named: Json = {"name": {"text": _named(fact)}}
    if fact.name in _ORGANISATIONS:
        named = {"organization": {"display": _named(fact)}}
    return {"relationship": [relationship]} | named | _telecom(fact)


def _named(fact: Fact) -> str:
    """The words of the paper without telephone numbers and mail addresses."""
    told = fact.value or ""
    for number in (*phones_in(told), *emails_in(told)):
        told = told.replace(number, "")
    parts = (part.strip(" ,;:-") for part in told.split(","))
    return ", ".join(filter(None, parts)) or fact.value or ""


def _telecom(fact: Fact) -> Json:
    told = fact.value or ""
    points = [{"system": "phone", "value": " ".join(one.split())} for one in phones_in(told)]
    points += [{"system": "email", "value": one} for one in emails_in(told)]
    return {"telecom": points} if points else {}
