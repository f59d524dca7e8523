"""corrections.json: a log that only grows, and is believed only when it is whole."""

import json

import pytest

from core.corrections import Role, Verdict, corrected
from core.errors import InputError
from ocr.summary import facts_document, ips_bundle, render_html, summarise
from ocr.summary.corrections_file import add_correction, read_corrections, undo_correction
from ocr.summary.facts_document import fact_of
from tests.ocr.summary.paper import HEAD, read_texts
from tests.ocr.summary.test_outputs import AT

LETTER = (
    HEAD + "Current medications\n1. Metformin 500 mg oral twice daily\n2. Aspirin 81 mg daily\n"
)


def say(path, fact, verdict=Verdict.WRONG, **given):
    told = {"author": "Nora Linden", "role": Role.PATIENT, "date": "2026-03-05"}
    return add_correction(path, fact, verdict, **{**told, **given})


@pytest.fixture
def path(tmp_path):
    return tmp_path / "corrections.json"


@pytest.fixture
def reading():
    return read_texts(letter=LETTER)


def medicine(reading, name="metformin"):
    return next(f for f in summarise(reading).medications_current if f.name == name)


def test_read_corrections_is_empty_without_a_file(path):
    assert read_corrections(path) == ()


def test_add_correction_survives_a_second_run_and_more_paper(path, reading):
    say(path, medicine(reading))
    newer = "Patient: Nora Linden   DOB: 1961-03-14\nDate: 5 June 2024\nDiagnoses\n1. Gout\n"
    again = read_texts(letter=LETTER, newer=newer)
    history = corrected(summarise(again), read_corrections(path))
    assert [fact.name for fact in history.medications_current] == ["aspirin"]
    assert [fact.name for fact in history.withdrawn] == ["metformin"]


def test_undo_correction_keeps_the_entry_and_says_who(path, reading):
    made = say(path, medicine(reading))
    undo_correction(path, made, author="Dr Ferreby", role=Role.CLINICIAN, date="2026-03-06")
    assert [correction.undone for correction in read_corrections(path)] == [True]
    (entry,) = json.loads(path.read_text())["corrections"]
    assert entry["undone"] == {"author": "Dr Ferreby", "role": "clinician", "date": "2026-03-06"}
    with pytest.raises(InputError):
        undo_correction(path, made, author="x", role=Role.PATIENT, date="2026-03-06")


def test_add_correction_writes_for_the_owner_alone(path, reading):
    say(path, medicine(reading))
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "given",
    [
        {"verdict": Verdict.COMPLETED},
        {"fields": [("dose", "5 mg")]},
        {"verdict": Verdict.COMPLETED, "fields": [("name", "aspirin")]},
        {"author": ""},
        {"author": "x" * 201},
        {"date": "yesterday"},
    ],
)
def test_add_correction_refuses_what_makes_no_sense(path, reading, given):
    with pytest.raises(InputError):
        say(path, medicine(reading), **given)
    assert not path.exists()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"schema": "other", "corrections": []}',
        '{"schema": "anamnesis/corrections/1", "corrections": [{}]}',
        '{"schema": "anamnesis/corrections/1", "corrections": [], "more": 1}',
    ],
)
def test_read_corrections_refuses_a_file_that_is_something_else(path, content):
    path.write_text(content)
    with pytest.raises(InputError) as caught:
        read_corrections(path)
    assert "corrections.json" in caught.value.user_message()


def test_fact_of_gives_back_what_was_written(reading):
    history = summarise(reading)
    assert [fact_of(each) for each in facts_document(history)["facts"]] == list(history.facts)


@pytest.mark.parametrize("broken", [{}, {"id": 1}, {"kind": "medication"}])
def test_fact_of_refuses_what_is_no_fact(broken):
    with pytest.raises(InputError):
        fact_of(broken)


def test_page_and_bundle_show_who_corrected_what(path, reading):
    say(path, medicine(reading), Verdict.COMPLETED, fields=[("dose", "1000 mg")])
    say(path, medicine(reading, "aspirin"), author="Ann <b>O'Neil</b>")
    history = corrected(summarise(reading), read_corrections(path))
    page = render_html(history, reading, embed_images=False)
    assert "dose 1000 mg (paper: 500 mg) by Nora Linden (patient), 2026-03-05" in page
    assert "<del>aspirin" in page
    assert "<b>O" not in page
    bundle = json.dumps(ips_bundle(history, reading, generated_at=AT))
    assert "said to be wrong by Ann" in bundle
    assert '"verifier"' in bundle
