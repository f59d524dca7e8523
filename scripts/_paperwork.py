"""What `read`, `summarize` and `demo` share: options, a progress bar, the report of refusals."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from core.words import Reading
from scripts._command import talk
from scripts._settings import Settings

paths_argument = click.argument(
    "paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATHS..."
)
out_option = click.option(
    "--out",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the results; made when missing.",
)
cache_option = click.option(
    "--cache/--no-cache",
    default=True,
    show_default=True,
    help="Keep what was read under the home folder, so that a second run reads nothing again.",
)
scheduler_option = click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Read on the workers of a dask.distributed cluster: tcp://127.0.0.1:PORT on this machine, "
    "else tls://HOST:PORT. The README says how to start one.",
)


def read(paths: Sequence[Path], settings: Settings, *, cache: bool) -> Reading:
    """Read the paper with a progress bar on stderr; refusals are said, the rest goes on."""
    from ocr.reading import Progress as PagesRead
    from ocr.reading import ReadingSettings, read_paths

    ocr = ReadingSettings(
        workers=settings.workers,
        scheduler=settings.scheduler,
        cache_dir=settings.cache / "reading" if cache else None,
    )
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("pages"),
        PagesPerSecond(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Reading", total=None)

        def show(now: PagesRead) -> None:
            bar.update(task, completed=now.done, total=now.total or None)

        reading = read_paths(paths, ocr, progress=show)
    for refusal in reading.refusals:
        colour = "red" if refusal.fatal else "yellow"
        talk(f"{click.style(refusal.name, fg=colour)}: {refusal.reason}")
    return reading


class PagesPerSecond(ProgressColumn):
    """How fast pages are read, once there is anything to say."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.2f} pages/s")


def foreign_pages(reading: Reading) -> list[dict[str, Any]]:
    """Pages that are not written in English, the only language that is interpreted."""
    from ocr.summary.language import ENGLISH, language_of

    found = (
        (page.document, page.number, language_of(page.text))
        for document in reading.documents
        for page in document.pages
    )
    return [
        {"name": name, "page": page, "language": language}
        for name, page, language in found
        if language != ENGLISH
    ]


def report(reading: Reading) -> dict[str, Any]:
    """The reading in numbers, for --json."""
    return {
        "documents": len(reading.documents),
        "pages": sum(len(document.pages) for document in reading.documents),
        "refusals": [
            {"name": refusal.name, "reason": refusal.reason, "fatal": refusal.fatal}
            for refusal in reading.refusals
        ],
    }


def exit_code(reading: Reading) -> int:
    """3 when paper could not be read, else 0; what a folder holds beside paper does not count."""
    return 3 if any(refusal.fatal for refusal in reading.refusals) else 0
