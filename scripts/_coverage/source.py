"""What a Vyper source asks for: its statements, and the conditions that part its ways."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Node = Mapping[str, Any]
"""A node of the compiler's annotated syntax tree."""

STATEMENTS = frozenset(
    (
        *("AnnAssign", "Assert", "Assign", "AugAssign", "Break", "Continue", "Expr"),
        *("For", "If", "Log", "Pass", "Raise", "Return"),
    )
)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From the first place to just before the last, each a line (from 1) and a column (from 0)."""

    start: tuple[int, int]
    end: tuple[int, int]

    def holds(self, other: "Span") -> bool:
        return self.start <= other.start and other.end <= self.end


@dataclass(frozen=True, slots=True, order=True)
class Condition:
    """A place where the source decides: `if`, `if` within an expression, `and`, `or`, `assert`,
    and the beginning and the end of a turn of a `for`."""

    file: str
    span: Span
    kind: str
    jumps: int
    """How many the compiler makes of it: one for each operand but the last of `and` and `or`."""

    @property
    def line(self) -> int:
        return self.span.start[0]


@dataclass(frozen=True, slots=True)
class Sides:
    """What runs only if a condition holds, and only if it does not: bodies, or next operands."""

    true: tuple[Span, ...]
    false: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """One file."""

    file: str
    statements: tuple[Span, ...]
    conditions: Mapping[int, Condition]
    """By the number of its node."""
    inside: Mapping[Condition, "Sides"]
    tests: tuple[tuple[Span, Condition], ...]
    """What each condition decides on."""

    def statement(self, span: Span) -> Span | None:
        """The innermost statement around a place, None between functions and in their headers."""
        around = (each for each in self.statements if each.holds(span))
        return max(around, key=lambda each: each.start, default=None)

    def tested(self, span: Span) -> Condition | None:
        """The innermost condition that decides on what stands here."""
        around = [(test, condition) for test, condition in self.tests if test.holds(span)]
        return max(around, default=(span, None), key=lambda each: each[0].start)[1]


def source(file: str, module: Node) -> Source:
    """What a module's functions hold, those for deployment included."""
    functions = [each for each in module["body"] if each["ast_type"] == "FunctionDef"]
    nodes = [node for function in functions for node in _within(function["body"])]
    conditions, inside, tests = {}, {}, []
    for node in nodes:
        condition = _condition(file, node)
        if condition is None:
            continue
        conditions[node["node_id"]] = condition
        inside[condition] = _sides(node)
        tests += [(span_of(each), condition) for each in _tests(node)]
    statements = {span_of(node) for node in nodes if node["ast_type"] in STATEMENTS}
    return Source(file, tuple(sorted(statements)), conditions, inside, tuple(tests))


def span_of(node: Node) -> Span:
    start, end = (node["lineno"], node["col_offset"]), (node["end_lineno"], node["end_col_offset"])
    return Span(start, end)


def _condition(file: str, node: Node) -> Condition | None:
    kind = {
        "If": "if",
        "IfExp": "if",
        "Assert": "assert",
        "For": "for",
        "BoolOp": str(node.get("op", {}).get("ast_type", "")).lower(),
    }.get(node["ast_type"])
    if kind is None:
        return None
    jumps = {"BoolOp": len(node.get("values", ())) - 1, "For": 2}.get(node["ast_type"], 1)
    return Condition(file, span_of(node), kind, jumps)


def _sides(node: Node) -> Sides:
    if node["ast_type"] == "BoolOp":
        others = tuple(map(span_of, node["values"][1:]))
        return Sides(others, ()) if node["op"]["ast_type"] == "And" else Sides((), others)
    sides = (node.get("body") or (), node.get("orelse") or ())
    lists = ([side] if isinstance(side, Mapping) else side for side in sides)
    true, false = (tuple(map(span_of, side)) for side in lists)
    return Sides(true, false)


def _tests(node: Node) -> Iterable[Node]:
    if node["ast_type"] == "BoolOp":
        return list(node["values"][:-1])
    return [node["test"]] if "test" in node else []


def _within(nodes: Any) -> Iterator[Node]:
    """Every node with a place, from the outside in; types and declarations referred to are none."""
    if isinstance(nodes, list):
        for each in nodes:
            yield from _within(each)
    elif isinstance(nodes, Mapping):
        if "ast_type" in nodes and "lineno" in nodes:
            yield nodes
        loop = nodes.get("ast_type") == "For"
        for key, value in nodes.items():
            # The variable of a loop stands nowhere, by its line.
            if not (key in ("type", "annotation") or (loop and key == "target")):
                yield from _within(value)
