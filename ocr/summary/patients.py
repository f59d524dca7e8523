"""Whose paper is it? Identities of documents, compared so that two patients never become one."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from core.facts import Fact, Kind

_SAME_NAME = 85
"""rapidfuzz token-set ratio from which two names may be one, misread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a document says of whose it is."""

    names: frozenset[str]
    births: frozenset[str]
    identifiers: frozenset[tuple[str, str]]

    @property
    def known(self) -> bool:
        return bool(self.names or self.births or self.identifiers)


def identity_of(facts: Sequence[Fact]) -> Identity:
    """The identity fields among one document's facts."""
    own = [fact for fact in facts if fact.kind is Kind.PATIENT and fact.value]
    return Identity(
        names=frozenset(_plain(f.value) for f in own if f.name == "name"),
        births=frozenset(
            date for f in own if f.name == "birth date" for date in str(f.value).split(" or ")
        ),
        identifiers=frozenset(
            (f.unit or "", re.sub(r"\W", "", str(f.value)).upper())
            for f in own
            if f.name == "identifier"
        ),
    )


def same_patient(a: Identity, b: Identity) -> bool:
    """Whether two identities can be one person's.

    A name alone is not enough against a different birth date (father and son), and a birth
    date alone not against a different name; an identifier in common decides for misreadings.
    """
    names, births, ids = _names_agree(a, b), _agree(a.births, b.births), _ids_agree(a, b)
    if names is False:
        return births is True and ids is True
    if births is False:
        return ids is True
    return not (ids is False and names is None and births is None)


def sort_by_patient(identities: Mapping[str, Identity]) -> tuple[frozenset[str], ...]:
    """Documents grouped by patient, the largest group first; those without identity in it."""
    groups: list[list[str]] = []
    for name, identity in identities.items():
        if not identity.known:
            continue
        home = next(
            (g for g in groups if all(same_patient(identities[o], identity) for o in g)), None
        )
        if home is None:
            groups.append([name])
        else:
            home.append(name)
    sizes = Counter({i: len(group) for i, group in enumerate(groups)})
    ordered = [groups[i] for i, _ in sizes.most_common()] or [[]]
    unknown = [name for name, identity in identities.items() if not identity.known]
    return (frozenset([*ordered[0], *unknown]), *(frozenset(group) for group in ordered[1:]))


def _plain(name: str | None) -> str:
    return " ".join(re.sub(r"[^\w\s]", " ", name or "").lower().split())


def _names_agree(a: Identity, b: Identity) -> bool | None:
    if not a.names or not b.names:
        return None
    return any(
        fuzz.token_set_ratio(x, y) >= _SAME_NAME or _initials(x, y)
        for x in a.names
        for y in b.names
    )


def _initials(x: str, y: str) -> bool:
    """`N Linden` and `Nora Linden`."""
    first, second = x.split(), y.split()
    if len(first) < 2 or len(second) < 2 or first[-1] != second[-1]:
        return False
    short = min(first[0], second[0], key=len)
    return len(short) == 1 and max(first[0], second[0], key=len).startswith(short)


def _agree(a: frozenset[str], b: frozenset[str]) -> bool | None:
    return bool(a & b) if a and b else None


def _ids_agree(a: Identity, b: Identity) -> bool | None:
    if {value for _, value in a.identifiers} & {value for _, value in b.identifiers}:
        return True
    common = {s for s, _ in a.identifiers} & {s for s, _ in b.identifiers}
    return False if common else None
