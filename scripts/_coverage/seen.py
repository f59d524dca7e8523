"""What ran: program counters, ways of jumps, and the branches that those are."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from scripts._coverage.code import JUMPI, Code, Jump
from scripts._coverage.replay import Frame
from scripts._coverage.source import Condition

MOST_ALIKE = 200
"""Calls of one function with one outcome are looked into so often, and then no more."""


class Seen:
    """Program counters and ways of jumps, by the code that they are of."""

    def __init__(self, codes: Sequence[Code]) -> None:
        self.codes = tuple(codes)
        self.places: list[set[int]] = [set() for _ in codes]
        self.ways: list[set[tuple[int, bool]]] = [set() for _ in codes]
        self.calls = 0
        self.traced = 0
        self._known: set[tuple[bytes, bytes, int]] = set()
        self._alike: Counter[tuple[bytes, bytes]] = Counter()

    def is_new(self, function: bytes, outcome: bytes, gas: int) -> bool:
        """Whether no call of this function had this outcome for this gas, which tells ways apart.

        `gas` is without what the calldata costs. It only saves time: a call left out adds nothing.
        """
        self.calls += 1
        key, alike = (function, outcome, gas), (function, outcome)
        if key in self._known or self._alike[alike] >= MOST_ALIKE:
            return False
        self._known.add(key)
        self._alike[alike] += 1
        return True

    def add(self, frames: Iterable[Frame]) -> None:
        """Take in what ran; code that is not one of the contracts' is passed over."""
        self.traced += 1
        for frame in frames:
            number = self._number(frame.code)
            if number is None:
                continue
            self.places[number].update(frame.trail)
            for pc, then in set(pairwise(frame.trail)):
                if frame.code[pc] == JUMPI:
                    self.ways[number].add((pc, then != pc + 1))

    def _number(self, code: bytes) -> int | None:
        return next((n for n, each in enumerate(self.codes) if code.startswith(each.code)), None)


@dataclass(frozen=True, slots=True, order=True)
class Branch:
    """One way out of a jump of a condition."""

    condition: Condition
    number: int
    way: str

    def __str__(self) -> str:
        shown = self.shown()
        operand = f", operand {shown['operand']}" if shown["operand"] else ""
        return f"line {shown['line']}, {shown['of']}{operand}: {self.way}"

    def shown(self) -> dict[str, Any]:
        kind = self.condition.kind
        operand = self.number + 1 if kind in ("and", "or") else None
        return {"line": self.condition.line, "of": kind, "operand": operand, "way": self.way}


def branches(seen: Seen) -> tuple[set[Branch], set[Branch]]:
    """All there are, and those that were taken."""
    every, taken = set(), set()
    for code, ways in zip(seen.codes, seen.ways, strict=True):
        for jump in code.jumps:
            for jumped in (False, True):
                branch = _branch(jump, jumped)
                if branch is not None:
                    every.add(branch)
                    if (jump.pc, jumped) in ways:
                        taken.add(branch)
    return every, taken


def _branch(jump: Jump, jumped: bool) -> Branch | None:
    if jump.condition is None:
        return None
    return Branch(jump.condition, jump.number, jump.ways[jumped])
