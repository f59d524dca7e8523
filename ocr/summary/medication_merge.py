"""One medicine as many papers tell it: what holds now, what was before, what disagrees."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from core.facts import Fact
from core.history import newest_first

_LISTED = "medication-list"


def merge_medication(
    group: list[Fact],
    complete_lists: Sequence[str],
    joined: Callable[[Sequence[Fact]], Fact],
) -> tuple[list[Fact], str | None]:
    """The newest dated statement wins; statements that no date orders stand side by side.

    Returns the facts to keep, the prevailing one first, and what they disagree on, if they do.
    """
    ordered = sorted(group, key=_standing)
    newest = [fact for fact in ordered if _may_be_newest(fact.date, ordered[0].date)]
    older = [fact for fact in ordered if fact not in newest]
    if given_up := _given_up(newest):
        others = [fact for fact in group if fact not in given_up]
        kept, about = merge_medication(others, complete_lists, joined)
        return [*kept, _whole(given_up, [], joined)], about
    said = [verdict for paper in _by_document(newest) for verdict in _verdicts(paper)]
    about = _disagreement(said)
    if about:
        sides = _sides(said, newest, about)
        return [_whole(s, older if i == 0 else [], joined) for i, s in enumerate(sides)], about
    return [_last_seen(_whole([*said[:1], *newest], older, joined), complete_lists)], None


def _given_up(newest: Sequence[Fact]) -> list[Fact]:
    """The strength that a paper lists as stopped beside another that it lists as taken."""
    listed = [fact for fact in newest if fact.evidence[0].method == _LISTED and fact.dose]
    current = [fact for fact in listed if fact.status == "current"]
    taken = {amount(fact.dose) for fact in current}
    papers = {fact.evidence[0].document for fact in current}
    apart = [
        fact
        for fact in listed
        if fact.status == "stopped"
        and amount(fact.dose) not in taken
        and fact.evidence[0].document in papers
    ]
    return [fact for fact in apart if amount(fact.dose) == amount(apart[0].dose)]


def _may_be_newest(date: str | None, newest: str | None) -> bool:
    """Whether nothing says that it is older: undated paper is in no order with any other.

    Dates count as far as both say: 2024-03 and 2024-03-15 are in no order.
    """
    if date is None or newest is None:
        return True
    return date.startswith(newest) or newest.startswith(date)


def _standing(fact: Fact) -> tuple[tuple[bool, str], str, int]:
    """Newest first; on the same paper what stands further down says the last word."""
    place = fact.evidence[0]
    return (newest_first(fact.date), place.document, -(place.page * 10**6 + place.span[0]))


def _by_document(facts: Sequence[Fact]) -> list[list[Fact]]:
    papers: dict[str, list[Fact]] = {}
    for fact in facts:
        papers.setdefault(fact.evidence[0].document, []).append(fact)
    return list(papers.values())


def _verdicts(statements: Sequence[Fact]) -> list[Fact]:
    """What one paper says in the end. `statements` come last first.

    A list that has the medicine in several strengths says them all; otherwise the last word
    counts, but stopping one strength does not stop another that the paper starts.
    """
    strengths: dict[str, Fact] = {}
    for fact in statements:
        if fact.status == "current" and fact.dose and fact.evidence[0].method == _LISTED:
            strengths.setdefault(amount(fact.dose), fact)
    if len(strengths) > 1 and statements[0].status != "stopped":
        return list(strengths.values())
    last = statements[0]
    if last.status == "stopped" and last.dose:
        others = (fact for key, fact in strengths.items() if key != amount(last.dose))
        last = next(others, last)
    for fact in statements:
        last = _completed(last, fact)
    return [last]


def _disagreement(said: Sequence[Fact]) -> str | None:
    """What is said differently at the same time."""
    if len({fact.status == "stopped" for fact in said}) > 1:
        return "status"
    if len({amount(fact.dose) for fact in said if fact.dose}) > 1:
        return "dose"
    if len({_rate(fact.frequency) for fact in said if fact.frequency}) > 1:
        return "frequency"
    return None


def _sides(said: Sequence[Fact], newest: Sequence[Fact], about: str) -> list[list[Fact]]:
    """The verdicts by what they say, each followed by the statements of its paper and side."""
    sides: dict[str, list[Fact]] = {}
    for fact in said:
        sides.setdefault(_side(fact, about), []).append(fact)
    home = {fact.evidence[0].document: _side(fact, about) for fact in said}
    for fact in newest:
        own = _side(fact, about)
        side = sides[own if own in sides else home[fact.evidence[0].document]]
        if all(fact.id != other.id for other in side):
            side.append(fact)
    return list(sides.values())


def _side(fact: Fact, about: str) -> str:
    if about == "status":
        return str(fact.status == "stopped")
    return amount(fact.dose) if about == "dose" else _rate(fact.frequency)


def _completed(last: Fact, before: Fact) -> Fact:
    same = last.dose is None or before.dose is None or amount(last.dose) == amount(before.dose)
    if not same:
        return last
    return replace(
        last,
        dose=last.dose or before.dose,
        route=last.route or before.route,
        frequency=last.frequency or before.frequency,
    )


def _whole(
    newest: list[Fact], older: Sequence[Fact], joined: Callable[[Sequence[Fact]], Fact]
) -> Fact:
    """The newest statements as one fact, completed from and followed by the older ones."""
    said = newest[0]
    for fact in [*newest[1:], *older]:
        said = _completed(said, fact)
    whole = joined([*newest, *older])
    dated_stop = next((f for f in newest if f.status == "stopped" and f.cue), newest[0])
    return replace(
        whole,
        id=newest[0].id,
        check=newest[0].check,
        status=newest[0].status,
        cue=dated_stop.cue if newest[0].status == "stopped" else newest[0].cue,
        date=newest[0].date,
        date_either=newest[0].date_either,
        dose=said.dose,
        route=said.route,
        frequency=said.frequency,
        earlier=_earlier(said, older),
    )


def _earlier(said: Fact, older: Sequence[Fact]) -> str | None:
    """Doses of older paper that differ, newest first, each with its newest date."""
    seen = {amount(said.dose)}
    notes = []
    for fact in older:
        if fact.dose and amount(fact.dose) not in seen:
            seen.add(amount(fact.dose))
            parts = [fact.dose, fact.frequency or "", f"({fact.when or 'undated'})"]
            notes.append(" ".join(part for part in parts if part))
    return "; ".join(notes) or None


def _last_seen(fact: Fact, complete_lists: Sequence[str]) -> Fact:
    """Current on old paper only, when a newer complete list leaves it out.

    Undated paper may be the newer one: the medicine stays, to be checked.
    """
    if fact.status != "current" or not complete_lists:
        return fact
    if fact.date is None:
        return replace(fact, check=True)
    newest = max(complete_lists)
    older = fact.date < newest and not newest.startswith(fact.date)
    return replace(fact, status="last-seen") if older else fact


def amount(dose: str | None) -> str:
    """The dose without its form, for comparing: "500 mg" of "500 mg tablet"."""
    match = re.match(r"[\d.,/–-]+ ?[a-zA-Zµ%]+(?:/[\w.]+)?", dose or "")
    return re.sub(r"\s", "", match.group() if match else dose or "").lower()


def _rate(frequency: str | None) -> str:
    """How often, without when in the day."""
    rate = re.split(r"\s(?:in the|at|with|before|as needed)\b", frequency or "", maxsplit=1)[0]
    return _SAME_RATES.get(rate, rate)


_SAME_RATES = {
    "every 12 hours": "twice daily",
    "every 8 hours": "three times daily",
    "every 6 hours": "four times daily",
}
