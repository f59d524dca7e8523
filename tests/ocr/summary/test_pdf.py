"""The PDF, read back: one first side, everything else behind it, links that lead somewhere."""

import ctypes
import re
from collections.abc import Iterator

import pypdfium2
import pypdfium2.raw as pdfium_c
import pytest

from core.history import History
from core.words import Reading
from ocr.summary import summarise
from ocr.summary.pdf import render_pdf
from tests.ocr.summary.paper import HEAD, make_document, make_reading
from tests.ocr.summary.thick import thick_reading


def drawn(*texts: str) -> Reading:
    return make_reading(*(make_document(f"paper-{n}.pdf", text) for n, text in enumerate(texts)))


SLACK = 1.2
"""Points: the white that digits of this size have beside them."""


def texts_of(packed: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(packed)
    return [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in document]


def enumerated(page: pypdfium2.PdfPage) -> Iterator[pdfium_c.FPDF_LINK]:
    start, link = ctypes.c_int(0), pdfium_c.FPDF_LINK()
    while pdfium_c.FPDFLink_Enumerate(page, start, link):
        yield link


def links_on(packed: bytes, side: int) -> list[int]:
    """The sides that the links of a side lead to, -1 for a link that leads nowhere."""
    document = pypdfium2.PdfDocument(packed)
    targets = [pdfium_c.FPDFLink_GetDest(document, link) for link in enumerated(document[side])]
    return [pdfium_c.FPDFDest_GetDestPageIndex(document, t) if t else -1 for t in targets]


def misplaced(page: pypdfium2.PdfPage) -> list[tuple[float, ...]]:
    """Links whose area begins or ends elsewhere than the number in it, in points."""
    text = page.get_textpage()
    letters = [(text.get_text_range(i, 1), text.get_charbox(i)) for i in range(text.count_chars())]
    found = []
    for link in enumerated(page):
        area = pdfium_c.FS_RECTF()
        pdfium_c.FPDFLink_GetAnnotRect(link, area)
        middle = (area.bottom + area.top) / 2
        inside = [
            box for letter, box in letters
            if letter.isdigit() and box[1] - 1 <= middle <= box[3] + 1
            and area.left < (box[0] + box[2]) / 2 < area.right
        ]  # fmt: skip
        edges = (min((b[0] for b in inside), default=0), max((b[2] for b in inside), default=0))
        if abs(edges[0] - area.left) > SLACK or abs(edges[1] - area.right) > SLACK:
            found.append((area.left, area.right, *edges))
    return found


@pytest.fixture(scope="module")
def thick() -> bytes:
    reading = thick_reading()
    return render_pdf(summarise(reading), reading)


def test_render_pdf_holds_forty_documents_on_one_side_of_a4(thick):
    first, second, *_ = texts_of(thick)
    assert "Patient history from 40 paper documents" in first
    assert "warfarin" in first
    assert "Not a diagnosis." in first
    assert second.startswith("side 2\nBehind the first side")
    assert [round(x) for x in pypdfium2.PdfDocument(thick)[0].get_size()] == [595, 842]


def test_render_pdf_leads_each_number_to_a_page_of_the_paper_and_back(thick):
    sides = texts_of(thick)
    paper = [n for n, text in enumerate(sides) if ".pdf, page 1 (" in text or "card.jpg, " in text]
    assert len(paper) >= 39
    assert len(links_on(thick, 0)) > 50
    assert set(links_on(thick, 0)) <= set(range(paper[0], len(sides)))
    assert links_on(thick, paper[0])
    assert set(links_on(thick, paper[0])) <= set(range(paper[0]))


def test_render_pdf_puts_the_area_of_each_link_where_its_number_stands(thick):
    document = pypdfium2.PdfDocument(thick)
    written = [side for side in document if "page 1 (" not in side.get_textpage().get_text_range()]
    assert len(written) >= 3
    assert {number: off for number, side in enumerate(written) if (off := misplaced(side))} == {}


def test_render_pdf_is_the_same_when_made_again():
    reading = drawn(HEAD + "Diagnoses\n1. Gout\n")
    history = summarise(reading)
    assert render_pdf(history, reading) == render_pdf(history, reading)


def test_render_pdf_says_unknown_where_no_page_says_anything():
    reading = drawn("Patient: Nora Linden")
    (first, *_) = texts_of(render_pdf(summarise(reading), reading))
    assert first.count("Unknown, not none.") == 3


def test_render_pdf_names_the_whole_source_of_each_alert():
    reading = drawn(HEAD + "Current medications\n1. Citalopram 60 mg oral once daily\n")
    first, listed, *_ = (
        " ".join(t.split()) for t in texts_of(render_pdf(summarise(reading), reading))
    )
    assert "US label of citalopram tablets" in first
    assert "Sources of the alerts" in listed
    assert "as on PrescriberPoint, August 2023, 2 Dosage and administration" in listed


@pytest.mark.parametrize("words", ["12.0-15.5", "0.50-1.00", "135.0-145.0", "4000.0-11000.0"])
def test_render_pdf_breaks_no_number_of_a_range_and_no_date(words):
    reading = drawn(
        f"{HEAD}\nLaboratory results\nCollected: 2025-03-10\nHemoglobin 11.8 g/dL {words}"
    )
    first, *_ = texts_of(render_pdf(summarise(reading), reading))
    low, high = words.split("-")
    assert re.search(rf"\b{low}-\s*{high}\b", first)
    assert first.count("2025-03-10") == 3  # from and to, and the result's own


def test_render_pdf_of_nothing_is_a_page():
    assert "Name not found" in texts_of(render_pdf(History(), make_reading()))[0]


@pytest.mark.parametrize(
    "hostile", ["<b>", "<a href='http://x'>", "&amp;", "<img src='/etc/passwd'/>"]
)
def test_render_pdf_shows_markup_of_the_paper_as_it_stands(hostile):
    reading = drawn(f"Patient: Nora Linden\nDiagnoses\n1. Gout {hostile}\n")
    first = texts_of(render_pdf(summarise(reading), reading))[0]
    assert "Nora Linden" in first


def test_render_pdf_says_when_letters_had_to_be_replaced():
    reading = drawn("Patient: Nóra Erdődi   DOB: 1961-03-14\nDiagnoses\n1. Gout\n")
    history = summarise(reading)
    assert [f.value for f in history.patient if f.name == "name"] == ["Nóra Erdődi"]
    first = texts_of(render_pdf(history, reading))[0]
    assert "Nóra Erdodi" in first
    assert "Some letters of the paper" in first
