"""`anamnesis correct`: a patient or clinician says that a fact is wrong, right, or incomplete."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from core.errors import InputError
from scripts._command import Command, emit, json_option, talk

if TYPE_CHECKING:
    from core.corrections import Correction
    from core.facts import Fact


@click.command(cls=Command)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR")
@click.argument("fact", required=False)
@click.argument("verdict", required=False, type=click.Choice(["wrong", "confirmed", "completed"]))
@click.option("--set", "fields", multiple=True, metavar="FIELD=VALUE", help="What completes it.")
@click.option("--by", "author", help="Name of whoever says so.")
@click.option(
    "--as",
    "role",
    type=click.Choice(["patient", "clinician"]),
    default="patient",
    show_default=True,
)
@click.option("--find", metavar="WORD", help="List the facts that name it, with their ids.")
@click.option("--undo", metavar="ID", help="Undo a correction; it stays on record.")
@json_option
def cli(
    folder: Path,
    fact: str | None,
    verdict: str | None,
    fields: tuple[str, ...],
    author: str | None,
    role: str,
    find: str | None,
    undo: str | None,
    as_json: bool,
) -> None:
    """Say what is wrong, right or missing in the history in DIR, as `summarize` wrote it.

    \b
    anamnesis correct DIR --find metformin       facts that name it, FACT first
    anamnesis correct DIR FACT wrong --by "Nora Linden"
    anamnesis correct DIR FACT confirmed --by "Dr Hale" --as clinician
    anamnesis correct DIR FACT completed --set dose="5 mg" --by "Nora Linden"
    anamnesis correct DIR                        the corrections so far, ID first
    anamnesis correct DIR --undo ID --by "Nora Linden"

    Run `summarize` again with the same --out to see them applied; they outlive every run. The last
    verdict on a fact decides whether it stands, all are shown beside it.
    """
    path = folder / "corrections.json"
    if find:
        _listed(folder, find, as_json)
    elif undo:
        _undo(path, undo, _named(author), role)
        _done(undo, as_json)
    elif fact and verdict:
        _done(_correct(path, _fact(folder, fact), verdict, fields, _named(author), role), as_json)
    elif fact:
        raise InputError("Say what of it: wrong, confirmed or completed.")
    else:
        _log(folder, path, as_json)


def _named(author: str | None) -> str:
    if not author:
        raise InputError("Say who corrects, with --by NAME.")
    return author


def _correct(
    path: Path, fact: "Fact", verdict: str, fields: tuple[str, ...], author: str, role: str
) -> str:
    from core.corrections import Role, Verdict
    from ocr.summary.corrections_file import add_correction

    return add_correction(
        path,
        fact,
        Verdict(verdict),
        author=author,
        role=Role(role),
        date=_today(),
        fields=[_assignment(text) for text in fields],
    )


def _undo(path: Path, id_: str, author: str, role: str) -> None:
    from core.corrections import Role
    from ocr.summary.corrections_file import undo_correction

    undo_correction(path, id_, author=author, role=Role(role), date=_today())


def _done(id_: str, as_json: bool) -> None:
    if as_json:
        emit({"correction": id_})
    else:
        click.echo(id_)
    talk("Written down. `anamnesis summarize` with the same --out applies it.")


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InputError("--set wants FIELD=VALUE.")
    return name.strip(), value.strip()


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


def _document(folder: Path) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads((folder / "facts.json").read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(
            f"There is no facts.json to correct in {folder}.",
            remedy="Make one with `anamnesis summarize PATHS --out DIR`.",
        ) from error
    return document


def _fact(folder: Path, id_: str) -> "Fact":
    from ocr.summary.facts_document import fact_of

    document = _document(folder)
    known = [*document.get("facts", ()), *document.get("withdrawn", ())]
    found = next((each for each in known if each.get("id") == id_), None)
    if found is None:
        raise InputError("No fact has that id.", remedy="`anamnesis correct DIR --find WORD`.")
    return fact_of(found)


def _listed(folder: Path, word: str, as_json: bool) -> None:
    from ocr.summary.facts_document import fact_of
    from ocr.summary.wording import fact_line

    document = _document(folder)
    left_out = {each.get("id") for each in document.get("withdrawn", ())}
    facts = [fact_of(each) for part in ("facts", "withdrawn") for each in document.get(part, ())]
    found = [
        {
            "id": fact.id,
            "says": fact_line(fact),
            "where": f"{fact.evidence[0].document}, page {fact.evidence[0].page}",
            "said": ("left out: " if fact.id in left_out else "") + (fact.corrected or ""),
        }
        for fact in facts
        if word.lower() in fact_line(fact).lower()
    ]
    _rows(found, as_json, f"No fact names {word}.")


def _log(folder: Path, path: Path, as_json: bool) -> None:
    from ocr.summary.corrections_file import read_corrections
    from ocr.summary.facts_document import fact_of

    corrections = read_corrections(path)
    document = _document(folder) if corrections else {}
    facts = [fact_of(each) for part in ("facts", "withdrawn") for each in document.get(part, ())]
    found = [_shown(correction, facts) for correction in corrections]
    _rows(found, as_json, "No corrections so far.")


def _rows(found: list[dict[str, Any]], as_json: bool, nothing: str) -> None:
    if as_json:
        emit(found)
        return
    for entry in found:
        click.echo("\t".join(str(value) for value in entry.values()).rstrip())
    if not found:
        talk(nothing)


def _shown(correction: "Correction", facts: "list[Fact]") -> dict[str, Any]:
    found = any(correction.concerns(fact) for fact in facts)
    holds = "holds" if found else "holds, but its statement is no longer found on the paper"
    return {
        "id": correction.id,
        "verdict": str(correction.verdict),
        "fact": f"{correction.kind} {correction.name}",
        "fields": ", ".join(f"{name}={value}" for name, value in correction.fields),
        "author": f"{correction.author} ({correction.role})",
        "date": correction.date,
        "state": f"undone by {correction.undone_by}" if correction.undone else holds,
    }
