"""Drug names in text: our own list first, then the package's dictionary, then near misses."""

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from rapidfuzz import fuzz, process

from ocr.summary.sig import Sig
from ocr.summary.text import Span
from ocr.summary.vocabulary import data, drug_dictionary, normal

NOISE_CUTOFF = 86
"""rapidfuzz ratio from which a word counts as a misread drug name."""

_TOKEN = re.compile(r"[A-Za-z][A-Za-z0-9'-]*")
_SLASH = re.compile(r"\s*([/+-])\s*")
_JOIN = re.compile(r"\s?[/+]\s?|\s?-\s?|,?\s")
_LONGEST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Drug:
    """A drug as printed at `span`."""

    name: str
    """Ingredient, or ingredients joined by " / "."""
    span: Span
    brand: str | None = None
    """As printed, when that is a trade name."""
    exact: bool = True
    """False when only a near miss of a known name, as misread words are."""
    strengths: tuple[Sig, ...] = ()
    """Of a product's ingredients but the last (see `products`)."""
    parts: tuple[str, ...] = ()
    """Ingredients of a product in the order in which they are printed."""
    last: int = 0
    """Where the last ingredient of a product begins."""


def find_drugs(text: str, start: int, end: int) -> tuple[Drug, ...]:
    """Known drugs in text[start:end]; those joined by a slash or plus become one combination."""
    tokens = list(_TOKEN.finditer(text, start, end))
    found: list[Drug] = []
    i = 0
    while i < len(tokens):
        size, drug = _longest(text, tokens, i)
        if drug:
            found.append(drug)
        i += size
    return _combined(text, found)


def near_drug(text: str, span: Span) -> Drug | None:
    """The word at `span` as a misread drug name, if it is close enough to one."""
    name = _nearest(text[span[0] : span[1]].lower().strip(".,:;"))
    return Drug(name=name, span=span, exact=False) if name else None


def _longest(text: str, tokens: list[re.Match[str]], i: int) -> tuple[int, Drug | None]:
    """The longest name that begins at token `i`, and how many tokens it takes."""
    start = tokens[i].start()
    word = tokens[i].group().lower()
    if word not in _first_words() and _ingredient(word) is None:
        return 1, None
    for size in range(_reach(text, tokens, i), 0, -1):
        end = tokens[i + size - 1].end()
        printed = _SLASH.sub(r"\1", normal(text[start:end]))
        if name := _ingredient(printed):
            brand = text[start:end] if _is_brand(printed, name) else None
            start = _with_prefix(text, start)
            return size, Drug(name=name, span=(start, end), brand=brand)
    return 1, None


_PREFIX = re.compile(
    r"(?<![\w-])(?:[dlnors]|dl|rac|cis|trans|tert|alpha|beta|gamma|delta|epsilon|ortho|meta|para"
    r"|[α-ω])\s?-\s?$",
    re.IGNORECASE,
)
"""Descriptors of form, as in "D-penicillamine"; a number would be a list's as well."""


def _with_prefix(text: str, start: int) -> int:
    """Where the name begins with the chemist's descriptors before it."""
    reach = max(0, start - 12)
    before = _PREFIX.search(text[reach:start])
    return reach + before.start() if before else start


def _reach(text: str, tokens: list[re.Match[str]], i: int) -> int:
    """How many tokens from `i` on stand close enough to be one name, if any begins like this."""
    size = 1
    while size < _LONGEST and i + size < len(tokens):
        if not _JOIN.fullmatch(text, tokens[i + size - 1].end(), tokens[i + size].start()):
            break
        size += 1
    return size


@cache
def _first_words() -> frozenset[str]:
    """First words of names that have several."""
    names = (*_own(), *drug_dictionary())
    return frozenset(
        match.group() for name in names if (match := _TOKEN.match(name)) and match.end() < len(name)
    )


@lru_cache(maxsize=65536)
def _ingredient(printed: str) -> str | None:
    if printed in _stop_words():
        return None
    own = _own()
    if name := own.get(printed):
        return name
    found = drug_dictionary().get(printed)
    if found is None or len(printed) < 4:
        return None
    bare = re.sub(r"\s*\([^)]*\)", "", found).strip(" ,")
    return own.get(bare, bare)


@cache
def _own() -> dict[str, str]:
    table = data("drugs")["ingredients"]
    return {normal(printed): name for name, others in table.items() for printed in (name, *others)}


@cache
def _stop_words() -> frozenset[str]:
    return frozenset(data("drugs")["not_drugs"])


@cache
def _spellings() -> frozenset[str]:
    return frozenset(data("drugs")["spellings"])


def _is_brand(printed: str, name: str) -> bool:
    known = data("drugs")["ingredients"].get(name)
    return (
        bool(known)
        and printed != name.lower()
        and printed not in _spellings()
        and (name.split(" ")[0].lower() not in printed)
    )


def _combined(text: str, found: list[Drug]) -> tuple[Drug, ...]:
    joined: list[Drug] = []
    for drug in found:
        last = joined[-1] if joined else None
        if last and re.fullmatch(r"\s?[/+]\s?|-", text[last.span[1] : drug.span[0]]):
            span = (last.span[0], drug.span[1])
            joined[-1] = Drug(name=paired(last.name, drug.name), span=span)
        else:
            joined.append(drug)
    return tuple(joined)


def paired(first: str, second: str) -> str:
    """The name of a combination: ours where it has one, else both joined by a slash."""
    known = _own().get(f"{first}/{second}".lower()) or _own().get(f"{second}/{first}".lower())
    return known or (first if first == second else f"{first} / {second}")


@cache
def _candidates() -> tuple[str, ...]:
    names = {name for name in (*_own(), *drug_dictionary().values()) if name.isalpha()}
    return tuple(sorted(name for name in names if len(name) >= 6))


_MISREAD = (("rn", "m"), ("vv", "w"), ("1", "l"), ("0", "o"), ("5", "s"))
"""What engines read, and what it was."""


@lru_cache(maxsize=8192)
def _nearest(word: str) -> str | None:
    if len(word) < 6 or sum(c.isalpha() for c in word) < 5:
        return None
    mended = word
    for read, was in _MISREAD:
        mended = mended.replace(read, was)
    for form in dict.fromkeys((word, mended)):
        close = process.extractOne(
            form, _candidates(), scorer=fuzz.ratio, score_cutoff=NOISE_CUTOFF
        )
        if close and close[0][0] == form[0]:
            return _ingredient(close[0])
    return None
