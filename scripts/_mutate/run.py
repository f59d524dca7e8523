"""Compile each mutant, walk it beside the model of the right contract, keep what became of it."""

import hashlib
import json
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.errors import SetupError, VerificationError
from ledger.artifact import Artifact, consent_artifact
from scripts._mutate.operators import Mutant, mutants
from scripts._walk.walker import Violation, Walker

KILLED, SURVIVED = "killed", "survived"
NO_MUTANT = ("does not compile", "same code")
STEPS_A_WALK = 4_000


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
        tried = self.count(KILLED) + self.count(SURVIVED)
        return {
            "mutants": self.all_mutants,
            "seed": self.seed,
            "drawn": len(self.verdicts),
            **{fate: self.count(fate) for fate in (*NO_MUTANT, KILLED, SURVIVED)},
            "score": round(self.count(KILLED) / tried, 4) if tried else None,
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
    chosen = dice.sample(every, min(sample or len(every), len(every)))
    right = consent_artifact(project, cache / "right")
    # Else everything would look killed.
    if not _stands(right, 0, min(STEPS_A_WALK, steps)):
        raise VerificationError("The walk stops at the contracts themselves.", check="mutate")
    verdicts = []
    with ProcessPoolExecutor(workers) as pool:
        size = len(chosen)
        for verdict in pool.map(
            _judge, [project] * size, [cache] * size, [right] * size, chosen, [steps] * size
        ):
            verdicts.append(verdict)
            progress(verdict)
    return Report(all_mutants=len(every), seed=seed, verdicts=tuple(verdicts))


def _all_mutants(project: Path) -> Iterator[Mutant]:
    contracts = project / "contracts"
    for path in sorted(contracts.rglob("*.vy")):
        yield from mutants(path.relative_to(contracts).as_posix(), path.read_text())


def _judge(project: Path, cache: Path, right: Artifact, mutant: Mutant, steps: int) -> Verdict:
    name = hashlib.sha256(f"{right.source_hash}\0{mutant}\0{steps}".encode()).hexdigest()
    kept = cache / f"{name[:32]}.json"
    if kept.exists():
        return Verdict(mutant=mutant, **json.loads(kept.read_text()))
    verdict = _try(project, right, mutant, steps)
    cache.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps({"fate": verdict.fate, "steps": verdict.steps}))
    return verdict


def _try(project: Path, right: Artifact, mutant: Mutant, steps: int) -> Verdict:
    with tempfile.TemporaryDirectory(prefix="anamnesis-mutant-") as folder:
        copy = Path(folder)
        shutil.copytree(project / "contracts", copy / "contracts")
        shutil.copy(project / "ape-config.yaml", copy)
        source = copy / "contracts" / mutant.file
        source.write_text(mutant.applied(source.read_text()))
        try:
            wrong = consent_artifact(copy, copy / "cache")
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
