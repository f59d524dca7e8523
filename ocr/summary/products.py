"""Products of several ingredients, each with its strength: one medicine, not several.

As drug registers print them (RxNorm's "ingredient strength / ingredient strength form"):
"Amoxicillin 250 MG / Clavulanate 125 MG Oral Tablet".
"""

import re
from dataclasses import replace
from functools import reduce

from ocr.summary.drugs import Drug, paired
from ocr.summary.sig import Sig, parse_sig
from ocr.summary.text import Span

_BRAND_REACH = 80
"""Characters within which a trade name in brackets belongs to the product before it."""

_WORDS_BETWEEN = 4
"""Salts and the like that may stand between an ingredient and its strength."""


def products(text: str, drugs: tuple[Drug, ...]) -> tuple[Drug, ...]:
    """Drugs joined by a strength and a slash as one each; a trade name in brackets joins too."""
    found: list[Drug] = []
    for drug in drugs:
        last = found[-1] if found else None
        if last and _is_bracketed(text, drug) and drug.span[0] - last.span[1] < _BRAND_REACH:
            found[-1] = replace(last, brand=text[slice(*drug.span)])
        elif last and (strength := _joining(text, (last.span[1], drug.span[0]))):
            found[-1] = _combined(last, drug, strength)
        else:
            found.append(drug)
    return tuple(found)


def _combined(last: Drug, drug: Drug, strength: Sig) -> Drug:
    parts = (*(last.parts or (last.name,)), drug.name)
    return replace(
        last,
        name=_name(parts),
        span=(last.span[0], drug.span[1]),
        brand=None,
        exact=last.exact and drug.exact,
        strengths=(*last.strengths, strength),
        parts=parts,
        last=drug.span[0],
    )


def _name(parts: tuple[str, ...]) -> str:
    """The usual name where it names the parts in some order, else the parts as printed."""
    usual = reduce(paired, parts)
    return usual if _order(usual, parts) else " / ".join(parts)


def _order(name: str, parts: tuple[str, ...]) -> list[int] | None:
    """Which printed part each ingredient of `name` is; None unless they correspond one to one."""
    order = []
    for ingredient in name.split(" / "):
        same = [i for i, part in enumerate(parts) if part[:_STEM] == ingredient[:_STEM]]
        order += same[:1]
    return order if sorted(order) == list(range(len(parts))) else None


_STEM = 6
"""Letters by which clavulanate and clavulanic acid are one."""


def _is_bracketed(text: str, drug: Drug) -> bool:
    return text[drug.span[0] - 1 : drug.span[0]] == "[" and text[drug.span[1] :][:1] == "]"


def parse_product_sig(text: str, drug: Drug, end: int) -> Sig:
    """The directions behind the drug; a product's dose has a strength for each part of its name."""
    if not drug.strengths:
        return parse_sig(text, drug.span[0], end)
    sig = parse_sig(text, drug.last, end)
    printed = [*(strength.dose or "?" for strength in drug.strengths), sig.dose or "?"]
    order = _order(drug.name, drug.parts) or range(len(printed))
    numbers = tuple(n for strength in drug.strengths for n in strength.numbers)
    return replace(
        sig,
        dose=" / ".join(printed[i] for i in order),
        span=(drug.span[0], sig.span[1] if sig.span else drug.span[1]),
        numbers=(*numbers, *sig.numbers),
        doubtful=sig.doubtful or sig.dose is None or any(s.doubtful for s in drug.strengths),
    )


def _joining(text: str, gap: Span) -> Sig | None:
    """The strength in a gap that holds nothing else but salts and a joining slash."""
    between = text[slice(*gap)]
    if re.search(r"[,;:]|\.\s", between) or not re.search(r"[/+]\s*(?:[\d.]+\s?\w+\s)?$", between):
        return None
    strength = parse_sig(text, gap[0], gap[0] + max(between.rfind("/"), between.rfind("+")))
    if strength.dose is None or strength.frequency or len(between.split()) > _WORDS_BETWEEN + 4:
        return None
    return strength
