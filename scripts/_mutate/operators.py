"""What can be wrong in a Vyper source, one change at a time.

Works on tokens, for Vyper's are Python's. What does not compile, or compiles to the same code, is
sorted out by whoever compiles it.

Source: Jia and Harman, An Analysis and Survey of the Development of Mutation Testing (2011).
"""

import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

_INSTEAD = {
    "==": ("!=",),
    "!=": ("==",),
    "<": ("<=", ">="),
    "<=": ("<", ">"),
    ">": (">=", "<="),
    ">=": (">", "<"),
    "+": ("-",),
    "-": ("+",),
    "&": ("|",),
    "|": ("&",),
    "^": ("|",),
    "<<": (">>",),
    ">>": ("<<",),
    "and": ("or",),
    "or": ("and",),
    "True": ("False",),
    "False": ("True",),
}
_WORDS_INSTEAD = {
    "msg.sender": "tx.origin",
    "chain.id": "1",
    "block.timestamp": "block.number",
}
_BODY = re.compile(r"^ {4,}\S")
_DROPPED = re.compile(r"(assert |log |raw_log\(|self\.|[a-z_]+\._[a-z_]+\(|[a-z_]+\.words\[)")
_CONSTANT = re.compile(r"^[A-Z0-9_]+: constant\(")
_ENDINGS = (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT, tokenize.NL)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Mutant:
    """One change: `before`, from character `start` to `end` of `file`, becomes `after`."""

    file: str
    line: int
    start: int
    end: int
    operator: str
    before: str
    after: str

    def applied(self, source: str) -> str:
        return source[: self.start] + self.after + source[self.end :]


def mutants(file: str, source: str) -> Iterator[Mutant]:
    """Every mutant of one source. Docstrings, comments, signatures and imports stay."""
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for statement in _statements(source):
        first, last = statement[0], statement[-1]
        line = source[starts[first.start[0] - 1] :]
        if not (_BODY.match(line) or _CONSTANT.match(line)):
            continue
        for operator, begin, end, after in _changes(statement):
            start, stop = (starts[row - 1] + column for row, column in (begin, end))
            yield Mutant(
                file=file,
                line=begin[0],
                start=start,
                end=stop,
                operator=operator,
                before=source[start:stop],
                after=after,
            )
        text = source[starts[first.start[0] - 1] + first.start[1] :]
        if _BODY.match(line) and _DROPPED.match(text):
            start = starts[first.start[0] - 1] + first.start[1]
            stop = starts[last.end[0] - 1] + last.end[1]
            yield Mutant(
                file=file,
                line=first.start[0],
                start=start,
                end=stop,
                operator="dropped",
                before=source[start:stop],
                after="pass",
            )


_Place = tuple[int, int]
_Change = tuple[str, _Place, _Place, str]


def _statements(source: str) -> Iterator[list[tokenize.TokenInfo]]:
    """Tokens of each logical line of code."""
    statement: list[tokenize.TokenInfo] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _ENDINGS:
            statement.append(token)
        elif token.type == tokenize.NEWLINE:
            if statement and not _is_apart(statement):
                yield statement
            statement = []


def _is_apart(statement: list[tokenize.TokenInfo]) -> bool:
    """Docstrings, signatures, decorators and the fields of events."""
    words = [token.string for token in statement]
    declares = len(words) > 1 and words[1] == ":" and "=" not in words
    return statement[0].type == tokenize.STRING or words[0] in ("def", "@") or declares


def _changes(statement: list[tokenize.TokenInfo]) -> Iterator[_Change]:
    for token in statement:
        for after in _INSTEAD.get(token.string, ()):
            yield f"{token.string} -> {after}", token.start, token.end, after
        if token.type == tokenize.NUMBER and not token.string.startswith("0x"):
            yield from _numbers(token)
    yield from _phrases(statement)
    if statement[0].string == "if":
        begin, end = statement[1].start, statement[-2].end
        yield "if never", begin, end, "False"
        yield "if always", begin, end, "True"


def _numbers(token: tokenize.TokenInfo) -> Iterator[_Change]:
    value = int(token.string.replace("_", ""))
    yield "+ 1", token.start, token.end, str(value + 1)
    if value:
        yield "- 1", token.start, token.end, str(value - 1)


def _phrases(statement: list[tokenize.TokenInfo]) -> Iterator[_Change]:
    for one, dot, two in zip(statement, statement[1:], statement[2:], strict=False):
        words = one.string + dot.string + two.string
        if words in _WORDS_INSTEAD:
            yield words, one.start, two.end, _WORDS_INSTEAD[words]
        swappable = one.type == two.type == tokenize.NAME and dot.string == ","
        if swappable and one.string != two.string:
            yield "swapped", one.start, two.end, f"{two.string}, {one.string}"
    for one, two in pairwise(statement):
        if one.string == "not":
            yield "not dropped", one.start, two.start, ""
