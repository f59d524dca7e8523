"""`anamnesis forget`: delete what reading has kept under the home folder."""

from collections.abc import Sequence
from pathlib import Path

import click

from core.errors import InputError, PaperError
from scripts._command import Command, emit, home_option, json_option, settings_from, talk


@click.command(cls=Command)
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATHS]...")
@click.option("--all", "everything", is_flag=True, help="Of every file that was ever read.")
@home_option
@json_option
def cli(paths: tuple[Path, ...], everything: bool, home: Path | None, as_json: bool) -> None:
    """Delete the words and page images that were kept of PATHS, files or folders of them.

    They are found by content, whatever the files are called now; of files that are gone only --all
    helps. The files themselves, results in other folders, and what is sealed all stay:
    `anamnesis vault erase` is for sealed records. Read again, the paper is only slower.
    """
    from ocr.reading.forgetting import forget

    if everything == bool(paths):
        raise InputError("What to forget is not clear.", remedy="Name files or folders, or --all.")
    folder = settings_from(home).cache / "reading"
    digests = None if everything else _digests(paths)
    try:
        gone = forget(folder, digests)
    except OSError as error:
        raise PaperError(
            f"Something in {folder} cannot be deleted: {error.strerror}.",
            remedy="Delete the folder yourself.",
        ) from error
    if as_json:
        emit({"documents": len(gone.documents), "files": gone.files, "bytes": gone.size})
        return
    if not gone.files:
        talk("Nothing was kept.")
        return
    count = len(gone.documents)
    documents = "1 document" if count == 1 else f"{count} documents"
    talk(f"Forgotten: {documents}, {gone.size / 1_000_000:.1f} MB.")


def _digests(paths: Sequence[Path]) -> set[str]:
    """SHA-256 of each file. Raises PaperError, before anything is deleted, if one is not there."""
    from ocr.reading import DecodeLimits
    from ocr.reading.discovery import discover

    found = discover(paths, DecodeLimits())
    for refusal in found.refusals:
        if refusal.fatal:
            raise PaperError(
                f"{refusal.name}: {refusal.reason} Nothing was deleted.",
                remedy="Leave it out, or forget everything with --all.",
            )
    return {source.sha256 for source in found.sources}
