"""RapidOCR's networks (PP-OCRv6 small, in its wheel), as a second pair of eyes.

Two uses: strips that are already cut out are read by the recognition network alone, some ten
milliseconds each; a page is first searched for text by the detection network, which costs seconds.

The recognition network knows 18,710 characters. Only those that stand on English paper are allowed
here, which takes its commonest mistakes away (a Chinese character for "fL") and most of the time
spent on picking the likeliest. Decoding is greedy CTC (Graves et al. 2006): repeats collapse,
blanks go.

The runtime beneath reports its use to its maker unless its environment forbids it before it loads;
afterwards it cannot be stopped from a first report. Nothing that reads patients' paper may do that.
"""

import math
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from core.errors import PaperError, SetupError
from core.words import Box, Word
from ocr.reading.pixels import Grey, load_pgm

_RECOGNITION = "PP-OCRv6_rec_small.onnx"
_PRINTABLE = "".join(chr(code) for code in range(33, 127))
_ALLOWED = frozenset(_PRINTABLE + "µμ°±≤≥×²³½¼¾–—’‘“”•®·↑↓€£§")
_STRIP_HEIGHT = 48
"""Pixels, as the network was trained."""
_WIDTH_STEP = 16
_MAX_STRIP_WIDTH = 1_600
_BATCH_WIDTH = 1_200
"""Pixels of strips that go through the network together; more is no faster, and takes memory."""
_MARGIN_ABOVE, _MARGIN_BESIDE = 0.22, 0.12
"""Of a strip's height, added on each side."""
_DETECTION_GLYPH = 11.0
"""Height of letters, in pixels, that is enough for finding text."""
_REMEDY = "Run `make setup`, which installs it with the rest."

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """What stands in one cut-out."""

    text: str
    confidence: float
    """0 to 1: the least sure of its characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RapidEngine:
    """Reads strips, and whole pages by finding their strips first."""

    name: str = "rapidocr"

    def version(self) -> str:
        """Version of package and runtime. Raises SetupError when either is missing."""
        try:
            return f"{version('rapidocr')} {version('onnxruntime')}"
        except PackageNotFoundError as error:
            raise SetupError("The second recogniser is not installed.", remedy=_REMEDY) from error

    def recognise(
        self,
        image: Path,
        *,
        dpi: int,  # noqa: ARG002
        seconds: float,  # noqa: ARG002
        cells: bool = False,  # noqa: ARG002
    ) -> tuple[Word, ...]:
        """All words the networks see. The caller's process bounds the time."""
        page = load_pgm(image)
        boxes = self.find(page, glyph=_DETECTION_GLYPH)
        return tuple(
            word
            for box, strip in zip(boxes, self.read(page, boxes), strict=True)
            for word in words_of(strip, box, self.name)
        )

    def turn(self, image: Path, *, dpi: int, seconds: float) -> int:  # noqa: ARG002
        return 0

    def read(self, page: Grey, boxes: Sequence[Box]) -> tuple[Strip, ...]:
        """What stands in each of `boxes`. Raises PaperError, SetupError."""
        cuts = [_cut(page, box) for box in boxes]
        order = sorted(range(len(cuts)), key=lambda index: cuts[index].shape[1])
        strips: dict[int, Strip] = {}
        for batch in _batches(order, cuts):
            strips.update(zip(batch, _recognised([cuts[i] for i in batch]), strict=True))
        return tuple(strips[index] for index in range(len(cuts)))

    def find(self, page: Grey, *, glyph: float) -> tuple[Box, ...]:
        """Boxes of text on a page whose letters are `glyph` pixels high."""
        factor = min(1.0, _DETECTION_GLYPH / glyph)
        small = cv2.resize(page, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        try:
            found = _detector()(cv2.cvtColor(small, cv2.COLOR_GRAY2BGR), use_rec=False)
        except Exception as error:
            raise PaperError("The text recogniser failed on it.") from error
        if found.boxes is None:
            return ()
        return tuple(_around(np.asarray(corners) / factor) for corners in found.boxes)


def words_of(strip: Strip, box: Box, engine: str) -> Iterator[Word]:
    """A strip of several words as words, its width shared out by their characters."""
    share = (box.right - box.left) / max(len(strip.text), 1)
    at = 0
    for text in strip.text.split(" "):
        if text:
            left = box.left + math.floor(at * share)
            right = max(box.left + math.ceil((at + len(text)) * share), left + 1)
            place = Box(left=left, top=box.top, right=right, bottom=box.bottom)
            yield Word(text=text, box=place, confidence=strip.confidence, engine=engine)
        at += len(text) + 1


def _around(corners: Floats) -> Box:
    left, top = np.floor(corners.min(axis=0)).astype(int)
    right, bottom = np.ceil(corners.max(axis=0)).astype(int)
    return Box(left=int(left), top=int(top), right=int(right), bottom=int(bottom))


def _cut(page: Grey, box: Box) -> Grey:
    """The box with a margin, scaled to the height of a strip."""
    height = max(box.bottom - box.top, 1)
    above, beside = round(height * _MARGIN_ABOVE), round(height * _MARGIN_BESIDE)
    piece = page[
        max(box.top - above, 0) : box.bottom + above, max(box.left - beside, 0) : box.right + beside
    ]
    if not piece.size:
        return np.full((_STRIP_HEIGHT, _WIDTH_STEP), 255, np.uint8)
    width = math.ceil(piece.shape[1] * _STRIP_HEIGHT / piece.shape[0])
    size = (max(1, min(width, _MAX_STRIP_WIDTH)), _STRIP_HEIGHT)
    return np.asarray(cv2.resize(piece, size, interpolation=cv2.INTER_AREA), np.uint8)


def _batches(order: Sequence[int], cuts: Sequence[Grey]) -> Iterator[list[int]]:
    """Runs of `order`, from narrow to wide, that are not too wide when padded to the widest."""
    batch: list[int] = []
    for index in order:
        if batch and cuts[index].shape[1] * (len(batch) + 1) > _BATCH_WIDTH:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _recognised(cuts: Sequence[Grey]) -> Iterator[Strip]:
    widest = max(cut.shape[1] for cut in cuts)
    width = math.ceil(widest / _WIDTH_STEP) * _WIDTH_STEP
    batch = np.zeros((len(cuts), 3, _STRIP_HEIGHT, width), np.float32)
    for row, cut in zip(batch, cuts, strict=True):
        row[:, :, : cut.shape[1]] = cut.astype(np.float32) / 127.5 - 1
    session, characters, allowed = _recogniser()
    try:
        likely = session.run(None, {session.get_inputs()[0].name: batch})[0][:, :, allowed]
    except Exception as error:
        raise PaperError("The text recogniser failed on it.") from error
    for each in likely:
        yield _decoded(each, characters)


def _decoded(likely: Floats, characters: Sequence[str]) -> Strip:
    """`likely` holds a row for each step; column 0 is the blank."""
    best = likely.argmax(axis=1)
    kept = (best != 0) & np.concatenate(([True], best[1:] != best[:-1]))
    text = "".join(characters[index] for index in best[kept])
    sure = likely.max(axis=1)[kept]
    return Strip(text=" ".join(text.split()), confidence=float(sure.min()) if len(sure) else 0.0)


@lru_cache(maxsize=1)
def _recogniser() -> tuple[Any, tuple[str, ...], NDArray[np.int64]]:
    """The network's session, the characters allowed, and their columns; the blank is first."""
    _keep_to_itself()
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # it would keep the largest batch's memory for good
    options.log_severity_level = 4
    model = str(_models() / _RECOGNITION)
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    known = ["", *session.get_modelmeta().custom_metadata_map["character"].splitlines(), " "]
    columns = [0, *_columns(known)]
    return session, tuple(known[column] for column in columns), np.array(columns)


def _columns(known: Sequence[str]) -> Iterable[int]:
    return (i for i, character in enumerate(known) if character in _ALLOWED or character == " ")


@lru_cache(maxsize=1)
def _detector() -> Any:
    _keep_to_itself()
    from rapidocr import RapidOCR

    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_cls": False,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )


def _keep_to_itself() -> None:
    """No report, no identifier of this machine on its disk; see the module's notes."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"


def _models() -> Path:
    spec = find_spec("rapidocr")
    if spec is None or spec.origin is None:
        raise SetupError("The second recogniser is not installed.", remedy=_REMEDY)
    return Path(spec.origin).parent / "models"
