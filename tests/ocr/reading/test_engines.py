"""The real tesseract, its absence, and its failures."""

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import PaperError, PaperLimitError, SetupError
from ocr.reading import NullEngine, TesseractEngine
from ocr.reading.engines import child_environment
from ocr.reading.pixels import save_pgm

Draw = Callable[..., Image.Image]
Fake = Callable[[str], str]


@pytest.fixture
def page_file(tmp_path: Path, draw_page: Draw) -> Path:
    save_pgm(np.asarray(draw_page()), tmp_path / "page.pgm")
    return tmp_path / "page.pgm"


def test_recognise_gives_words_in_their_places_when_given_a_page(
    page_file: Path, note: tuple[str, ...]
) -> None:
    words = TesseractEngine().recognise(page_file, dpi=150, seconds=60)
    assert " ".join(word.text for word in words) == " ".join(note)
    pixels = np.asarray(Image.open(page_file))
    for word in words:
        box = word.box
        assert pixels[box.top : box.bottom, box.left : box.right].min() < 100
        assert 0 < word.confidence <= 1
        assert word.engine == "tesseract"


def test_recognise_leaves_no_file_behind_when_done(page_file: Path) -> None:
    before = set(page_file.parent.iterdir())
    TesseractEngine().recognise(page_file, dpi=150, seconds=60)
    assert set(page_file.parent.iterdir()) == before


def test_turn_tells_the_quarter_turns_when_a_page_lies_on_its_side(
    tmp_path: Path, draw_page: Draw
) -> None:
    text = tuple(f"The patient was seen in the clinic on day {day} of March" for day in range(12))
    lying = draw_page(text, size=28, width=1100).transpose(Image.Transpose.ROTATE_90)
    save_pgm(np.asarray(lying), tmp_path / "page.pgm")
    assert TesseractEngine().turn(tmp_path / "page.pgm", dpi=150, seconds=60) == 90


def test_turn_is_zero_when_there_is_too_little_to_tell(tmp_path: Path) -> None:
    save_pgm(np.full((200, 200), 255, np.uint8), tmp_path / "page.pgm")
    assert TesseractEngine().turn(tmp_path / "page.pgm", dpi=150, seconds=60) == 0


def test_version_names_program_and_language() -> None:
    assert TesseractEngine().version().startswith("tesseract 5")
    assert " eng " in TesseractEngine().version()
    assert TesseractEngine().version() != TesseractEngine(segmentation=6).version()


def test_version_says_how_to_install_when_tesseract_is_missing() -> None:
    with pytest.raises(SetupError, match="not installed") as missing:
        TesseractEngine(command="/nowhere/tesseract").version()
    assert "apt-get install tesseract-ocr tesseract-ocr-eng" in missing.value.remedy


def test_version_says_how_to_install_when_the_language_is_missing() -> None:
    with pytest.raises(SetupError, match="xyz") as missing:
        TesseractEngine(language="xyz").version()
    assert "tesseract-ocr-xyz" in missing.value.remedy


def test_recognise_raises_when_tesseract_is_missing(page_file: Path) -> None:
    with pytest.raises(SetupError):
        TesseractEngine(command="/nowhere/tesseract").recognise(page_file, dpi=150, seconds=9)


def test_recognise_raises_when_tesseract_fails(page_file: Path, fake_tesseract: Fake) -> None:
    engine = TesseractEngine(command=fake_tesseract("echo secret >&2; exit 3"))
    with pytest.raises(PaperError) as failure:
        engine.recognise(page_file, dpi=150, seconds=9)
    assert "secret" not in failure.value.user_message()


def test_recognise_stops_when_time_runs_out(page_file: Path, fake_tesseract: Fake) -> None:
    engine = TesseractEngine(command=fake_tesseract("exec sleep 60"))
    with pytest.raises(PaperLimitError):
        engine.recognise(page_file, dpi=150, seconds=0.2)


def test_engines_survive_pickling_when_sent_to_a_process() -> None:
    for engine in (TesseractEngine(language="deu"), NullEngine()):
        assert pickle.loads(pickle.dumps(engine)) == engine


def test_null_engine_sees_nothing(page_file: Path) -> None:
    assert NullEngine().recognise(page_file, dpi=150, seconds=1) == ()
    assert NullEngine().turn(page_file, dpi=150, seconds=1) == 0


def test_child_environment_holds_no_more_than_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANAMNESIS_SECRET", "x")
    environment = child_environment(tmp_path)
    assert "ANAMNESIS_SECRET" not in environment
    assert environment["OMP_THREAD_LIMIT"] == "1"
    assert environment["TMPDIR"] == str(tmp_path)
