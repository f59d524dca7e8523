"""The history as a FHIR R4 document bundle after the International Patient Summary 2.0.

Every statement has a Provenance that points to the page images it stands on, with box and
quote. Ids are derived from the facts: the same history gives the same bundle.
"""

import base64
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from importlib.metadata import version
from typing import Any
from uuid import UUID, uuid5

from core.facts import Evidence, Fact
from core.history import History
from core.words import Reading
from ocr.summary import ips_people
from ocr.summary import ips_resources as resources
from ocr.summary.alerts import alerts_of
from ocr.summary.page import render_html
from ocr.summary.pages import NumberedPage, numbered_pages
from ocr.summary.wording import fact_line

Json = dict[str, Any]

LOINC = "http://loinc.org"
EVIDENCE = "urn:anamnesis:fhir:evidence"
"""Extension of Provenance.entity: where on the page the statement stands."""
CHECK = "urn:anamnesis:fhir:check"
"""Extension of Provenance: a person should compare the statement with the paper."""

_NAMESPACE = UUID("6f6c9a3e-2f0b-5f4e-9a57-0d1f5b7d2c11")
_PROFILE = "http://hl7.org/fhir/uv/ips/StructureDefinition"
_PAST_ILLNESS = "11348-0"
_OPTIONAL = (_PAST_ILLNESS, "46264-8", "29762-2", "8716-3", "47420-5", "10157-6")
_FUNCTION = "Functional status"
_EMPTY = "http://terminology.hl7.org/CodeSystem/list-empty-reason"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    code: str
    title: str
    facts: tuple[Fact, ...]
    build: Callable[[Fact, str], Json]


def ips_bundle(history: History, reading: Reading, *, generated_at: datetime) -> Json:
    """The document bundle with page images and the one page as attachments.

    `generated_at` must know its time zone. Raises ValueError otherwise.
    """
    if generated_at.tzinfo is None:
        raise ValueError("generated_at has no time zone")
    stamp = generated_at.isoformat(timespec="seconds")
    subject = _urn("patient", *(f"{f.name}={f.value}" for f in history.patient))
    pages = numbered_pages(history, reading)
    sections = _sections(history)
    parts = [_Part(fact, section, subject) for section in sections for fact in section.facts]
    doctors = [_Part(fact, None, subject) for fact in history.contacts if _is_doctor(fact)]
    called = tuple(fact for fact in history.contacts if not _is_doctor(fact))
    patient = resources.patient(history.patient, called)
    if doctors:
        patient["generalPractitioner"] = [{"reference": part.url} for part in doctors]
    entries = [
        _entry(subject, patient),
        _entry(_urn("device"), _device()),
        *(_entry(part.url, part.resource) for part in doctors),
        *(_provenance(part.fact, part.url, stamp, pages) for part in doctors),
        *(_entry(part.url, part.resource) for part in parts),
        *(_provenance(part.fact, part.url, stamp, pages) for part in parts),
        *(_provenance(fact, subject, stamp, pages) for fact in (*history.patient, *called)),
        *(_page_entry(page, subject) for page in pages.values()),
        _history_entry(history, reading, subject),
    ]
    composition = _composition(history, sections, parts, pages, subject, stamp)
    first = _entry(_urn("composition", stamp, *(f.id for f in history.facts)), composition)
    return {
        "resourceType": "Bundle",
        "meta": {"profile": [f"{_PROFILE}/Bundle-uv-ips"]},
        "identifier": {"system": "urn:ietf:rfc:3986", "value": first["fullUrl"]},
        "type": "document",
        "timestamp": stamp,
        "entry": [first, *entries],
    }


class _Part:
    """A fact with its resource and its address in the bundle."""

    def __init__(self, fact: Fact, section: _Section | None, subject: str) -> None:
        self.fact = fact
        self.section = section
        self.url = _urn("fact", fact.id)
        build = section.build if section else ips_people.practitioner
        self.resource = build(fact, subject)


def _is_doctor(fact: Fact) -> bool:
    return fact.name == ips_people.FAMILY_DOCTOR


def _sections(history: History) -> tuple[_Section, ...]:
    past = tuple(fact for fact in history.problems if fact.status == "resolved")
    present = tuple(fact for fact in history.problems if fact.status != "resolved")
    points = tuple(point for trend in history.labs for point in trend.points)
    measured = tuple(point for trend in history.vitals for point in trend.points)
    function = tuple(fact for fact in history.social if fact.name == _FUNCTION)
    lives = (*history.directives, *(f for f in history.social if f.name != _FUNCTION))
    medicines = (*history.medications_current, *history.medications_stopped)
    none = {
        f.name: (f,) for f in history.negated if f.name in ("known medications", "known problems")
    }
    rows: tuple[tuple[str, str, tuple[Fact, ...], Callable[[Fact, str], Json]], ...] = (
        (
            "11450-4",
            "Problems",
            present + none.get("known problems", ()),
            resources.condition,
        ),
        ("48765-2", "Allergies and intolerances", history.allergies, resources.allergy),
        (
            "10160-0",
            "Medications",
            medicines + none.get("known medications", ()),
            resources.medication,
        ),
        ("11369-6", "Immunizations", history.immunizations, resources.immunization),
        ("30954-2", "Results", points, resources.observation),
        ("47519-4", "Procedures", history.procedures, resources.procedure),
        ("46264-8", "Medical devices", history.devices, resources.device),
        ("8716-3", "Vital signs", measured, resources.observation),
        ("29762-2", "Social history", lives, resources.observation),
        ("47420-5", "Functional status", function, resources.observation),
        (
            "10157-6",
            "Family history (not the patient's own)",
            history.family,
            ips_people.relative,
        ),
        (_PAST_ILLNESS, "Past illnesses", past, resources.condition),
    )
    return tuple(_Section(code=c, title=t, facts=f, build=b) for c, t, f, b in rows)


def _composition(
    history: History,
    sections: Sequence[_Section],
    parts: Sequence[_Part],
    pages: dict[tuple[str, int], NumberedPage],
    subject: str,
    stamp: str,
) -> Json:
    sources = [_page_url(page) for page in pages.values()]
    return {
        "resourceType": "Composition",
        "meta": {"profile": [f"{_PROFILE}/Composition-uv-ips"]},
        "status": "final",
        "type": resources.coded(LOINC, "60591-5", "Patient summary Document"),
        "subject": {"reference": subject},
        "date": stamp,
        "author": [{"reference": _urn("device")}],
        "title": "Patient history made from paper",
        "section": [
            *(
                _section(section, [part.url for part in parts if part.section is section])
                for section in sections
                if section.facts or section.code not in _OPTIONAL
            ),
            *_narrative_sections(history),
            _source_section([*sources, _urn("history-page")], history),
        ],
    }


def _section(section: _Section, urls: Sequence[str]) -> Json:
    """A section with its entries, or with the reason why it is empty."""
    found: Json = {
        "title": section.title,
        "code": resources.coded(LOINC, section.code),
        "text": _narrative([fact_line(fact) for fact in section.facts]),
    }
    if urls:
        return found | {"entry": [{"reference": url} for url in urls]}
    return found | {"emptyReason": resources.coded(_EMPTY, "unavailable", "Unavailable")}


def _narrative_sections(history: History) -> list[Json]:
    """What has no resource of its own: alerts, contradictions and gaps."""
    names = {fact.id: fact_line(fact) for fact in history.facts}
    disagreements = [
        f"Contradiction about {conflict.about}: " + " / ".join(names[i] for i in conflict.facts)
        for conflict in history.conflicts
    ]
    left_out = [f"Left out, {f.corrected}: {fact_line(f)}" for f in history.withdrawn]
    notes = [*left_out, *disagreements, *(str(caution) for caution in history.warnings)]
    found = []
    if alerts := alerts_of(history):
        told = [f"{a.title}: {a.reason} ({a.source})" for a in alerts]
        found.append(_told("104605-1", "Alerts", told))
    if notes:
        found.append(_told("48767-8", "To check: contradictions and gaps", notes))
    return found


def _told(code: str, title: str, lines: Sequence[str]) -> Json:
    return {"title": title, "code": resources.coded(LOINC, code), "text": _narrative(lines)}


def _source_section(urls: Sequence[str], history: History) -> Json:
    lines = [
        f"{s.document}, {s.date or 'undated'}, {s.pages} page{'s' if s.pages > 1 else ''}"
        for s in history.documents
        if s.included
    ]
    told = _told("11503-0", "Source pages", lines)
    return told | {"entry": [{"reference": url} for url in urls]}


def _narrative(lines: Iterable[str]) -> Json:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    body = f"<ul>{items}</ul>" if items else "<p>Not stated on any page: unknown, not none.</p>"
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{body}</div>'
    return {"status": "generated", "div": div}


def _device() -> Json:
    return {
        "resourceType": "Device",
        "deviceName": [{"name": "Anamnesis", "type": "model-name"}],
        "version": [{"value": version("anamnesis")}],
        "type": {"text": "software that reads paper"},
    }


def _provenance(
    fact: Fact, target: str, stamp: str, pages: dict[tuple[str, int], NumberedPage]
) -> Json:
    resource: Json = {
        "resourceType": "Provenance",
        "target": [{"reference": target}],
        "recorded": stamp,
        "agent": [{"who": {"reference": _urn("device")}}, *_corrector(fact)],
        "entity": [
            {
                "extension": [_evidence(fact, evidence)],
                "role": "source",
                "what": {"reference": _page_url(pages[evidence.document, evidence.page])},
            }
            for evidence in fact.evidence
        ],
    }
    if fact.check:
        resource["extension"] = [{"url": CHECK, "valueBoolean": True}]
    return _entry(_urn("provenance", fact.id), resource)


def _corrector(fact: Fact) -> list[Json]:
    """Who confirmed or completed the statement; the paper's own words are in the evidence."""
    if fact.corrected is None:
        return []
    system = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
    return [
        {
            "type": resources.coded(system, "verifier", "Verifier"),
            "who": {"display": fact.corrected},
        }
    ]


def _evidence(fact: Fact, evidence: Evidence) -> Json:
    box = evidence.box
    return {
        "url": EVIDENCE,
        "extension": [
            {"url": "document", "valueString": evidence.document},
            {"url": "page", "valuePositiveInt": evidence.page},
            {"url": "box", "valueString": f"{box.left},{box.top},{box.right},{box.bottom}"},
            {"url": "span", "valueString": f"{evidence.span[0]},{evidence.span[1]}"},
            {"url": "quote", "valueString": evidence.quote},
            {"url": "method", "valueString": evidence.method},
            {"url": "confidence", "valueDecimal": fact.confidence},
        ],
    }


def _page_entry(page: NumberedPage, subject: str) -> Json:
    resource = _document(
        f"page-{page.number}",
        subject,
        f"{page.page.document}, page {page.page.number}",
        {"contentType": "image/jpeg", "data": base64.b64encode(page.image).decode()},
    )
    return _entry(_page_url(page), resource, identifier=f"page-{page.number}")


def _history_entry(history: History, reading: Reading, subject: str) -> Json:
    html = render_html(history, reading, embed_images=False)
    attachment = {
        "contentType": "text/html",
        "data": base64.b64encode(html.encode()).decode(),
    }
    resource = _document("history-page", subject, "The history on one page", attachment)
    return _entry(_urn("history-page"), resource, identifier="history-page")


def _document(identifier: str, subject: str, description: str, attachment: Json) -> Json:
    return {
        "resourceType": "DocumentReference",
        "id": identifier,
        "status": "current",
        "subject": {"reference": subject},
        "description": description,
        "content": [{"attachment": attachment | {"title": description}}],
    }


def _entry(url: str, resource: Json, *, identifier: str = "") -> Json:
    named = {"resourceType": resource["resourceType"], "id": identifier or url[-36:]}
    return {"fullUrl": url, "resource": named | resource}


def _page_url(page: NumberedPage) -> str:
    return _urn("page", page.page.document, str(page.page.number))


def _urn(*parts: str) -> str:
    return f"urn:uuid:{uuid5(_NAMESPACE, '|'.join(parts))}"
