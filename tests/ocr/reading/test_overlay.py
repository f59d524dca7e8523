"""The page with its words framed."""

import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from core.words import Line, Page, Word
from ocr.reading.overlay import COLOURS, certainty, overlay

MakeWord = Callable[..., Word]


def _blank(width: int = 300, height: int = 120) -> bytes:
    out = io.BytesIO()
    Image.new("L", (width, height), 255).save(out, format="JPEG")
    return out.getvalue()


def _page(*words: Word) -> Page:
    lines = (Line(words=words, start=0),)
    return Page(document="a.png", number=1, width=300, height=120, dpi=130, lines=lines)


@pytest.mark.parametrize(
    ("confidence", "rival", "kind"),
    [(1.0, "", "sure"), (0.8, "", "fair"), (0.3, "", "doubtful"), (1.0, "mcg", "check")],
)
def test_certainty_goes_by_confidence_unless_engines_differ(
    make_word: MakeWord, confidence: float, rival: str, kind: str
) -> None:
    word = replace(make_word("mg", 10, 10, confidence=confidence), rival=rival)
    assert certainty(word) == kind


@pytest.mark.parametrize(
    ("confidence", "rival", "kind"),
    [(0.99, "", "sure"), (0.8, "", "fair"), (0.3, "", "doubtful"), (0.5, "µg→", "check")],
)
def test_overlay_frames_a_word_in_its_colour(
    make_word: MakeWord, confidence: float, rival: str, kind: str
) -> None:
    word = replace(make_word("500", 60, 40, width=80, confidence=confidence), rival=rival)
    drawn = Image.open(io.BytesIO(overlay(_page(word), _blank()))).convert("RGB")
    pixels = np.asarray(drawn).astype(int)
    assert pixels.shape[0] > 120  # the legend is below the page, not on it
    edge = pixels[39, 70:130].mean(axis=0)
    nearest = min(COLOURS, key=lambda name: float(np.abs(edge - np.array(COLOURS[name])).sum()))
    assert nearest == kind
    assert pixels[50, 100].min() > 230  # the word itself stays readable


def test_overlay_makes_room_below_the_page_for_every_word_to_check(make_word: MakeWord) -> None:
    words = [replace(make_word("mg", 40, 30), rival="m" * length) for length in (2, 30, 3_000)]
    heights = [
        Image.open(io.BytesIO(overlay(_page(*words[:count]), _blank()))).height
        for count in range(4)
    ]
    assert heights == sorted(heights)
    assert heights[0] < heights[2] < heights[3] < 400


def test_overlay_covers_no_neighbour_with_what_the_other_engine_read(make_word: MakeWord) -> None:
    word = replace(make_word("mg", 40, 30), rival="the other reading")
    pixels = np.asarray(Image.open(io.BytesIO(overlay(_page(word), _blank()))).convert("L"))
    assert pixels[word.box.bottom + 8 : 110, 10:].min() > 230
    assert pixels[120:].min() < 180


def test_overlay_raises_when_the_image_is_none() -> None:
    with pytest.raises(OSError, match="cannot identify"):
        overlay(_page(), b"no picture")
