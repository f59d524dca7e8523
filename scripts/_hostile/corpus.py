"""The corpus: fixed traps, then damaged files by seed until it is as large as wanted."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from core.errors import InputError
from scripts._hostile.case import Case, file_case
from scripts._hostile.damaged import damaged, misnamed
from scripts._hostile.honest import SUFFIXES, sound
from scripts._hostile.images import hostile_images
from scripts._hostile.pdfs import hostile_pdfs
from scripts._hostile.places import tricky_places
from scripts._hostile.slow import slow_files


def corpus(seed: int, files: int) -> tuple[Case, ...]:
    """`files` cases. Raises InputError when that leaves no room for damaged ones."""
    fixed = tuple(_fixed())
    if files <= len(fixed):
        raise InputError(f"The fixed cases alone are {len(fixed)}.", remedy="Ask for more files.")
    return (*fixed, *damaged(seed, files - len(fixed)))


def sample(cases: Sequence[Case], each: int) -> tuple[Case, ...]:
    """At most `each` cases of every family, spread over it."""
    families: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        families[case.family].append(case)
    return tuple(
        case
        for found in families.values()
        for case in found[:: max(1, -(-len(found) // each))][:each]
    )


def _fixed() -> Iterator[Case]:
    for kind, suffix in SUFFIXES.items():
        yield file_case("sound", f"page{suffix}", sound(kind), expected="read")
    yield from misnamed()
    yield from hostile_pdfs()
    yield from hostile_images()
    yield from tricky_places()
    yield from slow_files()
