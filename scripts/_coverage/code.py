"""The jumps of compiled code, each explained by the condition or by the check that it is of.

Vyper's source map says for most places in the code from which node of the source they come, and
for most of the compiler's own checks what they check. What it leaves open, the code itself tells.

Source: Vyper 0.4.3, vyper/ir/compile_ir.py (how `if` and `repeat` become jumps).
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from core.errors import VerificationError
from scripts._coverage.source import Condition, Source, Span

JUMP, JUMPI, JUMPDEST, REVERT, PUSH0, PUSH32 = 0x56, 0x57, 0x5B, 0xFD, 0x5F, 0x7F
_ENDS = frozenset((0x00, 0xF3, REVERT, 0xFE, 0xFF))
_XOR, _DUP1, _DUP2, _ISZERO, _PUSH4 = 0x18, 0x80, 0x81, 0x15, 0x63
_FAR = 200
"""Instructions after which a way that has met nothing of the source is given up."""

Place = tuple[str, Span]


@dataclass(frozen=True, slots=True)
class Jump:
    """A conditional jump: the way on behind it, and the way that it jumps."""

    pc: int
    check: str
    """What the compiler checks here; empty when the source does."""
    condition: Condition | None = None
    number: int = 0
    """Among the jumps of its condition."""
    ways: tuple[str, str] = ("goes on", "jumps")


@dataclass(frozen=True, slots=True)
class _Instruction:
    pc: int
    op: int
    argument: int

    @property
    def next(self) -> int:
        return self.pc + 1 + max(0, self.op - PUSH0 if self.op <= PUSH32 else 0)


@dataclass(frozen=True)
class Code:
    """Code with its source map. `length` leaves out what is data or other code behind it."""

    name: str
    code: bytes
    length: int
    sources: Mapping[int, Source]
    """By the compiler's number of each file."""
    source_map: Mapping[str, Any] = field(repr=False)

    @cached_property
    def places(self) -> dict[int, Place]:
        """For each mapped place in the code, the statement that it is of."""
        found = {}
        for pc, (source, span) in self._spans.items():
            statement = source.statement(span)
            if statement is not None:
                found[pc] = (source.file, statement)
        return found

    @cached_property
    def jumps(self) -> tuple[Jump, ...]:
        """Every conditional jump. Raises VerificationError for one that nothing explains."""
        numbers: Counter[Condition] = Counter()
        found = []
        for index, each in enumerate(self._instructions):
            if each.op == JUMPI:
                jump = self._jump(index, numbers)
                found.append(jump)
                if jump.condition is not None and jump.condition.kind != "for":
                    numbers[jump.condition] += 1
        return tuple(found)

    @cached_property
    def _spans(self) -> dict[int, tuple[Source, Span]]:
        found = {}
        for key, (number, _) in self.source_map["pc_ast_map"].items():
            place = self.source_map["pc_pos_map"].get(key)
            pc, source = int(key), self.sources.get(number)
            if pc < self.length and source is not None and place:
                found[pc] = (source, Span((place[0], place[1]), (place[2], place[3])))
        return found

    @cached_property
    def _instructions(self) -> list[_Instruction]:
        found, pc = [], 0
        while pc < self.length:
            op = self.code[pc]
            wide = op - PUSH0 if PUSH0 <= op <= PUSH32 else 0
            found.append(_Instruction(pc, op, int.from_bytes(self.code[pc + 1 : pc + 1 + wide])))
            pc += 1 + wide
        return found

    @cached_property
    def _index(self) -> dict[int, int]:
        return {each.pc: index for index, each in enumerate(self._instructions)}

    def _jump(self, index: int, numbers: Counter[Condition]) -> Jump:
        here = self._instructions[index]
        check = self.source_map["error_map"].get(str(here.pc), "")
        condition = self._condition(index)
        if condition is None and not check:
            condition, number, check = self._of_loop(index)
            if condition is not None:
                return Jump(here.pc, "", condition, number, _LOOP_WAYS[number])
        if condition is None and not check:
            check = self._unnamed(index)
            condition = None if check else self._tested(index)
        if condition is not None:
            return Jump(here.pc, "", condition, numbers[condition], self._ways(index, condition))
        if not check:
            raise VerificationError(
                f"Nothing explains the jump at {here.pc} of {self.name}.",
                check="coverage",
                remedy="Teach scripts/_coverage/code.py what this compiler makes of the source.",
            )
        return Jump(here.pc, check)

    def _condition(self, index: int) -> Condition | None:
        """The condition that the source map names."""
        pc = self._instructions[index].pc
        number, node = self.source_map["pc_ast_map"].get(str(pc), (None, None))
        source = self.sources.get(number)
        condition = source.conditions.get(node) if source else None
        return condition if condition is None or condition.kind != "for" else None

    def _of_loop(self, index: int) -> tuple[Condition | None, int, str]:
        """Of a `for`: 0 before its first turn, 1 after each. Other loops copy an array's items."""
        before = [each.op for each in self._instructions[max(0, index - 4) : index]]
        on, away = self._instructions[index].next, self._target(index)
        if before[-3:-1] == [_DUP1, _ISZERO]:
            loop = self._loop_around(on, away)
            return loop, 0, "" if loop else "turns of a copy"
        if before[:3] == [_DUP2, _DUP2, _XOR]:
            loop = self._loop_around(away, on)
            return loop, 1, "" if loop else "turns of a copy"
        return None, 0, ""

    def _loop_around(self, turn: int, end: int) -> Condition | None:
        """The innermost `for` into whose body the one way leads and the other does not."""
        around = [
            loop
            for source in self.sources.values()
            for loop, sides in source.inside.items()
            if loop.kind == "for"
            and self._leads_into(turn, source, sides.true)
            and not self._leads_into(end, source, sides.true)
        ]
        return max(around, default=None, key=lambda each: each.span.start)

    def _unnamed(self, index: int) -> str:
        """A check of the compiler's that has no name in the source map."""
        before = [each.op for each in self._instructions[max(0, index - 4) : index]]
        if before[:3] == [_PUSH4, _DUP2, _XOR]:
            return "which function is called"
        if self._reverts(self._target(index)):
            return "unnamed check before a revert"
        called = any(op in (0xF1, 0xF4, 0xFA) for op in before)
        return "whether an outer call succeeded" if called else ""

    def _tested(self, index: int) -> Condition | None:
        """What the last mapped place before decides on, if nothing can have jumped in between."""
        for each in reversed(self._instructions[:index]):
            if each.op in (JUMP, JUMPDEST) or each.op in _ENDS:
                return None
            if each.pc in self._spans:
                source, span = self._spans[each.pc]
                return source.tested(span)
        return None

    def _ways(self, index: int, condition: Condition) -> tuple[str, str]:
        """Which of the two ways is the true one: into the body, or not into the refusal."""
        here = self._instructions[index]
        ends = here.next, self._target(index)
        if condition.kind == "assert":
            true = [not self._reverts(end) and not self._refuses(end) for end in ends]
            false = [not each for each in true]
        else:
            (source,) = [each for each in self.sources.values() if each.file == condition.file]
            sides = source.inside[condition]
            true = [self._leads_into(end, source, sides.true) for end in ends]
            false = [self._leads_into(end, source, sides.false) for end in ends]
        if (true[0] and not true[1]) or (false[1] and not false[0]):
            return "true", "false"
        if (true[1] and not true[0]) or (false[0] and not false[1]):
            return "false", "true"
        return "goes on", "jumps"

    def _leads_into(self, pc: int, source: Source, spans: tuple[Span, ...]) -> bool:
        return any(
            here is source and each.holds(span) for here, span in self._way(pc) for each in spans
        )

    def _way(self, pc: int) -> Iterator[tuple[Source, Span]]:
        """What is mapped from here on, to the next point where the way may part."""
        index = self._index.get(pc)
        for _ in range(_FAR):
            if index is None or index >= len(self._instructions):
                return
            each = self._instructions[index]
            if each.pc in self._spans:
                yield self._spans[each.pc]
            if each.op in _ENDS or each.op == JUMPI:
                return
            if each.op == JUMP:
                index = self._index.get(self._target(index))
            else:
                index += 1

    def _target(self, index: int) -> int:
        """Where a jump goes, -1 if that is not written right before it."""
        before = self._instructions[index - 1]
        return before.argument if PUSH0 <= before.op <= PUSH32 else -1

    def _reverts(self, pc: int) -> bool:
        """Whether this is the block that does nothing but revert, without a reason."""
        index = self._index.get(pc, len(self._instructions))
        ops = [each.op for each in self._instructions[index : index + 4]]
        return ops in ([JUMPDEST, PUSH0, PUSH0, REVERT], [JUMPDEST, PUSH0, _DUP1, REVERT])

    def _refuses(self, pc: int) -> bool:
        """Whether an assertion's reason follows."""
        index = self._index.get(pc, len(self._instructions))
        for each in self._instructions[index : index + _FAR]:
            if each.op == REVERT:
                return True
            if each.op in (JUMP, JUMPI) or each.op in _ENDS:
                return False
            if each.op == JUMPDEST and each.pc != pc:
                return False
        return False


_LOOP_WAYS = (("a turn", "no turn"), ("no further turn", "a further turn"))
