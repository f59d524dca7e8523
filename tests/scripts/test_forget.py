"""`forget` as a person calls it: what reading kept is gone, the paper stays."""

import json
from pathlib import Path

import pytest

from tests.scripts.conftest import Run
from tests.scripts.test_paper_commands import pdf


@pytest.fixture
def home(tmp_path: Path, run: Run) -> Path:
    """A home in which the reading of a.pdf is kept."""
    home = tmp_path / "home"
    done = run("read", pdf(tmp_path / "a.pdf"), "--out", tmp_path / "out", "--home", home)
    assert done.returncode == 0, done.stderr
    return home


def kept(home: Path) -> list[Path]:
    return [path for path in (home / "cache" / "reading").iterdir() if path.is_file()]


def test_forget_finds_paper_by_its_content_whatever_its_name(
    home: Path, tmp_path: Path, run: Run
) -> None:
    renamed = (tmp_path / "a.pdf").rename(tmp_path / "b.pdf")
    done = run("forget", renamed, "--home", home, "--json")
    assert (done.returncode, json.loads(done.stdout)["documents"]) == (0, 1)
    assert not kept(home)
    assert renamed.exists()
    assert (tmp_path / "out" / "a.txt").exists()


def test_forget_keeps_what_it_was_not_told_of(home: Path, tmp_path: Path, run: Run) -> None:
    other = tmp_path / "other.pdf"
    other.write_bytes((tmp_path / "a.pdf").read_bytes() + b"\n")
    done = run("forget", other, "--home", home)
    assert (done.returncode, done.stderr) == (0, "Nothing was kept.\n")
    assert kept(home)


def test_forget_all_needs_no_paper(home: Path, tmp_path: Path, run: Run) -> None:
    (tmp_path / "a.pdf").unlink()
    done = run("forget", "--all", "--home", home)
    assert (done.returncode, done.stdout) == (0, "")
    assert "1 document," in done.stderr
    assert not kept(home)


def test_forget_deletes_nothing_when_a_file_is_missing(
    home: Path, tmp_path: Path, run: Run
) -> None:
    done = run("forget", tmp_path / "a.pdf", tmp_path / "gone.pdf", "--home", home)
    assert done.returncode == 3
    assert "gone.pdf" in done.stderr
    assert "--all" in done.stderr
    assert kept(home)


@pytest.mark.parametrize("arguments", [(), ("a.pdf", "--all")])
def test_forget_asks_what_is_meant(
    arguments: tuple[str, ...], home: Path, tmp_path: Path, run: Run
) -> None:
    done = run("forget", *arguments, "--home", home)
    assert done.returncode == 2
    assert "--all" in done.stderr
    assert kept(home)
