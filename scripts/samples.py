"""`anamnesis samples`: the sample paper, one fictional patient over three years."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from scripts._command import Command, emit, json_option

if TYPE_CHECKING:
    from scripts._paper.generate import Sample


@click.command(cls=Command)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("samples"),
    show_default=True,
    help="Folder for the papers and truth.json; made when missing.",
)
@json_option
def cli(out: Path, as_json: bool) -> None:
    """Make the sample paper and its truth: one fictional patient, in the forms people have.

    Scans, telephone photos, a fax and PDFs, the same bytes on every run. truth.json says which
    statements a faithful reader may make of them.
    """
    from scripts._paper.generate import write_samples

    written = write_samples(out, progress=None if as_json else _say)
    if as_json:
        emit([{"file": str(s.path), "bytes": s.bytes, "about": s.about} for s in written])


def _say(sample: "Sample") -> None:
    click.echo(f"{sample.path}\t{sample.bytes // 1000} kB\t{sample.about}")
