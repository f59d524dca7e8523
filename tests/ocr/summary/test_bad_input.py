"""Bad input from words to the page: said, shown and marked, never dropped or guessed."""

import pytest

from core.facts import Fact, Kind
from core.history import About, History
from core.words import Reading
from ocr.summary import render_card, render_html, summarise
from tests.ocr.summary.paper import found, make_document, make_reading, read_texts

NORA = "Patient: Nora Linden   DOB: 1961-03-14   MRN: 9071203\nDate: 2024-03-05\n"
TABLE = "Test   Result   Unit   Reference\n"


def told(reading: Reading) -> tuple[History, str]:
    history = summarise(reading)
    return history, render_html(history, reading, embed_images=False)


def value_of(history: History) -> Fact:
    (fact,) = found(history, Kind.LAB)
    return fact


@pytest.mark.parametrize(
    "other",
    [
        "Patient: Paul Reyes   DOB: 1961-03-14\n",
        "Patient: Nora Linden   DOB: 1985-01-02\n",
        "Patient: Paul Reyes   MRN: 555\n",
    ],
)
def test_paper_of_two_patients_is_never_one_history(other):
    reading = read_texts(
        a=NORA + "Allergies: latex", b=NORA + "Diagnoses\nGout", c=other + "Diagnoses\nAsthma"
    )
    history, page = told(reading)
    assert history.exit_code == 9
    assert "More than one patient" in page
    assert "c.pdf" in page
    assert "Asthma" not in page
    assert "More than one patient" in render_card(history, reading)


def test_pages_out_of_order_give_the_same_facts():
    pages = (NORA + "Diagnoses\nGout\n", NORA + "Allergies\nLatex\n")
    facts = [
        {(f.kind, f.name) for f in summarise(make_reading(make_document("p.pdf", *order))).facts}
        for order in (pages, pages[::-1])
    ]
    assert facts[0] == facts[1]
    assert (Kind.ALLERGY, "Latex") in facts[0]


def test_contradictory_birth_dates_stand_side_by_side():
    other = NORA.replace("1961-03-14", "1961-03-11")
    history, page = told(read_texts(a=NORA + "Allergies: latex", b=other + "Diagnoses\nGout"))
    assert [c.name for c in history.conflicts] == ["birth date"]
    assert "The paper contradicts itself" in page
    assert "1961-03-14" in page
    assert "1961-03-11" in page


@pytest.mark.parametrize("row", ["Potassium   4.1   fL   3.5-5.1", "Potassium   41   mmol/L"])
def test_a_unit_that_does_not_fit_and_an_impossible_value_are_kept_and_marked(row):
    history, page = told(read_texts(a=NORA + TABLE + row))
    assert value_of(history).check
    assert value_of(history).value in page
    assert "Compare with the paper: Potassium" in page


def test_an_empty_page_is_named():
    reading = make_reading(
        make_document("a.pdf", NORA + "Diagnoses\nGout", ""), make_document("blank.png", "")
    )
    history, page = told(reading)
    told_of = {d for w in history.warnings if w.code is About.EMPTY_PAGE for d in w.documents}
    assert told_of == {"a.pdf", "blank.png"}
    assert "a.pdf: nothing was read on page 2." in page


def test_paper_in_another_language_is_listed_and_not_interpreted():
    german = (
        "Patient: Nora Linden\nDiagnosen: Der Patient hat eine Penicillin Allergie und nimmt die "
        "Tabletten mit dem Essen ein. Die Werte sind nicht auffällig und wurden mit der Patientin "
        "besprochen, eine Kontrolle ist in einer Woche bei dem Hausarzt geplant.\n"
    )
    history, page = told(read_texts(a=NORA + "Diagnoses\nGout", german=german))
    assert [w.documents for w in history.warnings if w.code is About.FOREIGN] == [("german.pdf",)]
    assert history.allergies == ()
    assert "listed but not interpreted" in page
    assert "german.pdf" in page[page.index("The paper</h3>") :]


def test_none_known_beside_penicillin_is_shown_as_a_contradiction():
    reading = read_texts(
        a=NORA + "Allergies: No known allergies", b=NORA + "Allergies\nPenicillin: anaphylaxis"
    )
    history, page = told(reading)
    assert [c.about for c in history.conflicts] == ["polarity"]
    assert "The paper contradicts itself" in page
    for words in ("Penicillin", "No known allergies"):
        assert words in page
        assert words in render_card(history, reading)
    assert "contradicted" in render_card(history, reading)
