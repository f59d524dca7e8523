import pytest

from core.errors import MixedPatientsError
from core.history import About
from ocr.summary import summarise
from ocr.summary.patients import Identity, same_patient, sort_by_patient
from tests.ocr.summary.paper import history_of_text, read_texts

LIST = "\nCurrent medications\n1. Metformin 500 mg daily"


def identity(name: str = "", birth: str = "", *ids: tuple[str, str]) -> Identity:
    return Identity(
        names=frozenset({name} if name else ()),
        births=frozenset({birth} if birth else ()),
        identifiers=frozenset(ids),
    )


NORA = {"name": "Nora Linden", "birth date": "1961-03-14"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "Patient: Nora Linden Sex: female DOB: 14/03/1961 MRN: 9071203",
            {**NORA, "sex": "female", "identifier": "9071203"},
        ),
        ("Name: LINDEN, Nora   Gender: F", {"name": "Nora Linden", "sex": "female"}),
        ("Patient name   Nora Linden   Date of birth   14 March 1961", NORA),
        ("Surname: Linden   First name: Nora", {"name": "Nora Linden"}),
        ("Re: Mrs Nora Linden, born: 14 March 1961", NORA),
    ],
)
def test_identity_is_read_by_its_labels(text, told):
    history = history_of_text(text, head="")
    assert {fact.name: fact.value for fact in history.patient} == told


@pytest.mark.parametrize(
    "text",
    [
        "Physician name: Tomas Ferreby",
        "NAME OF OPERATION: Vasectomy",
        "Provider: Ines Caldwell",
        "Test Name: Glucose",
    ],
)
def test_identity_is_not_taken_from_other_peoples_labels(text):
    assert history_of_text(text, head="").patient == ()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (identity("nora linden", "1961-03-14"), identity("nora linden", "1961-03-14"), True),
        (identity("nora linden"), identity("nora llnden"), True),
        (identity("n linden"), identity("nora linden"), True),
        (identity("nora linden", "1961-03-14"), identity("nora linden", "1985-01-02"), False),
        (identity("nora linden", "1961-03-14"), identity("paul reyes", "1961-03-14"), False),
        (identity("nora linden"), identity("paul reyes"), False),
        (identity("", "1961-03-14"), identity("nora linden", "1961-03-14"), True),
        (
            identity("nora linden", "1961-03-14", ("MRN", "1")),
            identity("nora linden", "1961-03-11", ("MRN", "1")),
            True,
        ),
        (identity("", "", ("MRN", "1")), identity("", "", ("MRN", "2")), False),
    ],
)
def test_same_patient_needs_more_than_one_agreeing_field(one, other, same):
    assert same_patient(one, other) is same
    assert same_patient(other, one) is same


def test_sort_by_patient_puts_paper_without_a_name_with_the_most():
    groups = sort_by_patient(
        {
            "a": identity("x y"),
            "b": identity("nora linden"),
            "c": identity("nora linden"),
            "d": identity(),
        }
    )
    assert groups == (frozenset({"b", "c", "d"}), frozenset({"a"}))


def test_summarise_leaves_another_patients_paper_out_and_says_so():
    reading = read_texts(
        one="Patient: Nora Linden   DOB: 1961-03-14\nDate: 2024-03-05" + LIST,
        two="Patient: Nora Linden   DOB: 1961-03-14\nDate: 2024-03-06" + LIST,
        other="Patient: Paul Reyes   DOB: 1985-01-02\nAllergies: latex",
    )
    history = summarise(reading)
    assert history.exit_code == MixedPatientsError.exit_code
    assert history.allergies == ()
    (caution,) = [w for w in history.warnings if w.code is About.MIXED_PATIENTS]
    assert caution.documents == ("other.pdf",)
    assert "Reyes" not in str(caution)
    assert [s.document for s in history.documents if not s.included] == ["other.pdf"]


def test_summarise_shows_both_birth_dates_when_one_identifier_has_two():
    reading = read_texts(
        one="Patient: Nora Linden   DOB: 1961-03-14   MRN: 9071203\nAllergies: latex",
        two="Patient: Nora Linden   DOB: 1961-03-11   MRN: 9071203\nAllergies: latex",
    )
    history = summarise(reading)
    assert history.exit_code == 0
    assert [(c.name, len(c.facts)) for c in history.conflicts] == [("birth date", 2)]
