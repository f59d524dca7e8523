"""The gate: a sentence passes only if the facts it cites license every word of it, in this order.

1. It cites facts of this history, each once, and none that is kept out of sentences.
2. Every sign and word is carried by those facts or by a closed list (`tokens`).
3. Cut at its clauses, each clause is a statement about the facts that it names (`statements`), and
   no cited fact is left over. A fact that other paper contradicts passes only beside that paper's.

Nothing here guesses or scores: a sentence is one of those that the facts license, or it is not.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from core.facts import Fact
from core.history import History, Trend
from core.prose import Refusal, RefusedError, Sentence
from ocr.summary.prose.slots import slots_of, state_of
from ocr.summary.prose.statements import Member, missed, missed_conflict, speakable
from ocr.summary.prose.tokens import foreign, tidied

MOST_FACTS = 6
"""Facts of one sentence: more of them is a list, and the page has lists."""

_BETWEEN_CLAUSES = re.compile(r"; (?:(?:and|while|but) )?|, (?:and|while|but) ")

Placed = tuple[int, Member]
"""Where a member is named, and who it is."""


class Gate:
    """Judges sentences about one history."""

    def __init__(self, history: History) -> None:
        self._facts = {fact.id: fact for fact in history.facts}
        self._trends = {trend.name: trend for trend in (*history.labs, *history.vitals)}
        self._conflicts = [frozenset(conflict.facts) for conflict in history.conflicts]

    def offers(self, fact: Fact) -> bool:
        """Whether sentences may speak of the fact at all."""
        state = state_of(fact)
        sides = [conflict for conflict in self._conflicts if fact.id in conflict]
        return state is not None and speakable(state) and len(sides) < 2

    def admit(self, text: str, ids: Sequence[str]) -> Sentence:
        """The sentence as it may be shown. Raises RefusedError with the reason."""
        members = self._members(ids)
        tidy = tidied(text)
        if strange := foreign(tidy, [member.slots.values() for member in members]):
            raise RefusedError(strange)
        if not tidy.endswith("."):
            raise RefusedError(Refusal.MEANING)
        if refusal := self._judge(tidy[:-1], members):
            raise RefusedError(refusal)
        return Sentence(text=_begun(tidy), facts=tuple(ids))

    def _members(self, ids: Sequence[str]) -> list[Member]:
        if not ids:
            raise RefusedError(Refusal.UNCITED)
        if len(ids) > MOST_FACTS:
            raise RefusedError(Refusal.TOO_LONG)
        if not set(ids) <= set(self._facts):
            raise RefusedError(Refusal.UNKNOWN_FACT)
        if len(set(ids)) < len(ids):
            raise RefusedError(Refusal.REPEATED_FACT)
        facts = [self._facts[each] for each in ids]
        if not all(self.offers(fact) for fact in facts):
            raise RefusedError(Refusal.NOT_FOR_PROSE)
        return [
            Member(
                fact=fact,
                state=state_of(fact) or "",
                slots=slots_of(fact, latest=_is_latest(fact, self._trends.get(fact.name))),
            )
            for fact in facts
        ]

    def _judge(self, text: str, members: Sequence[Member]) -> Refusal | None:
        refusal: Refusal | None = Refusal.MEANING
        for placed in _placings(text, members):
            refusal = self._clauses(text, placed)
            if refusal is None:
                return None
        return refusal

    def _clauses(self, text: str, placed: Sequence[Placed]) -> Refusal | None:
        """The best way to cut the text into statements: what is wrong with it, if anything."""
        cuts = [(0, 0), *(m.span() for m in _BETWEEN_CLAUSES.finditer(text))]
        ends = [*(start for start, _ in cuts[1:]), len(text)]
        whole: dict[int, Refusal | None] = {len(cuts): None}
        for first in reversed(range(len(cuts))):
            whole[first] = Refusal.MEANING
            for last in range(first, len(cuts)):
                if whole[last + 1] is Refusal.MEANING:
                    continue
                start, end = cuts[first][1], ends[last]
                inside = [member for at, member in placed if start <= at < end]
                alone = (start, end) == (0, len(text))
                refusal = self._statement(text[start:end], inside, alone) or whole[last + 1]
                if refusal is not Refusal.MEANING:
                    whole[first] = refusal
                if refusal is None:
                    break
        return whole[0]

    def _statement(self, text: str, members: Sequence[Member], alone: bool) -> Refusal | None:
        if not members:
            return Refusal.MEANING
        ids = {member.fact.id for member in members}
        touched = [conflict for conflict in self._conflicts if conflict & ids]
        if not touched:
            between = self._between(members)
            return missed(text, members, alone=alone, between=between)
        if touched != [ids]:
            return Refusal.CONFLICT
        refusal = missed_conflict(text, members, alone=alone)
        return Refusal.CONFLICT if refusal is Refusal.MEANING else refusal

    def _between(self, members: Sequence[Member]) -> tuple[Fact, ...]:
        """Results of the same name that lie between two, or could."""
        first, last = members[0].fact, members[-1].fact
        trend = self._trends.get(first.name)
        if trend is None or len(members) != 2:
            return ()
        own = (first.id, last.id)
        return tuple(
            point
            for point in trend.points
            if point.id not in own
            and (not point.date or (first.date or "") <= point.date <= (last.date or "9"))
        )


def _begun(text: str) -> str:
    """With a capital, unless the first word has its own way with them, as eGFR and pH do."""
    return text[0].upper() + text[1:] if text.split(" ")[0].islower() else text


def _is_latest(fact: Fact, trend: Trend | None) -> bool:
    """Whether the trend has no result that is as new, or whose age is unknown."""
    if trend is None or not all(point.date for point in trend.points):
        return False
    others = [point for point in trend.points if point.id != fact.id]
    shortest = min(len(point.date or "") for point in trend.points)
    day = (fact.date or "")[:shortest]
    return all((point.date or "")[:shortest] < day for point in others)


def _placings(text: str, members: Sequence[Member]) -> Iterator[list[Placed]]:
    """The members in the order in which the text names them; results of one name by date.

    Raises RefusedError when one is not named at all.
    """
    claimed: list[tuple[int, int]] = []
    placed: list[Placed] = []
    groups: dict[str, list[Member]] = {}
    for member in members:
        groups.setdefault(member.fact.name.lower(), []).append(member)
    for members_of_one in sorted(groups.values(), key=_longest_name):
        group = sorted(members_of_one, key=lambda one: (one.fact.date or "9", one.fact.id))
        names = "|".join(member.slots["name"].pattern for member in group)
        spans = [m.span() for m in re.finditer(rf"(?<![\w-])(?:{names})(?![\w-])", text)]
        spans = [s for s in spans if not any(a < s[1] and s[0] < b for a, b in claimed)]
        if not spans:
            raise RefusedError(Refusal.UNSPOKEN)
        claimed += spans
        starts = [start for start, _ in spans]
        many = len(starts) >= len(group)
        placed += [(starts[i] if many else starts[0], one) for i, one in enumerate(group)]
    yield from islice(_orders(placed), 6)


def _longest_name(group: Sequence[Member]) -> int:
    """Sorts longer names first, so that a part of one is not taken for another."""
    return -max(len(form) for member in group for form in member.slots["name"].forms)


def _orders(placed: list[Placed]) -> Iterator[list[Placed]]:
    """By place in the text; where results share a name, also the newest first."""
    forward = sorted(placed, key=lambda one: one[0])
    yield forward
    names = {one.fact.name.lower() for _, one in placed}
    if len(names) < len(placed):
        yield _reversed_within(forward)


def _reversed_within(placed: list[Placed]) -> list[Placed]:
    """The members of each name in the opposite order, at the same places."""
    left: dict[str, list[Member]] = {}
    for _, member in placed:
        left.setdefault(member.fact.name.lower(), []).append(member)
    return [(at, left[member.fact.name.lower()].pop()) for at, member in placed]
