"""`anamnesis mutate`: break the contracts on purpose, see that the walk notices."""

import click

from scripts._command import Command, emit, json_option, talk


@click.command(cls=Command)
@click.option("--sample", type=click.IntRange(1), help="So many of the mutants; default: all.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the sample.")
@click.option("--steps", type=click.IntRange(1), default=16_000, show_default=True)
@click.option("--workers", type=click.IntRange(1), default=2, show_default=True)
@json_option
def cli(sample: int | None, seed: int, steps: int, workers: int, as_json: bool) -> None:
    """Change one thing in the contracts' sources, compile, walk beside the model: a mutant that
    nothing tells from the contract shows what is not checked.

    Verdicts are kept in .build/mutation, so that a run goes on where the one before was cut off.
    """
    from scripts._mutate.run import Verdict, mutate
    from scripts._settings import ROOT

    def show(verdict: Verdict) -> None:
        each = verdict.mutant
        talk(f"{verdict.fate:18}{each.file}:{each.line} {each.operator}")

    report = mutate(
        ROOT,
        ROOT / ".build" / "mutation",
        sample=sample,
        seed=seed,
        steps=steps,
        workers=workers,
        progress=show,
    )
    shown = report.shown()
    if as_json:
        emit(shown)
        return
    for name, value in shown.items():
        if name != "survivors":
            click.echo(f"{name:20}{value}")
    for each in report.survivors:
        mutant = each.mutant
        click.echo(f"{mutant.file}:{mutant.line}  {mutant.before!r} -> {mutant.after!r}")
