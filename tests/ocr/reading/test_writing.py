"""A reading to files: one name each, whole or not at all."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.words import Document, Page, Reading, Word
from ocr.reading import write_reading
from ocr.reading.layout import lines
from ocr.reading.pixels import jpeg

Make = Callable[..., Word]


def _document(name: str, pages: int = 1, words: tuple[Word, ...] = ()) -> Document:
    return Document(
        name=name,
        sha256="0" * 64,
        pages=tuple(
            Page(document=name, number=n, width=900, height=300, dpi=130, lines=lines(words))
            for n in range(1, pages + 1)
        ),
        images=(b"",) * pages,
    )


def _written(tmp_path: Path, *documents: Document) -> list[str]:
    paths = write_reading(Reading(documents=documents, refusals=()), tmp_path / "out")
    assert all(path.is_file() for path in paths)
    assert len({path.name.casefold() for path in paths}) == len(paths)
    assert len(list((tmp_path / "out").iterdir())) == len(paths)
    return [path.name for path in paths]


def test_write_reading_writes_text_and_words_when_given_a_page(
    tmp_path: Path, make_word: Make
) -> None:
    words = (make_word("Dose", 40, 20), make_word("40", 120, 20), make_word("µg", 40, 90))
    assert _written(tmp_path, _document("scan.png", words=words)) == [
        "scan.txt",
        "scan.words.json",
    ]
    assert (tmp_path / "out" / "scan.txt").read_text() == "Dose 40\nµg\n"
    values = json.loads((tmp_path / "out" / "scan.words.json").read_text())
    assert {key: values[key] for key in ("document", "page", "width", "height", "dpi")} == {
        "document": "scan.png",
        "page": 1,
        "width": 900,
        "height": 300,
        "dpi": 130,
    }
    assert values["words"][1] == {
        "text": "40",
        "box": [120, 20, 140, 40],
        "confidence": 0.9,
        "engine": "tesseract",
        "line": 0,
    }
    assert values["words"][2]["line"] == 1


def test_write_reading_numbers_pages_when_there_are_several(tmp_path: Path) -> None:
    names = _written(tmp_path, _document("letter.pdf", pages=2))
    assert names == [
        "letter.p1.txt",
        "letter.p1.words.json",
        "letter.p2.txt",
        "letter.p2.words.json",
    ]


def test_write_reading_never_gives_two_pages_one_name(tmp_path: Path) -> None:
    names = _written(
        tmp_path,
        _document("a.pdf", pages=2),
        _document("a.p1.png"),
        _document("A.png"),
        _document("a.jpg", pages=2),
        _document("a"),
    )
    assert names[::2] == [
        "a.p1.txt",
        "a.p2.txt",
        "a.p1.png.txt",
        "A.txt",
        "a.jpg.p1.txt",
        "a.jpg.p2.txt",
        "a (2).txt",
    ]


def test_write_reading_keeps_files_private_and_leaves_nothing_partial(tmp_path: Path) -> None:
    _written(tmp_path, _document("scan.png"))
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "out").iterdir()} == {0o600}


def test_write_reading_replaces_a_link_rather_than_writing_through_it(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "victim").write_text("untouched")
    (tmp_path / "out" / "scan.txt").symlink_to(tmp_path / "victim")
    _written(tmp_path, _document("scan.png"))
    assert (tmp_path / "victim").read_text() == "untouched"


def test_write_reading_writes_nothing_when_there_is_nothing(tmp_path: Path) -> None:
    assert _written(tmp_path) == []


def test_write_reading_gives_each_document_a_pdf_of_its_own(tmp_path: Path) -> None:
    image = jpeg(np.full((300, 900), 255, np.uint8), 60)
    reading = Reading(
        documents=tuple(
            replace(document, images=(image,) * len(document.pages))
            for document in (_document("a.pdf", pages=2), _document("A.png"), _document("b.png"))
        ),
        refusals=(),
    )
    written = write_reading(reading, tmp_path / "out", pdf=True, overlays=True)
    names = [path.name for path in written]
    assert len({name.casefold() for name in names}) == len(names)
    assert sum(name.endswith(".searchable.pdf") for name in names) == 3
    assert sum(name.endswith(".overlay.jpg") for name in names) == 4
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in written)
