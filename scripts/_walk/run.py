"""Many walks side by side, each from a beginning of its own."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.artifact import Artifact, consent_artifact
from scripts._walk.walker import Violation, Walker

STEPS_A_WALK = 4_000
"""After so many the state is rich and the journal of the EVM still small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the walks came to."""

    seed: int
    steps: int
    seconds: float
    outcomes: Counter[str]
    violations: tuple[str, ...]

    @property
    def calls(self) -> int:
        return self.outcomes.total()

    @property
    def done(self) -> int:
        """Calls that went through."""
        return sum(count for name, count in self.outcomes.items() if name.endswith(": done"))

    def shown(self) -> dict[str, Any]:
        return {
            "seed": self.seed,
            "steps": self.steps,
            "calls": self.calls,
            "done": self.done,
            "seconds": round(self.seconds, 1),
            "violations": list(self.violations),
            "outcomes": dict(sorted(self.outcomes.items())),
        }


def walk(
    project: Path,
    cache: Path,
    *,
    steps: int,
    seed: int,
    workers: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """Walk `steps` steps in all, from the seeds `seed`, `seed` + 1 and so on.

    Stops at the first violation. Raises SetupError when the contracts do not compile.
    """
    start = time.monotonic()
    artifact = consent_artifact(project, cache)
    outcomes: Counter[str] = Counter()
    violations: list[str] = []
    walked = 0
    for counted, length, violation in _walks(artifact, steps, seed, workers):
        outcomes += counted
        walked += length
        progress(walked)
        if violation:
            violations.append(violation)
            break
    return Report(
        seed=seed,
        steps=walked,
        seconds=time.monotonic() - start,
        outcomes=outcomes,
        violations=tuple(violations),
    )


_One = tuple[Counter[str], int, str | None]


def _walks(artifact: Artifact, steps: int, seed: int, workers: int | None) -> Iterator[_One]:
    lengths = [STEPS_A_WALK] * (steps // STEPS_A_WALK)
    if rest := steps % STEPS_A_WALK:
        lengths.append(rest)
    workers = min(workers or os.cpu_count() or 1, len(lengths))
    if workers == 1:
        yield from (_walk(artifact, seed + n, length) for n, length in enumerate(lengths))
        return
    with ProcessPoolExecutor(workers) as pool:
        seeds = range(seed, seed + len(lengths))
        try:
            yield from pool.map(_walk, [artifact] * len(lengths), seeds, lengths)
        finally:
            pool.shutdown(cancel_futures=True)


def _walk(artifact: Artifact, seed: int, steps: int) -> _One:
    walker = Walker(artifact, seed)
    try:
        walker.walk(steps)
    except Violation as violation:
        return walker.outcomes, steps, str(violation)
    return walker.outcomes, steps, None
