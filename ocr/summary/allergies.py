"""Allergies: lists, tables and sentences; substance, reaction, severity, or "none known"."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import zip_longest

from core.facts import Kind
from ocr.summary.drugs import Drug, find_drugs, near_drug
from ocr.summary.mentions import NONE_KNOWN, Mention, clean
from ocr.summary.sections import Unit
from ocr.summary.sheets import Sheet
from ocr.summary.sig import parse_sig
from ocr.summary.text import Span
from ocr.summary.vocabulary import data, inverted, normal, phrases

_CUE_REACH = 70
_WHOLE_ONLY = frozenset({"none", "nil", "none known", "nil known"})
"""Say "none" only when they are the whole item."""

_HINT = re.compile(r"allerg|sensitiv|anaphyla|intoleran|reaction", re.IGNORECASE)
_AFTER_NAME = re.compile(r"\s+(?:allerg(?:y|ies)|hypersensitivity|anaphylaxis)\b", re.IGNORECASE)
_REACTION_END = re.compile(
    r"[.;,)\n]|\s(?:within|when|in|on|after|during|at|since|as|following|with)\s"
)
_LEADING = re.compile(
    r"^[\s:;,.()\-–—*]*(?:(?:causes|caused|causing|reaction|gives|gave|leads to|with|which|that"
    r"|resulted in|resulting in|results in|drug|allergy|food|medication|environmental|confirmed"
    r"|active)\b[\s:\-–(]*)*",
    re.IGNORECASE,
)


def allergy_mentions(sheet: Sheet) -> list[Mention]:
    """What the page says of allergies, "none known" included."""
    found: list[Mention] = []
    for unit in sheet.units:
        if unit.section.kind == "allergies":
            if found and _CONTINUED.match(sheet.text, *unit.span):
                found[-1] = _completed(sheet.text, found[-1], unit)
            else:
                found.extend(_listed(sheet, unit))
        elif unit.section.kind not in ("family", "labs", "immunizations"):
            found.extend(_narrated(sheet, unit))
    return found


def _listed(sheet: Sheet, unit: Unit) -> Iterator[Mention]:
    text = sheet.text
    if none := _none(text, unit):
        yield none
    substances = _substances(text, unit.span)
    if not substances and unit.item and not none and (head := _head(text, unit)):
        substances = [head]
    substances = [drug for drug in substances if not _is_tolerated(text, unit, drug)]
    for drug, following in zip_longest(substances, substances[1:]):
        end = following.span[0] if following else unit.span[1]
        yield _mention(text, unit, drug, end, "allergy-list")


_CONTINUED = re.compile(r"(?:reactions?|severity|manifestations?)\s*:", re.IGNORECASE)


def _completed(text: str, mention: Mention, unit: Unit) -> Mention:
    """The allergy with the reaction or severity that a line of its own under it gives."""
    start = text.index(":", unit.span[0]) + 1
    reaction = _reaction(text, start, unit.span[1])
    severity = _severity_pattern().search(text, start, unit.span[1])
    details = dict(mention.details)
    if reaction:
        details["reaction"] = details["reaction"] or clean(text[slice(*reaction)])
    if severity:
        details["severity"] = details["severity"] or _severities()[severity.group().lower()]
    if details == mention.details:
        return mention
    return replace(mention, details=details, extent=(*mention.extent, unit.span))


def _none(text: str, unit: Unit) -> Mention | None:
    sentence = text[slice(*unit.span)]
    match = _none_pattern().search(sentence)
    if match is None or (
        normal(match.group()) in _WHOLE_ONLY and normal(sentence) != normal(match.group())
    ):
        return None
    if re.match(r"\s+to\b", sentence[match.end() :]):
        return None
    span = (unit.span[0] + match.start(), unit.span[0] + match.end())
    return Mention(
        kind=Kind.ALLERGY,
        name=_none_names()[normal(match.group())],
        span=span,
        extent=(span,),
        method=NONE_KNOWN,
    )


def _substances(text: str, span: Span) -> list[Drug]:
    drugs = list(find_drugs(text, *span))
    for match in _substance_pattern().finditer(text, *span):
        a, b = match.span()
        drugs = [d for d in drugs if not (a <= d.span[0] and d.span[1] <= b and d.span != (a, b))]
        if not any(d.span[0] < b and a < d.span[1] for d in drugs):
            drugs.append(Drug(name=" ".join(match.group().lower().split()), span=(a, b)))
    return sorted(drugs, key=lambda drug: drug.span)


def _head(text: str, unit: Unit) -> Drug | None:
    """The first words of a list item whose substance we don't know."""
    match = re.compile(r"[A-Za-z][\w'’-]*(?:[ ][A-Za-z][\w'’-]*){0,2}").match(text, *unit.span)
    if match is None:
        return None
    words = match.group().split()
    if any(word.lower() in _stops() for word in words) or len(words[0]) < 3:
        return None
    reaction = _reaction(text, match.end(), unit.span[1])
    close = near_drug(text, (unit.span[0], unit.span[0] + len(words[0])))
    if close:
        return close
    alone = match.end() >= unit.span[1] - 1
    if not (reaction or (alone and words[0][0].isupper())):
        return None
    return Drug(name=match.group().lower(), span=match.span(), exact=False)


def _narrated(sheet: Sheet, unit: Unit) -> Iterator[Mention]:
    text = sheet.text
    sentence = text[slice(*unit.span)]
    if not _HINT.search(sentence):
        return
    if (none := _none(text, unit)) and "allerg" in sentence.lower():
        yield none
        return
    cues = [m.end() + unit.span[0] for m in _narrative_cue().finditer(sentence)]
    for drug in _substances(text, unit.span):
        if _AFTER_NAME.match(text, drug.span[1]) or any(
            0 <= drug.span[0] - cue <= _CUE_REACH and _is_listing(text[cue : drug.span[0]])
            for cue in cues
        ):
            yield _mention(text, unit, drug, unit.span[1], "allergy-sentence")


def _is_listing(between: str) -> bool:
    """Whether nothing but other substances and list words stand between cue and name."""
    drugs = find_drugs(between, 0, len(between))
    for drug in reversed(drugs):
        between = between[: drug.span[0]] + between[drug.span[1] :]
    return _LIST_WORDS.fullmatch(_substance_pattern().sub("", between)) is not None


_LIST_WORDS = re.compile(
    r"(?:[\s,/&()]|\b(?:and|or|the|both|some|other|drugs?|medications?|such as|like|iv|oral)\b)*",
    re.IGNORECASE,
)


def _mention(text: str, unit: Unit, drug: Drug, end: int, method: str) -> Mention:
    reaction = _reaction(text, drug.span[1], end)
    severity = _severity_pattern().search(text, drug.span[1], end)
    places = [drug.span[1]]
    if reaction:
        places.append(reaction[1])
    if severity:
        places.append(severity.end())
    return Mention(
        kind=Kind.ALLERGY,
        name=drug.name[:1].upper() + drug.name[1:],
        span=drug.span,
        extent=((drug.span[0], max(places)),),
        method=method,
        unit=unit,
        details={
            "reaction": clean(text[slice(*reaction)]) if reaction else None,
            "severity": _severities()[severity.group().lower()] if severity else None,
            "brand": drug.brand,
        },
        confidence=0.95 if drug.exact else 0.7,
        doubtful=not drug.exact or _is_doubted(text[drug.span[1] : end]),
    )


def _is_doubted(rest: str) -> bool:
    """Whether the paper doubts it, or a dose follows, as a medicine of another list would have."""
    return _DOUBT.search(rest) is not None or parse_sig(rest, 0, len(rest)).dose is not None


_DOUBT = re.compile(
    r"^\s*\?|^\W*(?:none|nil)\b|\b(?:not confirmed|unconfirmed|possible|questionable|suspected"
    r"|unclear|doubtful|not sure|unsure|unverified)\b",
    re.IGNORECASE,
)


def _is_tolerated(text: str, unit: Unit, drug: Drug) -> bool:
    """Named as what the patient can take."""
    before = text[unit.span[0] : drug.span[0]][-40:]
    return re.search(r"\btolerat\w+\s(?:\w+\s){0,2}$", before, re.IGNORECASE) is not None


def _reaction(text: str, start: int, end: int) -> Span | None:
    """The reaction in text[start:end] with the adjectives before it, and others listed with it."""
    lead = _LEADING.match(text[start:end])
    start += lead.end() if lead else 0
    matches = list(_reaction_pattern().finditer(text, start, end))
    if not matches:
        return None
    first = matches[0]
    cuts = [m.end() for m in _REACTION_END.finditer(text, start, first.start())]
    begin = max([start, *cuts])
    severity = _severity_pattern().match(text, begin)
    if severity and severity.end() < first.start():
        begin = severity.end() + 1
    if len(text[begin : first.start()].split()) > 2:
        begin = first.start()
    last = first
    for match in matches[1:]:
        if re.fullmatch(r"\s*(?:,|/|;|&)?\s*(?:and|or|with)?\s*", text[last.end() : match.start()]):
            last = match
    return (begin, last.end())


@cache
def _substance_pattern() -> re.Pattern[str]:
    return phrases(data("allergens")["substances"])


@cache
def _reaction_pattern() -> re.Pattern[str]:
    return phrases(data("allergens")["reactions"])


@cache
def _severities() -> dict[str, str]:
    return inverted(data("allergens")["severities"])


@cache
def _severity_pattern() -> re.Pattern[str]:
    return phrases(_severities())


@cache
def _none_names() -> dict[str, str]:
    return inverted(data("allergens")["none"])


@cache
def _none_pattern() -> re.Pattern[str]:
    return phrases(p for forms in data("allergens")["none"].values() for p in forms)


@cache
def _narrative_cue() -> re.Pattern[str]:
    return phrases(data("allergens")["cues"]["narrative"])


@cache
def _stops() -> frozenset[str]:
    return frozenset(data("allergens")["cues"]["stops"])
