"""Claim: other systems' patient summaries are read without loss, and ours keep the rules of IPS.

    python -m bench.summaries [--data ../shared/data/ips/bundles.json] [--json]

The data are 60 bundles of HL7 test events, `[name, bundle]` pairs; without them the bench says so
and ends. What a bundle states is counted by a walk over its resources that shares no code with the
reader; a statement counts as kept when a merged fact of its kind has evidence whose words hold its
name and its value. Beside it, in the same run: how many statements survive the way that a user
would take instead, printing each bundle's own narrative and reading that as text.
"""

import argparse
import html
import json
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fhirkit

from bench.ips_rules import broken_rules
from core.errors import AnamnesisError
from core.facts import Experiencer, Fact
from core.history import History
from core.words import Reading
from ocr.summary import ips_bundle, read_bundle, summarise

DATA = Path(__file__).resolve().parents[1] / "../shared/data/ips/bundles.json"
KINDS = {
    "AllergyIntolerance": "allergy",
    "Condition": "problem",
    "MedicationStatement": "medication",
    "MedicationRequest": "medication",
    "Observation": "lab",
    "Procedure": "procedure",
    "Immunization": "immunization",
    "DeviceUseStatement": "device",
    "FamilyMemberHistory": "family",
}
NOT_STATED = ("no-allergy-info", "no-medication-info", "no-problem-info", "no-immunization-info")
NOT_DONE = ("not-done", "preparation", "entered-in-error")
NOT_USED = (*NOT_DONE, "intended", "completed", "stopped")
TOBACCO_OR_ALCOHOL = ("72166-2", "74013-4")
PRESSURE = ("8480-6", "8462-4")
Statement = tuple[str, tuple[str, ...], str]
"""Kind, acceptable names, value."""


def statements(bundle: dict[str, Any]) -> Iterator[Statement]:
    """Everything that a bundle states of what a history holds."""
    entries = [entry for entry in bundle["entry"] if "resource" in entry]
    known = {e["resource"].get("id"): e["resource"] for e in entries}
    known |= {re.split(r"[/:]", e.get("fullUrl", ""))[-1]: e["resource"] for e in entries}
    for resource in (entry["resource"] for entry in entries):
        if resource["resourceType"] == "Patient":
            yield from _contacts(resource, known)
        kind = KINDS.get(resource["resourceType"])
        undone = NOT_USED if kind == "device" else NOT_DONE
        if kind is None or resource.get("status") in undone or resource.get("doNotPerform"):
            continue
        if "entered-in-error" not in json.dumps(resource.get("verificationStatus", "")):
            yield from _told(resource, kind, known)


def _told(resource: dict[str, Any], kind: str, known: dict[str, Any]) -> Iterator[Statement]:
    if resource["resourceType"] == "FamilyMemberHistory":
        yield from (("family", _names(c["code"]), "") for c in resource.get("condition", ()))
        return
    names = _names(_concept(resource, known))
    if kind == "device":
        names += tuple(filter(None, [resource["device"].get("display")]))
    if not names or set(names) & set(NOT_STATED):
        return
    if kind != "lab":
        yield kind, names, _value(resource)
        return
    parts = [resource, *resource.get("component", [])]
    sides = {c: p for p in parts for c in PRESSURE if c in json.dumps(p.get("code"))}
    if len(sides) == len(PRESSURE) and resource not in sides.values():
        yield "vital", names, "/".join(_value(sides[code]) for code in PRESSURE)
        parts = [part for part in parts if part not in sides.values()]
    for part in parts:
        if value := _value(part):
            yield _observed(resource), _names(part.get("code", {})) or names, value


def _concept(resource: dict[str, Any], known: dict[str, Any]) -> dict[str, Any]:
    concept = resource.get("code") or resource.get("vaccineCode")
    concept = concept or resource.get("medicationCodeableConcept")
    named = resource.get("medicationReference") or resource.get("device") or {}
    reference = named.get("reference", "")
    inside = {c.get("id"): c for c in resource.get("contained", [])}
    there = inside.get(reference[1:]) or known.get(re.split(r"[/:]", reference)[-1]) or {}
    found: dict[str, Any] = concept or there.get("code") or there.get("type") or {}
    return found


def _observed(resource: dict[str, Any]) -> str:
    """What an observation is, by its category: a vital sign, social history, else a result."""
    category = json.dumps(resource.get("category", ""))
    asked = "survey" in category and any(
        code in json.dumps(resource["code"]) for code in TOBACCO_OR_ALCOHOL
    )
    if "vital-signs" in category:
        return "vital"
    return "social" if "social-history" in category or asked else "lab"


def _contacts(patient: dict[str, Any], known: dict[str, Any]) -> Iterator[Statement]:
    """Whom to call: each number with the person's family name, and the patient's own doctors."""
    for contact in patient.get("contact", ()):
        name = contact.get("name", {})
        called = tuple(filter(None, (name.get("text"), name.get("family"))))
        for point in contact.get("telecom") or [{}]:
            yield "contact", called or ("",), point.get("value", "")
    for reference in patient.get("generalPractitioner", ()):
        found = known.get(re.split(r"[/:]", reference.get("reference", ""))[-1], {})
        for point in found.get("telecom") or [{}]:
            if reference.get("display") or point:
                yield "contact", (reference.get("display", ""),), point.get("value", "")


def _names(concept: dict[str, Any]) -> tuple[str, ...]:
    codings = concept.get("coding", [])
    told = [
        concept.get("text"),
        *(c.get("display") for c in codings),
        *(c.get("code") for c in codings),
    ]
    return tuple(" ".join(each.split()) for each in told if each)


def _value(part: dict[str, Any]) -> str:
    if "value" in part.get("valueQuantity", {}):
        return str(part["valueQuantity"]["value"])
    told = part.get("valueString") or _names(part.get("valueCodeableConcept", {}))[:1]
    return " ".join(str(told if isinstance(told, str) else "".join(told)).split())[:200]


def kept(statement: Statement, facts: dict[str, list[str]]) -> bool:
    """Whether a fact's own words hold one of the names, and the value."""
    kind, names, value = statement
    quotes = facts.get(kind, [])
    return any(any(n[:200] in q for n in names) and value in q for q in quotes)


def _quotes(facts: tuple[Fact, ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for fact in facts:
        for evidence in fact.evidence:
            kind = "family" if fact.experiencer is Experiencer.FAMILY else str(fact.kind)
            found.setdefault(kind, []).append(" ".join(evidence.quote.split()))
    return found


def _narrative(bundle: dict[str, Any]) -> str:
    sections = bundle["entry"][0]["resource"].get("section", [])
    divs = " ".join(section.get("text", {}).get("div", "") for section in sections)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", divs)).split())


def measure(path: Path) -> dict[str, Any]:
    """All figures."""
    stated: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    beside: Counter[str] = Counter()
    valid = read = ours_broken = 0
    with tempfile.TemporaryDirectory() as folder:
        for number, (_, bundle) in enumerate(json.loads(path.read_bytes())):
            is_valid = not fhirkit.validate(bundle)
            valid += is_valid
            file = Path(folder, f"{number}.json")
            file.write_text(json.dumps(bundle))
            try:
                source = read_bundle(file)
            except AnamnesisError:
                continue
            read += is_valid
            reading = Reading(documents=(source.document,), refusals=())
            history = summarise(reading, stated={file.name: source.facts})
            ours_broken += bool(_broken(history, reading))
            if is_valid:
                narrative = _narrative(bundle)
                quotes = _quotes(history.facts)
                for statement in statements(bundle):
                    stated[statement[0]] += 1
                    lost[statement[0]] += not kept(statement, quotes)
                    in_text = {statement[0]: [narrative]}
                    beside[statement[0]] += not kept(statement, in_text)
    return {
        "bundles valid": valid,
        "of them read": read,
        "statements": dict(stated),
        "lost": {kind: number for kind, number in lost.items() if number},
        "lost in the bundles' own narrative": {k: n for k, n in beside.items() if n},
        "our bundles that break a rule or FHIR R4": ours_broken,
    }


def _broken(history: History, reading: Reading) -> list[str]:
    bundle = ips_bundle(history, reading, generated_at=datetime(2026, 1, 1, tzinfo=UTC))
    return [*broken_rules(bundle), *map(str, fhirkit.validate(bundle))]


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if not arguments.data.exists():
        print(json.dumps({"skipped": f"no data at {arguments.data}"}))
        return
    figures = measure(arguments.data)
    if arguments.json:
        print(json.dumps(figures, indent=1))
        return
    for name, value in figures.items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()
