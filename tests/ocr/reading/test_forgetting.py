"""Taking back what was kept of paper."""

from pathlib import Path

import pytest

from core.words import Document
from ocr.reading import NullEngine, ReadingSettings
from ocr.reading.cache import ReadingCache
from ocr.reading.forgetting import forget

ONE, OTHER = "a" * 64, "b" * 64


def document(sha256: str) -> Document:
    return Document(name="paper.png", sha256=sha256, pages=(), images=())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def cache(folder: Path) -> ReadingCache:
    found = ReadingCache(folder, ReadingSettings(engine=NullEngine()))
    for sha256 in (ONE, OTHER):
        found.put(document(sha256))
    return found


def test_forget_deletes_what_was_kept_of_one_file_and_nothing_else(
    cache: ReadingCache, folder: Path
) -> None:
    gone = forget(folder, {ONE})
    assert (gone.documents, gone.files) == ({ONE}, 1)
    assert cache.get(ONE, "paper.png") is None
    assert cache.get(OTHER, "paper.png") is not None


def test_forget_finds_what_another_pipeline_or_engine_kept(
    cache: ReadingCache, folder: Path
) -> None:
    other = ReadingSettings(engine=NullEngine(), image_dpi=31)
    ReadingCache(folder, other).put(document(ONE))
    assert forget(folder, {ONE}).files == 2
    assert cache.get(OTHER, "paper.png") is not None


def test_forget_leaves_an_empty_folder_when_it_is_to_forget_all(
    cache: ReadingCache, folder: Path
) -> None:
    size = sum(path.stat().st_size for path in folder.iterdir())
    gone = forget(folder, None)
    assert (gone.documents, gone.files, gone.size) == ({ONE, OTHER}, 2, size)
    assert not list(folder.iterdir())


@pytest.mark.parametrize("digests", [None, set(), {ONE}])
def test_forget_takes_what_cannot_be_told(folder: Path, digests: set[str] | None) -> None:
    folder.mkdir()
    (folder / f"{ONE}.json").write_text('{"document": {"name": "cut off')
    (folder / ".abc.part").write_text("half of an entry")
    assert forget(folder, digests).files == 2
    assert not list(folder.iterdir())


def test_forget_does_nothing_when_nothing_was_ever_kept(folder: Path) -> None:
    assert forget(folder, None).files == 0
    assert not folder.exists()
