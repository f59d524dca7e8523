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


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("status=maybe", "current, stopped, last-seen"),
        ("date=2024/03/05", "2024-03-05"),
        ("reaction=rash", "dose, route, frequency, status, date"),
        ("dose=5\tmg", "1 to 200"),
    ],
)
def test_correct_says_what_a_field_can_hold(folder, assignment, said):
    fact = id_of(folder, "metformin")
    result = run(folder, fact, "completed", "--set", assignment, "--by", "Nora")
    assert result.exit_code == 2
    assert said in result.output
    assert not (folder / NAME).exists()


def test_correct_finds_what_was_left_out_and_says_where_it_stands(folder):
    run(folder, id_of(folder, "aspirin"), "wrong", "--by", "Nora")
    run_again(folder)
    (line,) = run(folder, "--find", "aspirin").stdout.splitlines()
    assert "letter.pdf, page 1" in line
    assert "left out: said to be wrong by Nora (patient)" in line
    assert run(folder, id_of(folder, "aspirin"), "confirmed", "--by", "Dr F").exit_code == 0
    assert run_again(folder)["withdrawn"] == []


def test_correct_says_so_when_it_finds_nothing(folder):
    assert "No fact names zebra" in run(folder, "--find", "zebra").output
    assert "No corrections so far" in run(folder).output
    assert json.loads(run(folder, "--json").stdout) == []


def test_correct_lists_who_undid_and_what_is_no_longer_on_the_paper(folder):
    undone = run(folder, id_of(folder, "aspirin"), "wrong", "--by", "Nora").stdout.split()[0]
    run(folder, "--undo", undone, "--by", "Dr F", "--as", "clinician")
    run(folder, id_of(folder, "metformin"), "confirmed", "--by", "Nora")
    reading = read_texts(letter=HEAD + "Current medications\n1. Aspirin 81 mg daily\n")
    write_history(corrected(summarise(reading), read_corrections(folder / NAME)), reading, folder)
    first, second = run(folder).stdout.splitlines()
    assert "undone by Dr F (clinician)" in first
    assert second.endswith("holds, but its statement is no longer found on the paper")
