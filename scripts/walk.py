"""`anamnesis walk`: random calls, time and forgeries; the contracts against their model."""

import secrets
from pathlib import Path

import click

from core.errors import VerificationError
from scripts._command import Command, emit, json_option, talk


@click.command(cls=Command)
@click.option("--steps", type=click.IntRange(1), default=200_000, show_default=True)
@click.option("--seed", type=click.IntRange(0), help="Of the first walk; default: a new one.")
@click.option("--workers", type=click.IntRange(1), help="Processes; default: one a core.")
@click.option("--list", "in_full", is_flag=True, help="Every call with every outcome, counted.")
@json_option
def cli(steps: int, seed: int | None, workers: int | None, in_full: bool, as_json: bool) -> None:
    """Call both contracts at random on a real EVM, and hold each outcome against the model.

    Several patients, wallets of code, forged, replayed, late and foreign signatures, jumps in
    time. After each step: the same words of refusal, or the same logs to the bit, the same heads
    and answers. Exits 7 at the first difference, naming the seed that repeats it.
    """
    seed = secrets.randbelow(1 << 32) if seed is None else seed
    talk(f"seed {seed}")
    _run(steps, seed, workers, in_full, as_json)


def _run(steps: int, seed: int, workers: int | None, in_full: bool, as_json: bool) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    from scripts._settings import ROOT
    from scripts._walk.run import walk

    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Walking", total=steps)
        report = walk(
            ROOT,
            ROOT / Path(".build") / "consent",
            steps=steps,
            seed=seed,
            workers=workers,
            progress=lambda done: bar.update(task, completed=done),
        )
    if as_json:
        emit(report.shown())
    else:
        click.echo(
            f"{report.steps} steps, {report.calls} calls, {report.done} went through, "
            f"{len(report.outcomes)} outcomes, {report.seconds:.0f} s, "
            f"{len(report.violations)} violations"
        )
        for outcome, count in sorted(report.outcomes.items()) if in_full else ():
            click.echo(f"{count:10} {outcome}")
    if report.violations:
        raise VerificationError(report.violations[0], check="walk", remedy="Repeat that seed.")
