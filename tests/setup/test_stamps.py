"""Stamps: the same inputs are recognised, any change of them is not overlooked."""

from pathlib import Path

import pytest

from setup.stamps import Stamps, digest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source = tmp_path / "src"
    (source / "deep").mkdir(parents=True)
    (source / "a.js").write_text("a")
    (source / "deep" / "b.js").write_text("b")
    return source


def test_digest_is_the_same_when_nothing_changed(folder: Path) -> None:
    assert digest(folder.parent, [folder]) == digest(folder.parent, [folder])


def test_digest_differs_when_a_byte_changed(folder: Path) -> None:
    before = digest(folder.parent, [folder])
    (folder / "deep" / "b.js").write_text("c")
    assert digest(folder.parent, [folder]) != before


def test_digest_differs_when_a_file_was_renamed(folder: Path) -> None:
    before = digest(folder.parent, [folder])
    (folder / "a.js").rename(folder / "z.js")
    assert digest(folder.parent, [folder]) != before


def test_digest_differs_when_bytes_moved_from_one_file_to_the_next(folder: Path) -> None:
    (folder / "a.js").write_text("ab")
    (folder / "deep" / "b.js").write_text("")
    moved = digest(folder.parent, [folder])
    (folder / "a.js").write_text("a")
    (folder / "deep" / "b.js").write_text("b")
    assert digest(folder.parent, [folder]) != moved


def test_digest_tells_an_absent_file_from_an_empty_one(folder: Path) -> None:
    lock = folder / "lock"
    absent = digest(folder.parent, [lock])
    lock.write_text("")
    assert digest(folder.parent, [lock]) != absent


def test_digest_differs_when_a_fact_changed(folder: Path) -> None:
    assert digest(folder.parent, [], ["3.11"]) != digest(folder.parent, [], ["3.12"])


def test_digest_overlooks_compiled_python(folder: Path) -> None:
    before = digest(folder.parent, [folder])
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "x.pyc").write_bytes(b"x")
    assert digest(folder.parent, [folder]) == before


def test_fresh_only_when_written_with_the_same_inputs(tmp_path: Path) -> None:
    stamps = Stamps(tmp_path / "stamps")
    assert not stamps.fresh("uv", "one")
    stamps.write("uv", "one")
    assert stamps.fresh("uv", "one")
    assert not stamps.fresh("uv", "two")
    stamps.begin("uv")
    assert not stamps.fresh("uv", "one")


def test_unfinished_from_the_beginning_until_the_success(tmp_path: Path) -> None:
    stamps = Stamps(tmp_path / "stamps")
    assert not stamps.unfinished("uv")
    stamps.begin("uv")
    assert stamps.unfinished("uv")
    stamps.write("uv", "one")
    assert not stamps.unfinished("uv")
