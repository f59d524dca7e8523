"""`anamnesis summarize`: paper to one history."""

from datetime import UTC, datetime
from pathlib import Path

import click

from scripts._command import Command, emit, home_option, json_option, settings_from, talk
from scripts._paperwork import (
    cache_option,
    exit_code,
    out_option,
    paths_argument,
    read,
    report,
    scheduler_option,
)
from scripts._prose import endpoint_from, prose_options, tell


@click.command(cls=Command)
@paths_argument
@out_option
@click.option(
    "--ips",
    "summaries",
    multiple=True,
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="Another system's FHIR patient summary, as a source beside the paper. Repeatable.",
)
@prose_options
@cache_option
@scheduler_option
@home_option
@json_option
def cli(
    paths: tuple[Path, ...],
    out: Path,
    summaries: tuple[Path, ...],
    prose: str | None,
    prose_model: str | None,
    prose_key_file: Path | None,
    facts_may_leave: bool,
    cache: bool,
    scheduler: str | None,
    home: Path | None,
    as_json: bool,
) -> None:
    """Make one history of PATHS (PNG, JPEG, WebP, HEIC, TIFF, DICOM, PDF, or folders of them).

    Writes into --out: history.html and history.pdf (the one page), card.html (the emergency card),
    history.json (a FHIR R4 International Patient Summary) and facts.json (every statement with its
    place on a page). What `anamnesis correct` wrote down there is applied. Exits 3 when some paper
    could not be read, 9 when it is of more than one patient; the history of the rest is written
    all the same.
    """
    from core.corrections import corrected
    from ocr.summary import summarise, with_summaries, write_history
    from ocr.summary.corrections_file import NAME, read_corrections

    endpoint = endpoint_from(prose, prose_model, prose_key_file, facts_may_leave)
    reading, stated = with_summaries(
        read(paths, settings_from(home, scheduler=scheduler), cache=cache), summaries
    )
    history = corrected(summarise(reading, stated=stated), read_corrections(out / NAME))
    if endpoint:
        from ocr.summary.prose import worded

        history = worded(history, endpoint)
    written = write_history(history, reading, out, generated_at=datetime.now(UTC))
    if as_json:
        emit({"files": [str(path) for path in written], **report(reading)})
    else:
        for path in written:
            click.echo(path)
    tell(history.prose)
    for warning in history.warnings:
        talk(f"{click.style('note', fg='yellow')}: {warning}")
    raise SystemExit(exit_code(reading) or history.exit_code)
