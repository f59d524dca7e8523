"""`anamnesis read`: paper to text and word boxes."""

from pathlib import Path

import click

from scripts._command import Command, emit, home_option, json_option, settings_from, talk
from scripts._paperwork import (
    cache_option,
    exit_code,
    foreign_pages,
    out_option,
    paths_argument,
    read,
    report,
    scheduler_option,
)


@click.command(cls=Command)
@paths_argument
@out_option
@click.option("--overlay", is_flag=True, help="Also draw every page with its words framed.")
@click.option("--pdf", is_flag=True, help="Also make a searchable PDF of every document.")
@cache_option
@scheduler_option
@home_option
@json_option
def cli(
    paths: tuple[Path, ...],
    out: Path,
    overlay: bool,
    pdf: bool,
    cache: bool,
    scheduler: str | None,
    home: Path | None,
    as_json: bool,
) -> None:
    """Read PATHS (PNG, JPEG, WebP, HEIC, TIFF, DICOM, PDF, or folders of them).

    Writes NAME.txt and NAME.words.json for each page into --out; with --overlay NAME.overlay.jpg,
    where green is sure, amber fair, red doubtful and purple read differently by two engines; with
    --pdf NAME.searchable.pdf for each document, its words invisibly where they stand.
    """
    from ocr.reading import write_reading

    reading = read(paths, settings_from(home, scheduler=scheduler), cache=cache)
    written = write_reading(reading, out, overlays=overlay, pdf=pdf)
    foreign = foreign_pages(reading)
    for page in foreign:
        talk(
            f"{click.style(page['name'], fg='yellow')}: Page {page['page']} seems to be in "
            f"{page['language']}; it was read as if it were English, check every word."
        )
    if as_json:
        files = [str(path) for path in written]
        emit({"files": files, "foreign_pages": foreign, **report(reading)})
    else:
        for path in written:
            click.echo(path)
    raise SystemExit(exit_code(reading))
