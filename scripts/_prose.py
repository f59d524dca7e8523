"""The options of `summarize` that ask a model for sentences; off unless --prose is given."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from core.errors import InputError
from scripts._command import talk

if TYPE_CHECKING:
    from core.prose import Prose
    from ocr.summary.prose import Endpoint

Function = TypeVar("Function", bound=Callable[..., Any])

KEY_VARIABLE = "ANAMNESIS_PROSE_KEY"
_LONGEST_KEY = 4096

_OPTIONS = (
    click.option(
        "--prose",
        metavar="URL",
        help="Also word the facts as sentences, by the model behind this OpenAI-compatible address"
        " (https, or http on this machine). Each sentence is held against its facts.",
    ),
    click.option("--prose-model", metavar="NAME", help="The model to ask for, with --prose."),
    click.option(
        "--prose-key-file",
        type=click.Path(dir_okay=False, exists=True, path_type=Path),
        help=f"File with the key for --prose, readable by you alone. Or set {KEY_VARIABLE}.",
    ),
    click.option(
        "--facts-may-leave",
        is_flag=True,
        help="Allow --prose to send statements about the patient to another machine.",
    ),
)


def prose_options(command: Function) -> Function:
    """--prose, --prose-model, --prose-key-file and --facts-may-leave."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def endpoint_from(
    url: str | None,
    model: str | None,
    key_file: Path | None,
    may_leave: bool,
    environ: Mapping[str, str] | None = None,
) -> "Endpoint | None":
    """The endpoint that was asked for; None without --prose. Raises InputError."""
    if url is None:
        if model or key_file or may_leave:
            raise InputError("An option for --prose was given without --prose.")
        return None
    if not model:
        raise InputError("--prose needs the name of a model.", remedy="Add --prose-model NAME.")
    from ocr.summary.prose import Endpoint

    environ = os.environ if environ is None else environ
    key = _key_of(key_file) if key_file else environ.get(KEY_VARIABLE) or None
    endpoint = Endpoint.from_untrusted(url, model=model, key=_sound(key), may_leave=may_leave)
    if not endpoint.is_local:
        talk(
            f"{click.style('note', fg='yellow')}: statements about the patient (not the name, birth"
            f" date, contacts or pages) will leave this machine for {endpoint.host}."
        )
    return endpoint


def _key_of(path: Path) -> str:
    if path.stat().st_mode & 0o077:
        raise InputError(f"The key file {path} can be read by others.", remedy=f"chmod 600 {path}")
    with path.open("rb") as file:
        return file.read(_LONGEST_KEY + 1).decode("latin-1").strip()


def _sound(key: str | None) -> str | None:
    if key is None or (0 < len(key) <= _LONGEST_KEY and key.isascii() and key.isprintable()):
        return key
    raise InputError("The key for --prose is empty, too long, or has characters no key has.")


def tell(prose: "Prose | None") -> None:
    """What came of it, in one line on stderr."""
    if prose is None:
        return
    note = click.style("note", fg="yellow")
    if prose.notice:
        talk(f"{note}: no sentences. {prose.notice} The history stands without them.")
        return
    reasons = "; ".join(f"{count} {reason}" for reason, count in prose.refused)
    refused = f", {prose.refusals} refused ({reasons})" if reasons else ""
    talk(f"{note}: {len(prose.sentences)} sentences by {prose.model}{refused}.")
