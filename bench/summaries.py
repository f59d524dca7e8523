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
from core.facts import Fact
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
}
NOT_STATED = ("no-allergy-info", "no-medication-info", "no-problem-info", "no-immunization-info")
NOT_DONE = ("not-done", "preparation", "entered-in-error")


def statements(bundle: dict[str, Any]) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Kind, acceptable names and value of everything that a bundle states."""
    medications = {
        e["resource"].get("id"): e["resource"] for e in bundle["entry"] if "resource" in e
    }
    for entry in bundle["entry"]:
        resource = entry.get("resource", {})
        kind = KINDS.get(resource.get("resourceType", ""))
        if kind is None or resource.get("status") in NOT_DONE or resource.get("doNotPerform"):
            continue
        if "entered-in-error" in json.dumps(resource.get("verificationStatus", "")):
            continue
        concept = resource.get("code") or resource.get("vaccineCode")
        concept = concept or resource.get("medicationCodeableConcept")
        reference = resource.get("medicationReference", {}).get("reference", "")
        inside = {c.get("id"): c for c in resource.get("contained", [])}
        named = inside.get(reference[1:]) or medications.get(re.split(r"[/:]", reference)[-1])
        concept = concept or (named or {}).get("code") or {}
        names = _names(concept)
        if names and not set(names) & set(NOT_STATED):
            parts = [resource, *resource.get("component", [])] if kind == "lab" else [resource]
            for part in parts:
                value = _value(part)
                if kind != "lab" or value:
                    yield kind, _names(part.get("code", {})) or names, value


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


def kept(statement: tuple[str, tuple[str, ...], str], facts: dict[str, list[str]]) -> bool:
    """Whether a fact's own words hold one of the names, and the value."""
    kind, names, value = statement
    quotes = [*facts.get(kind, []), *(facts.get("social", []) if kind == "lab" else [])]
    return any(any(n[:200] in q for n in names) and value in q for q in quotes)


def _quotes(facts: tuple[Fact, ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for fact in facts:
        for evidence in fact.evidence:
            found.setdefault(str(fact.kind), []).append(" ".join(evidence.quote.split()))
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
