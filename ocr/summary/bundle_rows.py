"""A FHIR document as rows of text, each with the statement that it makes.

Runs in the limited process that reads foreign JSON (`ocr.summary.bundle_child`), so it knows no
vocabulary and nothing of ours but shapes. Whatever is not as FHIR R4 has it is passed over: the
row then says less, never something else.
"""

from collections.abc import Callable, Iterator
from typing import Any

from ocr.summary.bundle_observations import observation
from ocr.summary.bundle_people import care_team, directive, patient, related_person, relative
from ocr.summary.bundle_shapes import (
    Json,
    Resources,
    Row,
    code_of,
    coded_row,
    codes_of,
    day_of,
    dict_of,
    list_of,
    name_of,
    number_of,
    row_of,
    text_of,
    unit_of,
)

_MOST_ROWS = 5000


def rows_of(bundle: Any) -> list[Row]:
    """The rows of a document bundle, patient first. Raises ValueError for anything else."""
    entries = [e for e in list_of(dict_of(bundle).get("entry")) if isinstance(e, dict)]
    resources = Resources(entries)
    if dict_of(bundle).get("resourceType") != "Bundle" or not resources.all("Composition"):
        raise ValueError("not a FHIR document")
    stamp = text_of(resources.first("Composition").get("date")) or text_of(bundle.get("timestamp"))
    rows = [row_of("International Patient Summary"), row_of(f"Date: {stamp[:10]}")]
    for title, kinds in _ORDER:
        found = [
            row
            for kind in kinds
            for each in resources.all(kind)
            for row in kind_rows(each, kind, resources)
        ]
        rows += [row_of(title), *found] if found else []
    return rows[:_MOST_ROWS]


def kind_rows(resource: Json, kind: str, resources: Resources) -> Iterator[Row]:
    """The rows that a resource makes; none when it was entered in error."""
    states = (code_of(resource.get("verificationStatus")), text_of(resource.get("status")))
    if "entered-in-error" not in states:
        yield from _MAKERS[kind](resource, resources)


def _allergy(resource: Json, _resources: Resources) -> Iterator[Row]:
    reactions = [dict_of(each) for each in list_of(resource.get("reaction"))]
    told = [name_of(m) for each in reactions for m in list_of(each.get("manifestation"))]
    substance = next((name_of(r.get("substance")) for r in reactions if r.get("substance")), "")
    yield from coded_row(
        "allergy",
        resource,
        resource.get("code") or {"text": substance},
        reaction="; ".join(dict.fromkeys(filter(None, told))),
        severity=next((text_of(r.get("severity")) for r in reactions if r.get("severity")), ""),
        date=day_of(resource.get("onsetDateTime")) or day_of(resource.get("recordedDate")),
    )


def _condition(resource: Json, _resources: Resources) -> Iterator[Row]:
    clinical = code_of(resource.get("clinicalStatus"))
    active = clinical in ("active", "recurrence", "relapse")
    over = clinical in ("inactive", "remission", "resolved")
    yield from coded_row(
        "problem",
        resource,
        resource.get("code"),
        status="active" if active else "resolved" if over else "",
        date=day_of(resource.get("onsetDateTime"))
        or day_of(dict_of(resource.get("onsetPeriod")).get("start"))
        or day_of(resource.get("recordedDate")),
    )


def _medication(resource: Json, resources: Resources) -> Iterator[Row]:
    reference = resource.get("medicationReference")
    named = resources.named(reference, resource)
    code = resource.get("medicationCodeableConcept") or named.get("code")
    dosage: Any = next(
        iter(list_of(resource.get("dosage") or resource.get("dosageInstruction"))), {}
    )
    status = text_of(resource.get("status"))
    taken = {"active": "current", "completed": "stopped", "stopped": "stopped",
             "cancelled": "stopped", "not-taken": "stopped"}  # fmt: skip
    period = dict_of(resource.get("effectivePeriod"))
    yield from coded_row(
        "" if resource.get("doNotPerform") is True else "medication",
        resource,
        code or {"text": text_of(dict_of(reference).get("display"))},
        dose=_dose(dict_of(dosage)),
        route=name_of(dict_of(dosage).get("route")),
        frequency=_frequency(dict_of(dosage)),
        status=taken.get(status, "last-seen"),
        cue=status if taken.get(status) == "stopped" else "",
        date=day_of(resource.get("effectiveDateTime")) or day_of(period.get("end"))
        or day_of(period.get("start")) or day_of(resource.get("authoredOn"))
        or day_of(resource.get("dateAsserted")),
    )  # fmt: skip


def _dose(dosage: Json) -> str:
    first = dict_of(next(iter(list_of(dosage.get("doseAndRate"))), {}))
    quantity = dict_of(first.get("doseQuantity"))
    low, high = (dict_of(dict_of(first.get("doseRange")).get(side)) for side in ("low", "high"))
    if low and high:
        return f"{number_of(low)}-{number_of(high)} {unit_of(high)}".strip()
    return f"{number_of(quantity)} {unit_of(quantity)}".strip() if quantity else ""


_RATES: dict[tuple[Any, Any, Any], str] = {
    (1, 1, "d"): "once daily", (2, 1, "d"): "twice daily", (3, 1, "d"): "three times daily",
    (4, 1, "d"): "four times daily", (1, 12, "h"): "every 12 hours", (1, 8, "h"): "every 8 hours",
    (1, 6, "h"): "every 6 hours", (1, 4, "h"): "every 4 hours", (1, 24, "h"): "once daily",
    (1, 1, "wk"): "once weekly", (1, 2, "d"): "every other day", (1, 1, "mo"): "once monthly",
}  # fmt: skip


def _frequency(dosage: Json) -> str:
    timing = dict_of(dosage.get("timing"))
    repeat = dict_of(timing.get("repeat"))
    period = repeat.get("period"), repeat.get("periodUnit")
    known = _RATES.get((repeat.get("frequency", 1), *period)) if all(period) else None
    told = known or name_of(timing.get("code")) or text_of(dosage.get("text"))
    needed = " as needed" if dosage.get("asNeededBoolean") is True else ""
    return told + (needed if "needed" not in told else "")


def _procedure(resource: Json, _resources: Resources) -> Iterator[Row]:
    done = text_of(resource.get("status")) in ("completed", "unknown", "in-progress", "stopped")
    date = day_of(resource.get("performedDateTime")) or day_of(
        dict_of(resource.get("performedPeriod")).get("start")
    )
    yield from coded_row("procedure" if done else "", resource, resource.get("code"), date=date)


def _immunization(resource: Json, _resources: Resources) -> Iterator[Row]:
    given = text_of(resource.get("status")) == "completed"
    date = (
        day_of(resource.get("occurrenceDateTime")) or text_of(resource.get("occurrenceString"))[:10]
    )
    yield from coded_row(
        "immunization" if given else "", resource, resource.get("vaccineCode"), date=date
    )


def _device(resource: Json, resources: Resources) -> Iterator[Row]:
    device = resources.named(resource.get("device"), resource)
    display = text_of(dict_of(resource.get("device")).get("display"))
    names = [text_of(dict_of(each).get("name")) for each in list_of(device.get("deviceName"))]
    kind = dict_of(device.get("type"))
    if name_of(kind) in codes_of(kind):  # a code alone tells a reader nothing
        kind = kind | {"text": display or next(filter(None, names), name_of(kind))}
    code = kind or {"text": display or next(filter(None, names), "")}
    date = day_of(resource.get("timingDateTime")) or day_of(
        dict_of(resource.get("timingPeriod")).get("start")
    )
    used = text_of(resource.get("status")) not in ("completed", "stopped", "intended")
    yield from coded_row("device" if used else "", resource, code, date=date)


_MAKERS: dict[str, Callable[[Json, Resources], Iterator[Row]]] = {
    "Patient": patient,
    "RelatedPerson": related_person,
    "CareTeam": care_team,
    "Consent": directive,
    "AllergyIntolerance": _allergy,
    "Condition": _condition,
    "MedicationStatement": _medication,
    "MedicationRequest": _medication,
    "Observation": observation,
    "Procedure": _procedure,
    "Immunization": _immunization,
    "DeviceUseStatement": _device,
    "FamilyMemberHistory": relative,
}
_ORDER = (
    ("Patient", ("Patient", "RelatedPerson", "CareTeam")),
    ("Advance directives", ("Consent",)),
    ("Allergies and intolerances", ("AllergyIntolerance",)),
    ("Medications", ("MedicationStatement", "MedicationRequest")),
    ("Problems", ("Condition",)),
    ("Results and observations", ("Observation",)),
    ("Procedures", ("Procedure",)),
    ("Immunizations", ("Immunization",)),
    ("Devices", ("DeviceUseStatement",)),
    ("Family history", ("FamilyMemberHistory",)),
)
