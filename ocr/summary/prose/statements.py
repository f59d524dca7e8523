"""Whether words say what some facts say: the frames of `data/prose.toml`, filled by the facts.

A frame becomes a regular expression in which each slot can only be filled by its own fact, so a
value, a dose or a date is bound to the name it stands beside. What matched tells what was said of
each fact; a sentence that leaves out what it may not leave out has said nothing.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from core.facts import Fact, Kind
from core.prose import Refusal
from ocr.summary.prose.frames import Frame, parse, pattern
from ocr.summary.prose.slots import PLAIN, Told, comparable, direction, shared
from ocr.summary.vocabulary import data

_LISTS = {"items": ("item", "and"), "items-or": ("item", "or"), "items-any": ("item", "and|or"),
          "points": ("point", "and"), "notes": ("note", "and|versus|but")}  # fmt: skip
_BACKWARD = frozenset(
    {"date", "dose", "route", "frequency", "reaction", "severity", "flag", "check"}
)
"""What a reader takes to hold for all that stands before it, unless it is in brackets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A cited fact, ready to be looked for."""

    fact: Fact
    state: str
    slots: dict[str, Told]


@dataclass(slots=True)
class _Filling:
    """Patterns of one frame for some members, and what each of their groups says."""

    members: Sequence[Member]
    text: str
    """In lower case."""
    alone: bool
    """Whether the sentence is nothing but this statement."""
    between: tuple[Fact, ...]
    """Other results of the same name, between the first and the last member."""
    groups: list[tuple[tuple[int, ...], frozenset[str]]] = field(default_factory=list)

    def slot(self, name: str, index: int | None = None) -> str | None:
        """The pattern of a slot of one member, or of all where they share its words."""
        if name in ("only", "pair"):
            return "" if len(self.members) == (1 if name == "only" else 2) else None
        if name in _LISTS:
            return self._list(*_LISTS[name])
        if name in ("way", "level", "flagged"):
            return self._way(name)
        base, _, number = name.partition(".")
        if number:
            return self._numbered(base, int(number) - 1)
        if base == "lead":
            return self._told("date", index) if self.alone else None
        return self._told(base, index)

    def _told(self, name: str, index: int | None) -> str | None:
        indices = tuple(range(len(self.members))) if index is None else (index,)
        told = [self.members[i].slots.get(name) for i in indices]
        if not all(told):
            return None
        standing = shared([one for one in told if one], self.text)
        return self._group(standing.pattern, indices, standing.says) if standing else None

    def _group(self, body: str, indices: tuple[int, ...], says: frozenset[str]) -> str:
        self.groups.append((indices, says))
        return f"(?P<g{len(self.groups) - 1}>{body})"

    def _list(self, form: str, joints: str) -> str | None:
        parts = [
            self._one_of(_frames(member.state)[form], i) for i, member in enumerate(self.members)
        ]
        if not all(parts):
            return None
        last = len(parts) - 1
        joint = f"(?:,? (?i:{joints}) )" if form != "note" else f"(?:[;,]? (?i:{joints}) | / )"
        written = str(parts[0])
        for i, part in enumerate(parts[1:], 1):
            written += f"{joint if i == last else '(?:, |; )'}{part}"
        return written

    def _one_of(self, frames: tuple[Frame, ...], index: int) -> str | None:
        parts = [pattern(frame, lambda n: self.slot(n, index), self.text) for frame in frames]
        found = [part for part in parts if part is not None]
        return f"(?:{'|'.join(found)})" if found else None

    def _numbered(self, name: str, index: int) -> str | None:
        """A slot or point of the first or second of two results."""
        if len(self.members) != 2:
            return None
        if name == "point":
            return self._one_of(_frames(self.members[index].state)["point"], index)
        return self._told(name, index)

    def _way(self, name: str) -> str | None:
        """Words for the change between two results, where the figures bear them out."""
        if len(self.members) != 2:
            return None
        first, second = (member.fact for member in self.members)
        if name == "flagged":
            return (
                self._group("", (0, 1), frozenset({"flag"})) if first.flag == second.flag else None
            )
        if not comparable(first, second) or not _straight(first, second, self.between):
            return None
        way = direction(first, second)
        if (name == "level") != (way == "stayed"):
            return None
        return pattern(_ways()[way], self.slot, self.text)


def _straight(first: Fact, second: Fact, between: Sequence[Fact]) -> bool:
    """Whether no result between the two lies outside them: a peak may not be told away."""
    if not all(PLAIN.fullmatch(fact.value or "") and fact.unit == first.unit for fact in between):
        return False
    low, high = sorted((float(first.value or 0), float(second.value or 0)))
    return all(low <= float(fact.value or 0) <= high for fact in between)


def missed(
    text: str, members: Sequence[Member], *, alone: bool, between: tuple[Fact, ...] = ()
) -> Refusal | None:
    """Why `text` is no statement of all `members` of one state; None when it is."""
    frames = _frames(members[0].state)["says"]
    if any(member.state != members[0].state for member in members):
        return Refusal.MEANING
    return _try(text, frames, _Shared(members, alone, between))


def missed_conflict(text: str, members: Sequence[Member], *, alone: bool) -> Refusal | None:
    """The same for facts that contradict each other, which stand side by side."""
    return _try(text, _conflict_frames(), _Shared(members, alone, ()))


@dataclass(frozen=True, slots=True)
class _Shared:
    members: Sequence[Member]
    alone: bool
    between: tuple[Fact, ...]


def _try(text: str, frames: tuple[Frame, ...], shared: _Shared) -> Refusal | None:
    worst = Refusal.MEANING
    for frame in frames:
        filling = _Filling(shared.members, text.lower(), shared.alone, shared.between)
        expression = pattern(frame, filling.slot, filling.text)
        match = expression and re.fullmatch(expression, text)
        if not match:
            continue
        refusal = _omission(filling, match)
        if refusal is None:
            return None
        worst = refusal
    return worst


def _omission(filling: _Filling, match: re.Match[str]) -> Refusal | None:
    """What a statement that fits leaves out, or lets a reader take wrongly."""
    said: list[set[str]] = [set() for _ in filling.members]
    loose: list[set[str]] = [set() for _ in filling.members]
    for number, (indices, says) in enumerate(filling.groups):
        # A group whose branch fell away is not in the expression at all.
        start = match.start(f"g{number}") if f"g{number}" in match.re.groupindex else -1
        if start < 0:
            continue
        bracketed = match.string.count("(", 0, start) > match.string.count(")", 0, start)
        for index in indices:
            said[index] |= says
            loose[index] |= set() if bracketed else says & _BACKWARD
    for index, member in enumerate(filling.members):
        if member.fact.check and "check" not in said[index]:
            return Refusal.CHECK
        if not _obliged(member.fact, said[index]) <= said[index]:
            return Refusal.OMITTED
        if any(not loose[index] <= said[earlier] for earlier in range(index)):
            return Refusal.MEANING
    return None


def _obliged(fact: Fact, said: set[str]) -> set[str]:
    """What has to be said of a fact, without which the rest would mislead."""
    obliged = {
        Kind.LAB: {"value", "date", "flag"},
        Kind.VITAL: {"value", "date", "flag"},
        Kind.ALLERGY: {"reaction", "severity"},
        Kind.PROCEDURE: {"date"},
        Kind.IMMUNIZATION: {"date"},
    }.get(fact.kind, set())
    if fact.kind is Kind.MEDICATION and said & {"dose", "frequency"}:
        obliged = {"dose", "frequency"}
    if fact.status == "last-seen":
        obliged = obliged | {"date"}
    return {"name", *(name for name in obliged if getattr(fact, name) is not None)}


@cache
def _frames(state: str) -> dict[str, tuple[Frame, ...]]:
    table = data("prose")["frames"].get(state, {"says": []})
    return {
        key: tuple(_parsed(frame) for frame in ([told] if isinstance(told, str) else _ended(told)))
        for key, told in table.items()
    }


def _ended(frames: Sequence[str]) -> list[str]:
    """The frames with room for saying at their end that all of it is to be checked."""
    return [frame if frame.endswith("$check") else f"{frame}$check" for frame in frames]


@cache
def _conflict_frames() -> tuple[Frame, ...]:
    return tuple(_parsed(frame) for frame in data("prose")["conflict"]["says"])


@cache
def _ways() -> dict[str, Frame]:
    return {name: _parsed(told) for name, told in data("prose")["ways"].items()}


def _parsed(notation: str) -> Frame:
    return parse(notation, data("prose")["phrases"])


def all_frames() -> Iterator[Frame]:
    """Every frame there is."""
    for state in data("prose")["frames"]:
        for frames in _frames(state).values():
            yield from frames
    yield from _conflict_frames()
    yield from _ways().values()


def speakable(state: str) -> bool:
    return state in data("prose")["frames"]
