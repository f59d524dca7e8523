"""`anamnesis samples`: write the sample paper, one fictional patient over three years."""

from pathlib import Path

import click


@click.command(name="samples", help=__doc__)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("samples"),
    show_default=True,
    help="Folder to write the papers and truth.json into.",
)
def cli(out: Path) -> None:
    from scripts._paper import write_samples  # heavy; `--help` must not wait for it

    for sample in write_samples(out):
        click.echo(f"{sample.path}\t{sample.bytes / 1000:.0f} kB\t{sample.about}")
