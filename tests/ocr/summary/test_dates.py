import pytest

from core.history import About
from ocr.summary import summarise
from ocr.summary.dates import find_dates
from ocr.summary.sheets import sheets
from tests.ocr.summary.paper import history_of_text, make_document, read_texts


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


AMBIGUOUS = "Patient: Nora Linden   DOB: {born}   ID: HM-447102\nDate: {date}\n"


def test_summarise_shows_both_dates_when_day_and_month_could_be_either():
    head = AMBIGUOUS.format(born="14 March 1961", date="03/04/2024")
    history = history_of_text("Current medications:\nRamipril 5 mg daily\n", head=head)
    (ramipril,) = history.medications_current
    assert (ramipril.date, ramipril.date_either) == ("2024", "2024-03-04 or 2024-04-03")
    assert ramipril.when == "2024-03-04 or 2024-04-03"
    (caution,) = [w for w in history.warnings if w.code is About.AMBIGUOUS_DATE]
    assert caution.documents == ("paper.pdf",)


def test_summarise_shows_both_dates_of_a_procedure_when_only_its_own_is_ambiguous():
    history = history_of_text("Procedures:\nAppendectomy 05/06/2019\nColonoscopy 25/06/2020\n")
    dates = {p.name: p.when for p in history.procedures}
    assert dates == {"Appendectomy": "2019-05-06 or 2019-06-05", "Colonoscopy": "2020-06-25"}


def test_summarise_settles_a_birth_date_when_other_paper_has_it_in_full():
    texts = {
        "a": AMBIGUOUS.format(born="03/04/1961", date="2024-01-05"),
        "b": AMBIGUOUS.format(born="1961-04-03", date="2024-01-06"),
    }
    history = summarise(read_texts(**texts))
    (birth,) = [f for f in history.patient if f.name == "birth date"]
    assert birth.value == "1961-04-03"
    assert len(birth.evidence) == 2
    assert history.conflicts == ()
    assert history.exit_code == 0


def test_summarise_takes_paper_for_another_patient_when_neither_birth_date_fits():
    texts = {
        "a": AMBIGUOUS.format(born="03/04/1961", date="2024-01-05").replace("HM-447102", "A-1"),
        "b": AMBIGUOUS.format(born="1961-08-20", date="2024-01-06").replace("HM-447102", "B-2"),
    }
    assert summarise(read_texts(**texts)).exit_code == 9
