"""`anamnesis correct`, from a written history to the next run."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from core.corrections import corrected
from ocr.summary import summarise, write_history
from ocr.summary.corrections_file import NAME, read_corrections
from scripts.correct import cli
from tests.ocr.summary.paper import HEAD, read_texts

LETTER = (
    HEAD + "Current medications\n1. Metformin 500 mg oral twice daily\n2. Aspirin 81 mg daily\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    run_again(tmp_path)
    return tmp_path


def run_again(folder: Path) -> dict:
    reading = read_texts(letter=LETTER)
    history = corrected(summarise(reading), read_corrections(folder / NAME))
    write_history(history, reading, folder)
    return json.loads((folder / "facts.json").read_text())


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def id_of(folder: Path, word: str) -> str:
    (found,) = json.loads(run(folder, "--find", word, "--json").stdout)
    return found["id"]


def test_correct_completes_a_fact_and_the_next_run_applies_it(folder):
    done = run(
        folder, id_of(folder, "metformin"), "completed", "--set", "dose=1000 mg", "--by", "Nora"
    )
    assert done.exit_code == 0
    (fact,) = [f for f in run_again(folder)["facts"] if f["name"] == "metformin"]
    assert fact["dose"] == "1000 mg"
    assert "by Nora (patient)" in fact["corrected"]


def test_correct_withdraws_and_undoes(folder):
    made = run(folder, id_of(folder, "aspirin"), "wrong", "--by", "Dr F", "--as", "clinician")
    written = run_again(folder)
    assert [fact["name"] for fact in written["withdrawn"]] == ["aspirin"]
    assert "aspirin" not in [fact["name"] for fact in written["facts"]]
    assert run(folder, "--undo", made.stdout.split()[0], "--by", "Dr F").exit_code == 0
    assert run_again(folder)["withdrawn"] == []
    assert "undone" in run(folder).stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("f-none", "wrong", "--by", "Nora"),
        ("FACT", "wrong"),
        ("FACT",),
        ("FACT", "completed", "--by", "Nora"),
        ("FACT", "completed", "--set", "dose", "--by", "Nora"),
        ("--undo", "c-none", "--by", "Nora"),
    ],
)
def test_correct_exits_2_and_writes_nothing_when_asked_wrongly(folder, arguments):
    fact = id_of(folder, "metformin")
    result = run(folder, *(fact if a == "FACT" else a for a in arguments))
    assert result.exit_code == 2
    assert not (folder / NAME).exists()


def test_correct_says_what_to_do_where_there_is_no_history(tmp_path):
    result = run(tmp_path, "--find", "metformin")
    assert result.exit_code == 2
    assert "anamnesis summarize" in result.output
