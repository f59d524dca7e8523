"""The grammar of a prescription line: dose, route, frequency, and cues of status."""

import re
from dataclasses import dataclass
from functools import cache

from ocr.summary.text import Span
from ocr.summary.vocabulary import data, inverted, normal, phrases

_NUMBER = r"\d+(?:[.,]\d+)*(?:\s?(?:[-–/]|to)\s?\d+(?:[.,]\d+)*)?"
_COUNT = r"(?:\d+(?:[.,]\d+)?(?:\s?(?:-|–|to)\s?\d+)?|½|one-half|half a|half|one|two|three|four|a)"
_SUPPLY = re.compile(
    r"(?:\b(?:supply|disp(?:ense)?|qty|quantity|refills?|repeats?)\b\s*[:#]?\s*#?\s*\d+"
    r"(?:\s*[a-z]+)?|#\s*\d+|\bx\s*\d+\s*(?:days?|weeks?|months?)\b|\bfor\s+\d+\s+(?:days?|weeks?|months?)\b"
    r"|\b\d+\s+(?:day|week|month)\s+(?:supply|course)\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sig:
    """What a line says of how a drug is taken. `span` reaches from the first part to the last."""

    dose: str | None = None
    route: str | None = None
    frequency: str | None = None
    span: Span | None = None
    numbers: tuple[Span, ...] = ()
    """Where the amounts stand, for judging how surely they were read."""
    doubtful: bool = False
    """An amount's unit looks misread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    shown: str
    span: Span


def parse_sig(text: str, start: int, end: int) -> Sig:
    """Read dose, route and frequency from text[start:end]; the first of each counts."""
    line = _SUPPLY.sub(lambda m: " " * len(m.group()), text[start:end])
    strengths = _holding(line, _amounts(_strength(), line))
    counts = _amounts(_form_count(), line)
    doubtful = None if strengths else _doubtful().search(line) or _misread().search(line)
    route = _first(line, _routes(), _route_pattern())
    rate = _first(line, _table("rate"), _pattern("rate"))
    timing = _first(line, _table("timing"), _pattern("timing"))
    if doubtful:
        strengths = [_Part(shown=doubtful.group(), span=doubtful.span())]
    parts = [*strengths, *counts[:1], *filter(None, (route, rate, timing))]
    return Sig(
        dose=_varying(line, strengths) or _dose(strengths, counts),
        route=route.shown if route else None,
        frequency=" ".join(part.shown for part in (rate, timing) if part) or None,
        span=_hull(parts, start),
        numbers=tuple(_moved(p.span, start) for p in (*strengths[:1], *counts[:1])),
        doubtful=doubtful is not None or _VARYING.search(line) is not None or len(strengths) > 1,
    )


def find_cue(text: str, group: str) -> re.Match[str] | None:
    """The last cue of `group` (stopped, current, administered, hypothetical) in `text`."""
    found = None
    for found in _cues(group).finditer(_without_pseudo(text)):  # noqa: B007
        pass
    return found


def find_cues(text: str, group: str) -> list[Span]:
    """Where the cues of `group` stand in `text`."""
    return [match.span() for match in _cues(group).finditer(_without_pseudo(text))]


def _without_pseudo(text: str) -> str:
    """Without phrases that only look like cues, such as "do not stop"."""
    return _cues("pseudo").sub(lambda match: "#" * len(match.group()), text)


def _holding(line: str, strengths: list[_Part]) -> list[_Part]:
    """The strengths that hold: of "from 500 mg to 1000 mg" the second alone, each once."""
    if _CHANGED.search(line):
        new = [part for part in strengths if re.search(r"\bto\s$", line[: part.span[0]])]
        old = [p for p in strengths if re.search(r"\b(?:from|was)\s$", line[: p.span[0]])]
        strengths = new or [part for part in strengths if part not in old] or strengths
    else:
        strengths = [
            p for p in strengths if not re.search(r"\b(?:from|was)\s$", line[: p.span[0]])
        ] or strengths
    unique: dict[str, _Part] = {}
    for part in strengths:
        unique.setdefault(part.shown, part)
    return list(unique.values())


_CHANGED = re.compile(r"\b(?:from|increas|decreas|reduc|chang|titrat|rais|lower)", re.IGNORECASE)
_VARYING = re.compile(
    r"\b(?:taper\w*|sliding scale|alternat\w+|mon|tue|wed|thu|fri|sat|sun|\w+days? and \w+days?)\b",
    re.IGNORECASE,
)


def _varying(line: str, strengths: list[_Part]) -> str | None:
    """Several strengths in one line, such as warfarin by weekday, as the paper has them."""
    if len(strengths) < 2:
        return None
    rest = re.split(r"[;\n]", line[strengths[0].span[0] :])[0]
    return re.sub(r"\s+", " ", rest).strip(" .,-")[:80]


def _dose(strengths: list[_Part], counts: list[_Part]) -> str | None:
    if not strengths:
        return counts[0].shown if counts else None
    single = not counts or re.match(r"(?:1|one|a)\b", counts[0].shown)
    return strengths[0].shown if single else f"{strengths[0].shown}, {counts[0].shown}"


def _amounts(pattern: re.Pattern[str], line: str) -> list[_Part]:
    return [_Part(shown=_amount(match), span=match.span()) for match in pattern.finditer(line)]


def _amount(match: re.Match[str]) -> str:
    unit = _units().get(match["unit"].lower(), match["unit"].lower())
    per = (
        _PER.sub(_per, re.sub(r"\s+", "", match["per"] or "")) if "per" in match.groupdict() else ""
    )
    number = (
        re.sub(r"\s+", "", match["number"]) if match["number"][0].isdigit() else match["number"]
    )
    return f"{number.lower()}{'' if unit == '%' else ' '}{unit}{per}"


_PER = re.compile(r"[A-Za-z]+")


def _per(match: re.Match[str]) -> str:
    """A unit after the slash as it is usually written: mL, not ML."""
    return {"ml": "mL", "l": "L", "actuat": "actuation"}.get(
        match.group().lower(), match.group().lower()
    )


def _first(line: str, table: dict[str, str], pattern: re.Pattern[str]) -> _Part | None:
    for match in pattern.finditer(line):
        printed = normal(match.group())
        if printed in _short() and not _in_context(line, match.start()):
            continue
        shown = table.get(printed) or table.get(match.group().lower())
        if shown:
            return _Part(shown=shown, span=match.span())
    return None


def _in_context(line: str, start: int) -> bool:
    """Whether an abbreviation follows an amount, form, route or rate."""
    before = line[:start].rstrip(" ,")
    if not before or len(line[:start]) - len(before) > 2:
        return False
    tail = re.compile(rf"(?:\d|{_alternatives(_context_words())})$", re.IGNORECASE)
    return tail.search(before) is not None


@cache
def _context_words() -> tuple[str, ...]:
    dose = data("sig")["dose"]
    units = [printed for _, forms in dose["strength_units"] for printed in forms]
    return (*units, *dose["form_units"], *_routes(), "daily")


def _hull(parts: list[_Part], offset: int) -> Span | None:
    if not parts:
        return None
    return (
        offset + min(part.span[0] for part in parts),
        offset + max(part.span[1] for part in parts),
    )


def _moved(span: Span, offset: int) -> Span:
    return (span[0] + offset, span[1] + offset)


def _alternatives(words: tuple[str, ...] | list[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def unit_words() -> tuple[str, ...]:
    """Units of strength as they are printed, lower case."""
    return tuple(_units())


def form_words() -> tuple[str, ...]:
    """What medicines are counted in: tablets, puffs, drops."""
    return tuple(data("sig")["dose"]["form_units"])


@cache
def _units() -> dict[str, str]:
    return {
        p.lower(): shown for shown, forms in data("sig")["dose"]["strength_units"] for p in forms
    }


@cache
def _strength() -> re.Pattern[str]:
    dose = data("sig")["dose"]
    per = rf"(?P<per>\s?/\s?(?:\d+\s?)?(?:{_alternatives(dose['per'])})(?![A-Za-z]))?"
    unit = _alternatives(tuple(_units()))
    return re.compile(
        rf"(?<![\w.,/-])(?P<number>{_NUMBER})\s?-?(?P<unit>{unit})(?![A-Za-z]){_NOT_MEASURED}{per}",
        re.IGNORECASE,
    )


_NOT_MEASURED = r"(?!\s?/\s?d?L(?![A-Za-z]))"
"""What is so much in a litre or a decilitre was measured: 9.1 g/dL is no dose."""


@cache
def _doubtful() -> re.Pattern[str]:
    unit = _alternatives(data("sig")["dose"]["doubtful_units"])
    return re.compile(rf"(?<![\w.,/-])\d+(?:[.,]\d+)?\s?(?:{unit})(?![A-Za-z])", re.IGNORECASE)


@cache
def _misread() -> re.Pattern[str]:
    """An amount with letters for digits, such as "1O mg", or without the zero, as ".5 mg"."""
    unit = _alternatives(tuple(_units()))
    return re.compile(
        rf"(?<!\S)(?=\S*\d)(?-i:[\dOoIlSB|.,]{{1,6}})\s?(?:{unit})(?![A-Za-z])", re.IGNORECASE
    )


@cache
def _form_count() -> re.Pattern[str]:
    forms = _alternatives(data("sig")["dose"]["form_units"])
    return re.compile(
        rf"(?<![\w.,/-])(?P<number>{_COUNT})\s(?P<unit>{forms})(?![A-Za-z])", re.IGNORECASE
    )


@cache
def _routes() -> dict[str, str]:
    return inverted(data("sig")["route"]) | {
        printed.lower(): shown for shown, forms in data("sig")["route"].items() for printed in forms
    }


@cache
def _route_pattern() -> re.Pattern[str]:
    return phrases(_routes())


@cache
def _table(name: str) -> dict[str, str]:
    return inverted(data("sig")[name]) | {
        printed.lower(): shown for shown, forms in data("sig")[name].items() for printed in forms
    }


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return phrases(_table(name))


@cache
def _short() -> frozenset[str]:
    return frozenset(data("sig")["short"]["words"])


@cache
def _cues(group: str) -> re.Pattern[str]:
    return phrases(data("sig")["status"][group])
