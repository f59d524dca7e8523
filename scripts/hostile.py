"""`anamnesis hostile`: read hundreds of hostile and broken files, see that nothing breaks."""

import os
from typing import TYPE_CHECKING

import click

from core.errors import VerificationError
from scripts._command import Command, emit, json_option, talk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocr.reading import ReadingSettings
    from scripts._hostile.case import Case
    from scripts._hostile.run import HostileReport

_COLUMNS = ("files", "read", "refused", "slowest_seconds", "most_cpu_seconds", "largest_mib")


@click.command(cls=Command)
@click.option("--files", type=click.IntRange(1), default=560, show_default=True)
@click.option("--each", type=click.IntRange(1), help="At most so many of each family.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the random damage.")
@click.option("--recognise/--no-recognise", default=True, show_default=True)
@click.option("--workers", type=click.IntRange(1), help="Files at a time; default: one a core.")
@json_option
def cli(
    files: int, each: int | None, seed: int, recognise: bool, workers: int | None, as_json: bool
) -> None:
    """Make a corpus of hostile files and read each by itself, then all together.

    Each must end in a result or a named refusal within 30 s of processor time, its processes
    within 1 GiB of memory together, and leave nothing behind: neither a process nor a file. Exits
    7 when one does not. --no-recognise decodes alone.
    """
    from ocr.reading import NullEngine, ReadingSettings
    from scripts._hostile.corpus import corpus, sample

    cases = corpus(seed, files)
    cases = sample(cases, each) if each else cases
    settings = ReadingSettings(workers=1)
    if not recognise:
        settings = ReadingSettings(workers=0, engine=NullEngine())
    report = _run(cases, seed, settings, workers or os.cpu_count() or 1)
    if as_json:
        emit(report.shown())
    else:
        _table(report)
    if report.violations:
        for line in report.violations[1:]:
            talk(line)
        raise VerificationError(report.violations[0], check="hostile", remedy=f"Seed {seed}.")


def _run(
    cases: "Sequence[Case]", seed: int, settings: "ReadingSettings", workers: int
) -> "HostileReport":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from scripts._hostile.run import hostile

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Reading", total=len(cases))
        return hostile(
            cases,
            seed=seed,
            settings=settings,
            workers=workers,
            progress=lambda done: bar.update(task, completed=done),
        )


def _table(report: "HostileReport") -> None:
    click.echo(f"{'family':<12}" + "".join(f"{name:>17}" for name in _COLUMNS))
    rows = {**report.families(), "all": report.shown()}
    for family, row in rows.items():
        click.echo(f"{family:<12}" + "".join(f"{row[name]:>17}" for name in _COLUMNS))
