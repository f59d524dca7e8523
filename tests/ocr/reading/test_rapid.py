"""RapidOCR's networks on drawn text: strips, whole pages, and offline."""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from core.words import Box
from ocr.reading.decoding.parent import ROOT
from ocr.reading.pixels import Grey, save_pgm
from ocr.reading.rapid import RapidEngine, Strip, words_of

Write = Callable[..., Grey]


@pytest.fixture
def write() -> Write:
    """A white page with texts at (left, top), in letters of a scan at 300 dpi."""

    def make(*texts: tuple[str, int, int]) -> Grey:
        page = Image.new("L", (900, 300), 255)
        font = ImageFont.load_default(38)
        for text, left, top in texts:
            ImageDraw.Draw(page).text((left, top), text, 0, font)
        return np.asarray(page, np.uint8)

    return make


def test_read_gives_the_strips_in_the_order_asked_when_their_widths_differ(write: Write) -> None:
    page = write(("hydrochlorothiazide", 40, 40), ("44.7", 40, 120), ("mg/dL", 400, 120))
    boxes = [
        Box(left=40, top=45, right=400, bottom=85),
        Box(left=40, top=125, right=130, bottom=160),
        Box(left=400, top=125, right=520, bottom=165),
    ]
    strips = RapidEngine().read(page, boxes)
    assert [strip.text for strip in strips] == ["hydrochlorothiazide", "44.7", "mg/dL"]
    assert all(strip.confidence > 0.8 for strip in strips)


def test_read_sees_nothing_when_the_strip_is_blank_or_outside(write: Write) -> None:
    page = write()
    blank = Box(left=10, top=10, right=90, bottom=40)
    outside = Box(left=2_000, top=10, right=2_100, bottom=40)
    assert [strip.text for strip in RapidEngine().read(page, [blank, outside])] == ["", ""]
    assert RapidEngine().read(page, []) == ()


def test_recognise_finds_the_text_of_a_page_when_no_boxes_are_known(
    write: Write, tmp_path: Path
) -> None:
    path = tmp_path / "page.pgm"
    save_pgm(write(("Sodium 141 mmol/L", 60, 60), ("Potassium 4.2", 60, 160)), path)
    words = RapidEngine().recognise(path, dpi=300, seconds=60)
    assert "".join(word.text for word in words) == "Sodium141mmol/LPotassium4.2"
    assert all(0 <= word.box.left < word.box.right <= 900 for word in words)


def test_words_of_shares_the_width_out_when_a_strip_has_several_words() -> None:
    box = Box(left=100, top=0, right=200, bottom=20)
    first, second = words_of(Strip(text="4.7 mg/dL!", confidence=0.9), box, "x")
    assert (first.text, second.text) == ("4.7", "mg/dL!")
    assert (first.box.left, first.box.right) == (100, 130)
    assert (second.box.left, second.box.right) == (140, 200)


def test_engine_pickles_after_use(write: Write) -> None:
    engine = RapidEngine()
    engine.read(write(("7", 40, 40)), [Box(left=30, top=30, right=80, bottom=90)])
    assert pickle.loads(pickle.dumps(engine)) == engine


def test_engine_keeps_to_itself(tmp_path: Path) -> None:
    """The runtime would keep an identifier of this machine, and reports, in the home folder."""
    program = """
import cv2, numpy as np
from pathlib import Path
from core.words import Box
from ocr.reading.rapid import RapidEngine
page = np.full((300, 300), 255, np.uint8)
RapidEngine().read(page, [Box(left=10, top=10, right=60, bottom=40)])
"""
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    command = [sys.executable, "-c", program]
    subprocess.run(command, check=True, timeout=120, env=environment, cwd=ROOT)
    assert list(tmp_path.rglob("*")) == []


def test_read_works_without_network_and_in_one_gibibyte() -> None:
    program = """
import resource, socket
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
def refuse(*_): raise AssertionError("the network was asked")
socket.socket.connect = refuse
import numpy as np
from core.words import Box
from ocr.reading.rapid import RapidEngine
page = np.full((3000, 2000), 255, np.uint8)
boxes = [Box(left=0, top=40 * i, right=60 + 20 * i, bottom=40 * i + 30) for i in range(0, 64, 9)]
assert len(RapidEngine().read(page, boxes)) == 8
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
