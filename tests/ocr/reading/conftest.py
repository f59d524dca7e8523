"""Pages drawn for the tests, in every format, and engines that count or see nothing."""

import io
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
import reportlab
from PIL import Image, ImageDraw, ImageFont
from reportlab.pdfgen import canvas

from bench._cluster import LocalCluster, local_cluster
from core.words import Box, Word
from ocr.reading import DecodeLimits, ReadingSettings

VERA = Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"
NOTE = ("Patient: Nora Example", "Metformin 500 mg twice daily", "Potassium 4.3 mmol/L")


@pytest.fixture
def note() -> tuple[str, ...]:
    """What `draw_page` draws unless told otherwise."""
    return NOTE


@pytest.fixture
def draw_page() -> Callable[..., Image.Image]:
    """Makes a grey page at 150 dpi with one line of text below the other."""

    def draw(lines: tuple[str, ...] = NOTE, *, size: int = 30, width: int = 900) -> Image.Image:
        page = Image.new("L", (width, 120 + 60 * len(lines)), 255)
        pen = ImageDraw.Draw(page)
        font = ImageFont.truetype(str(VERA), size)
        for number, line in enumerate(lines):
            pen.text((60, 60 + 60 * number), line, font=font, fill=0)
        return page

    return draw


@pytest.fixture
def make_pdf() -> Callable[..., bytes]:
    """Makes a PDF with a text layer; each page is a tuple of lines."""

    def make(
        *pages: tuple[str, ...], encrypt: object = None, rotation: int = 0, **text: int
    ) -> bytes:
        out = io.BytesIO()
        paper = canvas.Canvas(out, pagesize=(420, 300), encrypt=encrypt)
        for lines in pages or (NOTE,):
            body = paper.beginText(40, 250)
            body.setTextRenderMode(text.get("mode", 0))
            for line in lines:
                body.textLine(line)
            paper.drawText(body)
            paper.showPage()
        paper.save()
        return _turned(out.getvalue(), rotation) if rotation else out.getvalue()

    return make


def _turned(content: bytes, rotation: int) -> bytes:
    document = pypdfium2.PdfDocument(content)
    for page in document:
        page.set_rotation(rotation)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


@pytest.fixture
def make_settings() -> Callable[..., ReadingSettings]:
    """Settings for quick tests: in this process, with an engine that sees what it is told to."""

    def make(**overrides: object) -> ReadingSettings:
        values: dict[str, object] = {"engine": CountingEngine(), "workers": 0}
        return ReadingSettings(**(values | overrides))  # type: ignore[arg-type]

    return make


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCluster]:
    """Two workers of one thread each, for all tests that leave them alive."""
    with local_cluster(tmp_path_factory.mktemp("cluster")) as started:
        yield started


@pytest.fixture
def tight_limits() -> DecodeLimits:
    """Limits that a hostile file meets within a test's patience."""
    return DecodeLimits(cpu_seconds=3, wall_seconds=8.0)


@pytest.fixture
def make_word() -> Callable[..., Word]:
    def make(
        text: str, left: int, top: int, *, width: int = 0, height: int = 20, **fields: float
    ) -> Word:
        right = left + (width or 10 * len(text))
        box = Box(left=left, top=top, right=right, bottom=top + height)
        return Word(
            text=text, box=box, confidence=fields.get("confidence", 0.9), engine="tesseract"
        )

    return make


@pytest.fixture
def fake_tesseract(tmp_path: Path) -> Callable[[str], str]:
    """Makes a program that answers like tesseract until it is to recognise; then it runs `body`."""

    def make(body: str) -> str:
        program = tmp_path / "bin" / "tesseract"
        program.parent.mkdir(exist_ok=True)
        program.write_text(
            "#!/bin/sh\n"
            'case "$1" in\n'
            "--version) echo 'tesseract 5.0.0'; exit 0;;\n"
            "--list-langs) echo eng; exit 0;;\n"
            f"esac\n{body}\n"
        )
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return str(program)

    return make


class CountingEngine:
    """Sees the same word on every page, and counts the pages it was asked to read."""

    name = "counting"

    def __init__(self, text: str = "seen", version: str = "1") -> None:
        self.calls: list[Path] = []
        self._text = text
        self._version = version

    def version(self) -> str:
        return self._version

    def recognise(
        self, image: Path, *, dpi: int, seconds: float, cells: bool = False
    ) -> tuple[Word, ...]:
        self.calls.append(image)
        assert image.read_bytes().startswith(b"P5")
        box = Box(left=10, top=10, right=60, bottom=30)
        return tuple(
            Word(text=self._text, box=box, confidence=0.9, engine=self.name) for _ in range(4)
        )

    def turn(self, image: Path, *, dpi: int, seconds: float) -> int:
        return 0


@pytest.fixture
def counting_engine() -> type[CountingEngine]:
    return CountingEngine


@pytest.fixture
def noisy() -> Callable[[Image.Image], Image.Image]:
    """Adds the sensor noise that keeps a page from counting as black and white."""

    def add(page: Image.Image) -> Image.Image:
        grain = np.random.default_rng(1).normal(0, 6, (page.height, page.width))
        return Image.fromarray(
            np.clip(np.asarray(page, float) * 0.8 + 30 + grain, 0, 255).astype(np.uint8)
        )

    return add


@pytest.fixture
def scratch_root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Private folders are made here during a test; none may be left at its end."""
    root = tmp_path_factory.mktemp("scratch")
    before, tempfile.tempdir = tempfile.tempdir, str(root)
    yield root
    tempfile.tempdir = before
    assert list(root.iterdir()) == []
