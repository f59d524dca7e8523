"""facts.json: every statement of a history with its places, for programs.

Its form is published as a JSON Schema, `data/facts.schema.json`.
"""

from typing import Any

from core.alerts import Alert
from core.errors import InputError
from core.facts import Coding, Conflict, Evidence, Experiencer, Fact, Kind, Polarity
from core.history import Caution, History
from core.prose import Prose
from core.words import Box
from ocr.summary.alerts import alerts_of

SCHEMA = "anamnesis/facts/1"


def facts_document(history: History) -> dict[str, Any]:
    """Facts, conflicts, alerts and warnings as JSON values, in the order of the page."""
    return {
        "schema": SCHEMA,
        "facts": [_fact(fact) for fact in history.facts],
        "withdrawn": [_fact(fact) for fact in history.withdrawn],
        "conflicts": [_conflict(conflict) for conflict in history.conflicts],
        "alerts": [_alert(alert) for alert in alerts_of(history)],
        "warnings": [_caution(caution) for caution in history.warnings],
        "prose": _prose(history.prose) if history.prose else None,
    }


def _fact(fact: Fact) -> dict[str, Any]:
    return {
        "id": fact.id,
        "kind": str(fact.kind),
        "name": fact.name,
        "code": {"system": fact.code.system, "code": fact.code.code, "display": fact.code.display}
        if fact.code
        else None,
        "value": fact.value,
        "unit": fact.unit,
        "range": fact.range,
        "flag": fact.flag,
        "dose": fact.dose,
        "route": fact.route,
        "frequency": fact.frequency,
        "brand": fact.brand,
        "earlier": fact.earlier,
        "reaction": fact.reaction,
        "severity": fact.severity,
        "status": fact.status,
        "cue": fact.cue,
        "polarity": str(fact.polarity),
        "experiencer": str(fact.experiencer),
        "date": fact.date,
        "date_either": fact.date_either,
        "corrected": fact.corrected,
        "confidence": fact.confidence,
        "check": fact.check,
        "evidence": [_evidence(evidence) for evidence in fact.evidence],
    }


def fact_of(written: dict[str, Any]) -> Fact:
    """A fact out of a facts.json that follows the schema. Raises InputError otherwise."""
    try:
        told = {key: written[key] for key in ("id", "name", "confidence", "check", *_PLAIN)}
        code = written["code"]
        return Fact(
            kind=Kind(written["kind"]),
            polarity=Polarity(written["polarity"]),
            experiencer=Experiencer(written["experiencer"]),
            code=Coding(**code) if code else None,
            evidence=tuple(_evidence_of(each) for each in written["evidence"]),
            **told,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError("facts.json is not what `anamnesis summarize` writes.") from error


_PLAIN = (
    "value", "unit", "range", "flag", "dose", "route", "frequency", "brand", "earlier", "reaction",
    "severity", "status", "cue", "date", "date_either", "corrected",
)  # fmt: skip


def _evidence_of(written: dict[str, Any]) -> Evidence:
    first, last = written["span"]
    told = {key: written[key] for key in ("document", "page", "quote", "method")}
    return Evidence(box=Box(**written["box"]), span=(first, last), **told)


def _evidence(evidence: Evidence) -> dict[str, Any]:
    box = evidence.box
    return {
        "document": evidence.document,
        "page": evidence.page,
        "box": {"left": box.left, "top": box.top, "right": box.right, "bottom": box.bottom},
        "span": list(evidence.span),
        "quote": evidence.quote,
        "method": evidence.method,
    }


def _conflict(conflict: Conflict) -> dict[str, Any]:
    return {
        "kind": str(conflict.kind),
        "name": conflict.name,
        "about": conflict.about,
        "facts": list(conflict.facts),
    }


def _alert(alert: Alert) -> dict[str, Any]:
    return {
        "subject": str(alert.subject),
        "urgency": alert.urgency.name.lower(),
        "title": alert.title,
        "reason": alert.reason,
        "source": alert.source,
        "facts": list(alert.facts),
    }


def _prose(prose: Prose) -> dict[str, Any]:
    return {
        "model": prose.model,
        "sentences": [{"text": one.text, "facts": list(one.facts)} for one in prose.sentences],
        "refused": {reason.name.lower(): count for reason, count in prose.refused},
        "notice": prose.notice,
    }


def _caution(caution: Caution) -> dict[str, Any]:
    return {
        "code": str(caution.code),
        "text": caution.text,
        "documents": list(caution.documents),
    }
