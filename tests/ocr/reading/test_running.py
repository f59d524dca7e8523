"""Paths to a reading, end to end: real tesseract, real processes, real faults."""

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas

from core.errors import InputError, NoPaperError, SetupError
from core.words import Reading, Word
from ocr.reading import (
    DecodeLimits,
    Progress,
    ReadingSettings,
    TesseractEngine,
    read_paths,
    write_reading,
)

Draw = Callable[..., Image.Image]
MakePdf = Callable[..., bytes]
Settings = Callable[..., ReadingSettings]
Fake = Callable[[str], str]


pytestmark = pytest.mark.usefixtures("scratch_root")


def _texts(reading: Reading) -> dict[str, str]:
    return {document.name: document.pages[0].text for document in reading.documents}


def _reasons(reading: Reading) -> dict[str, str]:
    return {refusal.name: refusal.reason for refusal in reading.refusals}


def test_read_paths_reads_every_format_when_given_a_folder(
    tmp_path: Path, draw_page: Draw, make_pdf: MakePdf, note: tuple[str, ...]
) -> None:
    page = draw_page()
    for suffix in ("png", "jpg", "tiff"):
        page.save(tmp_path / f"note.{suffix}", dpi=(150, 150))
    (tmp_path / "note.pdf").write_bytes(make_pdf())
    (tmp_path / "note.txt").write_text("beside")

    reading = read_paths([tmp_path], ReadingSettings())

    assert _texts(reading) == {
        name: "\n".join(note) for name in ("note.jpg", "note.pdf", "note.png", "note.tiff")
    }
    assert [refusal.name for refusal in reading.refusals] == ["note.txt"]
    _assert_sound(reading)


def _assert_sound(reading: Reading) -> None:
    """Boxes lie on the image, lines where their offsets say, images are JPEG of the page's size."""
    for document in reading.documents:
        assert len(document.pages) == len(document.images)
        for page, image in zip(document.pages, document.images, strict=True):
            shown = Image.open(io.BytesIO(image))
            assert (shown.format, shown.mode, shown.size) == (
                "JPEG",
                "L",
                (page.width, page.height),
            )
            assert page.document == document.name
            for line in page.lines:
                assert page.text[line.start : line.start + len(line.text)] == line.text
                for word in line.words:
                    box = word.box
                    assert 0 <= box.left < box.right <= page.width
                    assert 0 <= box.top < box.bottom <= page.height
                    darkest = shown.crop((box.left, box.top, box.right, box.bottom)).getextrema()
                    assert int(darkest[0]) < 160  # type: ignore[arg-type]


def test_read_paths_scales_boxes_to_the_image_when_pages_are_large(
    tmp_path: Path, draw_page: Draw
) -> None:
    page = draw_page(size=60, width=1900)
    page.save(tmp_path / "note.png", dpi=(300, 300))
    reading = read_paths([tmp_path], ReadingSettings(workers=0))
    (document,) = reading.documents
    assert (document.pages[0].dpi, document.pages[0].width) == (130, round(1900 * 130 / 300))
    _assert_sound(reading)


@pytest.mark.parametrize("angle", [180, 270])
def test_read_paths_reads_upright_when_the_page_was_scanned_turned(
    tmp_path: Path, draw_page: Draw, angle: int
) -> None:
    text = tuple(f"The patient was seen in the clinic on day {day} of March" for day in range(7))
    draw_page(text, size=28, width=1100).rotate(angle, expand=True).save(tmp_path / "lying.png")
    reading = read_paths([tmp_path], ReadingSettings(workers=0))
    assert "The patient was seen in the clinic" in reading.documents[0].pages[0].text
    assert reading.documents[0].pages[0].width > 700 * reading.documents[0].pages[0].dpi / 150


def test_read_paths_reads_rows_when_the_page_is_slightly_tilted(
    tmp_path: Path, draw_page: Draw
) -> None:
    text = tuple(f"Potassium on day {day} was 4.{day} mmol/L" for day in range(1, 9))
    draw_page(text).rotate(1.5, fillcolor=255).save(tmp_path / "tilted.png", dpi=(150, 150))
    reading = read_paths([tmp_path], ReadingSettings(workers=0))
    assert reading.documents[0].pages[0].text.split("\n") == list(text)


def test_read_paths_keeps_the_order_of_input_when_pages_finish_out_of_order(
    tmp_path: Path, draw_page: Draw
) -> None:
    paths = []
    for name, lines in (("z", ("long line of words",) * 9), ("a", ("short",)), ("m", ("x y",))):
        draw_page((name, *lines)).save(tmp_path / f"{name}.png", dpi=(150, 150))
        paths.append(tmp_path / f"{name}.png")
    reading = read_paths(paths, ReadingSettings(workers=2))
    assert [document.name for document in reading.documents] == ["z.png", "a.png", "m.png"]


def test_read_paths_reads_long_documents_in_batches(
    tmp_path: Path, make_pdf: MakePdf, make_settings: Settings
) -> None:
    pages = tuple((f"This is page number {number} of many",) for number in range(1, 12))
    (tmp_path / "long.pdf").write_bytes(make_pdf(*pages))
    limits = DecodeLimits(batch_pages=3)
    seen: list[Progress] = []

    (document,) = read_paths([tmp_path], make_settings(limits=limits), seen.append).documents

    assert [page.number for page in document.pages] == list(range(1, 12))
    assert [page.text for page in document.pages] == [" ".join(lines) for lines in pages]
    assert (seen[-1].done, seen[-1].total) == (11, 11)
    assert all(0 <= step.done <= step.total for step in seen)
    assert [step.done for step in seen] == sorted(step.done for step in seen)


def test_read_paths_reads_a_picture_when_it_stands_in_a_text_page(
    tmp_path: Path, draw_page: Draw
) -> None:
    out = io.BytesIO()
    paper = canvas.Canvas(out, pagesize=(420, 300))
    paper.drawString(40, 250, "Result of the outside laboratory:")
    paper.drawImage(ImageReader(draw_page()), 40, 60, 340, 113)
    paper.save()
    (tmp_path / "mixed.pdf").write_bytes(out.getvalue())

    (document,) = read_paths([tmp_path], ReadingSettings(workers=0)).documents

    words = {word.text: word.engine for line in document.pages[0].lines for word in line.words}
    assert words["laboratory:"] == "pdf-text"
    assert words["Metformin"] == "tesseract"


def test_read_paths_refuses_what_fails_and_reads_the_rest(
    tmp_path: Path, draw_page: Draw, make_pdf: MakePdf, make_settings: Settings
) -> None:
    draw_page().save(tmp_path / "good.png")
    (tmp_path / "locked.pdf").write_bytes(make_pdf(encrypt=StandardEncryption("secret")))
    (tmp_path / "cut.png").write_bytes((tmp_path / "good.png").read_bytes()[:300])
    (tmp_path / "empty.jpg").write_bytes(b"")

    reading = read_paths([tmp_path], make_settings())

    assert [document.name for document in reading.documents] == ["good.png"]
    reasons = _reasons(reading)
    assert "password" in reasons["locked.pdf"]
    assert "damaged" in reasons["cut.png"]
    assert "empty" in reasons["empty.jpg"]
    assert all(refusal.fatal for refusal in reading.refusals)


def test_read_paths_raises_when_the_folder_is_empty(
    tmp_path: Path, make_settings: Settings
) -> None:
    with pytest.raises(NoPaperError):
        read_paths([tmp_path], make_settings())
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(NoPaperError):
        read_paths([tmp_path], make_settings())


def test_read_paths_returns_the_refusal_when_all_paper_fails(
    tmp_path: Path, make_settings: Settings
) -> None:
    (tmp_path / "scan.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    reading = read_paths([tmp_path], make_settings())
    assert reading.documents == ()
    assert [refusal.fatal for refusal in reading.refusals] == [True]


def test_read_paths_raises_before_working_when_tesseract_is_missing(
    tmp_path: Path, draw_page: Draw
) -> None:
    draw_page().save(tmp_path / "a.png")
    with pytest.raises(SetupError, match="tesseract"):
        read_paths([tmp_path], ReadingSettings(engine=TesseractEngine(command="/nowhere/t")))


def test_read_paths_raises_when_the_cache_folder_is_a_file(
    tmp_path: Path, draw_page: Draw, make_settings: Settings
) -> None:
    draw_page().save(tmp_path / "a.png")
    with pytest.raises(InputError, match="cache folder"):
        read_paths([tmp_path / "a.png"], make_settings(cache_dir=tmp_path / "a.png"))


def test_read_paths_recognises_nothing_again_when_it_is_cached(
    tmp_path: Path, draw_page: Draw, make_settings: Settings, counting_engine: type
) -> None:
    engine = counting_engine()
    settings = make_settings(engine=engine, cache_dir=tmp_path / "cache")
    (tmp_path / "in").mkdir()
    draw_page().save(tmp_path / "in" / "a.png")
    first = read_paths([tmp_path / "in"], settings)
    (tmp_path / "in" / "a.png").rename(tmp_path / "in" / "b.png")
    seen: list[Progress] = []

    second = read_paths([tmp_path / "in"], settings, seen.append)

    assert len(engine.calls) == 1
    assert [document.name for document in second.documents] == ["b.png"]
    assert second.documents[0].images == first.documents[0].images
    assert (seen[-1].done, seen[-1].total) == (1, 1)


def test_read_paths_recognises_everything_when_there_is_no_cache(
    tmp_path: Path, draw_page: Draw, make_settings: Settings, counting_engine: type
) -> None:
    engine = counting_engine()
    draw_page().save(tmp_path / "a.png")
    for _ in range(2):
        read_paths([tmp_path], make_settings(engine=engine))
    assert len(engine.calls) == 2


def test_read_paths_prints_nothing_and_logs_no_text(
    tmp_path: Path,
    draw_page: Draw,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    draw_page().save(tmp_path / "a.png", dpi=(150, 150))
    read_paths([tmp_path], ReadingSettings(workers=1))
    assert capfd.readouterr() == ("", "")
    assert "Metformin" not in caplog.text


def test_read_paths_survives_names_when_they_are_odd(
    tmp_path: Path, draw_page: Draw, make_settings: Settings
) -> None:
    names = ["a b'\"$(touch x).png", "-rf.png", "zeile\numbruch.png", "語.png"]
    for number, name in enumerate(names):
        draw_page((f"page {number}",)).save(tmp_path / name)
    raw = os.fsencode(tmp_path) + b"/bad\xff.png"
    draw_page(("raw",)).save(tmp_path / "temporary.png")
    (tmp_path / "temporary.png").rename(os.fsdecode(raw))

    reading = read_paths([tmp_path], make_settings())
    written = write_reading(reading, tmp_path / "out")

    assert len(reading.documents) == 5
    assert all("\n" not in document.name for document in reading.documents)
    assert len(written) == 10


def test_words_are_the_engines_when_the_page_is_recognised(
    tmp_path: Path, draw_page: Draw, make_settings: Settings
) -> None:
    draw_page().save(tmp_path / "a.png")
    (document,) = read_paths([tmp_path], make_settings()).documents
    words: list[Word] = [word for line in document.pages[0].lines for word in line.words]
    assert {word.engine for word in words} == {"counting"}
