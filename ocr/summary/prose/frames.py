"""The notation in which `data/prose.toml` says which sentences a fact licenses.

`(a|b)` is a choice, `[a]` may be missing, `<slot>` stands for words of a fact, `$name` for a
phrase of the file, `{` and `}` for brackets in the sentence. Everything else stands for itself,
in either case. A choice whose slot a fact does not have falls away, and so does what must have it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from core.errors import SetupError

Resolve = Callable[[str], str | None]
"""The pattern of a slot; None when there is nothing to put there."""


@dataclass(frozen=True, slots=True)
class Literal:
    text: str


@dataclass(frozen=True, slots=True)
class Slot:
    name: str


@dataclass(frozen=True, slots=True)
class Choice:
    branches: "tuple[Frame, ...]"
    optional: bool


Frame = tuple[Literal | Slot | Choice, ...]

_TOKEN = re.compile(r"<([\w.-]+)>|([()\[\]|])|([^<>()\[\]|]+)")


def parse(notation: str, phrases: Mapping[str, str] | None = None) -> Frame:
    """A frame as a tree. Raises SetupError when brackets do not match or a phrase is missing."""
    tokens = list(_TOKEN.finditer(_expanded(notation, phrases or {})))
    branches, _ = _branches(tokens, 0, "")
    return branches[0] if len(branches) == 1 else (Choice(branches, optional=False),)


def pattern(frame: Frame, resolve: Resolve, text: str) -> str | None:
    """The regular expression of a frame, as far as it can match within `text` (lower case).

    None when it cannot: a slot or a word that it needs is not there.
    """
    parts = []
    for node in frame:
        part = _pattern(node, resolve, text)
        if part is None:
            return None
        parts.append(part)
    return "".join(parts)


def literals(frame: Frame) -> Iterator[str]:
    """All words that stand for themselves."""
    for node in frame:
        if isinstance(node, Literal):
            yield from re.findall(r"[a-z']+", node.text)
        elif isinstance(node, Choice):
            for branch in node.branches:
                yield from literals(branch)


def _expanded(notation: str, phrases: Mapping[str, str]) -> str:
    known = sorted(phrases, key=len, reverse=True)
    while "$" in notation:
        before, _, after = notation.partition("$")
        name = next((name for name in known if after.startswith(name)), None)
        if name is None:
            raise SetupError(f"A frame of prose.toml has a phrase that is not there: ${after}")
        notation = f"{before}{phrases[name]}{after[len(name) :]}"
    return notation


def _branches(tokens: list[re.Match[str]], at: int, closing: str) -> tuple[tuple[Frame, ...], int]:
    branches: list[Frame] = []
    nodes: list[Literal | Slot | Choice] = []
    while at < len(tokens):
        slot, sign, text = tokens[at].groups()
        at += 1
        if slot:
            nodes.append(Slot(slot))
        elif text:
            nodes.append(Literal(text.replace("{", "(").replace("}", ")").lower()))
        elif sign == "|":
            branches.append(tuple(nodes))
            nodes = []
        elif sign in "([":
            inner, at = _branches(tokens, at, ")" if sign == "(" else "]")
            nodes.append(Choice(inner, optional=sign == "["))
        elif sign == closing:
            return (*branches, tuple(nodes)), at
        else:
            raise SetupError("A frame of prose.toml has a bracket too many.")
    if closing:
        raise SetupError("A frame of prose.toml has a bracket that is not closed.")
    return (*branches, tuple(nodes)), at


def _pattern(node: Literal | Slot | Choice, resolve: Resolve, text: str) -> str | None:
    if isinstance(node, Literal):
        if node.text not in text:
            return None
        return f"(?i:{re.escape(node.text)})"
    if isinstance(node, Slot):
        return resolve(node.name)
    branches = [part for b in node.branches if (part := pattern(b, resolve, text)) is not None]
    if not branches:
        return "" if node.optional else None
    return f"(?:{'|'.join(branches)}){'?' if node.optional else ''}"
