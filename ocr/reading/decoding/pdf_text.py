"""The text layer of a PDF page as words with bounds on the displayed page. Child process only."""

import ctypes
import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from ocr.reading.decoding.pdf_space import Bounds, DisplaySpace

_LIGATURES = {
    "\ufb00": "ff",
    "\ufb01": "fi",
    "\ufb02": "fl",
    "\ufb03": "ffi",
    "\ufb04": "ffl",
    "\ufb05": "st",
    "\ufb06": "st",
}
"""Split one by one: a full compatibility normalisation would also change µ, ² and ½."""
_HYPHENS = {"\x02", "\xad"}
"""pdfium reports a hyphen at a line's end as U+0002."""
_LEVEL_RADIANS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerWord:
    text: str
    bounds: Bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLayer:
    words: tuple[LayerWord, ...]
    characters: int
    """All that are not white space."""
    unmapped: int
    """Of these, the ones whose font does not say what they mean."""
    invisible: int
    """Of these, the ones drawn without ink."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Character:
    text: str
    """Empty for a space, which ends a word."""
    bounds: Bounds = (0.0, 0.0, 0.0, 0.0)
    level: bool = True
    """Written from left to right on the displayed page."""
    unmapped: bool = False
    invisible: bool = False


def read_text(page: pdfium.PdfPage, space: DisplaySpace) -> TextLayer:
    """All words of the page, in the order of the file; layout is made of their boxes later."""
    characters = list(_characters(page, space))
    inked = [character for character in characters if character.text]
    return TextLayer(
        words=tuple(_words(characters)),
        characters=len(inked),
        unmapped=sum(character.unmapped for character in inked),
        invisible=sum(character.invisible for character in inked),
    )


def _characters(page: pdfium.PdfPage, space: DisplaySpace) -> Iterator[_Character]:
    layer = page.get_textpage()
    for index in range(pdfium_c.FPDFText_CountChars(layer)):
        text = _meaning(pdfium_c.FPDFText_GetUnicode(layer, index))
        if not text or pdfium_c.FPDFText_IsGenerated(layer, index) == 1:
            yield _Character(text="")
            continue
        yield _Character(
            text=text,
            bounds=_bounds(layer, index, space),
            level=_is_level(pdfium_c.FPDFText_GetCharAngle(layer, index), space.rotation),
            unmapped=_is_unmapped(layer, index, text),
            invisible=_is_invisible(layer, index),
        )


def _meaning(code: int) -> str:
    """The text of a code point; empty for white space and for what has no shape."""
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    character = chr(code)
    if character in _HYPHENS:
        return "-"
    if character in _LIGATURES:
        return _LIGATURES[character]
    if character.isspace() or unicodedata.category(character) in {"Cc", "Cf"}:
        return ""
    return character


def _bounds(layer: pdfium.PdfTextPage, index: int, space: DisplaySpace) -> Bounds:
    rect = pdfium_c.FS_RECTF()
    pdfium_c.FPDFText_GetLooseCharBox(layer, index, ctypes.byref(rect))
    return space.box(rect.left, rect.bottom, rect.right, rect.top)


def _is_level(angle: float, rotation: int) -> bool:
    off = (angle - math.radians(rotation)) % math.tau
    return min(off, math.tau - off) < _LEVEL_RADIANS


def _is_unmapped(layer: pdfium.PdfTextPage, index: int, text: str) -> bool:
    meaningless = text == "\ufffd" or unicodedata.category(text[0]) in {"Co", "Cn"}
    return meaningless or pdfium_c.FPDFText_HasUnicodeMapError(layer, index) == 1


def _is_invisible(layer: pdfium.PdfTextPage, index: int) -> bool:
    item = pdfium_c.FPDFText_GetTextObject(layer, index)
    if not item:
        return False
    mode = pdfium_c.FPDFTextObj_GetTextRenderMode(item)
    return mode in {pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE, pdfium_c.FPDF_TEXTRENDERMODE_CLIP}


def _words(characters: list[_Character]) -> Iterator[LayerWord]:
    run: list[_Character] = []
    for character in characters:
        if run and (not character.text or _is_apart(run[-1], character)):
            yield _word(run)
            run = []
        if character.text:
            run.append(character)
    if run:
        yield _word(run)


def _is_apart(last: _Character, now: _Character) -> bool:
    """Whether `now` starts another word although no space stands between: a column, a new line."""
    if not (last.level and now.level):
        return last.level != now.level
    height = max(last.bounds[3] - last.bounds[1], now.bounds[3] - now.bounds[1], 1.0)
    gap = now.bounds[0] - last.bounds[2]
    drop = (now.bounds[1] + now.bounds[3] - last.bounds[1] - last.bounds[3]) / 2
    return abs(gap) > height or abs(drop) > 0.6 * height


def _word(run: list[_Character]) -> LayerWord:
    lefts, tops, rights, bottoms = zip(*(character.bounds for character in run), strict=True)
    return LayerWord(
        text="".join(character.text for character in run),
        bounds=(min(lefts), min(tops), max(rights), max(bottoms)),
    )
