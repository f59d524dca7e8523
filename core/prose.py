"""Sentences over facts: worded by a machine, admitted by a gate, never a source of anything.

A sentence is only ever shown beside the facts it speaks of; the facts stand without it.
"""

from dataclasses import dataclass
from enum import StrEnum


class Refusal(StrEnum):
    """Why a sentence was not admitted."""

    UNCITED = "cites no fact"
    UNKNOWN_FACT = "cites a fact that does not exist"
    REPEATED_FACT = "cites a fact twice"
    UNSPOKEN = "cites a fact that it does not name"
    NOT_FOR_PROSE = "cites a fact that is not put into sentences"
    TOO_LONG = "is too long or cites too many facts"
    CHARACTER = "has a character that no fact has"
    NUMBER = "has a number or date that its facts do not have"
    DRUG = "names a medicine that its facts do not name"
    WORD = "has a word that its facts do not have"
    CONFLICT = "speaks of a contradiction without showing both sides"
    CHECK = "does not say that a fact is to be checked"
    OMITTED = "leaves out a part without which the rest misleads"
    MEANING = "does not say what its facts say"
    REPEATED = "was there already"


class RefusedError(ValueError):
    """A sentence that is not admitted; its text is not part of the message."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"The sentence {refusal}.")
        self.refusal = refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence that a gate has admitted, and the ids of the facts it speaks of."""

    text: str
    facts: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.facts:
            raise ValueError("a sentence without a fact")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """What came of asking for sentences."""

    model: str
    """Name of the model that worded them, as it was asked for."""
    sentences: tuple[Sentence, ...] = ()
    refused: tuple[tuple[Refusal, int], ...] = ()
    """How many sentences were refused, by reason; they are kept nowhere."""
    notice: str | None = None
    """Why there are no sentences, when the endpoint failed."""

    @property
    def refusals(self) -> int:
        return sum(count for _, count in self.refused)
