"""Sound files cut, flipped, spliced and misnamed. Random, by seed."""

import random
from collections.abc import Iterator

from scripts._hostile.case import Case, file_case
from scripts._hostile.honest import SUFFIXES, sound

_HEADER_BYTES = 160
_IMPOSTERS: dict[str, bytes] = {
    "zip": b"PK\x03\x04" + bytes(60),
    "elf": b"\x7fELF\x02\x01\x01" + bytes(120),
    "html": b"<!doctype html><script>alert(1)</script>",
    "text": b"Metformin 500 mg twice daily\n",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    "postscript": b"%!PS-Adobe-3.0\n(/etc/passwd) (r) file\n",
    "gif": b"GIF89a" + bytes(40),
    "gzip": b"\x1f\x8b\x08" + bytes(40),
}


def damaged(seed: int, files: int) -> Iterator[Case]:
    """`files` damaged files in all, the kinds in turn."""
    chance = random.Random(seed)  # noqa: S311  # a corpus that can be made again, no secret
    ways = (_cut, _header, _header, _body, _spliced, _grown)
    kinds = tuple(SUFFIXES)
    for number in range(files):
        kind = kinds[number % len(kinds)]
        way = ways[number // len(kinds) % len(ways)]
        content = way(bytearray(sound(kind)), chance)
        family = way.__name__.strip("_")
        yield file_case(family, f"{number:04}{SUFFIXES[kind]}", bytes(content))


def misnamed() -> Iterator[Case]:
    """Sound files under other suffixes, and what is no paper under the suffixes of paper."""
    for kind, suffix in SUFFIXES.items():
        for other in (".pdf", ".png", ".dcm"):
            if other != suffix:
                yield file_case("misnamed", f"{kind.lower()}{other}", sound(kind), expected="read")
        yield from _empty(kind, suffix)
    for name, content in _IMPOSTERS.items():
        for suffix in (".pdf", ".jpg", ".heic"):
            yield file_case("imposter", f"{name}{suffix}", content, expected="refused")


def _empty(kind: str, suffix: str) -> Iterator[Case]:
    yield file_case("empty", f"nothing{suffix}", b"", expected="refused")
    yield file_case("empty", f"one{suffix}", b"\x00", expected="refused")
    yield file_case("empty", f"zeros{suffix}", bytes(5000), expected="refused")
    head = sound(kind)[: 132 if kind == "DICOM" else 12]
    yield file_case("empty", f"head{suffix}", head, expected="refused")


def _cut(content: bytearray, chance: random.Random) -> bytearray:
    return content[: chance.randrange(1, len(content))]


def _header(content: bytearray, chance: random.Random) -> bytearray:
    start = 128 if content[128:132] == b"DICM" else 0
    for _ in range(chance.choice((1, 2, 4, 12))):
        where = start + chance.randrange(4, _HEADER_BYTES)
        content[where] = chance.choice((0, 1, 127, 128, 255, chance.randrange(256)))
    return content


def _body(content: bytearray, chance: random.Random) -> bytearray:
    for _ in range(chance.choice((1, 8, 64))):
        content[chance.randrange(len(content))] = chance.randrange(256)
    return content


def _spliced(content: bytearray, chance: random.Random) -> bytearray:
    other = sound(chance.choice(tuple(SUFFIXES)))
    return content[: chance.randrange(len(content))] + other[chance.randrange(len(other)) :]


def _grown(content: bytearray, chance: random.Random) -> bytearray:
    start = chance.randrange(len(content))
    piece = content[start : start + chance.randrange(1, 200)]
    return content[:start] + piece * chance.choice((2, 50, 500)) + content[start:]
