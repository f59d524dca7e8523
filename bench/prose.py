"""Claim: true sentences pass the gate, and sentences that say anything else do not.

    python -m bench.prose [--seeds 20] [--json]

True sentences are hand-written shapes filled with facts made by seed. Refused must be: each of them
changed in every way of `_prose_mutants` and `_prose_changes`, and for each fact sentences that are
true of the same fact with another field (`_prose_altered`).
No network, reading or model is in it; the same seeds give the same figures.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from bench._prose_altered import altered_sentences
from bench._prose_facts import made_history
from bench._prose_mutant import Case, Mutant
from bench._prose_mutants import mutants
from bench._prose_shapes import SHAPES, Written, sentences
from core.history import History
from core.prose import RefusedError
from ocr.summary.prose.gate import Gate


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="bench.prose", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--seeds", type=int, default=6, help="how many made-up patients")
    options = parser.parse_args(arguments)
    found = measure(range(options.seeds))
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        for kind, row in {"true": found["true"], **found["mutants"]}.items():
            print(f"{kind:<48}{row['accepted']:>6} accepted {row['refused']:>6} refused")
        print(f"{found['sentences a second']:.0f} sentences a second on one core")
    return 0


def measure(seeds: Sequence[int]) -> dict[str, Any]:
    """Accepted and refused, for true sentences and for mutants by kind."""
    start = time.process_time()
    true: Counter[bool] = Counter()
    judged: dict[str, Counter[bool]] = {}
    for seed in seeds:
        history = made_history(seed)
        gate = Gate(history)
        for sentence in true_sentences(history, seed):
            true[passes(gate, sentence.text, sentence.ids)] += 1
        for mutant in all_mutants(history, seed):
            passed = passes(gate, mutant.text, mutant.ids)
            judged.setdefault(mutant.kind, Counter())[passed] += 1
    whole = sum(true.values()) + sum(sum(row.values()) for row in judged.values())
    return {
        "shapes": len(SHAPES),
        "true": _row(true),
        "mutants": {kind: _row(row) for kind, row in sorted(judged.items())},
        "mutants together": _row(sum(judged.values(), Counter())),
        "sentences a second": whole / (time.process_time() - start),
    }


def _row(judged: Counter[bool]) -> dict[str, int]:
    return {"accepted": judged[True], "refused": judged[False]}


def true_sentences(history: History, seed: int) -> Iterator[Written]:
    """One for each shape that the history can fill."""
    yield from sentences(history, Random(seed))  # noqa: S311


def all_mutants(history: History, seed: int) -> Iterator[Mutant]:
    """Changed sentences, and sentences of altered facts."""
    rng = Random(seed)  # noqa: S311
    for sentence in true_sentences(history, seed):
        yield from mutants(Case(source=sentence, history=history, rng=rng))
    yield from altered_sentences(history, rng)


def passes(gate: Gate, text: str, ids: Sequence[str]) -> bool:
    """Whether the gate admits the sentence."""
    try:
        gate.admit(text, ids)
    except RefusedError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
