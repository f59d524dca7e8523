"""The emergency card: what the first minutes need, and nothing that no page says."""

import re

import pytest

from ocr.summary import render_html, summarise
from ocr.summary.card import render_card
from tests.ocr.summary.paper import HEAD, read_texts
from tests.ocr.summary.thick import thick_reading

LETTER = (
    HEAD + "Diagnoses\n1. Atrial fibrillation\nAllergies\nPenicillin: anaphylaxis\n"
    "Current medications\n1. Warfarin 5 mg oral once daily\n2. Ibuprofen 400 mg oral daily\n"
    "STOP\n1. Digoxin 125 mcg daily\nStopped because of nausea.\n"
    "Family history\nHer father had a stroke.\n"
)


def card_of(text: str) -> str:
    reading = read_texts(paper=text)
    return render_card(summarise(reading), reading)


def test_render_card_names_patient_allergies_dangers_medicines_and_problems():
    card = card_of(LETTER)
    for words in ("Nora Linden", "1961-03-14", "Penicillin", "anaphylaxis", "Atrial fibrillation"):
        assert words in card
    assert "ibuprofen" in card.lower()
    assert "risk of bleeding" in card


def test_render_card_leaves_out_what_is_over_and_what_relatives_have():
    card = card_of(LETTER)
    assert "digoxin" not in card.lower()
    assert "troke" not in card


def test_render_card_says_unknown_not_none_where_no_page_says_anything():
    card = card_of("Patient: Nora Linden")
    assert card.count("<strong>Unknown.</strong>") == 3
    assert "No known" not in card


def test_render_card_leads_only_to_places_that_the_page_has():
    reading = thick_reading()
    history = summarise(reading)
    page = render_html(history, reading, embed_images=False)
    targets = set(re.findall(r'href="history\.html#([^"]+)"', render_card(history, reading)))
    assert targets
    assert all(f'id="{target}"' in page for target in targets)


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", '"><img/src=x/onerror=alert(1)>'])
def test_render_card_escapes_what_the_paper_says(hostile):
    card = card_of(f"Patient: Nora Linden\nAllergies\nPenicillin {hostile} rash\n")
    assert hostile not in card
    assert "<script" not in card


def test_render_card_marks_what_other_paper_contradicts():
    texts = {"a": HEAD + "Allergies\nPenicillin: rash\n", "b": HEAD + "Allergies: NKDA\n"}
    reading = read_texts(**texts)
    assert "contradicted" in render_card(summarise(reading), reading)


def test_render_card_says_none_where_a_page_says_so():
    card = card_of(HEAD + "Current medications: none\nPast medical history: none\n")
    assert "<strong>No known medications</strong>, as stated." in card
    assert "<strong>No known problems</strong>, as stated." in card
    assert card.count("<strong>Unknown.</strong>") == 1


def test_render_card_names_devices():
    assert "Pacemaker" in card_of(HEAD + "History of present illness\nShe has a pacemaker.\n")
