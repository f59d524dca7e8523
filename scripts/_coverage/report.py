"""What ran of each file, and what did not."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scripts._coverage.code import Place
from scripts._coverage.seen import Branch, Seen, branches
from scripts._coverage.source import Source
from scripts._coverage.unreachable import unreachable


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """One source. Lines are where statements begin."""

    file: str
    lines: int
    missed_lines: tuple[int, ...]
    without_code: tuple[int, ...]
    """Lines of which the compiler makes nothing of its own; they do not count."""
    branches: int
    missed_branches: tuple[Branch, ...]
    unreachable: tuple[tuple[Branch, str], ...]
    """With the reason; they do not count."""
    without_jump: tuple[int, ...]
    """Lines with a condition of which the compiler makes no jump."""

    def shown(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "lines": self.lines,
            "missed_lines": list(self.missed_lines),
            "lines_without_code": list(self.without_code),
            "branches": self.branches,
            "missed_branches": [each.shown() for each in self.missed_branches],
            "unreachable": [each.shown() | {"reason": why} for each, why in self.unreachable],
            "conditions_without_jump": list(self.without_jump),
        }


@dataclass(frozen=True, slots=True)
class Check:
    """A kind of check that the compiler adds: how many there are, and how many went both ways."""

    name: str
    count: int
    both_ways: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    files: tuple[FileReport, ...]
    checks: tuple[Check, ...]

    @property
    def lines(self) -> tuple[int, int]:
        """Those that ran, and all."""
        every = sum(each.lines for each in self.files)
        return every - sum(len(each.missed_lines) for each in self.files), every

    @property
    def branches(self) -> tuple[int, int]:
        """Those that were taken, and all."""
        every = sum(each.branches for each in self.files)
        return every - sum(len(each.missed_branches) for each in self.files), every

    @property
    def percent(self) -> float:
        """The lower of lines and branches; zero while a condition has no jump."""
        if any(each.without_jump for each in self.files):
            return 0.0
        return min(100 * ran / max(1, every) for ran, every in (self.lines, self.branches))

    def shown(self) -> dict[str, Any]:
        return {
            "lines": dict(zip(("ran", "all"), self.lines, strict=True)),
            "branches": dict(zip(("taken", "all"), self.branches, strict=True)),
            "percent": round(self.percent, 2),
            "files": [each.shown() for each in self.files],
            "compilers_checks": [
                {"check": each.name, "count": each.count, "both_ways": each.both_ways}
                for each in self.checks
            ],
        }


def report(seen: Seen, texts: Mapping[str, str]) -> Report:
    """`texts` are the sources, by name. Raises VerificationError (see unreachable)."""
    every, taken = branches(seen)
    never = unreachable(every, taken, texts)
    sources = {each.file: each for code in seen.codes for each in code.sources.values()}
    coded = {place for code in seen.codes for place in code.places.values()}
    ran = _ran(seen)
    return Report(
        files=tuple(
            _file(sources[name], coded, ran, every, taken, never) for name in sorted(sources)
        ),
        checks=_checks(seen),
    )


def _ran(seen: Seen) -> set[Place]:
    return {
        code.places[pc]
        for code, pcs in zip(seen.codes, seen.places, strict=True)
        for pc in pcs
        if pc in code.places
    }


def _checks(seen: Seen) -> tuple[Check, ...]:
    counts: Counter[str] = Counter()
    both: Counter[str] = Counter()
    for code, ways in zip(seen.codes, seen.ways, strict=True):
        for jump in code.jumps:
            if jump.condition is None:
                counts[jump.check] += 1
                both[jump.check] += {(jump.pc, False), (jump.pc, True)} <= ways
    return tuple(Check(name, count, both[name]) for name, count in counts.most_common())


def _file(
    source: Source,
    coded: set[Place],
    ran: set[Place],
    every: set[Branch],
    taken: set[Branch],
    never: Mapping[Branch, str],
) -> FileReport:
    counted = [each for each in source.statements if (source.file, each) in coded]
    own = {each for each in every if each.condition.file == source.file}
    jumps = {(each.condition, each.number) for each in own}
    return FileReport(
        file=source.file,
        lines=len(counted),
        missed_lines=tuple(e.start[0] for e in counted if (source.file, e) not in ran),
        without_code=tuple(e.start[0] for e in source.statements if e not in counted),
        branches=len(own - never.keys()),
        missed_branches=tuple(sorted(own - taken - never.keys())),
        unreachable=tuple((each, never[each]) for each in sorted(own & never.keys())),
        without_jump=tuple(
            each.line
            for each in source.conditions.values()
            if any((each, number) not in jumps for number in range(each.jumps))
        ),
    )
