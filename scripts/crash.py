"""`anamnesis crash`: kill the parts of a stack at random moments, see that nothing is lost."""

import logging
import secrets
import tempfile
from pathlib import Path

import click

from core.errors import InputError, VerificationError
from scripts._command import Command, emit, json_option, talk


@click.command(cls=Command)
@click.option("--kills", type=click.IntRange(1), default=1_000, show_default=True)
@click.option("--seed", type=int, help="Of the moments, victims and payloads; default: a new one.")
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    help="An empty folder on the disk to be tried; default: a temporary one.",
)
@json_option
def cli(kills: int, seed: int | None, home: Path | None, as_json: bool) -> None:
    """Publish without pause, and SIGKILL publisher, IPFS node and chain at random moments.

    After every kill: what was acknowledged opens with its owner's key, no version is doubled, no
    plaintext is on disk, and publishing goes on. Exits 7 when that fails once.
    """
    seed = secrets.randbelow(1 << 32) if seed is None else seed
    talk(f"seed {seed}")
    if home is not None and home.exists() and any(home.iterdir()):
        raise InputError(f"The folder {home} is not empty.", remedy="Give an empty one.")
    with tempfile.TemporaryDirectory(prefix="anamnesis-crash-") as temporary:
        _run(home or Path(temporary) / "home", kills, seed, as_json)


def _run(home: Path, kills: int, seed: int, as_json: bool) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from scripts._crash.run import crash

    # Here it is no news that a chain died and was started again.
    logging.getLogger("ledger.node").setLevel(logging.ERROR)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Killing", total=kills)

        def show(done: int, acknowledged: int) -> None:
            bar.update(task, completed=done, description=f"{acknowledged} acknowledged, kills")

        report = crash(home, kills=kills, seed=seed, progress=show)
    if as_json:
        emit(report.shown())
    else:
        for name, value in report.shown().items():
            click.echo(f"{name:24}{value}")
    if report.violations:
        raise VerificationError(report.violations[0], check="crash", remedy=f"Seed {seed}.")
