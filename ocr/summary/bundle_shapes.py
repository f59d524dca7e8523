"""What foreign JSON has: shapes of FHIR R4, taken with care, and the rows made of them.

Nothing here raises: a field that is not as FHIR R4 has it counts as not there.
"""

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
Row = dict[str, Any]
"""`text`, and `fact`: None for a heading or a row that states nothing known here."""

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


class Resources:
    """The resources of a bundle by type and by the references that name them."""

    def __init__(self, entries: list[Json]) -> None:
        self._all: list[Json] = []
        self._named: dict[str, Json] = {}
        for entry in entries:
            resource = dict_of(entry.get("resource"))
            self._all.append(resource)
            self._named[text_of(entry.get("fullUrl"))] = resource
            self._named[f"{resource.get('resourceType')}/{resource.get('id')}"] = resource

    def all(self, kind: str) -> list[Json]:
        return [each for each in self._all if each.get("resourceType") == kind]

    def first(self, kind: str) -> Json:
        return next(iter(self.all(kind)), {})

    def named(self, reference: Any, within: Json) -> Json:
        """What a reference names: in the bundle, or contained in the resource itself."""
        name = text_of(dict_of(reference).get("reference"))
        if name.startswith("#"):
            inside = [dict_of(each) for each in list_of(within.get("contained"))]
            return next((each for each in inside if each.get("id") == name[1:]), {})
        tail = "/".join(name.split("/")[-2:])
        return self._named.get(name) or self._named.get(tail) or {}


def coded_row(kind: str, resource: Json, concept: Any, **fields: str) -> Iterator[Row]:
    """A row for a coded statement: none is negated, unknown states nothing."""
    codes = codes_of(concept)
    name, denied = name_of(concept), code_of(resource.get("verificationStatus")) == "refuted"
    absent = next((_ABSENT[code] for code in codes if code in _ABSENT), "")
    told = [f"{label}{value}" for label, value in _labelled(fields) if value]
    text = "; ".join([name or "not named", *told])
    if not name or not kind or any(code in _UNKNOWN for code in codes):
        yield row_of(f"{text}; {text_of(resource.get('status')) or 'nothing known'}")
    elif absent:
        yield row_of(name, statement(kind, absent, negated=True))
    else:
        text = f"{text}; refuted" if denied else text
        made = statement(kind, name, negated=denied, code=coding_of(concept), **fields)
        yield row_of(text, made)


def _labelled(fields: dict[str, str]) -> list[tuple[str, str]]:
    labels = {"range": "reference ", "reaction": "reaction: ", "severity": "severity: "}
    return [(labels.get(field, ""), value) for field, value in fields.items() if field != "cue"]


def row_of(text: str, fact: Json | None = None) -> Row:
    """A row of a page: its text, and the statement that it makes."""
    return {"text": " ".join(text.split())[:_MOST_LETTERS], "fact": fact}


def statement(kind: str, name: str, **fields: Any) -> Json:
    """What a row states: the fields of a fact, as JSON."""
    return {"kind": kind, "name": name, "negated": False, "code": None, **fields}


def coding_of(concept: Any) -> Json | None:
    """The first coding that is whole; ICD-10 before others."""
    codings = [dict_of(each) for each in list_of(dict_of(concept).get("coding"))]
    whole = [c for c in codings if _is_uri(text_of(c.get("system"))) and text_of(c.get("code"))]
    whole.sort(key=lambda c: "icd-10" not in text_of(c.get("system")))
    if not whole:
        return None
    first = whole[0]
    shown = text_of(first.get("display")) or name_of(concept)
    return {"system": text_of(first["system"]), "code": text_of(first["code"]), "display": shown}


def _is_uri(system: str) -> bool:
    return bool(system) and system.isascii() and " " not in system


def name_of(concept: Any) -> str:
    """What a CodeableConcept is called: its text, else a display, else a code."""
    codings = [dict_of(each) for each in list_of(dict_of(concept).get("coding"))]
    displays = [text_of(each.get("display")) for each in codings]
    told = text_of(dict_of(concept).get("text"))
    return next(filter(None, (told, *displays, *codes_of(concept))), "")


def codes_of(concept: Any) -> list[str]:
    """The codes of a CodeableConcept, whatever system they are of."""
    codings = [dict_of(each) for each in list_of(dict_of(concept).get("coding"))]
    return [code for each in codings if (code := text_of(each.get("code")))]


def code_of(concept: Any) -> str:
    return next(iter(codes_of(concept)), "")


def number_of(quantity: Json) -> str:
    value = quantity.get("value")
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def unit_of(quantity: Json) -> str:
    return text_of(quantity.get("unit")) or text_of(quantity.get("code"))


def day_of(value: Any) -> str:
    return text_of(value)[:10]


def dict_of(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def list_of(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def text_of(value: Any) -> str:
    return " ".join(value.split())[:300] if isinstance(value, str) else ""
