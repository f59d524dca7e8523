"""Symptoms that the patient denies: "denies chest pain" is worth as much as a diagnosis denied."""

import re
from collections.abc import Iterator
from functools import cache

from core.facts import Kind
from ocr.summary.assertions import is_conditional
from ocr.summary.mentions import SYMPTOM, Mention
from ocr.summary.sections import Section
from ocr.summary.sheets import Sheet
from ocr.summary.vocabulary import data, inverted, normal, phrases


def symptom_mentions(sheet: Sheet) -> Iterator[Mention]:
    """Known symptoms in the patient's own account; only what is denied becomes a fact."""
    for unit in sheet.units:
        if not _is_account(unit.section):
            continue
        for match in _pattern().finditer(sheet.text, *unit.span):
            if is_conditional(sheet.text[unit.span[0] : match.start()]):
                continue
            printed = " ".join(match.group().split())
            yield Mention(
                kind=Kind.PROBLEM,
                name=printed[:1].upper() + printed[1:],
                span=match.span(),
                extent=(match.span(),),
                method=SYMPTOM,
                unit=unit,
                details={"date": sheet.date},
                confidence=0.9,
            )


def known_symptom(name: str) -> str | None:
    """The vocabulary's name of the symptom that `name` is, if it is one."""
    return _names().get(normal(name))


def _is_account(section: Section) -> bool:
    rules = data("symptoms")["sections"]
    heading = normal(section.heading)
    return section.kind in rules["kinds"] or heading in rules["headings"]


@cache
def _names() -> dict[str, str]:
    return inverted(data("symptoms")["symptoms"])


@cache
def _pattern() -> re.Pattern[str]:
    return phrases(_names())
