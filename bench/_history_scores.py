"""Facts of rendered paper against what was printed on it."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rapidfuzz import fuzz

from bench._history_paper import Patient, Result
from bench._history_words import Counts
from scripts._paper.names import agree

Found = Mapping[str, Any]
"""One fact of facts.json."""

_ALIKE = 88
"""rapidfuzz ratio from which printed and quoted words are the same, a letter or two misread."""


def score(facts: Sequence[Found], patient: Patient) -> dict[str, Counts]:
    """Counts by kind, and facts that the paper does not make as "false"."""
    # A row kept for a person to read, without a value, is a miss and states nothing false.
    own = [f for f in facts if f["kind"] != "patient" and (f["kind"] != "lab" or f["value"])]
    results: dict[str, Counts] = {}
    false = 0
    for kind, truth, same in (
        ("medication", patient.medications, same_medication),
        ("problem", patient.problems, same_problem),
        ("allergy", patient.allergies or ("no known allergies",), same_allergy),
        ("lab", patient.results, same_lab),
        ("procedure", patient.procedures, same_event),
        ("immunization", patient.vaccines, same_event),
    ):
        mine = [f for f in own if f["kind"] == kind]
        results[kind] = matched(mine, list(truth), same)
        false += results[kind].wrong
    results["false"] = Counts(wrong=false)
    return results


def matched(facts: Sequence[Found], truth: list[Any], same: Callable[[Found, Any], bool]) -> Counts:
    """Facts and printed statements paired one to one."""
    left, right = list(truth), 0
    for fact in facts:
        twin = next((t for t in left if same(fact, t)), None)
        if twin is not None:
            left.remove(twin)
            right += 1
    return Counts(right=right, wrong=len(facts) - right, missed=len(left))


def same_medication(fact: Found, printed: tuple[str, str]) -> bool:
    """Every ingredient, the first strength, and whether it is taken."""
    name, status = printed
    said = _words(f"{fact['name']} {fact['brand'] or ''} {_quotes(fact)}")
    strength = re.search(r"[\d.]+(?= ?M[GC])", name)
    taken = (fact["status"] == "current") == (status == "active")
    dosed = strength is None or strength.group() in (fact["dose"] or "")
    return taken and dosed and all(any(_alike(i, w) for w in said) for i in ingredients(name))


def ingredients(printed: str) -> list[str]:
    """First words of the ingredients of a product name such as Synthea prints."""
    parts = [re.sub(r"^[\d.,]+ (?:HR|ACTUAT|ML|MG)\s", "", p.strip()) for p in printed.split(" / ")]
    return [part.split()[0].lower() for part in parts if part]


def same_problem(fact: Found, printed: tuple[str, str]) -> bool:
    name, status = printed
    affirmed = fact["polarity"] == "affirmed" and fact["experiencer"] == "patient"
    return affirmed and (fact["status"] or status) == status and _named(fact, name)


def same_allergy(fact: Found, printed: str) -> bool:
    if printed.startswith("no known"):
        return fact["polarity"] == "negated"
    bare = re.sub(r"(?i)\ballergy\b(?: to)?|\([a-z]+\)", "", printed)
    return fact["polarity"] == "affirmed" and bool(
        set(_stems(fact["name"])) & set(_stems(bare)) - {"animal"}
    )


def same_event(fact: Found, printed: tuple[str, str]) -> bool:
    return _named(fact, printed[0]) and fact["date"] in (printed[1], None)


def same_lab(fact: Found, result: Result) -> bool:
    """Name, value, unit and date."""
    return row_name(fact, result) and (
        fact["value"] == result.value
        and _unit(fact["unit"]) == _unit(result.unit)
        and fact["date"] == result.date
    )


def same_row(fact: Found, result: Result) -> bool:
    """As `same_lab`, and range and flag too."""
    printed = (result.range or None, result.flag or None)
    return same_lab(fact, result) and (fact["range"], fact["flag"]) == printed


def row_name(fact: Found, result: Result) -> bool:
    """The row quoted begins with the printed name, and a code given is the right one."""
    code = fact["code"]["code"] if fact["code"] else None
    quoted = fact["evidence"][0]["quote"]
    named = _alike(result.name[:20].lower(), quoted[: len(result.name[:20])].lower())
    return named and code in (None, result.loinc, *SAME_CODES.get(result.loinc, ()))


SAME_CODES = {
    "20570-8": ("4544-3",),
    "33914-3": ("98979-8", "62238-1"),
    "2339-0": ("2345-7",),
    "6299-2": ("3094-0",),
    "38483-4": ("2160-0",),
    "49765-1": ("17861-6",),
    "2947-0": ("2951-2",),
    "6298-4": ("2823-3",),
    "2069-3": ("2075-0",),
    "20565-8": ("2028-9",),
    "18262-6": ("2089-1", "13457-7"),
}
"""LOINC codes of the same analyte by specimen or method, where the printed name tells neither."""


def _unit(unit: str | None) -> str:
    return re.sub(r"[\s{}_^*x]", "", (unit or "").lower().replace("µ", "u"))


def _named(fact: Found, name: str) -> bool:
    bare = re.sub(r"\s*\((?:disorder|finding|procedure|situation)\)", "", name)
    return agree(fact["name"], bare) or _alike(fact["name"].lower(), bare.lower())


def _quotes(fact: Found) -> str:
    return " ".join(evidence["quote"] for evidence in fact["evidence"])


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9-]{3,}", text.lower())


def _stems(text: str) -> list[str]:
    return [word.rstrip("s") for word in _words(text)]


def _alike(one: str, other: str) -> bool:
    return fuzz.ratio(one, other) >= _ALIKE
