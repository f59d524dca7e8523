"""What a fact may be called in a sentence: each field with every form that says the same.

Values, units, doses and ranges stand as the paper has them. Names may be spelt another way, dates
be written out or be less precise, routes and rates be told in other words of `data/prose.toml`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product

from core.facts import Experiencer, Fact, Kind, Polarity
from ocr.summary.lab_values import number, side_of
from ocr.summary.vocabulary import data

PLAIN = re.compile(r"-?\d+(?:\.\d+)?")
"""A value that can be reckoned with: no comparator, no pair, no comma that could be either."""

_FLAGS = {"H": ("high", "H"), "L": ("low", "L"), "A": ("abnormal", "A")}
_SIDES = {"H": "above", "L": "below", "": "within"}
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_COMPARATORS = {
    "<": ("<", "less than ", "below ", "under "),
    ">": (">", "greater than ", "more than ", "above ", "over "),
    "≤": ("≤", "<=", "at most "),
    "≥": ("≥", ">=", "at least "),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The forms of one slot, and what a sentence has said of the fact when it uses one."""

    forms: tuple[str, ...]
    says: frozenset[str]
    cased: bool = False
    """Whether capitals matter, as in units."""

    @property
    def pattern(self) -> str:
        longest = sorted(set(self.forms), key=lambda form: (-len(form), form))
        body = "|".join(re.escape(form) for form in longest)
        return f"(?:{body})" if self.cased else f"(?i:{body})"


def shared(told: Sequence[Told], text: str) -> Told | None:
    """What all of `told` have in common, as far as it stands in `text` (lower case)."""
    forms = tuple(
        form
        for form in told[0].forms
        if form.lower() in text and all(form in other.forms for other in told)
    )
    return replace(told[0], forms=forms) if forms else None


def state_of(fact: Fact) -> str | None:
    """The frames that a fact goes by; None for what is not put into sentences."""
    denied = fact.polarity is Polarity.NEGATED
    if fact.corrected or fact.kind in (Kind.PATIENT, Kind.CONTACT, Kind.SOCIAL):
        return None
    if fact.experiencer is Experiencer.FAMILY:
        family = "family-denied" if denied else "family"
        return family if fact.kind is Kind.PROBLEM else None
    if denied and fact.name.startswith("known "):
        return "none-known"
    if denied and fact.kind in (Kind.LAB, Kind.VITAL, Kind.MEDICATION):
        return None
    if denied:
        return f"{fact.kind}-denied"
    states = {
        Kind.MEDICATION: f"medication-{fact.status or 'unspecified'}",
        Kind.PROBLEM: f"problem-{fact.status or 'unspecified'}",
        Kind.LAB: "result",
        Kind.VITAL: "result",
    }
    return states.get(fact.kind, str(fact.kind))


def slots_of(fact: Fact, *, latest: bool = False) -> dict[str, Told]:
    """The slots that the fact can fill. `latest`: no other result of its name is as new."""
    slots = {
        "name": _told("name", _names(fact)),
        "date": _told("date", _dates(fact), cased=True),
        "dose": _told("dose", _spaced(fact.dose), cased=True),
        "route": _told("route", _in_other_words("routes", fact.route)),
        "frequency": _told("frequency", _in_other_words("rates", fact.frequency)),
        "reaction": _told("reaction", _respelt([fact.reaction] if fact.reaction else [])),
        "severity": _told("severity", [fact.severity] if fact.severity else []),
        "cue": _told("cue", _cue(fact.cue)),
        "value": _told("value", _values(fact), cased=True),
        "number": _told("value", _compared(fact.value), cased=True),
        "range": _told("range", _ranges(fact.range), cased=True),
        "flag": _told("flag", _FLAGS.get(fact.flag or "", [fact.flag] if fact.flag else [])),
        "side": _told("flag", _side(fact)),
        "check": _told("check", [""] if fact.check else []),
        "latest": _told("latest", ["latest", "newest", "most recent"] if latest else []),
    }
    return {name: told for name, told in slots.items() if told.forms}


def _told(says: str, forms: Iterable[str], *, cased: bool = False) -> Told:
    return Told(forms=tuple(forms), says=frozenset({says}), cased=cased)


def _names(fact: Fact) -> list[str]:
    bases = _respelt([fact.name, *_synonyms(fact)])
    joined = [base.replace(" / ", "/") for base in bases if " / " in base]
    numbered = [f"{m[1]}{m[2]}" for b in bases for m in _DOSE_NUMBER.finditer(b)]
    numbered += [f"{m[1]} ({m[2].strip()})" for b in bases for m in _DOSE_NUMBER.finditer(b)]
    names = [*bases, *joined, *numbered]
    if fact.brand:
        names += [f"{fact.brand} ({n})" for n in names] + [f"{n} ({fact.brand})" for n in names]
        names.append(fact.brand)
    return names


_DOSE_NUMBER = re.compile(r"^(.+),( dose \d+)$")


def _synonyms(fact: Fact) -> list[str]:
    groups = {
        Kind.MEDICATION: "medicines", Kind.ALLERGY: "medicines", Kind.PROBLEM: "problems",
        Kind.LAB: "results", Kind.VITAL: "results", Kind.IMMUNIZATION: "vaccines",
    }  # fmt: skip
    table = data("prose")["names"].get(groups.get(fact.kind, ""), [])
    known = {spelling.lower() for spelling in _respelt([fact.name])}
    return [name for group in table if known & {n.lower() for n in group} for name in group]


def _respelt(names: Iterable[str]) -> list[str]:
    """The names in British and American spelling."""
    found = dict.fromkeys(names)
    for name, (british, american) in product(list(found), data("prose")["names"]["spellings"]):
        for old, new in ((british, american), (american, british)):
            # "haem" holds "hem" by no letter, but "oedema" holds "edema": not twice.
            respelt = re.sub(rf"(?<![ao]){old}", new, name.lower())
            if respelt != name.lower():
                found[respelt] = None
    return list(found)


def _dates(fact: Fact) -> list[str]:
    dates = _written(fact.date) if fact.date else []
    if fact.date_either and " or " in fact.date_either:
        one, other = (_written(date)[:3] for date in fact.date_either.split(" or "))
        dates += [f"{a} or {b}" for a, b in zip(one, other, strict=True)]
    return dates


@cache
def _written(iso: str) -> list[str]:
    """The date in figures and words, the most precise first; less precise is still true."""
    year, month, day = [*iso.split("-"), "", ""][:3]
    if not month:
        return [year]
    name = _MONTHS[int(month) - 1]
    names = (name, name[:3]) if name != "May" else (name,)
    coarse = [f"{n} {year}" for n in names] + [year]
    if not day:
        return [iso, *coarse]
    number, ordinal = str(int(day)), _ordinal(int(day))
    days = [form for n in names for form in (f"{number} {n} {year}", f"{n} {number}, {year}")]
    days += [f"{ordinal} {name} {year}", f"{name} {ordinal}, {year}", f"{number} {name}, {year}"]
    return [iso, *days, *coarse]


def _ordinal(day: int) -> str:
    ending = "th" if 10 < day < 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def _in_other_words(table: str, told: str | None) -> list[str]:
    if told is None:
        return []
    forms = {told: None}
    for shown, others in data("prose")[table].items():
        if told == shown or told.startswith(f"{shown} "):
            forms |= dict.fromkeys(other + told[len(shown) :] for other in others)
    return list(forms)


def _cue(cue: str | None) -> list[str]:
    """The paper's words for it where they go on after "was"."""
    return (
        [cue]
        if cue and re.match(r"(?:stopped|discontinued|completed|ceased)\b", cue.lower())
        else []
    )


def _spaced(amount: str | None) -> list[str]:
    """An amount with and without the space between number and unit."""
    if amount is None:
        return []
    return [amount, re.sub(r"(?<=\d) (?=[^\d\s])", "", amount)]


def _compared(value: str | None) -> list[str]:
    """A value or limit with its comparator as a sign or in words."""
    if not value:
        return []
    sign, rest = value[0], value.lstrip("<>≤≥= ")
    if sign not in _COMPARATORS or not rest:
        return [value]
    sign = {"<=": "≤", ">=": "≥"}.get(value[:2], sign)
    return [value, *(word + rest for word in _COMPARATORS[sign]), f"{value[: -len(rest)]} {rest}"]


def _values(fact: Fact) -> list[str]:
    numbers = _compared(fact.value)
    if not fact.unit:
        return numbers
    return [f"{n}{space}{fact.unit}" for n in numbers for space in (" ", "")]


def _ranges(printed: str | None) -> list[str]:
    if printed is None:
        return []
    two = re.fullmatch(r"(\d[\d.,]*)\s?[-–]\s?(\d[\d.,]*)", printed)
    if two is None:
        return _compared(printed)
    return [printed, *(f"{two[1]}{joint}{two[2]}" for joint in ("-", "–", " - ", " – ", " to "))]


def _side(fact: Fact) -> list[str]:
    """On which side of the printed range a value lies, where that agrees with the printed flag."""
    if not (fact.range and PLAIN.fullmatch(fact.value or "")):
        return []
    side = side_of(fact.value or "", fact.range)
    if side is None or (fact.flag and fact.flag[0] != side):
        return []
    return [_SIDES[side]]


def comparable(first: Fact, second: Fact) -> bool:
    """Whether two results can be told as one going over into the other: `first` is earlier."""
    plain = all(PLAIN.fullmatch(fact.value or "") for fact in (first, second))
    same = (first.kind, first.name, first.unit) == (second.kind, second.name, second.unit)
    return plain and same and _earlier(first, second)


def _earlier(first: Fact, second: Fact) -> bool:
    if not (first.date and second.date) or first.date_either or second.date_either:
        return False
    shortest = min(len(first.date), len(second.date))
    return first.date[:shortest] < second.date[:shortest]


def direction(first: Fact, second: Fact) -> str:
    """The phrases of `data/prose.toml` for the way from one value to the other."""
    change = number(second.value or "") - number(first.value or "")
    return "rose" if change > 0 else "fell" if change < 0 else "stayed"
