"""The story, once, on two pages of paper: everything real, and told truthfully."""

import json
from pathlib import Path

from tests.scripts.conftest import Run
from tests.scripts.test_paper_commands import pdf


def test_demo_tells_the_story_twice_on_one_home(tmp_path: Path, run: Run) -> None:
    paper = tmp_path / "paper"
    paper.mkdir()
    pdf(paper / "letter.pdf")
    arguments = ["demo", "--once", "--json", "--port", "0", "--home", tmp_path / "home"]
    arguments += ["--samples", paper, "--out", tmp_path / "out"]
    first = run(*arguments)
    assert first.returncode == 0, first.stderr
    steps = json.loads(first.stdout)["steps"]
    lines = [line for step in steps for line in step["lines"]]
    assert any("byte for byte the patient's" in line for line in lines)
    assert "The patient has taken your access back." in lines
    assert any(line.startswith("consistent: 7 events") for line in lines)
    assert (tmp_path / "out" / "history.html").exists()
    second = run(*arguments)
    assert second.returncode == 0, second.stderr
    lines = [line for step in json.loads(second.stdout)["steps"] for line in step["lines"]]
    assert any("version 2" in line for line in lines)
    assert any(line.startswith("consistent: 12 events") for line in lines)
    assert "Ada Sample" not in first.stderr + second.stderr


def test_demo_says_when_there_is_no_paper(tmp_path: Path, run: Run) -> None:
    done = run("demo", "--once", "--home", tmp_path, "--samples", tmp_path / "none")
    assert done.returncode == 3
    assert "make samples" in done.stderr
