"""Whether a mention holds, and for whom: negated, historical, hypothetical, family.

After NegEx (Chapman et al., J Biomed Inform 2001;34:301) and ConText (Harkema et al., J Biomed
Inform 2009;42:839): triggers before or after a mention act on it unless a word that ends their
reach stands between. The lists are data (`data/assertions.toml`), the scope rules are ours.
"""

import re
from dataclasses import dataclass
from functools import cache

from ocr.summary.text import Span
from ocr.summary.vocabulary import data, phrases


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """What a sentence says of one of its mentions."""

    negated: bool = False
    historical: bool = False
    resolved: bool = False
    """Said to be over, as in "pneumonia has resolved"."""
    hypothetical: bool = False
    family: bool = False
    relative: Span | None = None
    """Where the sentence names whose it is: "mother", "maternal aunt"."""


@cache
def _pattern(group: str, side: str) -> re.Pattern[str]:
    return phrases(data("assertions")[group][side])


def assertion(sentence: str, mention: Span) -> Assertion:
    """Judge the mention at `mention` of `sentence`."""
    before, after = sentence[: mention[0]], sentence[mention[1] :]
    inside = sentence[mention[0] : mention[1]].lower()
    family, relative = _family(sentence, mention)
    return Assertion(
        negated=_acts_before(_masked(before), "negated")
        or _acts_after(after, "negated")
        or inside.startswith(("no ", "non ")),
        historical=_acts_before(before, "historical") or _acts_after(after, "historical"),
        resolved=(_acts_before(before, "resolved") or _acts_after(after, "resolved"))
        and not is_conditional(before),
        hypothetical=_acts_before(before, "hypothetical") or _acts_after(after, "hypothetical"),
        family=family,
        relative=relative,
    )


def is_conditional(before: str) -> bool:
    """Whether words earlier in the sentence make what follows a condition."""
    return _pattern("conditional", "before").search(before) is not None


_WITH_PSEUDO = frozenset({"negated", "resolved"})


def _masked(text: str, group: str = "negated") -> str:
    """Without the phrases that only look like triggers of the group."""
    return _pattern(group, "pseudo").sub(lambda m: "#" * len(m.group()), text)


_NARROW = frozenset({"not", "cannot", "cannot see", "never"})
"""Deny what their own verb governs, not what follows after a comma."""


def _acts_before(before: str, group: str) -> bool:
    last = _last(_pattern(group, "before"), before)
    if last is None:
        return False
    between = before[last.end() :].removeprefix(":")
    if last.group().lower() in _NARROW and "," in between:
        return False
    return _within_reach(between) and not _stops(between, group)


def _within_reach(between: str) -> bool:
    """Near enough, or further down an enumeration of short items that the trigger begins."""
    scope = data("assertions")["scope"]
    if len(between.split()) <= scope["reach"]:
        return True
    first, *items = [item.split() for item in between.split(",")]
    near = len(first) <= scope["reach"] and len(items) > 1
    return near and all(len(item) <= scope["reach_item"] for item in items)


def _acts_after(after: str, group: str) -> bool:
    reach: int = data("assertions")["scope"]["reach_after"]
    near = re.match(rf"(?:\s*\S+){{0,{reach}}}", after)
    window = near.group() if near else ""
    if group in _WITH_PSEUDO:
        window = _masked(window, group)
    first = _pattern(group, "after").search(window)
    if first is None:
        return False
    between = window[: first.start()]
    return not re.search(r"[.;,:]", between) and not _stops(between, group)


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    found = None
    for found in pattern.finditer(text):  # noqa: B007
        pass
    return found


def _stops(between: str, group: str) -> bool:
    if re.search(r"[.;](?:\s|$)|:\s", between):
        return True
    if group == "historical" and "," in between:
        return True
    return _pattern("scope", "stops").search(between) is not None


def _family(sentence: str, mention: Span) -> tuple[bool, Span | None]:
    """Whether it is a relative's, and the words that say which."""
    words = _pattern("family", "words")
    before, after = sentence[: mention[0]], sentence[mention[1] :]
    last = _last(words, _told().sub(lambda m: "#" * len(m.group()), before))
    if last is not None:
        ended = _pattern("family", "ends").search(before[last.end() :])
        return ended is None, None if ended else _person(sentence, last.span())
    near = re.match(r"\s*(?:\(|,|-|–|:)?\s*(?:in|of|on)?\s*(?:the|his|her|a|both|one)?\s*", after)
    behind = words.match(sentence, mention[1] + (near.end() if near else 0))
    return behind is not None, _person(sentence, behind.span()) if behind else None


def _person(sentence: str, word: Span) -> Span | None:
    """The relative with the side of the family; None where no person is named."""
    if other := _SIDED.match(sentence, word[0]):
        return other.span()
    if sentence[slice(*word)].lower() in data("assertions")["family"]["unnamed"]:
        return None
    side = _SIDE.search(sentence, 0, word[0])
    return (side.start() if side else word[0], word[1])


@cache
def _told() -> re.Pattern[str]:
    """A relative who is only spoken with: "told the mother that", not "the mother, who has"."""
    told, words = (_pattern("family", side).pattern for side in ("told", "words"))
    whose = r"(?:(?:the|his|her|both|patient's)\s+)*"
    of_whom = r"(?!,?\s+(?:who|whose|with)\b)"
    return re.compile(rf"(?:{told})\s+{whose}(?:{words})\b{of_whom}", re.IGNORECASE)


_SIDE = re.compile(r"\b(?:maternal|paternal)\s(?=\Z)", re.IGNORECASE)
_SIDED = re.compile(r"(?:maternal|paternal)\s\w+", re.IGNORECASE)
