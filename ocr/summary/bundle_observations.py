"""Observations of a FHIR document as rows: results, vital signs, words of the social history."""

from collections.abc import Iterator

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
    text_of,
    unit_of,
)

_FLAGS = ("H", "L", "HH", "LL", "A", "AA")
_VITAL = frozenset({
    "9279-1", "8867-4", "2708-6", "8310-5", "8302-2", "9843-4", "29463-7", "39156-5", "85354-9",
    "8480-6", "8462-4", "55284-4",
})  # fmt: skip
"""LOINC codes of FHIR R4's profile of vital signs, and the older one of a blood pressure."""
_SOCIAL = frozenset({"72166-2", "74013-4", "11367-0", "11331-6"})
"""LOINC codes of IPS's tobacco and alcohol use, and of the histories of both."""
_SYSTOLIC, _DIASTOLIC = "8480-6", "8462-4"


def observation(resource: Json, _resources: Resources) -> Iterator[Row]:
    """A row for each value: the observation's own, then its components'."""
    kind = _kind(resource)
    date = day_of(resource.get("effectiveDateTime")) or day_of(
        dict_of(resource.get("effectivePeriod")).get("start")
    )
    components = [dict_of(each) for each in list_of(resource.get("component"))]
    pressure, rest = _pressure(components) if kind == "vital" else ({}, components)
    if pressure:
        yield from coded_row(kind, resource, resource.get("code"), **pressure, date=date)
    for part in (resource, *rest):
        fields = _measured(part)
        if fields.get("value"):
            yield from coded_row(kind, resource, part.get("code"), **fields, date=date)


def _kind(resource: Json) -> str:
    """What it is by its category, and by its code where the category does not say."""
    categories = {code for each in list_of(resource.get("category")) for code in codes_of(each)}
    codes = set(codes_of(resource.get("code")))
    if "vital-signs" in categories or (not categories and codes & _VITAL):
        return "vital"
    if "social-history" in categories or (categories <= {"survey"} and codes & _SOCIAL):
        return "social"
    return "lab"


def _pressure(components: list[Json]) -> tuple[dict[str, str], list[Json]]:
    """A blood pressure as people write it, 140/90, and the components that are no part of it."""
    sides = [_side(components, code) for code in (_SYSTOLIC, _DIASTOLIC)]
    told = [_measured(side) for side in sides]
    values, units = [one.get("value") for one in told], {one.get("unit") for one in told}
    if not all(values) or len(units) != 1:
        return {}, components
    flags = [one["flag"] for one in told if one["flag"]]
    fields = {"flag": next(iter(flags), ""), "value": "/".join(map(str, values)),
              "unit": str(units.pop())}  # fmt: skip
    return fields, [each for each in components if each not in sides]


def _side(components: list[Json], code: str) -> Json:
    return next((each for each in components if code in codes_of(each.get("code"))), {})


def _measured(part: Json) -> dict[str, str]:
    quantity = dict_of(part.get("valueQuantity"))
    span = dict_of(next(iter(list_of(part.get("referenceRange"))), {}))
    marks = [code_of(each) for each in list_of(part.get("interpretation"))]
    fields = {
        "range": _range(span),
        "flag": next((mark.replace("AA", "A") for mark in marks if mark in _FLAGS), ""),
    }
    if quantity:
        value = number_of(quantity)
        return {**fields, "value": value and text_of(quantity.get("comparator")) + value,
                "unit": unit_of(quantity)}  # fmt: skip
    plain = part.get("valueInteger", part.get("valueBoolean"))
    told = (
        text_of(part.get("valueString")) or name_of(part.get("valueCodeableConcept"))
        or text_of(part.get("valueDateTime")) or ("" if plain is None else str(plain).lower())
    )  # fmt: skip
    return {**fields, "value": told}


def _range(span: Json) -> str:
    low, high = number_of(dict_of(span.get("low"))), number_of(dict_of(span.get("high")))
    if low and high:
        return f"{low}-{high}"
    return f">{low}" if low else f"<{high}" if high else text_of(span.get("text"))
