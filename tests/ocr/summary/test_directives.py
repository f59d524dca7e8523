"""Code status: beside the name, in the paper's words, and never out of running text."""

import io

import pypdfium2
import pytest

from ocr.summary import render_card, render_html, render_pdf, summarise
from tests.ocr.summary.paper import HEAD, history_of_text, make_document, make_reading


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        (
            "Code status: DNR, discussed with daughter\n",
            "Code status",
            "DNR, discussed with daughter",
        ),
        ("CODE STATUS: Full code.\n", "Code status", "Full code"),
        ("Code status\nNot for resuscitation\n", "Code status", "Not for resuscitation"),
        ("Resuscitation status: NOT DNR\n", "Code status", "NOT DNR"),
        ("Advance directive: none on file\n", "Advance directive", "none on file"),
    ],
)
def test_directive_is_what_stands_behind_its_label(text, name, value):
    history = history_of_text(text)
    (fact,) = history.directives
    assert (fact.name, fact.value, fact.date) == (name, value, "2024-03-05")
    assert value in " ".join(fact.evidence[-1].quote.split())
    assert history.social == ()


@pytest.mark.parametrize(
    "text",
    [
        "History of present illness\nShe asked whether DNR is right for her.\n",
        "History of present illness\nHer mother was DNR.\n",
        "Code status:\n",
        "Social history\nLives alone.\n",
    ],
)
def test_directive_is_not_made_of_running_text(text):
    assert history_of_text(text).directives == ()


def test_directives_stand_beside_the_name_each_with_its_date():
    newer = HEAD.replace("2024-03-05", "2024-09-01").replace("5 March 2024", "1 September 2024")
    reading = make_reading(
        make_document("a.pdf", HEAD + "Code status: Full code\n"),
        make_document("b.pdf", newer + "Code status: DNR\n"),
    )
    history = summarise(reading)
    assert [f.value for f in history.directives] == ["DNR", "Full code"]
    page, card = render_html(history, reading, embed_images=False), render_card(history, reading)
    for told in (page, card):
        assert "Code status" in told
        assert told.index("DNR") < told.index("Full code") < told.index('id="allergies"')
    first = pypdfium2.PdfDocument(io.BytesIO(render_pdf(history, reading)))[0]
    text = first.get_textpage().get_text_range()
    assert text.index("DNR") < text.index("Full code") < text.index("Allergies")
    assert "DNR " + (history.directives[0].date or "undated") in " ".join(text.split())
