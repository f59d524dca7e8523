import pytest

from ocr.summary.sheets import sheets
from tests.ocr.summary.paper import make_document


def kinds(text: str) -> list[str]:
    return [section.kind for section in sheets(make_document("p.pdf", text))[0].sections]


def units(text: str) -> list[str]:
    sheet = sheets(make_document("p.pdf", text))[0]
    return [sheet.text[slice(*unit.span)] for unit in sheet.units]


@pytest.mark.parametrize(
    "heading",
    [
        "Allergies",
        "ALLERGIES:",
        "3. Allergies",
        "Allergies and Intolerances",
        "Known allergies:",
        "Allerg1es",
    ],
)
def test_sections_open_at_a_heading_however_it_is_printed(heading):
    assert kinds(f"Clinic\n{heading}\nLatex") == ["top", "allergies"]


def test_sections_open_where_the_body_follows_on_the_same_line():
    assert kinds("Allergies: penicillin\nMedications: aspirin") == ["allergies", "medications"]


def test_sections_open_within_a_line_when_the_heading_is_in_capitals():
    text = "HISTORY: Asthma. MEDICATIONS: Aspirin. FAMILY HISTORY: Gout."
    assert kinds(text) == ["history", "medications", "family"]


def test_sections_end_at_an_unknown_heading_in_capitals():
    assert kinds("DIAGNOSIS: Gout\nDRAINS: One Foley") == ["problems", "other"]


def test_sections_do_not_end_at_a_medicine_in_capitals():
    assert kinds("ALLERGIES\nPENICILLIN: rash") == ["allergies"]


def test_sections_end_at_the_signature():
    assert kinds("Diagnoses\nGout\nDr Leon Hartwell\nConsultant") == ["problems", "other"]


def test_units_split_a_list_into_its_items():
    assert units("Diagnoses\n1. Gout\n2. Asthma") == ["Gout", "Asthma"]


def test_units_join_a_wrapped_item():
    text = "Diagnoses\n1. Chronic kidney disease,\nstage 4\n2. Gout"
    assert units(text) == ["Chronic kidney disease,\nstage 4", "Gout"]


def test_units_keep_decimals_whole_when_a_capital_follows():
    assert units("PTT 37.1. Platelets 210. Dr. Ames agrees.") == [
        "PTT 37.1.",
        "Platelets 210.",
        "Dr. Ames agrees.",
    ]
