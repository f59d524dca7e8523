"""Identity fields as odd paper prints them."""

import pytest

from core.facts import Kind
from tests.ocr.summary.paper import found, history_of_text


def told(text: str) -> dict[str, str | None]:
    return {fact.name: fact.value for fact in found(history_of_text(text, head=""), Kind.PATIENT)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Patient: Mr. Paul O'Reyes-Smith", {"name": "Paul O'Reyes-Smith"}),
        ("PATIENT: LINDEN, NORA   SEX: F", {"name": "Nora Linden", "sex": "female"}),
        ("Patient   Nora Linden", {"name": "Nora Linden"}),
        ("Patient: María José García", {"name": "María José García"}),
        ("Patient: Madonna", {"name": "Madonna"}),
        ("Sex: M", {"sex": "male"}),
        ("Gender: woman", {"sex": "female"}),
        ("DOB: 14.03.1961", {"birth date": "1961-03-14"}),
    ],
)
def test_identity_is_read_in_the_forms_of_the_world(text, expected):
    assert told(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Sex: unknown",
        "DOB: not given",
        "Patient:",
        "Patient: seen today in clinic",
        "Nora Linden was seen on 14 March 2024.",
        "MRN: pending",
    ],
)
def test_identity_is_left_out_when_no_value_stands_behind_its_label(text):
    assert told(text) == {}


def test_identity_birth_date_is_both_when_day_and_month_could_be_either():
    assert told("DOB: 03/04/1961") == {"birth date": "1961-03-04 or 1961-04-03"}


def test_identity_value_ends_where_the_next_label_begins():
    text = "Patient: Nora Linden Date of birth: 14 March 1961 Sex: female Requested by: Dr Ames"
    assert told(text) == {"name": "Nora Linden", "birth date": "1961-03-14", "sex": "female"}


def test_identity_evidence_covers_label_and_value():
    (fact,) = found(history_of_text("DOB: 14 March 1961", head=""), Kind.PATIENT)
    assert [e.quote for e in fact.evidence] == ["DOB: 14 March 1961"]


def test_identity_is_marked_when_the_birth_date_was_read_unsurely():
    (fact,) = found(history_of_text("DOB: ~14~ March 1961", head=""), Kind.PATIENT)
    assert fact.check
