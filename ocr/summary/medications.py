"""Medications: lists, tables, prescriptions and sentences; what is taken, how, and if still."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from core.facts import Kind
from ocr.summary.dates import find_dates
from ocr.summary.doses import dose_in_words
from ocr.summary.drugs import Drug, find_drugs, near_drug
from ocr.summary.lab_rows import parse_row
from ocr.summary.mentions import Mention, clean, hull
from ocr.summary.products import parse_product_sig, products
from ocr.summary.sections import Unit
from ocr.summary.sheets import Sheet
from ocr.summary.sig import Sig, find_cue, find_cues, parse_sig
from ocr.summary.text import Span
from ocr.summary.vitals import starts_with_vital
from ocr.summary.vocabulary import data

_LISTS = frozenset({"medications", "medications_stopped"})
_NARRATIVE = frozenset({"narrative", "plan", "history", "top", "problems", "other"})
_LIST_REACH, _SENTENCE_REACH = 150, 60
"""How many characters behind a drug's name its dose and frequency may stand."""
_COORDINATED = re.compile(r"\s*(?:,|and|or|&|,\s*and)\s*", re.IGNORECASE)
_CONDITION = re.compile(r"\bif\b", re.IGNORECASE)
_TAKES_OVER = re.compile(
    r"\b(?:switch|chang|replac|substitut|exchang)\w*\b.*\b(?:to|with|by|for)\s+$",
    re.IGNORECASE | re.DOTALL,
)
_ADMISSION = re.compile(r"admission", re.IGNORECASE)
_JOINT = re.compile(r"[,;]|\b(?:and|but|then|or)\b", re.IGNORECASE)
_ENUMERATION = 3
"""Known drugs in one list item from which on it enumerates drugs."""
_BETWEEN_COMMAS = re.compile(r",\s(?P<name>[A-Z][A-Za-z'-]{3,}(?: [A-Za-z][A-Za-z'-]+)?)(?=,|\s\d)")
_HEAD = re.compile(r"[A-Z][A-Za-z'-]{3,}(?: [A-Za-z][A-Za-z'-]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Statement:
    drug: Drug
    span: Span
    """From the drug to where the next one starts."""
    scope: Span
    """Where cues of status are looked for: from the drug before to where the next one starts."""


def medication_mentions(sheet: Sheet) -> list[Mention]:
    """Medications in lists whatever they say; in running text only with a dose or a cue."""
    found: list[Mention] = []
    last_unit: Unit | None = None
    for unit in sheet.units:
        listed = unit.section.kind in _LISTS
        if not listed and unit.section.kind not in _NARRATIVE:
            continue
        mentions = list(_unit_mentions(sheet, unit, listed=listed))
        if listed and not mentions and found and last_unit and last_unit.section == unit.section:
            found[-1] = _continued(sheet, found[-1], unit)
        found.extend(mentions)
        if mentions or (last_unit and last_unit.section != unit.section):
            last_unit = unit if mentions else None
    return found


def _unit_mentions(sheet: Sheet, unit: Unit, *, listed: bool) -> Iterator[Mention]:
    drugs = products(sheet.text, find_drugs(sheet.text, *unit.span))
    if not drugs and listed and (head := _head(sheet.text, unit)):
        drugs = (head,)
    if listed:
        drugs = _with_unknown(sheet.text, drugs)
    for statement in _statements(sheet.text, unit, drugs):
        mention = _listed(sheet, unit, statement) if listed else _narrated(sheet, unit, statement)
        if mention:
            yield mention


def _statements(text: str, unit: Unit, drugs: tuple[Drug, ...]) -> Iterator[_Statement]:
    for i, drug in enumerate(drugs):
        last = i
        while last + 1 < len(drugs) and _COORDINATED.fullmatch(
            text[drugs[last].span[1] : drugs[last + 1].span[0]]
        ):
            last += 1
        end = drugs[last + 1].span[0] if last + 1 < len(drugs) else unit.span[1]
        first = i
        while first and _COORDINATED.fullmatch(
            text[drugs[first - 1].span[1] : drugs[first].span[0]]
        ):
            first -= 1
        start = drugs[first - 1].span[1] if first else unit.span[0]
        if end < unit.span[1]:
            end = _clause_end(text, drugs[last].span[1], end)
        yield _Statement(drug=drug, span=(drug.span[0], end), scope=(start, end))


def _clause_end(text: str, start: int, end: int) -> int:
    """Where the clause ends: what stands right before the next drug speaks of that one."""
    joints = [m.start() for m in _JOINT.finditer(text, start, end)]
    return joints[-1] if joints else end


def _with_unknown(text: str, drugs: tuple[Drug, ...]) -> tuple[Drug, ...]:
    """With the names that we do not know between those of an enumeration, to be checked."""
    if len(drugs) < _ENUMERATION:
        return drugs
    found = list(drugs)
    for one, other in pairwise(drugs):
        for match in _BETWEEN_COMMAS.finditer(text, one.span[1], other.span[0]):
            name = match["name"]
            if name.split()[0].lower() not in data("sig")["heads"]["stops"]:
                found.append(Drug(name=name.lower(), span=match.span("name"), exact=False))
    return tuple(sorted(found, key=lambda drug: drug.span))


def _head(text: str, unit: Unit) -> Drug | None:
    """The head of a list item that has a dose, as a drug: a misread name, or one unknown to us."""
    match = _HEAD.match(text, *unit.span)
    if match is None or not unit.item:
        return None
    first = match.group().split()[0]
    if first.lower() in data("sig")["heads"]["stops"]:
        return None
    if close := near_drug(text, (match.start(), match.start() + len(first))):
        return close
    sig = parse_sig(text, match.end(), unit.span[1])
    words = text[slice(*unit.span)].split()
    numbered = re.search(
        r"(?:^|\n)\(?\d{1,2}[.)]\s+$", text[max(0, unit.span[0] - 6) : unit.span[0]]
    )
    if len(words) > 14 or (sig.dose is None and not (numbered and len(words) <= 8)):
        return None
    name = clean(re.sub(r"\s(?:tablets?|capsules?|cream|inhaler|oral|take)$", "", match.group()))
    return Drug(name=name.lower(), span=(match.start(), match.start() + len(name)), exact=False)


def _listed(sheet: Sheet, unit: Unit, statement: _Statement) -> Mention | None:
    sig = parse_product_sig(sheet.text, statement.drug, _reached(statement, _LIST_REACH))
    stopped = unit.section.kind == "medications_stopped"
    cue = _stop_cue(sheet.text, statement)
    if find_cue(sheet.text[slice(*statement.scope)], "hypothetical") and not cue and not sig.dose:
        return None
    status = "stopped" if stopped or cue else "current"
    if status == "current" and sheet.discharge_list and _ADMISSION.search(unit.section.heading):
        status = "last-seen"
    shown = sheet.text[slice(*cue)] if cue else clean(unit.section.heading) if stopped else None
    return _mention(sheet, unit, statement, sig, status, cue, shown, "medication-list")


def _narrated(sheet: Sheet, unit: Unit, statement: _Statement) -> Mention | None:
    text = sheet.text[slice(*statement.scope)]
    if find_cue(text, "hypothetical") or find_cue(text, "administered"):
        return None
    if _CONDITION.search(sheet.text, unit.span[0], statement.drug.span[0]):
        return None
    sig = parse_product_sig(sheet.text, statement.drug, _reached(statement, _SENTENCE_REACH))
    stopped = _stop_cue(sheet.text, statement)
    before = sheet.text[unit.span[0] : statement.drug.span[0]]
    current = find_cue(text, "current") or _TAKES_OVER.search(before)
    if not stopped and not (current and sig.dose) and not (sig.dose and sig.frequency):
        return None
    status = "stopped" if stopped else "current" if current else "last-seen"
    shown = sheet.text[slice(*stopped)] if stopped else None
    return _mention(sheet, unit, statement, sig, status, stopped, shown, "medication-sentence")


def _reached(statement: _Statement, reach: int) -> int:
    return min(statement.span[1], statement.drug.span[1] + reach)


def _stop_cue(text: str, statement: _Statement) -> Span | None:
    """The cue that stops the drug, unless a later cue of the same statement takes it up again.

    "Replaced by" and its like stop what stands before them and start what stands behind.
    """
    start, end = statement.scope
    own = statement.drug.span[0]
    stops = find_cues(text[start:end], "stopped")
    swaps = find_cues(text[start:end], "swapped")
    stops += [cue for cue in swaps if start + cue[0] >= own]
    if past := _UNTIL.search(text, own, end):
        stops.append((past.start() - start, past.end() - start))
    starts = find_cues(text[start:end], "current")
    starts += [cue for cue in swaps if start + cue[0] < own]
    last = max(stops, default=None)
    if last is None or any(cue[0] >= last[1] for cue in starts):
        return None
    return (start + last[0], start + last[1])


_UNTIL = re.compile(r"\buntil\s(?:[A-Za-z]+\s)?(?:19|20)\d\d\b")


def _mention(
    sheet: Sheet,
    unit: Unit,
    statement: _Statement,
    sig: Sig,
    status: str,
    cue: Span | None,
    shown: str | None,
    method: str,
) -> Mention:
    drug = statement.drug
    dates = find_dates(sheet.text, *statement.span) if status == "stopped" else []
    sized = _size(sheet.text, drug) if sig.dose is None else None
    extent = hull(drug.span, sig.span, cue, dates[0].span if dates else None, sized)
    return Mention(
        kind=Kind.MEDICATION,
        name=drug.name,
        span=drug.span,
        extent=(extent,),
        method=method,
        unit=unit,
        details={
            "dose": _shown_size(sheet.text, sized) if sized else sig.dose,
            "route": sig.route,
            "frequency": sig.frequency,
            "brand": drug.brand,
            "status": status,
            "cue": clean(shown).lower() if shown else None,
            "date": dates[0].iso if dates else sheet.date,
        },
        confidence=0.95 if drug.exact else 0.7,
        numbers=sig.numbers,
        doubtful=sig.doubtful or not drug.exact or _after_misreading(sheet.text, drug),
    )


def _size(text: str, drug: Drug) -> Span | None:
    """The size of dose right before a name, as in "low-dose aspirin"."""
    start = max(0, drug.span[0] - 24)
    said = dose_in_words(text, start, drug.span[0])
    return said.span() if said and not text[said.end() : drug.span[0]].strip() else None


def _shown_size(text: str, span: Span) -> str:
    return " ".join(text[slice(*span)].lower().replace("-", " ").split())


def _after_misreading(text: str, drug: Drug) -> bool:
    """Whether a garbled word stands before the name: it may be the rest of it."""
    before = re.search(r"(\S+)\s$", text[max(0, drug.span[0] - 20) : drug.span[0]])
    return bool(
        before and re.search(r"[A-Za-z]{3}", before[1]) and re.search(r"[\]\[{}|!]", before[1])
    )


def _continued(sheet: Sheet, mention: Mention, unit: Unit) -> Mention:
    """The mention completed by the line under it, such as its directions or why it was stopped."""
    if _is_measurement(sheet, unit):
        return mention
    sig = parse_sig(sheet.text, *unit.span)
    details = dict(mention.details)
    cue = find_cue(sheet.text[slice(*unit.span)], "stopped")
    if sig.span is None and cue is None:
        return mention
    if details["dose"] and sig.dose and re.match(r"(?:\d|one|two|three|half|½)", sig.dose):
        single = re.match(r"(?:1|one|a)\s", sig.dose)
        details["dose"] = details["dose"] if single else f"{details['dose']}, {sig.dose}"
    details["dose"] = details["dose"] or sig.dose
    details["route"] = details["route"] or sig.route
    details["frequency"] = details["frequency"] or sig.frequency
    place = sig.span
    if cue and unit.section.kind == "medications_stopped":
        details["cue"] = clean(sheet.text[slice(*unit.span)])
        place = unit.span
    return replace(
        mention,
        details=details,
        extent=(*mention.extent, place) if place else mention.extent,
        numbers=(*mention.numbers, *sig.numbers),
    )


def _is_measurement(sheet: Sheet, unit: Unit) -> bool:
    """Whether it is a result or a vital sign that follows a list: "9.1 g/dL" is no dose."""
    line = sheet.page.line_at(unit.span[0])
    return starts_with_vital(line.text) or parse_row(line, table=False) is not None
