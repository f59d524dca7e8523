"""A FHIR document as rows of text, each with the statement that it makes.

Runs in the limited process that reads foreign JSON (`ocr.summary.bundle_child`), so it knows no
vocabulary and nothing of ours but shapes. Whatever is not as FHIR R4 has it is passed over: the
row then says less, never something else.
"""

from collections.abc import Callable, Iterator
from typing import Any

Json = dict[str, Any]
Row = dict[str, Any]
"""`text`, and `fact`: None for a heading or a row that states nothing known here."""

_MOST_ROWS = 5000
_MOST_LETTERS = 600
_ABSENT = {
    "no-known-allergies": "known allergies",
    "no-known-medication-allergies": "known drug allergies",
    "716186003": "known allergies",
    "409137002": "known drug allergies",
    "no-known-medications": "known medications",
    "787481004": "known medications",
    "no-known-problems": "known problems",
    "160245001": "known problems",
}
"""Codes of IPS's absent-or-unknown and of SNOMED CT that state "none"."""
_UNKNOWN = ("no-allergy-info", "no-medication-info", "no-problem-info", "no-immunization-info",
            "no-procedure-info", "no-device-info", "1287211007")  # fmt: skip
_FLAGS = ("H", "L", "HH", "LL", "A", "AA")


def rows_of(bundle: Any) -> list[Row]:
    """The rows of a document bundle, patient first. Raises ValueError for anything else."""
    entries = [e for e in _list(_dict(bundle).get("entry")) if isinstance(e, dict)]
    resources = _Resources(entries)
    if _dict(bundle).get("resourceType") != "Bundle" or not resources.all("Composition"):
        raise ValueError("not a FHIR document")
    stamp = _text(resources.first("Composition").get("date")) or _text(bundle.get("timestamp"))
    rows = [_row("International Patient Summary"), _row(f"Date: {stamp[:10]}")]
    for title, kinds in _ORDER:
        found = [
            row
            for kind in kinds
            for each in resources.all(kind)
            for row in kind_rows(each, kind, resources)
        ]
        rows += [_row(title), *found] if found else []
    return rows[:_MOST_ROWS]


class _Resources:
    """The resources of a bundle by type and by the references that name them."""

    def __init__(self, entries: list[Json]) -> None:
        self._all: list[Json] = []
        self._named: dict[str, Json] = {}
        for entry in entries:
            resource = _dict(entry.get("resource"))
            self._all.append(resource)
            self._named[_text(entry.get("fullUrl"))] = resource
            self._named[f"{resource.get('resourceType')}/{resource.get('id')}"] = resource

    def all(self, kind: str) -> list[Json]:
        return [each for each in self._all if each.get("resourceType") == kind]

    def first(self, kind: str) -> Json:
        return next(iter(self.all(kind)), {})

    def named(self, reference: Any, within: Json) -> Json:
        """What a reference names: in the bundle, or contained in the resource itself."""
        name = _text(_dict(reference).get("reference"))
        if name.startswith("#"):
            inside = [_dict(each) for each in _list(within.get("contained"))]
            return next((each for each in inside if each.get("id") == name[1:]), {})
        tail = "/".join(name.split("/")[-2:])
        return self._named.get(name) or self._named.get(tail) or {}


def kind_rows(resource: Json, kind: str, resources: _Resources) -> Iterator[Row]:
    """The rows that a resource makes; none when it was entered in error."""
    states = (_code_of(resource.get("verificationStatus")), _text(resource.get("status")))
    if "entered-in-error" not in states:
        yield from _MAKERS[kind](resource, resources)


def _patient(resource: Json, _resources: _Resources) -> Iterator[Row]:
    for name in _list(resource.get("name"))[:1]:
        parts = [*map(_text, _list(_dict(name).get("given"))), _text(_dict(name).get("family"))]
        told = _text(_dict(name).get("text")) or " ".join(part for part in parts if part)
        yield from _said("patient", "name", told, value=told)
    birth, sex = _text(resource.get("birthDate")), _text(resource.get("gender"))
    yield from _said("patient", "birth date", birth, value=birth)
    if sex in ("male", "female"):
        yield from _said("patient", "sex", sex, value=sex)
    for each in _list(resource.get("identifier"))[:3]:
        value = _text(_dict(each).get("value"))
        label = _name(_dict(each).get("type")) or "Identifier"
        yield from _said("patient", "identifier", value, value=value, unit=label)


def _said(kind: str, name: str, told: str, **fields: str) -> Iterator[Row]:
    if told:
        label = (fields.get("unit") or name).capitalize()
        yield _row(f"{label}: {told}", _stated(kind, name, **fields))


def _allergy(resource: Json, _resources: _Resources) -> Iterator[Row]:
    reactions = [_dict(each) for each in _list(resource.get("reaction"))]
    told = [_name(m) for each in reactions for m in _list(each.get("manifestation"))]
    substance = next((_name(r.get("substance")) for r in reactions if r.get("substance")), "")
    yield from _coded_row(
        "allergy",
        resource,
        resource.get("code") or {"text": substance},
        reaction="; ".join(dict.fromkeys(filter(None, told))),
        severity=next((_text(r.get("severity")) for r in reactions if r.get("severity")), ""),
        date=_day(resource.get("onsetDateTime")) or _day(resource.get("recordedDate")),
    )


def _condition(resource: Json, _resources: _Resources) -> Iterator[Row]:
    clinical = _code_of(resource.get("clinicalStatus"))
    active = clinical in ("active", "recurrence", "relapse")
    over = clinical in ("inactive", "remission", "resolved")
    yield from _coded_row(
        "problem",
        resource,
        resource.get("code"),
        status="active" if active else "resolved" if over else "",
        date=_day(resource.get("onsetDateTime"))
        or _day(_dict(resource.get("onsetPeriod")).get("start"))
        or _day(resource.get("recordedDate")),
    )


def _medication(resource: Json, resources: _Resources) -> Iterator[Row]:
    reference = resource.get("medicationReference")
    named = resources.named(reference, resource)
    code = resource.get("medicationCodeableConcept") or named.get("code")
    dosage: Any = next(iter(_list(resource.get("dosage") or resource.get("dosageInstruction"))), {})
    status = _text(resource.get("status"))
    taken = {"active": "current", "completed": "stopped", "stopped": "stopped",
             "cancelled": "stopped", "not-taken": "stopped"}  # fmt: skip
    period = _dict(resource.get("effectivePeriod"))
    yield from _coded_row(
        "" if resource.get("doNotPerform") is True else "medication",
        resource,
        code or {"text": _text(_dict(reference).get("display"))},
        dose=_dose(_dict(dosage)),
        route=_name(_dict(dosage).get("route")),
        frequency=_frequency(_dict(dosage)),
        status=taken.get(status, "last-seen"),
        cue=status if taken.get(status) == "stopped" else "",
        date=_day(resource.get("effectiveDateTime")) or _day(period.get("end"))
        or _day(period.get("start")) or _day(resource.get("authoredOn"))
        or _day(resource.get("dateAsserted")),
    )  # fmt: skip


def _dose(dosage: Json) -> str:
    first = _dict(next(iter(_list(dosage.get("doseAndRate"))), {}))
    quantity = _dict(first.get("doseQuantity"))
    low, high = (_dict(_dict(first.get("doseRange")).get(side)) for side in ("low", "high"))
    if low and high:
        return f"{_number(low)}-{_number(high)} {_unit(high)}".strip()
    return f"{_number(quantity)} {_unit(quantity)}".strip() if quantity else ""


_RATES: dict[tuple[Any, Any, Any], str] = {
    (1, 1, "d"): "once daily", (2, 1, "d"): "twice daily", (3, 1, "d"): "three times daily",
    (4, 1, "d"): "four times daily", (1, 12, "h"): "every 12 hours", (1, 8, "h"): "every 8 hours",
    (1, 6, "h"): "every 6 hours", (1, 4, "h"): "every 4 hours", (1, 24, "h"): "once daily",
    (1, 1, "wk"): "once weekly", (1, 2, "d"): "every other day", (1, 1, "mo"): "once monthly",
}  # fmt: skip


def _frequency(dosage: Json) -> str:
    timing = _dict(dosage.get("timing"))
    repeat = _dict(timing.get("repeat"))
    period = repeat.get("period"), repeat.get("periodUnit")
    known = _RATES.get((repeat.get("frequency", 1), *period)) if all(period) else None
    told = known or _name(timing.get("code")) or _text(dosage.get("text"))
    needed = " as needed" if dosage.get("asNeededBoolean") is True else ""
    return told + (needed if "needed" not in told else "")


def _observation(resource: Json, _resources: _Resources) -> Iterator[Row]:
    codes = [_code_of(each) for each in _list(resource.get("category"))]
    kind = "social" if "social-history" in codes else "lab"
    date = _day(resource.get("effectiveDateTime")) or _day(
        _dict(resource.get("effectivePeriod")).get("start")
    )
    for part in (resource, *map(_dict, _list(resource.get("component")))):
        fields = _measured(part)
        if fields.get("value"):
            yield from _coded_row(kind, resource, part.get("code"), **fields, date=date)


def _measured(part: Json) -> dict[str, str]:
    quantity = _dict(part.get("valueQuantity"))
    span = _dict(next(iter(_list(part.get("referenceRange"))), {}))
    marks = [_code_of(each) for each in _list(part.get("interpretation"))]
    fields = {
        "range": _range(span),
        "flag": next((mark.replace("AA", "A") for mark in marks if mark in _FLAGS), ""),
    }
    if quantity:
        value = _number(quantity)
        return {**fields, "value": value and _text(quantity.get("comparator")) + value,
                "unit": _unit(quantity)}  # fmt: skip
    plain = part.get("valueInteger", part.get("valueBoolean"))
    told = (
        _text(part.get("valueString")) or _name(part.get("valueCodeableConcept"))
        or _text(part.get("valueDateTime")) or ("" if plain is None else str(plain).lower())
    )  # fmt: skip
    return {**fields, "value": told}


def _range(span: Json) -> str:
    low, high = _number(_dict(span.get("low"))), _number(_dict(span.get("high")))
    if low and high:
        return f"{low}-{high}"
    return f">{low}" if low else f"<{high}" if high else _text(span.get("text"))


def _procedure(resource: Json, _resources: _Resources) -> Iterator[Row]:
    done = _text(resource.get("status")) in ("completed", "unknown", "in-progress", "stopped")
    date = _day(resource.get("performedDateTime")) or _day(
        _dict(resource.get("performedPeriod")).get("start")
    )
    yield from _coded_row("procedure" if done else "", resource, resource.get("code"), date=date)


def _immunization(resource: Json, _resources: _Resources) -> Iterator[Row]:
    given = _text(resource.get("status")) == "completed"
    date = _day(resource.get("occurrenceDateTime")) or _text(resource.get("occurrenceString"))[:10]
    yield from _coded_row(
        "immunization" if given else "", resource, resource.get("vaccineCode"), date=date
    )


def _device(resource: Json, resources: _Resources) -> Iterator[Row]:
    device = resources.named(resource.get("device"), resource)
    display = _text(_dict(resource.get("device")).get("display"))
    names = [_text(_dict(each).get("name")) for each in _list(device.get("deviceName"))]
    code = device.get("type") or {"text": display or next(iter(names), "")}
    date = _day(resource.get("timingDateTime")) or _day(
        _dict(resource.get("timingPeriod")).get("start")
    )
    yield from _coded_row("device", resource, code, date=date)


_MAKERS: dict[str, Callable[[Json, _Resources], Iterator[Row]]] = {
    "Patient": _patient,
    "AllergyIntolerance": _allergy,
    "Condition": _condition,
    "MedicationStatement": _medication,
    "MedicationRequest": _medication,
    "Observation": _observation,
    "Procedure": _procedure,
    "Immunization": _immunization,
    "DeviceUseStatement": _device,
}
_ORDER = (
    ("Patient", ("Patient",)),
    ("Allergies and intolerances", ("AllergyIntolerance",)),
    ("Medications", ("MedicationStatement", "MedicationRequest")),
    ("Problems", ("Condition",)),
    ("Results and observations", ("Observation",)),
    ("Procedures", ("Procedure",)),
    ("Immunizations", ("Immunization",)),
    ("Devices", ("DeviceUseStatement",)),
)


def _coded_row(kind: str, resource: Json, concept: Any, **fields: str) -> Iterator[Row]:
    """A row for a coded statement: none is negated, unknown states nothing."""
    codes = [_text(each.get("code")) for each in map(_dict, _list(_dict(concept).get("coding")))]
    name, denied = _name(concept), _code_of(resource.get("verificationStatus")) == "refuted"
    absent = next((_ABSENT[code] for code in codes if code in _ABSENT), "")
    told = [f"{label}{value}" for label, value in _labelled(fields) if value]
    text = "; ".join([name or "not named", *told])
    if not name or not kind or any(code in _UNKNOWN for code in codes):
        yield _row(f"{text}; {_text(resource.get('status')) or 'nothing known'}")
    elif absent:
        yield _row(name, _stated(kind, absent, negated=True))
    else:
        text = f"{text}; refuted" if denied else text
        stated = _stated(kind, name, negated=denied, code=_coding(concept), **fields)
        yield _row(text, stated)


def _labelled(fields: dict[str, str]) -> list[tuple[str, str]]:
    labels = {"range": "reference ", "reaction": "reaction: ", "severity": "severity: "}
    return [(labels.get(field, ""), value) for field, value in fields.items() if field != "cue"]


def _row(text: str, fact: Json | None = None) -> Row:
    return {"text": " ".join(text.split())[:_MOST_LETTERS], "fact": fact}


def _stated(kind: str, name: str, **fields: Any) -> Json:
    return {"kind": kind, "name": name, "negated": False, "code": None, **fields}


def _coding(concept: Any) -> Json | None:
    """The first coding that is whole; ICD-10 before others."""
    codings = [_dict(each) for each in _list(_dict(concept).get("coding"))]
    whole = [c for c in codings if _is_uri(_text(c.get("system"))) and _text(c.get("code"))]
    whole.sort(key=lambda c: "icd-10" not in _text(c.get("system")))
    if not whole:
        return None
    first = whole[0]
    shown = _text(first.get("display")) or _name(concept)
    return {"system": _text(first["system"]), "code": _text(first["code"]), "display": shown}


def _is_uri(system: str) -> bool:
    return bool(system) and system.isascii() and " " not in system


def _name(concept: Any) -> str:
    """What a CodeableConcept is called: its text, else a display, else a code."""
    codings = [_dict(each) for each in _list(_dict(concept).get("coding"))]
    displays = [_text(each.get("display")) for each in codings]
    codes = [_text(each.get("code")) for each in codings]
    return next(filter(None, (_text(_dict(concept).get("text")), *displays, *codes)), "")


def _code_of(concept: Any) -> str:
    codings = [_dict(each) for each in _list(_dict(concept).get("coding"))]
    return next((_text(each.get("code")) for each in codings if each.get("code")), "")


def _number(quantity: Json) -> str:
    value = quantity.get("value")
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _unit(quantity: Json) -> str:
    return _text(quantity.get("unit")) or _text(quantity.get("code"))


def _day(value: Any) -> str:
    return _text(value)[:10]


def _dict(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return " ".join(value.split())[:300] if isinstance(value, str) else ""
