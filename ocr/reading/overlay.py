"""What was read, drawn over the page: a look says where a reading is sure and where it is not."""

import io
from collections.abc import Iterator, Sequence
from typing import Literal

from PIL import Image, ImageDraw, ImageFont

from core.words import Page, Word

Certainty = Literal["sure", "fair", "doubtful", "check"]

COLOURS: dict[Certainty, tuple[int, int, int]] = {
    "sure": (0, 140, 60),
    "fair": (230, 150, 0),
    "doubtful": (215, 30, 30),
    "check": (190, 0, 200),
}
_SURE, _FAIR = 0.9, 0.75
_QUALITY = 80
_MARGIN = 8
_LETTER_SHARE, _SMALLEST_LETTER = 1 / 70, 12
"""Height of the legend's letters over the page's width, and in pixels."""
_LONGEST_READING = 40
"""Characters of a reading that the legend shows; rules read as letters can be longer."""

_Entry = tuple[str, tuple[int, int, int]]


def certainty(word: Word) -> Certainty:
    """How sure a word is; `check` where two engines read different things."""
    if word.rival:
        return "check"
    if word.confidence >= _SURE:
        return "sure"
    return "fair" if word.confidence >= _FAIR else "doubtful"


def overlay(page: Page, image: bytes) -> bytes:
    """The page's image with a box around every word, coloured by certainty. Returns JPEG.

    Words to check are framed twice and numbered; below the page stands, by number, what was read
    and what the other engine read, for beside the word it would cover its neighbours. `image` is
    in the pixel space of the boxes. Raises OSError when it is no picture.
    """
    with Image.open(io.BytesIO(image), formats=("JPEG",)) as source:
        picture = source.convert("RGB")
    words = [word for line in page.lines for word in line.words]
    font = _font(max(_SMALLEST_LETTER, round(picture.width * _LETTER_SHARE)))
    rows = _rows(list(_legend(words)), picture.width - 2 * _MARGIN, font)
    height = picture.height + _row_height(font) * len(rows) + 2 * _MARGIN
    canvas = Image.new("RGB", (picture.width, height), "white")
    canvas.paste(picture, (0, 0))
    pen = ImageDraw.Draw(canvas)
    _frame_all(pen, words)
    _write(pen, rows, picture.height + _MARGIN, font)
    out = io.BytesIO()
    canvas.save(out, format="JPEG", quality=_QUALITY)
    return out.getvalue()


def _frame_all(pen: ImageDraw.ImageDraw, words: Sequence[Word]) -> None:
    number = 0
    for word in words:
        kind = certainty(word)
        box = (word.box.left - 1, word.box.top - 1, word.box.right, word.box.bottom)
        pen.rectangle(box, outline=COLOURS[kind], width=1 if kind == "sure" else 2)
        if kind == "check":
            number += 1
            outer = (box[0] - 3, box[1] - 3, box[2] + 3, box[3] + 3)
            pen.rectangle(outer, outline=COLOURS[kind], width=1)
            _tag(pen, outer[2], outer[1] + 2, str(number))


def _tag(pen: ImageDraw.ImageDraw, right: int, bottom: int, text: str) -> None:
    """A small number on the upper right corner of a frame."""
    font = _font(_SMALLEST_LETTER - 2)
    width = round(font.getlength(text)) + 4
    left = right - width // 2
    pen.rectangle((left, bottom - _SMALLEST_LETTER, left + width, bottom), fill=COLOURS["check"])
    middle = bottom - _SMALLEST_LETTER // 2
    pen.text((left + 2, middle), text, fill="white", font=font, anchor="lm")


def _legend(words: Sequence[Word]) -> Iterator[_Entry]:
    """Colours with how many words have them, then the words to check by number."""
    kinds = [certainty(word) for word in words]
    for kind, colour in COLOURS.items():
        yield f"{kind}: {kinds.count(kind)}", colour
    disputed = (word for word, kind in zip(words, kinds, strict=True) if kind == "check")
    for number, word in enumerate(disputed, start=1):
        yield f"{number}: {_shown(word.text)} or {_shown(word.rival)}", COLOURS["check"]


def _shown(text: str) -> str:
    """What the font can draw of it, not too long."""
    text = text if len(text) <= _LONGEST_READING else f"{text[:_LONGEST_READING]}..."
    return text.encode("latin-1", "replace").decode("latin-1")


def _rows(
    entries: Sequence[_Entry], width: int, font: ImageFont.FreeTypeFont
) -> list[list[_Entry]]:
    """Entries side by side, as many in a row as there is room for."""
    rows: list[list[_Entry]] = []
    left = width + 1.0
    for entry in entries:
        length = font.getlength(entry[0])
        if left + length > width:
            rows.append([])
            left = 0.0
        rows[-1].append(entry)
        left += length + _gap(font)
    return rows


def _write(
    pen: ImageDraw.ImageDraw,
    rows: Sequence[Sequence[_Entry]],
    top: int,
    font: ImageFont.FreeTypeFont,
) -> None:
    for row in rows:
        left = float(_MARGIN)
        for text, colour in row:
            pen.text((left, top), text, fill=colour, font=font)
            left += font.getlength(text) + _gap(font)
        top += _row_height(font)


def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    assert isinstance(font, ImageFont.FreeTypeFont)
    return font


def _row_height(font: ImageFont.FreeTypeFont) -> int:
    return round(font.size * 1.4)


def _gap(font: ImageFont.FreeTypeFont) -> float:
    return 1.2 * font.size
