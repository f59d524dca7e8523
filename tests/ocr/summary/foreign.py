"""Another system's summaries: documents out of resources, read and made into histories."""

from collections.abc import Sequence
from typing import Any

from core.history import History
from core.words import Reading
from ocr.summary import summarise
from ocr.summary.bundle_source import BundleSource
from tests.ocr.summary.paper import make_reading

SNOMED = "http://snomed.info/sct"
IPS = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"


def coded(code: str, text: str = "", system: str = SNOMED) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}], **({"text": text} if text else {})}


def make_bundle(*resources: dict[str, Any], **fields: Any) -> dict[str, Any]:
    patient = {
        "resourceType": "Patient",
        "id": "p",
        "name": [{"given": ["Nora"], "family": "Linden"}],
        "birthDate": "1961-03-14",
        "gender": "female",
    }
    composition = {"resourceType": "Composition", "date": "2025-02-03T10:00:00Z"}
    named = [
        {"fullUrl": f"urn:uuid:{n}", "resource": {"id": str(n), **resource}}
        for n, resource in enumerate((composition, patient, *resources))
    ]
    return {"resourceType": "Bundle", "type": "document", "entry": named, **fields}


def history(*sources: BundleSource, papers: Sequence = ()) -> tuple[History, Reading]:
    reading = make_reading(*papers, *(source.document for source in sources))
    return summarise(
        reading, stated={source.document.name: source.facts for source in sources}
    ), reading
