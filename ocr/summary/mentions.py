"""Mentions: what a page may say, before it is judged whether it holds and for whom."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.facts import Coding, Kind
from ocr.summary.sections import Unit
from ocr.summary.sheets import Sheet
from ocr.summary.text import Span

NONE_KNOWN = "none known"
"""Method of allergy mentions that say that there is none."""

SYMPTOM = "symptom"
"""Method of symptoms in the patient's account: a fact only when denied."""

DENIED = "symptom-denied"
"""Method of symptoms that are answered with no, or listed under what is denied."""

UNREAD = "lab-unread"
"""Method of rows of a known test whose value was not read: kept without one, to be checked."""

QUALITATIVE = "lab-qualitative"
"""Method of results in words; what they name is no diagnosis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One thing a page names, with everything its statement says of it."""

    kind: Kind
    name: str
    span: Span
    """The name itself: the place that negation and its like act on."""
    extent: tuple[Span, ...]
    """The words that make the whole statement; they become the evidence."""
    method: str
    unit: Unit | None = None
    """The sentence or list item around it; None where assertions don't apply."""
    details: Mapping[str, str | None] = field(default_factory=dict)
    """Fields of the Fact to be, by name."""
    code: Coding | None = None
    confidence: float = 0.95
    """How sure the rule is; the words' own confidence is reckoned with later."""
    numbers: tuple[Span, ...] = ()
    """Values and doses: read below the threshold, the fact is marked for checking."""
    doubtful: bool = False
    """The rule itself asks for checking."""


def hull(*spans: Span | None) -> Span:
    """The span from the first start to the last end."""
    known = [span for span in spans if span]
    return (min(span[0] for span in known), max(span[1] for span in known))


def units_of(sheet: Sheet, *kinds: str) -> list[Unit]:
    """Units in sections of these kinds."""
    return [unit for unit in sheet.units if unit.section.kind in kinds]


def clean(text: str) -> str:
    """A name without white space and punctuation around it."""
    return re.sub(r"\s+", " ", text).strip(" \t\n.,;:-–—•*()[]").strip()
