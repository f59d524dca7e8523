"""Compile each mutant, walk it beside the model of the right contract, keep what became of it."""

import hashlib
import json
import math
import multiprocessing
import random
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from core.errors import SetupError, VerificationError
from ledger.artifact import Artifact, consent_artifact
from scripts._mutate.compiling import Sources
from scripts._mutate.operators import Mutant, mutants
from scripts._walk.walker import Violation, Walker

KILLED, SURVIVED = "killed", "survived"
NO_MUTANT = ("does not compile", "same code")
STEPS_A_WALK = 4_000
MUTANTS_A_PROCESS = 40
"""A process that has compiled so many has grown by some hundred megabytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a mutant, and after how many steps at most."""

    mutant: Mutant
    fate: str
    steps: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All mutants there are, and the verdicts on those that were drawn."""

    all_mutants: int
    seed: int
    verdicts: tuple[Verdict, ...]

    def count(self, fate: str) -> int:
        return sum(each.fate == fate for each in self.verdicts)

    @property
    def survivors(self) -> tuple[Verdict, ...]:
        return tuple(each for each in self.verdicts if each.fate == SURVIVED)

    def shown(self) -> dict[str, Any]:
        killed, tried = self.count(KILLED), self.count(KILLED) + self.count(SURVIVED)
        return {
            "mutants": self.all_mutants,
            "seed": self.seed,
            "drawn": len(self.verdicts),
            **{fate: self.count(fate) for fate in (*NO_MUTANT, KILLED, SURVIVED)},
            "score": round(killed / tried, 4) if tried else None,
            "interval_95": [round(each, 4) for each in _interval(killed, tried)],
            "survivors": [asdict(each.mutant) for each in self.survivors],
        }


def mutate(
    project: Path,
    cache: Path,
    *,
    sample: int | None,
    seed: int,
    steps: int,
    workers: int,
    progress: Callable[[Verdict], None] = lambda _: None,
) -> Report:
    """Draw `sample` mutants (all if None), walk each for at most `steps` steps.

    A verdict is kept in `cache` under the hash of all sources and `steps`, and not sought again.
    Raises SetupError when the contracts themselves do not compile, VerificationError when the walk
    finds fault with them.
    """
    every = sorted(_all_mutants(project))
    dice = random.Random(seed)  # noqa: S311  # to be repeated, not to be secret
    # A larger sample by the same seed begins with the smaller one, whose verdicts are kept.
    chosen = dice.sample(every, len(every))[:sample]
    right = Sources(project).bare(consent_artifact(project, cache / "right"))
    # Else everything would look killed.
    if not _stands(right, 0, min(STEPS_A_WALK, steps)):
        raise VerificationError("The walk stops at the contracts themselves.", check="mutate")
    verdicts = []
    # Not concurrent.futures: on Python 3.11 its processes are not replaced (cpython 115634).
    pool = multiprocessing.get_context("spawn").Pool(workers, maxtasksperchild=MUTANTS_A_PROCESS)
    with pool:
        for verdict in pool.imap(partial(_judge, project, cache, right, steps), chosen):
            verdicts.append(verdict)
            progress(verdict)
    return Report(all_mutants=len(every), seed=seed, verdicts=tuple(verdicts))


def _interval(hits: int, tries: int) -> tuple[float, float]:
    """Where the share of all lies with 95 % confidence, judged by a sample.

    Source: Wilson, Probable inference, the law of succession, and statistical inference (1927).
    """
    if not tries:
        return 0.0, 1.0
    z2 = 1.959964**2
    share = hits / tries
    half = math.sqrt(z2 * (share * (1 - share) / tries + z2 / (4 * tries**2)))
    middle = share + z2 / (2 * tries)
    return (middle - half) / (1 + z2 / tries), (middle + half) / (1 + z2 / tries)


def _all_mutants(project: Path) -> Iterator[Mutant]:
    contracts = project / "contracts"
    for path in sorted(contracts.rglob("*.vy")):
        yield from mutants(path.relative_to(contracts).as_posix(), path.read_text())


def _judge(project: Path, cache: Path, right: Artifact, steps: int, mutant: Mutant) -> Verdict:
    name = hashlib.sha256(f"{right.source_hash}\0{mutant}\0{steps}".encode()).hexdigest()
    kept = cache / f"{name[:32]}.json"
    if kept.exists():
        return Verdict(mutant=mutant, **json.loads(kept.read_text()))
    verdict = _try(project, right, mutant, steps)
    cache.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps({"fate": verdict.fate, "steps": verdict.steps}))
    return verdict


def _try(project: Path, right: Artifact, mutant: Mutant, steps: int) -> Verdict:
    sources = Sources(project)
    try:
        wrong = sources.artifact(right, mutant.file, mutant.applied(sources.texts[mutant.file]))
    except SetupError:
        return Verdict(mutant=mutant, fate="does not compile")
    if _code(wrong) == _code(right):
        return Verdict(mutant=mutant, fate="same code")
    for walked in range(0, steps, STEPS_A_WALK):
        if not _stands(wrong, walked // STEPS_A_WALK, min(STEPS_A_WALK, steps - walked)):
            return Verdict(mutant=mutant, fate=KILLED, steps=walked + STEPS_A_WALK)
    return Verdict(mutant=mutant, fate=SURVIVED, steps=steps)


def _code(artifact: Artifact) -> tuple[bytes, bytes]:
    return artifact.bytecode, artifact.credentials.bytecode if artifact.credentials else b""


def _stands(artifact: Artifact, seed: int, steps: int) -> bool:
    """Whether the walk finds nothing. A contract that cannot be deployed or read is found out."""
    try:
        Walker(artifact, seed).walk(steps)
    except (Violation, AssertionError, RuntimeError, ValueError, LookupError, SetupError):
        return False
    return True
