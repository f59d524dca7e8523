"""Problems: list items as they stand, known diagnoses in running text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

from core.facts import Coding, Kind
from ocr.summary.abbreviations import is_ambiguous, spelled_out
from ocr.summary.dates import find_dates
from ocr.summary.devices import is_device
from ocr.summary.immunizations import vaccine_tables
from ocr.summary.mentions import Mention, clean
from ocr.summary.procedures import is_procedure
from ocr.summary.sections import Unit
from ocr.summary.sheets import Sheet
from ocr.summary.text import Span
from ocr.summary.vocabulary import data, inverted, normal, phrases

ICD10 = "http://hl7.org/fhir/sid/icd-10-cm"

WEAK = "problem-weak"
"""Method of names too general to be a problem in running text; denied, they are clear."""

_LISTS = frozenset({"problems", "history"})
_NARRATIVE = frozenset({"narrative", "top", "plan", "family", "other"})
_CODE = re.compile(
    r"[(\[]?\s*(?:ICD(?:-?10)?(?:-CM)?:?\s*)?\b(?P<code>[A-TV-Z]\d[0-9AB](?:\.[0-9A-Z]{1,4})?)\b\s*[)\]]?"
)
_CUT = re.compile(
    r"\s[-–—]\s|;|:|\(|\[|\.\s"
    r"|,?\s(?:rule out|r/o|versus|vs\.?)\s"
    r"|,?\s(?:since|diagnosed|dx|first noted|onset|on treatment|for which|which|status post|s/p"
    r"|treated with|managed with|on|in an? (?:patient|man|woman|male|female|\d))\b"
    r"|,\s(?:well|poorly|stable|controlled|uncontrolled|under|resolved|active|now|as well|also|not"
    r"|pathology)\b"
)
_PAST = re.compile(
    r"(?:(?:past |prior |previous |remote )?history of|hx of|h/o|status post|s/p|positive for|known"
    r"|diagnosis of|significant for)\s+",
    re.IGNORECASE,
)
_NO_NAME = re.compile(r"\d{3}|%|#(?!(?:\d{1,2}|[A-T])\b)")
"""What no diagnosis holds; "#17" is a tooth."""
_OTHERS = re.compile(r"(?:family|maternal|paternal) history of\b", re.IGNORECASE)
_LEADING = frozenset({"a", "is", "known"})
"""First words of "a diabetic" and its like, which are no name."""
_LONGEST, _LONGEST_DIAGNOSIS = 9, 16
"""Words of a list item that is a name: anywhere, and under a heading that says "diagnosis"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A diagnosis of the vocabulary."""

    name: str
    icd10: str | None


def problem_mentions(sheet: Sheet) -> list[Mention]:
    """Problems of lists, and known ones of running text; relatives' too, to be told apart."""
    found: list[Mention] = []
    vaccines = vaccine_tables(sheet)
    for unit in sheet.units:
        kind = unit.section.kind
        if any(start <= unit.span[0] < end for start, end in vaccines):
            continue
        if kind in _LISTS:
            found.extend(_listed(sheet, unit))
        elif kind in _NARRATIVE:
            found.extend(_known(sheet, unit, weak=kind == "family"))
    return found


def known_problem(text: str) -> Problem | None:
    """The vocabulary's diagnosis that `text` names, if it does."""
    return _aliases().get(normal(text))


def _listed(sheet: Sheet, unit: Unit) -> Iterator[Mention]:
    inside = list(_known(sheet, unit, weak=True))
    whole = _item(sheet, unit)
    if whole and inside and _OTHERS.match(whole.name):
        whole = None
    if whole is None:
        yield from inside
        return
    within = [other for other in inside if other.span[0] < whole.span[1]]
    if len(within) == 1 and (head := _qualified(sheet, unit, whole, within[0])):
        whole = head
    if len(within) < 2 or known_problem(whole.name):
        yield whole
        yield from (other for other in inside if _adds_to(sheet.text, other, whole))
    else:
        yield from inside


def _adds_to(text: str, other: Mention, whole: Mention) -> bool:
    """Whether a known diagnosis is listed behind the item's name, or stands deep in a long one."""
    between = text[whole.span[1] : other.span[0]]
    long = len(whole.name.split()) > _LONGEST
    inside = whole.span[0] < other.span[0] < whole.span[1]
    return "," in between or (long and inside)


def _item(sheet: Sheet, unit: Unit) -> Mention | None:
    """The list item as a problem: its words up to a comment, code, date or status."""
    text = sheet.text
    span = _first_cell(sheet, unit)
    start, end = span
    code = _CODE.search(text, *unit.span)
    for cut in (_CUT.search(text, start + 1, end), code):
        if cut and start < cut.start() < end:
            end = cut.start()
    for dated in find_dates(text, start, end, years=True):
        end = min(end, dated.span[0])
    end = _without_status(text, start, end)
    past = _PAST.match(text, start, end)
    start = past.end() if past else start
    name = clean(re.sub(r"\s(?:in|on|from)$", "", text[start:end].rstrip(" ,(-")))
    if is_device(name):
        return None
    known = known_problem(name) or name in sheet.abbreviations
    label = text[end : end + 1] == ":" and not known
    if label or not (known or _is_name(name, _longest(unit))) or (_was_done(name) and not known):
        return None
    return _mention(sheet, unit, name, (start, start + len(text[start:end].rstrip())), code)


def _qualified(sheet: Sheet, unit: Unit, whole: Mention, known: Mention) -> Mention | None:
    """A known diagnosis with its adjectives, where the item goes on about something else."""
    before = sheet.text[whole.span[0] : known.span[0]]
    rest = sheet.text[known.span[1] : whole.span[1]]
    if " with " in before or not re.match(r",?\s+(?:with|without|and|in|involving)\b", rest):
        return None
    span = (whole.span[0], known.span[1])
    return _mention(sheet, unit, clean(sheet.text[slice(*span)]), span, None)


def _first_cell(sheet: Sheet, unit: Unit) -> Span:
    line = sheet.page.line_at(unit.span[0])
    if len(line.cells) > 1 and unit.span[1] <= line.end:
        for cell in line.cells:
            if cell.end > unit.span[0] and re.search(r"[a-z]{3}", cell.text):
                return (max(cell.start, unit.span[0]), cell.end)
    return unit.span


def _without_status(text: str, start: int, end: int) -> int:
    match = re.compile(rf"[\s,(-]+(?:{'|'.join(_statuses())})\W*$", re.IGNORECASE).search(
        text[start:end]
    )
    return start + match.start() if match else end


def _longest(unit: Unit) -> int:
    return _LONGEST_DIAGNOSIS if "diagnos" in unit.section.heading.lower() else _LONGEST


def _was_done(name: str) -> bool:
    """Whether it is a procedure, and not what became of one."""
    return is_procedure(name) and not set(normal(name).split()) & set(data("problems")["afflicted"])


def _is_name(name: str, longest: int) -> bool:
    words = normal(name).split()
    if not words or len(words) > longest or not re.search(r"[A-Za-z]{3}", name):
        return False
    rules = data("problems")
    stop = words[0] in rules["not_problems"] or name.lower() in rules["not_problems"]
    verb = any(word in rules["verbs"] for word in words)
    return not stop and not verb and name[0].isalpha() and not _NO_NAME.search(name)


def _known(sheet: Sheet, unit: Unit, *, weak: bool) -> Iterator[Mention]:
    for span, words in _named_in(sheet, unit):
        mention = _mention(sheet, unit, clean(sheet.text[slice(*span)]), span, None)
        if not weak and normal(words) in data("problems")["weak"]:
            mention = replace(mention, method=WEAK)
        yield mention


def _named_in(sheet: Sheet, unit: Unit) -> Iterator[tuple[Span, str]]:
    """Where the unit names diagnoses, and in which words, its document's abbreviations spelled."""
    if not sheet.abbreviations:
        found = _pattern().finditer(sheet.text, *unit.span)
        yield from ((match.span(), match.group()) for match in found)
        return
    spelled = spelled_out(sheet.text, unit.span, sheet.abbreviations)
    for match in _pattern().finditer(spelled.text):
        if span := spelled.printed(*match.span()):
            yield span, match.group()


def _mention(
    sheet: Sheet, unit: Unit, name: str, span: Span, code: re.Match[str] | None
) -> Mention:
    known, shown = _named(sheet, name)
    status = _status(sheet, unit)
    listed = unit.section.kind in _LISTS
    end = max(span[1], code.end() if code else 0, status[1] if status else 0)
    icd = code["code"] if code else known.icd10 if known else None
    return Mention(
        kind=Kind.PROBLEM,
        name=shown,
        span=span,
        extent=((span[0], end),),
        method="problem-list" if listed else "problem-sentence",
        unit=unit,
        details={"status": status[0] if status else _section_status(unit), "date": sheet.date},
        code=Coding(system=ICD10, code=icd, display=known.name if known else shown)
        if icd
        else None,
        confidence=0.95 if known else 0.8,
        doubtful=is_ambiguous(name, sheet.abbreviations),
    )


def _named(sheet: Sheet, name: str) -> tuple[Problem | None, str]:
    """The diagnosis that a printed name means in its document, and the name to show."""
    printed = " ".join(name.split())
    spelled = spelled_out(printed, (0, len(printed)), sheet.abbreviations)
    if is_ambiguous(printed, sheet.abbreviations):
        return None, f"{printed} (two meanings in its document)"
    spoken = " ".join(spelled.text.split())
    known = known_problem(spoken)
    short = printed.isupper() or len(printed) <= 4 or spoken != printed
    short = short or normal(spoken).split()[0] in _LEADING
    return known, known.name if known and short else spoken[:1].upper() + spoken[1:]


def _status(sheet: Sheet, unit: Unit) -> tuple[str, int] | None:
    """The status a list item states, and where its words end; "not resolved" says the other."""
    if not unit.item:
        return None
    said = [
        (match.end() - match.start(), shown, match.end())
        for shown in ("resolved", "active")
        if (match := _status_pattern(shown).search(sheet.text, *unit.span))
    ]
    if not said:
        return None
    _, shown, end = max(said)
    return shown, end


def _section_status(unit: Unit) -> str | None:
    if unit.section.kind == "problems":
        return "active"
    return "resolved" if "resolved" in unit.section.heading.lower() else None


@cache
def _aliases() -> dict[str, Problem]:
    table: dict[str, Problem] = {}
    for entry in data("problems")["problem"]:
        problem = Problem(name=entry["name"], icd10=entry.get("icd10"))
        table |= {normal(alias): problem for alias in (*entry["aliases"], entry["name"])}
    return table


@cache
def _pattern() -> re.Pattern[str]:
    return phrases(_aliases())


@cache
def _statuses() -> dict[str, str]:
    return inverted(data("problems")["status"])


@cache
def _status_pattern(shown: str) -> re.Pattern[str]:
    return phrases(data("problems")["status"][shown])
