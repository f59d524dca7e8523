"""Lists that say they are empty, and those that only fail to say anything."""

import pytest

from core.facts import Kind, Polarity
from ocr.summary import ips_bundle, render_card, render_html, summarise
from tests.ocr.summary.paper import HEAD, history_of_text, read_texts
from tests.ocr.summary.test_outputs import AT


def nothing_in(text: str) -> list[str]:
    return [fact.name for fact in history_of_text(text).negated]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Current medications: None\n", "known medications"),
        ("Medications\nNil\n", "known medications"),
        ("MEDICATIONS: Not taking any medications.\n", "known medications"),
        ("Past medical history: none\n", "known problems"),
        ("Problem list\nNone known\n", "known problems"),
    ],
)
def test_empty_list_that_says_so_is_a_statement(text, name):
    assert nothing_in(text) == [name]


@pytest.mark.parametrize(
    "text",
    [
        "Current medications:\n",
        "Discharge medications: None\n",
        "Medications stopped: None\n",
        "Current medications: none changed\n",
        "Current medications\nNone\nMetformin 500 mg daily\n",
        "Past surgical history: none\n",
        "Family history: none\n",
    ],
)
def test_none_of_something_else_states_nothing(text):
    assert nothing_in(text) == []


def test_page_and_card_and_bundle_say_none_once_and_as_stated():
    reading = read_texts(paper=HEAD + "Current medications: none\nPast medical history: none\n")
    history = summarise(reading)
    page, card = render_html(history, reading, embed_images=False), render_card(history, reading)
    for told in (page, card):
        assert "<strong>No known medications</strong>, as stated." in told
        assert "<strong>No known problems</strong>, as stated." in told
        assert "Expressly denied" not in told
    bundle = str(ips_bundle(history, reading, generated_at=AT))
    assert "no-known-medications" in bundle
    assert "no-known-problems" in bundle


@pytest.mark.parametrize(
    ("none_of", "contradicted"), [("2024-03-05", False), ("2024-09-01", True), ("", True)]
)
def test_none_contradicts_what_paper_that_is_not_older_lists(none_of, contradicted):
    dated = f"Date: {none_of}\n" if none_of else ""
    reading = read_texts(
        none=f"Patient: Nora Linden   DOB: 1961-03-14\n{dated}Medications: none\n",
        list="Patient: Nora Linden   DOB: 1961-03-14\nDate: 2024-06-01\n"
        "Current medications\n1. Metformin 500 mg oral daily\n",
    )
    history = summarise(reading)
    assert [c.about for c in history.conflicts] == ["polarity"] * contradicted
    assert [f.name for f in history.medications_current] == ["metformin"]
    (none,) = (fact for fact in history.negated if fact.name == "known medications")
    assert (none.kind, none.polarity) == (Kind.MEDICATION, Polarity.NEGATED)


def test_newer_list_that_is_empty_leaves_older_medicines_as_last_seen():
    reading = read_texts(
        new="Patient: Nora Linden\nDate: 2024-09-01\nCurrent medications: none\n",
        old="Patient: Nora Linden\nDate: 2024-06-01\nCurrent medications\n1. Metformin 500 mg\n",
    )
    history = summarise(reading)
    assert history.medications_current == ()
    assert [f.status for f in history.medications_stopped] == ["last-seen"]
    assert "as stated" in render_html(history, reading, embed_images=False)
