"""Results in words, and what looks like one and is none."""

import pytest

from core.facts import Experiencer, Kind
from ocr.summary import ips_bundle, render_html, render_pdf, summarise
from ocr.summary.qualitative import is_absent
from tests.ocr.summary.paper import HEAD, found, history_of_text, names, read_texts
from tests.ocr.summary.test_outputs import AT
from tests.ocr.summary.test_pdf import texts_of

LABS = "Laboratory results:\n"
TABLE = "Test   Result   Flag   Unit   Reference\n"
URINE = "Urinalysis\n"


def results(text: str) -> list[tuple[str, str | None, str | None, str | None]]:
    facts = found(history_of_text(text), Kind.LAB)
    return sorted((f.name, f.value, f.range, f.flag) for f in facts)


@pytest.mark.parametrize(
    ("line", "name", "value"),
    [
        ("HIV: non-reactive", "HIV", "non-reactive"),
        ("Urine nitrite positive", "Urine nitrite", "positive"),
        ("Blood culture: no growth", "Blood culture", "no growth"),
        ("Blood cultures x2: no growth at 48 hours", "Blood culture", "no growth at 48 hours"),
        ("Blood culture positive for Escherichia coli.", "Blood culture",
         "positive for Escherichia coli"),
        ("Urine culture: growth of Klebsiella", "Urine culture", "growth of Klebsiella"),
        ("Ketones: trace", "Urine ketones", "trace"),
        ("HBsAg was negative", "Hepatitis B surface antigen", "negative"),
        ("Pregnancy test (urine): Negative", "Pregnancy test", "Negative"),
        ("Rubella IgG   Immune", "Rubella IgG", "Immune"),
        ("RPR not reactive", "Syphilis serology", "not reactive"),
    ],
)  # fmt: skip
def test_result_in_words_stands_as_printed(line, name, value):
    history = history_of_text(LABS + line)
    (fact,) = found(history, Kind.LAB)
    assert (fact.name, fact.value, fact.unit) == (name, value, None)
    assert value in fact.evidence[0].quote
    assert history.problems == ()


def test_result_in_words_takes_flag_and_reference_from_its_row():
    row = "Hepatitis B surface antigen   Reactive   A   Non-reactive"
    assert results(TABLE + row) == [
        ("Hepatitis B surface antigen", "Reactive", "Non-reactive", "A")
    ]


def test_dipstick_names_mean_urine_only_under_its_heading():
    rows = "Protein   1+   Negative\nGlucose   Negative   Negative\nBlood   Trace   Negative\n"
    assert results(URINE + rows) == [
        ("Urine blood", "Trace", "Negative", None),
        ("Urine glucose", "Negative", "Negative", None),
        ("Urine protein", "1+", "Negative", None),
    ]
    assert results("Summary\nNo protein in her diet. Blood present.") == []


def test_unknown_test_in_words_counts_when_the_table_prints_its_reference():
    row = "Anti-Xyz IgM   Negative      Negative"
    assert results(TABLE + row) == [("Anti-Xyz IgM", "Negative", "Negative", None)]
    assert results(TABLE + "Anti-Xyz IgM   Negative") == []


@pytest.mark.parametrize(
    "text",
    [
        "Plan\nRepeat HIV if positive.",
        "Summary\nIf blood culture positive start vancomycin.",
        "Summary\nHer husband is HIV positive.",
        "Summary\nHer partner was HIV positive.",
        "Summary\nNo HIV positive contacts.",
        "Summary\nAwaiting HIV: negative would reassure.",
        "Family history\nMother HIV positive.",
        "Summary\nHIV positive?",
        "Immunizations\nRubella immune",
    ],
)
def test_result_in_words_is_none_when_it_is_a_plan_a_question_or_somebody_elses(text):
    assert results(text) == []


@pytest.mark.parametrize("section", ["Assessment", "Laboratory results", "Summary"])
def test_a_negative_result_is_never_a_diagnosis(section):
    history = history_of_text(f"{section}\nHIV non-reactive. Hepatitis B surface antigen negative.")
    assert history.problems == ()
    assert names(found(history, Kind.LAB)) == ["HIV", "Hepatitis B surface antigen"]


def test_a_positive_finding_in_a_list_of_diagnoses_stays_one():
    history = history_of_text("Diagnoses\n1. HIV positive\n")
    assert found(history, Kind.LAB) == []
    assert len(history.problems) == 1
    assert history.problems[0].experiencer is Experiencer.PATIENT


def test_two_dates_of_a_result_in_words_stand_in_their_columns():
    table = "Test         2023-03-06   2024-03-11\nHIV          Negative     Reactive\n"
    facts = found(history_of_text(table), Kind.LAB)
    assert {(f.value, f.date) for f in facts} == {
        ("Negative", "2023-03-06"), ("Reactive", "2024-03-11")
    }  # fmt: skip


def test_is_absent_tells_what_the_words_mean():
    assert [is_absent(w) for w in ("Non-reactive", "1+", "pending", "banana")] == [
        True, False, None, None
    ]  # fmt: skip


def test_results_in_words_and_unread_ones_are_on_every_file():
    rows = "HIV   Non-reactive      Non-reactive\nSodium   1#9   mmol/L   135-145\n"
    reading = read_texts(paper=HEAD + TABLE + rows)
    history = summarise(reading)
    for file in (render_html(history, reading, embed_images=False),
                 " ".join(texts_of(render_pdf(history, reading)))):  # fmt: skip
        assert "Non-reactive" in file
        assert "not read" in file
    told = {
        r["code"]["text"]: (r.get("valueString"), "dataAbsentReason" in r)
        for e in ips_bundle(history, reading, generated_at=AT)["entry"]
        if (r := e["resource"])["resourceType"] == "Observation"
    }
    assert told == {"HIV": ("Non-reactive", False), "Sodium": (None, True)}
