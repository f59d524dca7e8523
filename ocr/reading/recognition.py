"""One decoded page to one Page with its picture: what a reading process does."""

import math
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from core.errors import UnreadablePaperError
from core.words import Box, Page, Word
from ocr.reading.cleaning import cleaned
from ocr.reading.decoding.protocol import RawPage
from ocr.reading.doubts import doubted
from ocr.reading.engines import Engine
from ocr.reading.layout import lines
from ocr.reading.pixels import Grey, jpeg, load_grey, resized, save_pgm
from ocr.reading.preparation import Prepared, prepare
from ocr.reading.rules import Grid, without_dotted_rules
from ocr.reading.tasks import PageTask, ReadPage

_DOUBTFUL_CONFIDENCE = 0.7
"""Median confidence below which a page may lie on its side; upright ones reach 0.9."""
_FEW_WORDS = 4
_TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
_TEXT_LAYER = "pdf-text"
_MARGIN = 4
"""Pixels of white kept around a picture that is recognised by itself."""


def read_page(task: PageTask, engine: Engine) -> ReadPage:
    """Recognise (or take over from the text layer), lay out and picture one page.

    Raises PaperError for the page, SetupError when the engine is not there.
    """
    raw = task.raw
    try:
        image = load_grey(task.folder / raw.file, raw.width, raw.height)
    except (OSError, ValueError) as error:
        raise UnreadablePaperError("Its pixels are missing.") from error
    if raw.words:
        words = [*_layer_words(raw), *_picture_words(image, task, engine)]
        return _pictured(words, image, raw.dpi, task)
    look = _recognise(image, raw.dpi, task, engine)
    prepared = look.prepared
    shown_dpi = max(1, round(prepared.dpi / prepared.enlargement))
    scaled = [_scaled(word, 1 / prepared.enlargement, prepared.upright) for word in look.words]
    grids = [grid.scaled(1 / prepared.enlargement) for grid in look.grids]
    return _pictured(scaled, prepared.upright, shown_dpi, task, grids)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What an engine made of a page, in pixels of the prepared image."""

    prepared: Prepared
    words: list[Word]
    grids: tuple[Grid, ...]


def _recognise(image: Grey, dpi: int, task: PageTask, engine: Engine) -> _Look:
    first = _looked(prepare(image, dpi), task, engine)
    if not _is_doubtful(first.words):
        return first
    degrees = _asked_turn(first.prepared, task, engine)
    if degrees not in _TURNS:
        return first
    turned = prepare(np.asarray(cv2.rotate(image, _TURNS[degrees]), dtype=np.uint8), dpi)
    again = _looked(turned, task, engine)
    return again if _certainty(again.words) > _certainty(first.words) else first


def _looked(prepared: Prepared, task: PageTask, engine: Engine) -> _Look:
    image, grids = without_dotted_rules(prepared.image)
    words = cleaned(_run(image, prepared.dpi, task, engine, cells=bool(grids)))
    return _Look(prepared=prepared, words=words, grids=grids)


def _run(
    image: Grey, dpi: int, task: PageTask, engine: Engine, *, cells: bool = False
) -> list[Word]:
    with _file_of(image, task) as path:
        return list(engine.recognise(path, dpi=dpi, seconds=task.seconds, cells=cells))


def _asked_turn(prepared: Prepared, task: PageTask, engine: Engine) -> int:
    with _file_of(prepared.image, task) as path:
        return engine.turn(path, dpi=prepared.dpi, seconds=task.seconds)


@contextmanager
def _file_of(image: Grey, task: PageTask) -> Iterator[Path]:
    """For the engine. Its name is new: where a worker was lost, two may read the page at a time."""
    descriptor, name = tempfile.mkstemp(
        dir=task.folder, prefix=f"{Path(task.raw.file).stem}-", suffix=".pgm"
    )
    os.close(descriptor)
    path = Path(name)
    try:
        save_pgm(image, path)
        yield path
    finally:
        path.unlink(missing_ok=True)


def _is_doubtful(words: list[Word]) -> bool:
    return len(words) < _FEW_WORDS or (
        float(np.median([word.confidence for word in words])) < _DOUBTFUL_CONFIDENCE
    )


def _certainty(words: list[Word]) -> float:
    return sum(word.confidence * len(word.text) for word in words)


def _layer_words(raw: RawPage) -> list[Word]:
    return [
        Word(text=word.text, box=_box(word.box), confidence=1.0, engine=_TEXT_LAYER)
        for word in raw.words
    ]


def _picture_words(image: Grey, task: PageTask, engine: Engine) -> list[Word]:
    """What pictures on a page with a text layer say: all else is painted white for the engine."""
    if not task.raw.pictures:
        return []
    only = np.full_like(image, 255)
    for left, top, right, bottom in task.raw.pictures:
        only[max(top, 0) : bottom, max(left, 0) : right] = image[
            max(top, 0) : bottom, max(left, 0) : right
        ]
    for word in task.raw.words:
        left, top, right, bottom = word.box
        only[max(top - _MARGIN, 0) : bottom + _MARGIN, max(left, 0) : right] = 255
    return cleaned(_run(only, task.raw.dpi, task, engine))


def _pictured(
    words: list[Word], image: Grey, dpi: int, task: PageTask, grids: Sequence[Grid] = ()
) -> ReadPage:
    """Scale page and boxes down to the resolution for showing, and make lines of the words."""
    factor = min(1.0, task.image_dpi / dpi)
    small = resized(image, factor)
    found = lines(
        (_scaled(word, factor, small) for word in words), [grid.scaled(factor) for grid in grids]
    )
    page = Page(
        document=task.document,
        number=task.raw.number,
        width=small.shape[1],
        height=small.shape[0],
        dpi=max(1, round(dpi * factor)),
        lines=doubted(found, known=_TEXT_LAYER),
    )
    return ReadPage(page=page, image=jpeg(small, task.image_quality))


def _scaled(word: Word, factor: float, within: Grey) -> Word:
    """The word with its box scaled, inside `within` and never empty."""
    height, width = within.shape
    left = min(max(math.floor(word.box.left * factor), 0), width - 1)
    top = min(max(math.floor(word.box.top * factor), 0), height - 1)
    right = min(max(math.ceil(word.box.right * factor), left + 1), width)
    bottom = min(max(math.ceil(word.box.bottom * factor), top + 1), height)
    return replace(word, box=Box(left=left, top=top, right=right, bottom=bottom))


def _box(sides: tuple[int, int, int, int]) -> Box:
    left, top, right, bottom = sides
    return Box(left=left, top=top, right=right, bottom=bottom)
