"""What was read, drawn over the page: a look says where a reading is sure and where it is not."""

import io
from typing import Literal

from PIL import Image, ImageDraw

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
_LEGEND_HEIGHT = 22


def certainty(word: Word) -> Certainty:
    """How sure a word is; `check` where two engines read different things."""
    if word.rival:
        return "check"
    if word.confidence >= _SURE:
        return "sure"
    return "fair" if word.confidence >= _FAIR else "doubtful"


def overlay(page: Page, image: bytes) -> bytes:
    """The page's image with a box around every word, coloured by certainty. Returns JPEG.

    A word to check is framed twice and has the other reading beneath it. `image` is in the pixel
    space of the boxes. Raises OSError when it is no picture.
    """
    with Image.open(io.BytesIO(image), formats=("JPEG",)) as source:
        picture = source.convert("RGB")
    canvas = Image.new("RGB", (picture.width, picture.height + _LEGEND_HEIGHT), "white")
    canvas.paste(picture, (0, 0))
    pen = ImageDraw.Draw(canvas)
    for line in page.lines:
        for word in line.words:
            _frame(pen, word)
    _legend(pen, picture.height, page)
    out = io.BytesIO()
    canvas.save(out, format="JPEG", quality=_QUALITY)
    return out.getvalue()


def _frame(pen: ImageDraw.ImageDraw, word: Word) -> None:
    kind = certainty(word)
    box = (word.box.left - 1, word.box.top - 1, word.box.right, word.box.bottom)
    pen.rectangle(box, outline=COLOURS[kind], width=1 if kind == "sure" else 2)
    if kind == "check":
        outer = (box[0] - 3, box[1] - 3, box[2] + 3, box[3] + 3)
        pen.rectangle(outer, outline=COLOURS[kind], width=1)
        pen.text((box[0], box[3] + 3), f"? {_plain(word.rival)}", fill=COLOURS[kind])


def _plain(text: str) -> str:
    """What the small font can draw."""
    return text.encode("latin-1", "replace").decode("latin-1")


def _legend(pen: ImageDraw.ImageDraw, top: int, page: Page) -> None:
    """Colours and how many words have them, below the page."""
    words = [word for line in page.lines for word in line.words]
    left = 6
    for kind, colour in COLOURS.items():
        count = sum(certainty(word) == kind for word in words)
        text = f"{kind}: {count}"
        pen.text((left, top + 5), text, fill=colour)
        left += 14 + round(pen.textlength(text))
