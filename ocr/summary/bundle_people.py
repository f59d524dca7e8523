"""People of a FHIR document as rows: the patient, whom to call, relatives' illnesses."""

from collections.abc import Iterator
from typing import Any

from ocr.summary.bundle_shapes import (
    Json,
    Resources,
    Row,
    codes_of,
    coding_of,
    day_of,
    dict_of,
    list_of,
    name_of,
    row_of,
    statement,
    text_of,
)

_CALLED = {
    "C": "Emergency contact", "N": "Next of kin", "ECON": "Emergency contact",
    "NOK": "Next of kin", "GUARD": "Guardian", "HPOWATT": "Health care proxy",
}  # fmt: skip
"""Roles of HL7's tables v2-0131, v3-RoleClass and v3-RoleCode that say when to call somebody."""
_RELATION = {
    "MTH": "mother", "FTH": "father", "SPS": "spouse", "HUSB": "husband", "WIFE": "wife",
    "SIS": "sister", "BRO": "brother", "SON": "son", "DAU": "daughter", "CHILD": "child",
    "PRN": "parent", "GRPRN": "grandparent", "FRND": "friend", "DOMPART": "domestic partner",
    "NBOR": "neighbour", "FAMMEMB": "family member",
}  # fmt: skip
"""Words for codes of v3-RoleCode that come without any."""
_DOCTOR = "Primary care physician"
_WORDS = (*_CALLED.values(), "Caregiver", "Pharmacy")


def patient(resource: Json, resources: Resources) -> Iterator[Row]:
    """Who it is; then whom to call, and the patient's own doctors."""
    for name in list_of(resource.get("name"))[:1]:
        yield from _said("name", _person(name), value=_person(name))
    birth, sex = text_of(resource.get("birthDate")), text_of(resource.get("gender"))
    yield from _said("birth date", birth, value=birth)
    if sex in ("male", "female"):
        yield from _said("sex", sex, value=sex)
    for each in list_of(resource.get("identifier"))[:3]:
        value = text_of(dict_of(each).get("value"))
        label = name_of(dict_of(each).get("type")) or "Identifier"
        yield from _said("identifier", value, value=value, unit=label)
    for each in list_of(resource.get("contact")):
        yield from _contact(dict_of(each), dict_of(each).get("name"))
    for each in list_of(resource.get("generalPractitioner")):
        yield from _professional(_DOCTOR, each, resource, resources)


def related_person(resource: Json, _resources: Resources) -> Iterator[Row]:
    """Somebody who is involved in the patient's care, as a contact."""
    if resource.get("active") is not False:
        yield from _contact(resource, next(iter(list_of(resource.get("name"))), None))


def care_team(resource: Json, resources: Resources) -> Iterator[Row]:
    """The professionals of a care team that is at work, each with the role."""
    if text_of(resource.get("status")) in ("proposed", "inactive"):
        return
    for each in map(dict_of, list_of(resource.get("participant"))):
        member = dict_of(each.get("member"))
        role = name_of(next(iter(list_of(each.get("role"))), None))
        if "Patient/" not in text_of(member.get("reference")):
            yield from _professional(role or "Care team", member, resource, resources)


def relative(resource: Json, _resources: Resources) -> Iterator[Row]:
    """A row for each illness of a relative; which relative may not be said."""
    related = resource.get("relationship")
    told = text_of(dict_of(related).get("text"))
    whose = told or ("" if "FAMMEMB" in codes_of(related) else _relation(related))
    date = day_of(resource.get("date"))
    for each in map(dict_of, list_of(resource.get("condition"))):
        name = name_of(each.get("code"))
        outcome = name_of(each.get("outcome"))
        text = "; ".join(filter(None, (whose or "a relative", name, outcome, date)))
        made = statement("problem", name, code=coding_of(each.get("code")), experiencer="family",
                         value=whose.lower(), date=date)  # fmt: skip
        known = name and text_of(resource.get("status")) != "health-unknown"
        yield row_of(text, made if known else None)


def directive(resource: Json, _resources: Resources) -> Iterator[Row]:
    """An advance directive among the consents, in its own words; other consents are none."""
    provision = dict_of(resource.get("provision"))
    concepts = [*list_of(resource.get("category")), *list_of(provision.get("code"))]
    codes = {code for each in (resource.get("scope"), *concepts) for code in codes_of(each)}
    if text_of(resource.get("status")) != "active" or not codes & {*_RESUSCITATION, "adr", "acd"}:
        return
    name = "Code status" if codes & _RESUSCITATION else "Advance directive"
    told = [*map(name_of, concepts), text_of(provision.get("type"))]
    value = "; ".join(dict.fromkeys(filter(None, told)))
    date = day_of(resource.get("dateTime"))
    text = f"{name}: {value}" + (f"; {date}" if date else "")
    yield row_of(text, statement("social", name, value=value, date=date))


_RESUSCITATION = frozenset({"dnr", "304253006"})
"""HL7's category of consents not to resuscitate, and SNOMED CT's "not for resuscitation"."""


def _said(name: str, told: str, **fields: str) -> Iterator[Row]:
    if told:
        label = (fields.get("unit") or name).capitalize()
        yield row_of(f"{label}: {told}", statement("patient", name, **fields))


def _contact(resource: Json, name: Any) -> Iterator[Row]:
    """A person or organisation to call: by role, or as a contact where none is known."""
    related = resource.get("relationship")
    concepts = related if isinstance(related, list) else [related]
    roles = list(dict.fromkeys(r for each in concepts if (r := _role(each))))
    words = [_relation(each) for each in concepts if not _role(each)]
    named = _person(name) or text_of(dict_of(resource.get("organization")).get("display"))
    role = roles[0] if roles else "Contact"
    yield from _called(role, [named, *roles[1:], *words, *_telecom(resource)])


def _professional(role: str, reference: Any, within: Json, resources: Resources) -> Iterator[Row]:
    """A practitioner, a role of one, or an organisation."""
    found = resources.named(reference, within)
    person = resources.named(found.get("practitioner"), found) or found
    names = person.get("name")
    named = _person(next(iter(names), None)) if isinstance(names, list) else text_of(names)
    shown = (reference, found.get("practitioner"), found.get("organization"))
    displays = [text_of(dict_of(each).get("display")) for each in shown]
    calls = _telecom(found) or _telecom(person)
    yield from _called(role, [next(filter(None, (named, *displays)), ""), *calls])


def _called(role: str, told: list[str]) -> Iterator[Row]:
    value = ", ".join(dict.fromkeys(filter(None, told)))
    if value:
        yield row_of(f"{role}: {value}", statement("contact", role, value=value))


def _role(concept: Any) -> str:
    """When to call, by the codes or as a word that says it."""
    known = next((_CALLED[code] for code in codes_of(concept) if code in _CALLED), "")
    told = name_of(concept).replace("-", " ").lower()
    words = next((role for role in _WORDS if role.lower() == told), "")
    return known or words


def _relation(concept: Any) -> str:
    told = name_of(concept)
    return _RELATION.get(told, told)


def _person(name: Any) -> str:
    """A HumanName in one line: as it is written, else given and family names."""
    parts = [
        *map(text_of, list_of(dict_of(name).get("given"))),
        text_of(dict_of(name).get("family")),
    ]
    return text_of(dict_of(name).get("text")) or " ".join(filter(None, parts))


def _telecom(resource: Json) -> list[str]:
    """Numbers and addresses to reach somebody by, telephones first."""
    points = [dict_of(each) for each in list_of(resource.get("telecom"))]
    points.sort(key=lambda point: text_of(point.get("system")) not in ("phone", "sms"))
    return list(filter(None, (text_of(point.get("value")) for point in points)))
