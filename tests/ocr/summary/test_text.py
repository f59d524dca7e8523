from hypothesis import given, settings
from hypothesis import strategies as st

from core.words import Page
from ocr.summary.sheets import sheets
from ocr.summary.text import page_text
from tests.ocr.summary.paper import make_document, make_page

WORDS = st.text(
    alphabet=st.characters(codec="utf-8", exclude_categories=("Z", "C")), min_size=1, max_size=9
).filter(lambda word: len(word.split()) == 1 and "~" not in word)
ROWS = st.lists(st.lists(WORDS, min_size=1, max_size=8).map("  ".join), min_size=1, max_size=8)


def words_inside(page: Page, box: object) -> str:
    """The words whose middle lies in the box, row by row."""
    rows = []
    for line in page.lines:
        inside = [
            word.text
            for word in line.words
            if box.left <= (word.box.left + word.box.right) / 2 < box.right  # type: ignore[attr-defined]
            and box.top <= (word.box.top + word.box.bottom) / 2 < box.bottom  # type: ignore[attr-defined]
        ]
        rows.extend(inside)
    return " ".join(rows)


@settings(max_examples=150, deadline=None)
@given(rows=ROWS, data=st.data())
def test_evidence_quotes_exactly_the_words_in_its_box_for_any_span(rows, data):
    page = make_page("\n".join(rows))
    indexed = page_text(page)
    start = data.draw(st.integers(0, len(page.text) - 1))
    end = data.draw(st.integers(start + 1, len(page.text)))
    for evidence in indexed.evidence((start, end), "test"):
        assert evidence.quote == page.text[slice(*evidence.span)]
        assert evidence.quote == words_inside(page, evidence.box)


def test_evidence_is_split_by_line_when_the_span_crosses_lines():
    page = page_text(make_page("take two\ntablets now"))
    quotes = [e.quote for e in page.evidence((5, 12), "test")]
    assert quotes == ["two", "tablets"]


def test_evidence_is_empty_when_the_span_holds_no_word():
    assert page_text(make_page("word")).evidence((0, 0), "test") == ()


def test_cells_are_parted_where_the_gap_is_wide():
    line = page_text(make_page("Fasting glucose    168   mg/dL")).lines[0]
    assert [cell.text for cell in line.cells] == ["Fasting glucose", "168", "mg/dL"]


def test_sheets_take_an_empty_page_when_nothing_was_read():
    (sheet,) = sheets(make_document("empty.pdf", ""))
    assert (sheet.text, sheet.units, sheet.date) == ("", (), None)
