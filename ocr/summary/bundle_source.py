"""Another system's patient summary as a source beside the paper.

A FHIR document (R4, International Patient Summary) is written out as pages, one line for each
statement, and each fact's evidence is its line there. So it is merged, contradicted, corrected and
looked up like paper.
"""

import hashlib
import io
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain, count
from pathlib import Path
from textwrap import wrap

from PIL import Image, ImageDraw, ImageFont
from pydantic import BaseModel, TypeAdapter, ValidationError

from core.errors import PaperError, PaperLimitError, UnreadablePaperError
from core.facts import Coding, Evidence, Experiencer, Fact, Kind, Polarity
from core.words import Box, Document, Line, Page, Reading, Refusal, Word
from ocr.summary.bundle_child import MOST_BYTES
from ocr.summary.drugs import find_drugs
from ocr.summary.vitals import LOINC, is_possible, vital_of, vital_unit
from ocr.summary.vocabulary import data

METHOD = "fhir-document"
_WIDTH, _HEIGHT, _DPI = 1240, 1754, 150
_MARGIN, _PITCH, _SIZE = 70, 26, 18
_LETTERS, _LINES = 104, (_HEIGHT - 2 * _MARGIN) // _PITCH
_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleSource:
    """The document written out, and what it states."""

    document: Document
    facts: tuple[Fact, ...]


class _FactJson(BaseModel):
    kind: Kind
    name: str
    negated: bool
    code: dict[str, str] | None
    experiencer: Experiencer = Experiencer.PATIENT
    value: str = ""
    unit: str = ""
    range: str = ""
    flag: str = ""
    dose: str = ""
    route: str = ""
    frequency: str = ""
    reaction: str = ""
    severity: str = ""
    status: str = ""
    cue: str = ""
    date: str = ""


class _RowJson(BaseModel):
    text: str
    fact: _FactJson | None


def read_bundle(path: Path, name: str = "") -> BundleSource:
    """Read a FHIR document in a process of its own; it is called `name`, else as its file.

    Raises UnreadablePaperError when it is none, PaperLimitError when it is too large or slow.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise PaperLimitError(f"{path.name} is larger than {MOST_BYTES // 1_000_000} MB.")
        content = path.read_bytes()
    except OSError as error:
        raise UnreadablePaperError(f"{path.name} cannot be opened.") from error
    name = name or path.name
    return _written(name, content, _rows(name, content))


def with_summaries(
    reading: Reading, paths: Sequence[Path]
) -> tuple[Reading, dict[str, tuple[Fact, ...]]]:
    """A reading with other systems' summaries beside the paper, and what they state, by name.

    What cannot be read is refused like unreadable paper; a name that is taken gets a number.
    """
    documents, refusals = list(reading.documents), list(reading.refusals)
    stated: dict[str, tuple[Fact, ...]] = {}
    for path in paths:
        taken = {document.name for document in documents}
        numbered = (f"{path.stem}-{number}{path.suffix}" for number in count(2))
        name = next(each for each in chain([path.name], numbered) if each not in taken)
        try:
            source = read_bundle(path, name)
        except PaperError as error:
            refusals.append(Refusal(name=name, reason=error.user_message(), fatal=True))
            continue
        documents.append(source.document)
        stated[name] = source.facts
    return replace(reading, documents=tuple(documents), refusals=tuple(refusals)), stated


def _rows(name: str, content: bytes) -> list[_RowJson]:
    command = [sys.executable, "-P", "-m", "ocr.summary.bundle_child"]
    root = Path(__file__).resolve().parents[2]
    try:
        done = subprocess.run(
            command, input=content, capture_output=True, timeout=_SECONDS, cwd=root, check=False,
            env={"PYTHONPATH": str(root)},
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise PaperLimitError(f"{name} took longer than {_SECONDS:.0f} s to read.") from error
    try:
        if done.returncode:
            raise ValueError("refused")
        return TypeAdapter(list[_RowJson]).validate_json(done.stdout)
    except (ValueError, ValidationError) as error:
        raise UnreadablePaperError(
            f"{name} is not a FHIR document.",
            remedy="Give a Bundle of type document, such as a patient summary.",
        ) from error


def _written(name: str, content: bytes, rows: Sequence[_RowJson]) -> BundleSource:
    pages: list[Page] = []
    images: list[bytes] = []
    facts: list[Fact] = []
    for number, leaf in enumerate(_leaves(rows), 1):
        page, image, found = _leaf(name, number, leaf)
        pages.append(page)
        images.append(image)
        facts += found
    digest = hashlib.sha256(content).hexdigest()
    document = Document(name=name, sha256=digest, pages=tuple(pages), images=tuple(images))
    return BundleSource(document=document, facts=tuple(facts))


_Wrapped = tuple[list[str], _FactJson | None]


def _leaves(rows: Sequence[_RowJson]) -> Iterator[list[_Wrapped]]:
    """Rows by page; none is split over two."""
    leaf: list[_Wrapped] = []
    used = 0
    for row in rows:
        lines = wrap(row.text, _LETTERS) or [""]
        if used + len(lines) > _LINES and leaf:
            yield leaf
            leaf, used = [], 0
        leaf.append((lines, row.fact))
        used += len(lines)
    yield leaf


def _leaf(name: str, number: int, leaf: Sequence[_Wrapped]) -> tuple[Page, bytes, list[Fact]]:
    image = Image.new("L", (_WIDTH, _HEIGHT), 255)
    draw = ImageDraw.Draw(image)
    lines: list[Line] = []
    facts: list[Fact] = []
    start, top = 0, _MARGIN
    for shown, told in leaf:
        first, made = start, []
        for text in filter(None, shown):
            made.append(Line(words=_words(draw, text, top), start=start))
            start, top = start + len(text) + 1, top + _PITCH
        lines += made
        if told and made:
            facts.append(_fact(told, _evidence(name, number, made, (first, start - 1))))
    page = Page(
        document=name, number=number, width=_WIDTH, height=_HEIGHT, dpi=_DPI, lines=tuple(lines)
    )
    packed = io.BytesIO()
    image.save(packed, "JPEG", quality=60)
    return page, packed.getvalue(), facts


def _words(draw: ImageDraw.ImageDraw, text: str, top: int) -> tuple[Word, ...]:
    """The words of a line, drawn and placed."""
    face = ImageFont.load_default(_SIZE)
    draw.text((_MARGIN, top), text, font=face, fill=20)
    found = []
    at = 0
    for part in text.split(" "):
        left = _MARGIN + int(draw.textlength(text[:at], font=face))
        right = _MARGIN + int(draw.textlength(text[: at + len(part)], font=face)) + 1
        box = Box(left=left, top=top, right=right, bottom=top + _SIZE + 4)
        found.append(Word(text=part, box=box, confidence=1.0, engine=METHOD))
        at += len(part) + 1
    return tuple(found)


def _evidence(name: str, page: int, lines: Sequence[Line], span: tuple[int, int]) -> Evidence:
    box = lines[0].words[0].box
    for line in lines:
        for word in line.words:
            box = box.union(word.box)
    quote = "\n".join(line.text for line in lines)
    return Evidence(document=name, page=page, box=box, span=span, quote=quote, method=METHOD)


def _fact(told: _FactJson, evidence: Evidence) -> Fact:
    name, brand = _known_name(told)
    digest = hashlib.sha256(f"{told.kind}|{told.name}|{evidence}".encode()).hexdigest()[:12]
    optional = {
        field: getattr(told, field) or None
        for field in (
            "value", "unit", "range", "flag", "dose", "route", "frequency", "reaction", "severity",
            "status", "cue", "date",
        )
    }  # fmt: skip
    made = Fact(
        id=f"f{digest}",
        kind=told.kind,
        name=name,
        brand=brand,
        code=Coding(**told.code) if told.code else None,
        polarity=Polarity.NEGATED if told.negated else Polarity.AFFIRMED,
        experiencer=told.experiencer,
        confidence=1.0,
        check=False,
        evidence=(evidence,),
        **optional,
    )
    return _measure(made) if made.kind is Kind.VITAL else made


def _measure(fact: Fact) -> Fact:
    """A vital sign as paper has it: name and unit as shown, what no body can have to be checked."""
    vital = vital_of(fact.code.code) if fact.code and fact.code.system == LOINC else None
    unit = vital_unit(fact.unit or "") or None
    numeric = re.fullmatch(r"[\d.]+(/[\d.]+)?", fact.value or "")
    if vital is None or numeric is None:
        return replace(fact, unit=unit)
    doubtful = not is_possible(vital, numeric.group(), unit)
    return replace(fact, name=vital.name, unit=unit, check=doubtful)


def _known_name(told: _FactJson) -> tuple[str, str | None]:
    """The name under which paper has it too: the ingredient, the test; else as it is called."""
    if told.kind is Kind.MEDICATION and not told.negated:
        drugs = find_drugs(told.name, 0, len(told.name))
        names = {drug.name for drug in drugs if drug.exact}
        if len(names) == 1:
            return names.pop(), next((drug.brand for drug in drugs if drug.brand), None)
    if told.kind is Kind.LAB and told.code and told.code["system"] == LOINC:
        return _tests().get(told.code["code"], told.name), None
    return told.name, None


@cache
def _tests() -> Mapping[str, str]:
    """LOINC code to the name of the test."""
    return {
        loinc: test["name"]
        for test in data("labs")["test"]
        for _, loinc, *_ in test["units"]
        if loinc
    }
