"""corrections.json: what people said of facts, beside the history they speak of.

The file is a log: entries are added, an undone one is marked with who undid it and when, and none
is ever removed. It outlives every run over the paper.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.corrections import Correction, Place, Role, Verdict
from core.errors import InputError
from core.facts import Fact, Kind
from ocr.summary.writing import write_private

NAME = "corrections.json"

_Words = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
_Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _PlaceJson(_Strict):
    document: _Words
    page: Annotated[int, Field(ge=1)]
    span: tuple[int, int]


class _UndoneJson(_Strict):
    author: _Words
    role: Role
    date: _Day


class _CorrectionJson(_Strict):
    id: _Words
    verdict: Verdict
    author: _Words
    role: Role
    date: _Day
    kind: Kind
    name: _Words
    places: Annotated[list[_PlaceJson], Field(min_length=1, max_length=2000)]
    fields: dict[str, _Words] = {}
    undone: _UndoneJson | None = None


class _FileJson(_Strict):
    # `schema` would hide a method of pydantic's.
    form: Literal["anamnesis/corrections/1"] = Field(alias="schema")
    corrections: list[_CorrectionJson]


def read_corrections(path: Path) -> tuple[Correction, ...]:
    """The corrections in a file, oldest first; none when there is no file. Raises InputError."""
    return tuple(_correction(entry) for entry in _read(path).corrections)


def add_correction(
    path: Path,
    fact: Fact,
    verdict: Verdict,
    *,
    author: str,
    role: Role,
    date: str,
    fields: Sequence[tuple[str, str]] = (),
) -> str:
    """Write down what somebody says of a fact; returns the entry's id. Raises InputError."""
    if bool(fields) != (verdict is Verdict.COMPLETED):
        raise InputError("--set goes with completed, and completed needs it.")
    log = _read(path)
    places = [{"document": e.document, "page": e.page, "span": list(e.span)} for e in fact.evidence]
    entry = {
        "id": uuid4().hex[:12],
        "verdict": verdict,
        "author": author,
        "role": role,
        "date": date,
        "kind": fact.kind,
        "name": fact.name,
        "places": places,
        "fields": dict(fields),
    }
    try:
        added = _CorrectionJson.model_validate(entry)
    except ValidationError as error:
        raise InputError("The correction cannot be written.", remedy=_REMEDY) from error
    try:
        _correction(added)
    except ValueError as error:
        raise InputError(str(error)) from error
    _write(path, [*log.corrections, added])
    return added.id


def undo_correction(path: Path, id_: str, *, author: str, role: Role, date: str) -> None:
    """Mark an entry as undone. Raises InputError when there is none that holds."""
    log = _read(path)
    entry = next((e for e in log.corrections if e.id == id_ and e.undone is None), None)
    if entry is None:
        raise InputError(
            "No correction with that id holds.", remedy="`anamnesis correct DIR` lists them."
        )
    entry.undone = _UndoneJson(author=author, role=role, date=date)
    _write(path, log.corrections)


_REMEDY = "Names and values have 1 to 200 letters; dates are written as 2026-03-05."


def _read(path: Path) -> _FileJson:
    if not path.exists():
        return _FileJson(schema="anamnesis/corrections/1", corrections=[])
    try:
        log = _FileJson.model_validate_json(path.read_bytes())
        for entry in log.corrections:
            _correction(entry)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} does not hold corrections.",
            remedy="Move it away to go on without; nothing else reads it.",
        ) from error
    return log


def _correction(entry: _CorrectionJson) -> Correction:
    return Correction(
        id=entry.id,
        verdict=entry.verdict,
        author=entry.author,
        role=entry.role,
        date=entry.date,
        kind=entry.kind,
        name=entry.name,
        places=tuple(Place(document=p.document, page=p.page, span=p.span) for p in entry.places),
        fields=tuple(entry.fields.items()),
        undone=entry.undone is not None,
        undone_by=_by(entry.undone) if entry.undone else "",
    )


def _by(undone: _UndoneJson) -> str:
    return f"{undone.author} ({undone.role}), {undone.date}"


def _write(path: Path, entries: Sequence[_CorrectionJson]) -> None:
    log = {
        "schema": "anamnesis/corrections/1",
        "corrections": [entry.model_dump(mode="json", exclude_none=True) for entry in entries],
    }
    write_private(path, json.dumps(log, ensure_ascii=False, indent=1).encode())
