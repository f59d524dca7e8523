"""Mentions to facts: judged, dated, with evidence, and with how surely they were read."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace

from core.facts import Evidence, Experiencer, Fact, Kind, Polarity
from ocr.summary.allergies import allergy_mentions
from ocr.summary.assertions import Assertion, assertion
from ocr.summary.dates import find_dates
from ocr.summary.devices import device_mentions
from ocr.summary.identity import identity_mentions
from ocr.summary.immunizations import immunization_mentions
from ocr.summary.labs import lab_mentions
from ocr.summary.medications import medication_mentions
from ocr.summary.mentions import DENIED, NONE_KNOWN, QUALITATIVE, SYMPTOM, Mention
from ocr.summary.nothing import nothing_mentions
from ocr.summary.problems import WEAK, problem_mentions
from ocr.summary.procedures import procedure_mentions
from ocr.summary.sheets import Sheet
from ocr.summary.social import contact_mentions, social_mentions
from ocr.summary.symptoms import symptom_mentions
from ocr.summary.text import Span
from ocr.summary.vitals import vital_mentions

SURE = 0.80
"""Values and doses read below this confidence are marked for checking."""
LEGIBLE = 0.50
"""Names read below this are marked too."""

_EXTRACTORS = (
    identity_mentions,
    allergy_mentions,
    medication_mentions,
    problem_mentions,
    symptom_mentions,
    lab_mentions,
    procedure_mentions,
    immunization_mentions,
    vital_mentions,
    device_mentions,
    social_mentions,
    contact_mentions,
    nothing_mentions,
)


def find_mentions(sheet: Sheet) -> tuple[Mention, ...]:
    """Everything the page may say, in the order of the kinds."""
    found = [mention for extract in _EXTRACTORS for mention in extract(sheet)]
    results = [m.extent[0] for m in found if m.method == QUALITATIVE]
    done = [m.span for m in found if m.kind is Kind.PROCEDURE]
    return tuple(
        m
        for m in found
        if m.kind is not Kind.PROBLEM or not (_touches(m, results) or _lies_in(m, done))
    )


def _touches(mention: Mention, results: Iterable[Span]) -> bool:
    """Whether a result is all it speaks of: "Hepatitis B surface antigen: negative"."""
    return any(a <= mention.span[0] < b or mention.span[0] <= a < mention.span[1]
               for a, b in results)  # fmt: skip


def _lies_in(mention: Mention, done: Iterable[Span]) -> bool:
    """Whether it is part of what was done about it: "inguinal hernia repair in 2003"."""
    return any(a <= mention.span[0] and mention.span[1] <= b for a, b in done)


def facts_of(sheet: Sheet, mentions: Iterable[Mention]) -> Iterator[Fact]:
    """The mentions that hold, as facts."""
    for mention in mentions:
        judged = _judge(sheet, mention)
        if _holds(mention, judged):
            yield _fact(sheet, mention, judged)


def _judge(sheet: Sheet, mention: Mention) -> Assertion:
    unit = mention.unit
    if unit is None:
        return Assertion(negated=mention.method in (NONE_KNOWN, DENIED))
    start, end = unit.span
    within = (mention.span[0] - start, mention.span[1] - start)
    judged = assertion(sheet.text[start:end], within)
    if judged.relative:
        place = (judged.relative[0] + start, judged.relative[1] + start)
        judged = replace(judged, relative=place)
    asked = "?" in sheet.text[max(0, mention.span[0] - 1) : mention.span[0] + 1]
    return replace(judged, hypothetical=judged.hypothetical or asked)


def _holds(mention: Mention, judged: Assertion) -> bool:
    """What is only possible, planned or feared is no fact; nor a medicine or procedure denied."""
    if mention.method == SYMPTOM:
        return judged.negated and not (judged.family or judged.hypothetical or judged.historical)
    if mention.method == NONE_KNOWN:
        return True
    if mention.kind is Kind.MEDICATION:
        stopped = mention.details.get("status") == "stopped"
        return not judged.family and (stopped or not judged.negated)
    if mention.kind is Kind.ALLERGY and judged.hypothetical:
        return mention.method == "allergy-list"
    if mention.kind in (Kind.PROCEDURE, Kind.DEVICE):
        return not (judged.negated or judged.hypothetical or judged.family)
    if mention.method == WEAK and not judged.negated:
        return False
    return not (judged.hypothetical and mention.kind is Kind.PROBLEM)


def _fact(sheet: Sheet, mention: Mention, judged: Assertion) -> Fact:
    relative = _relative(mention, judged)
    extent = (*mention.extent, *([relative] if relative else []))
    evidence = tuple(e for span in extent for e in sheet.page.evidence(span, mention.method))
    name_sure = sheet.page.confidence(mention.span)
    sure = min((sheet.page.confidence(span) for span in mention.numbers), default=1.0)
    check = mention.doubtful or sure < SURE or name_sure < LEGIBLE
    return Fact(
        id=_identifier(mention, evidence),
        kind=mention.kind,
        name=mention.name,
        evidence=evidence,
        confidence=round(min(mention.confidence, sure, name_sure), 3),
        check=check,
        code=mention.code,
        polarity=_polarity(mention, judged),
        experiencer=_experiencer(mention, judged),
        date_either=_either(sheet, mention),
        **_details(mention, judged) | _whose(sheet, relative),
    )


def _relative(mention: Mention, judged: Assertion) -> Span | None:
    """Where it stands whose illness it is."""
    family = _experiencer(mention, judged) is Experiencer.FAMILY
    return judged.relative if family and mention.kind is Kind.PROBLEM else None


def _whose(sheet: Sheet, relative: Span | None) -> dict[str, str | None]:
    return {"value": " ".join(sheet.text[slice(*relative)].lower().split())} if relative else {}


def _either(sheet: Sheet, mention: Mention) -> str | None:
    """Both dates, where the year is all that is sure of the mention's date."""
    date = mention.details.get("date")
    if date is None or len(date) > len("2024"):
        return None
    start = min(span[0] for span in mention.extent)
    end = max(span[1] for span in mention.extent)
    line = sheet.page.line_at(start).start, sheet.page.line_at(end - 1).end
    near = [d.either for d in find_dates(sheet.text, *line) if d.iso == date and d.either]
    return near[0] if near else sheet.date_either if date == sheet.date else None


def _details(mention: Mention, judged: Assertion) -> dict[str, str | None]:
    details = dict(mention.details)
    resolved = judged.historical and details.get("status") == "active"
    if mention.kind is Kind.PROBLEM and resolved and mention.method == "problem-list":
        details["status"] = None
    if mention.kind is Kind.PROBLEM and judged.resolved and not judged.negated:
        details["status"] = "resolved"
    if mention.kind is Kind.PROBLEM and judged.negated:
        details["status"] = None
    return details


def _polarity(mention: Mention, judged: Assertion) -> Polarity:
    denied = judged.negated and (
        mention.kind is not Kind.MEDICATION or mention.method == NONE_KNOWN
    )
    return Polarity.NEGATED if denied else Polarity.AFFIRMED


def _experiencer(mention: Mention, judged: Assertion) -> Experiencer:
    section = mention.unit.section.kind if mention.unit else ""
    relative = mention.kind in (Kind.PROBLEM, Kind.ALLERGY) and (
        judged.family or section == "family"
    )
    return Experiencer.FAMILY if relative else Experiencer.PATIENT


def _identifier(mention: Mention, evidence: tuple[Evidence, ...]) -> str:
    first = evidence[0]
    seed = "|".join(
        str(part)
        for part in (mention.kind, mention.name.lower(), first.document, first.page, first.span,
                     mention.details.get("date"), mention.details.get("value"))
    )  # fmt: skip
    return "f" + hashlib.sha256(seed.encode()).hexdigest()[:12]
