"""Symptoms that are denied are facts; those that are present are left to the diagnosis."""

import pytest

from core.facts import Kind, Polarity
from tests.ocr.summary.paper import found, history_of_text, names

ACCOUNT = "History of present illness:\n"


@pytest.mark.parametrize(
    ("sentence", "denied"),
    [
        ("She denies chest pain and ankle swelling.", ["Ankle swelling", "Chest pain"]),
        ("No fever, cough or weight loss.", ["Cough", "Fever", "Weight loss"]),
        ("He denies any dysuria, frequency or hematuria.", ["Dysuria", "Frequency", "Hematuria"]),
        ("She denies fever, chills, or cough.", ["Chills", "Cough", "Fever"]),
        ("Denies fevers/chills.", ["Chills", "Fevers"]),
        (
            "He denies chest pain, nausea, vomiting, diarrhea, melena, dysuria, hematuria, fever,"
            " chills, cough, or recent weight loss.",
            ["Chest pain", "Chills", "Cough", "Diarrhea", "Dysuria", "Fever", "Hematuria",
             "Melena", "Nausea", "Vomiting", "Weight loss"],
        ),
        ("No chest pain, no syncope, occasional headache.", ["Chest pain", "Syncope"]),
        ("Denies fever but reports cough and chills.", ["Fever"]),
        ("Patient denies:\n- fever\n- cough at night\n- has a rash", ["Cough", "Fever"]),
        ("Patient reports:\n- fever\n- cough", []),
        ("Fever: no\nCough   No\nRash: none\nNausea: yes", ["Cough", "Fever", "Rash"]),
        ("She complains of chest pain but denies syncope.", ["Syncope"]),
        ("She denies N/V/D.", ["Diarrhea", "Nausea", "Vomiting"]),
        ("No F/C/N/V, no cough.", ["Chills", "Cough", "Fever", "Nausea", "Vomiting"]),
        ("Denies any f/c or n/v.", ["Chills", "Fever", "Nausea", "Vomiting"]),
        ("N/V: no", ["Nausea", "Vomiting"]),
        ("She reports N/V and denies D/C.", []),
        ("She has F/C but no N/V.", ["Nausea", "Vomiting"]),
        ("No X/N/V or N/V/X.", []),
        ("A Foley catheter (F/C) was used. No F/C since.", []),
        ("If there is no fever, she may go home.", []),
        ("Her mother had no headache.", []),
        ("She has a cough.", []),
    ],
)  # fmt: skip
def test_summarise_lists_symptoms_when_they_are_denied(sentence, denied):
    history = history_of_text(ACCOUNT + sentence)
    assert names(history.negated) == denied
    assert all(fact.polarity is Polarity.NEGATED for fact in history.negated)
    assert found(history, Kind.PROBLEM) == list(history.negated)


def test_summarise_reads_the_review_of_systems_but_no_examination():
    history = history_of_text(
        "Review of systems:\nDenies cough.\nPhysical examination:\nNo rash.\n"
    )
    assert names(history.negated) == ["Cough"]


def test_summarise_names_a_denied_symptom_once_when_two_words_mean_it():
    history = history_of_text(ACCOUNT + "No shortness of breath. She denies dyspnea.")
    (denied,) = history.negated
    assert len(denied.evidence) == 2


def test_summarise_quotes_the_letters_in_which_symptoms_are_denied():
    history = history_of_text(ACCOUNT + "Denies N/V/D.")
    assert {e.quote for fact in history.negated for e in fact.evidence} == {"N/V/D."}
    assert len({fact.id for fact in history.negated}) == 3


@pytest.mark.parametrize(
    ("sentence", "status"),
    [
        ("Pneumonia has resolved.", "resolved"),
        ("Her pneumonia, now in remission.", None),
        ("Pneumonia has not resolved.", None),
        ("Once pneumonia is resolved she may travel.", None),
    ],
)
def test_summarise_says_resolved_only_when_the_paper_does(sentence, status):
    problems = history_of_text(ACCOUNT + sentence).problems
    assert [p.status for p in problems] == [status]


@pytest.mark.parametrize("line", ["Pneumonia, not resolved", "Pneumonia - unresolved"])
def test_summarise_keeps_a_listed_problem_active_when_it_is_not_resolved(line):
    (problem,) = history_of_text(f"Problems:\n{line}\n").problems
    assert (problem.name, problem.status) == ("Pneumonia", "active")
