"""Abbreviations hold in the document that defines them, before any general meaning."""

import pytest

from ocr.summary import summarise
from ocr.summary.abbreviations import defined, spelled_out
from tests.ocr.summary.paper import HEAD, history_of_text, read_texts


def names(text: str) -> set[str]:
    return {fact.name for fact in history_of_text(text).problems}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("has chronic kidney disease (CKD) and", {"CKD": "chronic kidney disease"}),
        ("CKD (chronic kidney disease) is", {"CKD": "chronic kidney disease"}),
        ("with chronic kidney\ndisease (CKD)", {"CKD": "chronic kidney disease"}),
        ("primary sclerosing cholangitis (PSC)", {"PSC": "primary sclerosing cholangitis"}),
        ("hemoglobin A1c (HbA1c)", {"HbA1c": "hemoglobin A1c"}),
        ("Hypertension. Type 2 diabetes mellitus (T2DM)", {"T2DM": "Type 2 diabetes mellitus"}),
        ("blood pressure was taken (BP)", {"BP": "blood pressure was taken"}),
        ("see the note (XYZ)", {}),
        ("potassium (K)", {}),
        ("dose (MG) of the drug", {}),
        ("(CKD)", {}),
        ("mitral stenosis (MS) ... multiple sclerosis (MS)", {"MS": None}),
        ("mitral stenosis (MS) ... Mitral Stenosis (MS)", {"MS": "mitral stenosis"}),
    ],
)
def test_defined_finds_what_a_document_defines(text, expected):
    assert defined([text]) == expected


def test_defined_takes_hostile_text_without_delay():
    assert defined(["(" * 5000 + "AB " * 5000 + "(ABC" * 2000]) == {}


def test_spelled_out_knows_where_each_part_is_printed():
    text = "Plan: CKD stage 3 today"
    spelled = spelled_out(text, (6, len(text)), {"CKD": "chronic kidney disease"})
    assert spelled.text == "chronic kidney disease stage 3 today"
    start, end = spelled.printed(0, len("chronic kidney disease stage 3"))
    assert text[start:end] == "CKD stage 3"
    assert spelled.printed(len("chronic "), len("chronic kidney disease")) is None


def test_summarise_resolves_an_abbreviation_with_the_words_behind_it():
    text = "Assessment\nShe has primary biliary cholangitis (PBC).\nProblem list\n1. PBC\n2. Gout"
    assert names(text) == {"Primary biliary cholangitis", "Gout"}


def test_summarise_takes_the_stage_behind_an_abbreviation_with_it():
    text = "Assessment\nHe has chronic kidney disease (CKD). His CKD stage 3 is stable."
    (fact,) = history_of_text(text).problems
    assert fact.name == "Chronic kidney disease stage 3"
    assert fact.evidence[0].quote == "CKD stage 3"


def test_summarise_keeps_the_printed_words_as_evidence():
    text = "Assessment\nHe has chronic renal insufficiency (CRI).\nProblem list\n1. CRI since 2019"
    history = history_of_text(text)
    (fact,) = [fact for fact in history.problems if "insufficiency" in fact.name.lower()]
    assert any("CRI" in evidence.quote for evidence in fact.evidence)


def test_summarise_prefers_the_documents_meaning_to_the_general_one():
    text = "Assessment\nKnown pleural effusion (PE). The PE is stable.\nProblem list\n1. PE"
    assert names(text) == {"Pleural effusion"}


def test_summarise_reads_no_disease_in_an_abbreviation_of_something_else():
    text = "Assessment\nOn physical examination (PE) no murmur. The PE was normal. Known gout."
    assert names(text) == {"Gout"}


def test_summarise_leaves_an_abbreviation_with_two_meanings_open():
    text = (
        "Assessment\nMitral stenosis (MS) is mild. Her multiple sclerosis (MS) is stable.\n"
        "Problem list\n1. MS"
    )
    history = history_of_text(text)
    (open_one,) = [fact for fact in history.problems if fact.name.startswith("MS")]
    assert "two meanings" in open_one.name
    assert open_one.check


def test_summarise_uses_an_abbreviation_in_its_own_document_only():
    one = f"{HEAD}Assessment\nKnown pleural effusion (PE).\n"
    other = f"{HEAD}Problem list\n1. PE\n"
    found = {fact.name for fact in summarise(read_texts(one=one, other=other)).problems}
    assert found == {"Pleural effusion", "Pulmonary embolism"}


def test_summarise_hears_negation_of_an_abbreviation():
    text = "Assessment\nNo deep vein thrombosis (DVT). DVT was ruled out again."
    assert names(text) == set()
