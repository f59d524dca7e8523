import pytest

from ocr.summary.dates import find_dates
from ocr.summary.sheets import sheets
from tests.ocr.summary.paper import make_document


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2024-03-12", "2024-03-12"),
        ("2024-03-12T09:30:00Z", "2024-03-12"),
        ("12 March 2024", "2024-03-12"),
        ("12th of March 2024", "2024-03-12"),
        ("12-Mar-2024", "2024-03-12"),
        ("March 12, 2024", "2024-03-12"),
        ("Mar 12 2024", "2024-03-12"),
        ("18/05/2023", "2023-05-18"),
        ("05/18/2023", "2023-05-18"),
        ("05/05/2023", "2023-05-05"),
        ("18.05.2023", "2023-05-18"),
        ("March 2024", "2024-03"),
        ("2024-03", "2024-03"),
        ("03/2024", "2024-03"),
    ],
)
def test_find_dates_reads_explicit_forms_with_their_precision(text, iso):
    assert [d.iso for d in find_dates(f"on {text}, seen")] == [iso]


@pytest.mark.parametrize(
    "text",
    ["5.2", "HbA1c 8.4", "12/80", "31/02/2023", "13/13/2023", "2019-2024", "06/04/08", "4.0-5.6"],
)
def test_find_dates_invents_none_when_the_form_is_no_date(text):
    assert find_dates(text) == []


def test_find_dates_takes_the_year_alone_when_day_and_month_could_be_either():
    (dated,) = find_dates("03/04/2024")
    assert (dated.iso, dated.ambiguous) == ("2024", True)


def test_find_dates_takes_a_bare_year_only_when_asked():
    assert find_dates("in 2009") == []
    assert [d.iso for d in find_dates("in 2009", years=True)] == ["2009"]


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("Printed: 9 May 2024\nCollected: 6 May 2024, 08:10", "2024-05-06"),
        ("Date of birth: 14 March 1961\nDate: 15 April 2024", "2024-04-15"),
        ("Admitted: 3 September 2024   Discharged: 8 September 2024", "2024-09-08"),
        ("Riverside Clinic\n15 April 2024\nDear Dr Ferreby,", "2024-04-15"),
        ("Seen in clinic, she had stopped on 3 May 2024 by herself.", None),
        ("Date of birth: 14 March 1961", None),
    ],
)
def test_sheets_find_the_documents_date_by_its_label(text, iso):
    assert sheets(make_document("paper.pdf", text))[0].date == iso


def test_sheets_give_a_page_without_date_that_of_its_document():
    first, second = sheets(
        make_document("paper.pdf", "Collected: 2024-05-06", "Printed: 2024-05-09")
    )
    assert (first.date, second.date) == ("2024-05-06", "2024-05-06")
