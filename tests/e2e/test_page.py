"""The one page in a real browser: on paper, on a telephone, and from a line to its place."""

from pathlib import Path

import pypdfium2
import pytest
from playwright.sync_api import Browser, Page

from ocr.summary import render_html, summarise
from tests.ocr.summary.thick import thick_reading

PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    reading = thick_reading()
    path = tmp_path_factory.mktemp("page") / "history.html"
    path.write_text(render_html(summarise(reading), reading, embed_images=True))
    return path


@pytest.fixture
def page(browser: Browser, page_file: Path) -> Page:
    opened = browser.new_context(viewport=PHONE).new_page()
    opened.goto(page_file.as_uri())
    return opened


def test_page_of_forty_documents_fits_one_side_of_a4(page, tmp_path):
    printed = tmp_path / "history.pdf"
    page.pdf(path=printed, prefer_css_page_size=True)
    sides = pypdfium2.PdfDocument(printed)
    assert [round(x) for x in sides[0].get_size()] == [595, 842]
    first, second = (sides[n].get_textpage().get_text_range() for n in (0, 1))
    assert "Patient history from 40 paper documents" in first
    assert "Not a diagnosis." in first
    assert second.lstrip().startswith("Behind the first side")


def test_page_needs_no_scrolling_sideways_on_a_telephone(page):
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_page_leads_from_a_line_to_the_box_on_the_paper_and_back(page):
    history = summarise(thick_reading())
    fact = history.medications_current[0]
    page.locator(f"[id='{fact.id}'] a.source").first.click()
    mark = page.locator(".paper a:target")
    assert mark.get_attribute("title") == fact.evidence[0].quote
    seen, box = mark.bounding_box(), fact.evidence[0].box
    image = mark.locator("xpath=..").locator("img").bounding_box()
    assert seen is not None
    assert image is not None
    assert 0 <= seen["y"] <= PHONE["height"]
    scale = image["width"] / 1240
    assert seen["x"] - image["x"] == pytest.approx(box.left * scale, abs=2)
    assert seen["y"] - image["y"] == pytest.approx(box.top * scale, abs=2)
    mark.click()
    assert page.locator("tr:target").get_attribute("id") == fact.id


def test_page_can_be_walked_with_the_keyboard(page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "source"
