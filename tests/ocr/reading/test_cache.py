"""Readings kept by content: found again, private, and never half there."""

from collections.abc import Callable
from pathlib import Path

import pytest

from core.words import Document, Page, Word
from ocr.reading import ReadingSettings
from ocr.reading.cache import ReadingCache, write_atomically
from ocr.reading.layout import lines

Make = Callable[..., Word]
Settings = Callable[..., ReadingSettings]
SHA = "ab" * 32


@pytest.fixture
def document(make_word: Make) -> Document:
    words = (make_word("Dose", 40, 20), make_word("40 µg", 120, 20, confidence=0.123))
    page = Page(document="a.png", number=1, width=9, height=9, dpi=130, lines=lines(words))
    return Document(name="a.png", sha256=SHA, pages=(page,), images=(b"\xff\xd8\x00\xfe",))


def test_get_gives_the_same_document_under_its_new_name(
    tmp_path: Path, make_settings: Settings, document: Document
) -> None:
    cache = ReadingCache(tmp_path / "cache", make_settings())
    cache.put(document)
    assert cache.get(SHA, "a.png") == document
    renamed = cache.get(SHA, "b.png")
    assert renamed is not None
    assert renamed.name == renamed.pages[0].document == "b.png"


def test_cache_is_private_and_its_names_tell_nothing(
    tmp_path: Path, make_settings: Settings, document: Document
) -> None:
    ReadingCache(tmp_path / "cache", make_settings()).put(document)
    (entry,) = (tmp_path / "cache").iterdir()
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o700
    assert entry.stat().st_mode & 0o777 == 0o600
    assert SHA not in entry.name


def test_cache_closes_its_folder_when_it_was_open(tmp_path: Path, make_settings: Settings) -> None:
    (tmp_path / "cache").mkdir(mode=0o755)
    ReadingCache(tmp_path / "cache", make_settings())
    assert (tmp_path / "cache").stat().st_mode & 0o777 == 0o700


def test_get_gives_none_when_engine_or_settings_differ(
    tmp_path: Path,
    make_settings: Settings,
    document: Document,
    counting_engine: type,
) -> None:
    ReadingCache(tmp_path, make_settings()).put(document)
    newer = make_settings(engine=counting_engine(version="2"))
    assert ReadingCache(tmp_path, newer).get(SHA, "a.png") is None
    assert ReadingCache(tmp_path, make_settings(image_dpi=90)).get(SHA, "a.png") is None


@pytest.mark.parametrize("damage", [b"", b"{", b'{"document": {"name": 3}}', b"\xff\xfe"])
def test_get_gives_none_when_the_entry_is_damaged(
    tmp_path: Path, make_settings: Settings, document: Document, damage: bytes
) -> None:
    cache = ReadingCache(tmp_path, make_settings())
    cache.put(document)
    (entry,) = tmp_path.iterdir()
    entry.write_bytes(damage)
    assert cache.get(SHA, "a.png") is None


def test_get_gives_none_when_the_entry_belongs_to_other_paper(
    tmp_path: Path, make_settings: Settings, document: Document
) -> None:
    cache = ReadingCache(tmp_path, make_settings())
    cache.put(document)
    (entry,) = tmp_path.iterdir()
    content = entry.read_bytes().replace(SHA.encode(), b"cd" * 32)
    entry.write_bytes(content)
    assert cache.get(SHA, "a.png") is None


def test_write_atomically_leaves_the_old_file_when_it_fails(tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.write_bytes(b"old")
    with pytest.raises(TypeError):
        write_atomically(target, "no bytes", mode=0o600)  # type: ignore[arg-type]
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]
