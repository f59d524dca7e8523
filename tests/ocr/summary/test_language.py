"""Paper in another language is listed and not interpreted."""

import pytest

from core.history import About
from ocr.summary import summarise
from ocr.summary.language import ENGLISH, OTHER_SCRIPT, language_of
from tests.ocr.summary.paper import HEAD, read_texts

GERMAN = (
    "Diagnosen: Diabetes mellitus Typ 2, Asthma bronchiale.\n"
    "Die Patientin wurde mit Metformin 500 mg behandelt und ist seit dem Mai ohne Beschwerden.\n"
    "Eine Allergie gegen Penicillin ist nicht bekannt. Wir bitten um Kontrolle bei Ihnen."
)
PAGES = {
    "German": GERMAN,
    "French": "Le patient est traité pour une hypertension avec du périndopril, un comprimé par"
    " jour depuis deux ans, sans effet secondaire sur la fonction rénale.",
    "Spanish": "El paciente con diabetes desde hace años se trata con metformina cada doce horas"
    " y no tiene alergias conocidas por el momento.",
    "Italian": "Il paziente nato a Roma è in terapia con ramipril una compressa al giorno e non"
    " riferisce dolore toracico dal mese di maggio.",
}


@pytest.mark.parametrize(("language", "text"), PAGES.items())
def test_language_of_names_the_language_when_a_page_is_written_in_it(language, text):
    assert language_of(text) == language


def test_language_of_is_another_script_when_letters_are_not_latin():
    assert language_of("Пациент жалуется на боль в груди и одышку " * 3) == OTHER_SCRIPT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The patient is a woman with diabetes and was given metformin by her doctor in May.",
        "Sodium 140 mmol/L 135-145 Potassium 4.1 mmol/L 3.5-5.1 Creatinine 88 µmol/L 60-110 "
        "Glucose 5.6 mmol/L Urea 5.1 mmol/L ALT 22 U/L AST 19 U/L",
        "Lisinopril 10 mg PO daily\nMetformin 500 mg PO BID\nAtorvastatin 20 mg PO QHS\n" * 3,
    ],
)
def test_language_of_is_english_when_nothing_speaks_against_it(text):
    assert language_of(text) == ENGLISH


def test_summarise_lists_foreign_paper_and_takes_nothing_of_it_but_whose_it_is():
    history = summarise(read_texts(brief=HEAD + GERMAN))
    assert {fact.kind for fact in history.facts} == {"patient"}
    (caution,) = [w for w in history.warnings if w.code is About.FOREIGN]
    assert caution.text == "brief.pdf, page 1: in German, listed but not interpreted."
    assert [source.document for source in history.documents] == ["brief.pdf"]


def test_summarise_still_reads_the_english_page_when_another_is_foreign():
    text = HEAD + "Current medications:\nMetformin 500 mg daily\n"
    history = summarise(read_texts(english=text, brief=HEAD + GERMAN))
    assert [m.name for m in history.medications_current] == ["metformin"]
