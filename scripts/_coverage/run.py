"""Walks, until every line has run and every branch was taken both ways."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from core.errors import VerificationError
from ledger.artifact import consent_artifact
from scripts._coverage.compiled import compiled
from scripts._coverage.machine import TracedMachine
from scripts._coverage.report import Report, report
from scripts._coverage.seen import Seen
from scripts._walk.walker import Violation, Walker

STEPS_A_WALK = 2_000


def measure(
    project: Path,
    cache: Path,
    *,
    steps: int,
    seed: int,
    progress: Callable[[int, Report], None] = lambda _steps, _report: None,
) -> tuple[Report, int, Seen]:
    """Walk at most `steps` steps, from the seeds `seed`, `seed` + 1 and so on; how many it took.

    `progress` is told after each walk. Raises SetupError when the contracts do not compile, and
    VerificationError when the walk finds fault with them.
    """
    artifact = consent_artifact(project, cache)
    seen = Seen(compiled(project, artifact))
    contracts = project / "contracts"
    texts = {
        path.relative_to(contracts).as_posix(): path.read_text() for path in contracts.rglob("*.vy")
    }
    walked, so_far = 0, report(seen, texts)
    while walked < steps and so_far.percent < 100:
        length = min(STEPS_A_WALK, steps - walked)
        walker = Walker(
            artifact, seed + walked // STEPS_A_WALK, machine=partial(TracedMachine, seen)
        )
        try:
            walker.walk(length)
        except Violation as violation:
            raise VerificationError(
                str(violation), check="walk", remedy="Repeat that seed with `anamnesis walk`."
            ) from violation
        walked += length
        so_far = report(seen, texts)
        progress(walked, so_far)
    return so_far, walked, seen
