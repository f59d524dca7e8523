"""What every change of a true sentence shares: the mutant, and ways to change words and ids.

A mutant carries what was changed into what; `Mutant.differs` holds that against the facts, so that
a change which leaves the meaning alone is no mutant.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from bench._prose_shapes import Written
from core.facts import Fact, Kind
from core.history import History


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A sentence that no longer says what it said."""

    kind: str
    text: str
    ids: tuple[str, ...]
    source: Written
    before: str
    """What stood there, or the ids as they were."""
    after: str

    @property
    def differs(self) -> bool:
        """Whether words or ids changed, beyond spelling, and into nothing that its facts say."""
        if self.ids != self.source.ids:
            return set(self.ids) != set(self.source.ids) or len(self.ids) != len(self.source.ids)
        return _meaning(self.text) != _meaning(self.source.text) and _meaning(
            self.before
        ) != _meaning(self.after)


def _meaning(text: str) -> list[str]:
    """Words and numbers, so that 5.0 and 5, or spaces and capitals, are no difference."""
    words = re.findall(r"\d+(?:\.\d+)?|[<>]|[^\W\d_]+(?:'[a-z]+)?", text.lower())
    return [str(Decimal(w).normalize()) if w[0].isdigit() else w for w in words if w not in _EMPTY]


_EMPTY = frozenset({"the", "a", "an"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A true sentence to be changed, and what the change may draw on."""

    source: Written
    history: History
    rng: Random


Mutate = Callable[[Case], Mutant | None]
KINDS: dict[str, Mutate] = {}


def kind(name: str) -> Callable[[Mutate], Mutate]:
    """Register the function below under its kind."""

    def register(mutate: Mutate) -> Mutate:
        KINDS[name] = mutate
        return mutate

    return register


def replaced(kind: str, source: Written, before: str | None, after: str) -> Mutant | None:
    """`before`, as a whole word, becomes `after`, the first time that it stands there."""
    if not before:
        return None
    found = re.search(rf"(?<![\w.]){re.escape(before)}(?![\w]|\.\d)", source.text, re.IGNORECASE)
    if found is None:
        return None
    text = source.text[: found.start()] + after + source.text[found.end() :]
    return Mutant(kind=kind, text=text, ids=source.ids, source=source, before=before, after=after)


def swapped(kind: str, source: Written, one: str | None, other: str | None) -> Mutant | None:
    """Two parts change places."""
    if not one or not other or one.lower() == other.lower():
        return None
    first = replaced(kind, source, one, "\0")
    if first is None:
        return None
    second = replaced(kind, Written(first.text, source.facts, source.roles), other, one)
    if second is None:
        return None
    text = second.text.replace("\0", other)
    return Mutant(kind=kind, text=text, ids=source.ids, source=source, before=one, after=other)


def words(
    kind: str, source: Written, changes: Sequence[tuple[str, str]], rng: Random
) -> Mutant | None:
    """The first of the changes, in an order by chance, whose words stand there."""
    for before, after in rng.sample(changes, len(changes)):
        if mutant := replaced(kind, source, before, after):
            return mutant
    return None


def with_ids(kind: str, source: Written, ids: Sequence[str]) -> Mutant:
    """The same words with other ids."""
    before, after = " ".join(source.ids), " ".join(ids)
    return Mutant(
        kind=kind, text=source.text, ids=tuple(ids), source=source, before=before, after=after
    )


def ended(kind: str, source: Written, tail: str) -> Mutant:
    """With more behind its end."""
    text = f"{source.text[:-1]}{tail}."
    return Mutant(kind=kind, text=text, ids=source.ids, source=source, before="", after=tail)


def others_of(history: History, source: Written, kind: Kind | None = None) -> list[Fact]:
    """Facts that the sentence does not cite."""
    return [f for f in history.facts if f.id not in source.ids and kind in (None, f.kind)]


def cut(kind: str, source: Written, parts: Sequence[str]) -> Mutant | None:
    """Without the first of the parts that stands there."""
    for part in parts:
        if part in source.text:
            text = source.text.replace(part, "", 1)
            return Mutant(
                kind=kind, text=text, ids=source.ids, source=source, before=part, after=""
            )
    return None


def of_two(kind: str, source: Written, name: str, rng: Random) -> Mutant | None:
    """A field of two cited facts changes places."""
    if len(source.facts) < 2:
        return None
    one, other = rng.sample(source.facts, 2)
    return swapped(kind, source, getattr(one, name), getattr(other, name))


def told_apart(source: Written) -> bool:
    """Whether the sentence says more of each fact than its name."""
    first, second = source.facts[:2]
    shown = [
        {w for w in (f.dose, f.value, f.reaction) if w and w in source.text}
        for f in (first, second)
    ]
    return shown[0] != shown[1] or len(set(source.roles.split())) > 1
