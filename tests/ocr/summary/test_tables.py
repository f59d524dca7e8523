"""Tables and lists in less usual shapes: vaccines, procedures, allergies, results."""

import pytest

from core.facts import Kind
from core.history import About
from tests.ocr.summary.paper import found, history_of_text, names

TABLE = "Test   Result   Unit   Reference range\n"


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("Vaccine   Date   Next due\nTdap   2019-04-03   2029-04-03", {"2019-04-03"}),
        ("Immunizations\nInfluenza 2022-10-16, 2023-10-20", {"2022-10-16", "2023-10-20"}),
        ("Vaccine   Date given   Expiry\nTdap   2019-04-03   2020-12-01", {"2019-04-03"}),
        ("Summary\nShe received the flu shot on 16 October 2023.", {"2023-10-16"}),
        ("Summary\nThe flu was bad in October 2023.", set()),
        ("Summary\nInfluenza was diagnosed on 16 October 2023.", set()),
        ("Immunizations\nTetanus: up to date", set()),
    ],
)
def test_immunization_dates_are_those_of_giving(text, dates):
    assert {fact.date for fact in history_of_text(text).immunizations} == dates


def test_immunization_keeps_an_unknown_vaccine_of_a_table_without_a_code():
    text = "Vaccine   Date   Batch\nMystery-Vax   01 Feb 2020   X-1"
    (fact,) = history_of_text(text).immunizations
    assert (fact.name, fact.date, fact.code) == ("Mystery-Vax", "2020-02-01", None)


def test_immunization_given_twice_is_two_facts():
    text = "Immunizations\nHepatitis A 2020-01-02\nHepatitis A 2020-07-02"
    assert len(history_of_text(text).immunizations) == 2


def test_procedures_of_a_table_have_name_and_date_in_either_order():
    text = (
        "Procedures\nDate   Procedure   Hospital\n2019-05-02   Colonoscopy   Brackwater\n"
        "2018-03-01   Coronary artery bypass   Brackwater"
    )
    assert [(f.name, f.date) for f in history_of_text(text).procedures] == [
        ("Colonoscopy", "2019-05-02"),
        ("Coronary artery bypass", "2018-03-01"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Past surgical history\nNone",
        "Past surgical history\nNo previous operations.",
        "Summary\nHer mother had a hysterectomy in 1990.",
        "Summary\nShe declined colonoscopy in 2018.",
        "Plan\nSchedule colonoscopy in June 2025.",
        "Summary\nMammogram due.",
    ],
)
def test_procedure_is_not_made_of_what_was_not_done(text):
    assert history_of_text(text).procedures == ()


def test_allergy_table_gives_each_substance_its_own_reaction():
    text = (
        "Allergies\nSubstance   Reaction   Severity\nLatex   hives   mild\n"
        "Penicillin   anaphylaxis   severe\nSulfa   Unknown"
    )
    told = {f.name: (f.reaction, f.severity) for f in history_of_text(text).allergies}
    assert told == {
        "Latex": ("hives", "mild"),
        "Penicillin": ("anaphylaxis", "severe"),
        "Sulfa": ("unknown", None),
    }


def test_allergies_and_medicines_of_one_drug_stay_apart():
    history = history_of_text("Allergies\nLisinopril\nCurrent medications\nLosartan 50 mg daily")
    assert names(history.allergies) == ["Lisinopril"]
    assert names(history.medications_current) == ["losartan"]


@pytest.mark.parametrize(
    ("text", "name", "marked"),
    [
        ("Allergies\nGrapefruit: swelling", "Grapefruit", True),
        ("Allergies\nWasps", "Wasps", True),
        ("Allergies\nPeniclllin", "Penicillin", True),
    ],
)
def test_allergy_to_an_unknown_or_misread_substance_is_kept_and_marked(text, name, marked):
    (fact,) = history_of_text(text).allergies
    assert (fact.name, fact.check) == (name, marked)


def test_allergies_told_as_none_known_and_as_pollen_stand_beside_each_other():
    history = history_of_text("Allergies\nNo known drug allergies. Seasonal allergies to pollen.")
    assert names(history.allergies) == ["Pollen", "known drug allergies"]
    assert history.conflicts == ()


@pytest.mark.parametrize(
    "row",
    [
        "Page 1 of 2",
        "Telephone   01632 960150",
    ],
)
def test_lab_row_is_not_made_when_no_value_stands_there(row):
    assert found(history_of_text(TABLE + row), Kind.LAB) == []


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ("Creatinine   see note   mg/dL   0.5-1.0", "Creatinine"),
        ("Potassium   pending   mmol/L   3.5-5.1", "Potassium"),
        ("Sodium   1#9   mmol/L   135-145", "Sodium"),
    ],
)
def test_lab_row_is_kept_without_a_value_when_none_can_be_read(row, name):
    history = history_of_text(TABLE + row)
    (fact,) = found(history, Kind.LAB)
    assert (fact.name, fact.value, fact.check, fact.date) == (name, None, True, "2024-03-05")
    assert fact.evidence[0].quote == " ".join(row.split())
    assert [w.code for w in history.warnings].count(About.UNREAD_ROW) == 1


def test_lab_rows_are_read_when_the_unit_stands_before_the_value():
    text = "Test   Unit   Result   Reference\nPotassium   mmol/L   4.9   3.5-5.1"
    (fact,) = found(history_of_text(text), Kind.LAB)
    assert (fact.value, fact.unit, fact.range) == ("4.9", "mmol/L", "3.5-5.1")


def test_lab_rows_with_a_previous_value_are_marked():
    text = "Test   Result   Previous   Unit   Reference\nPotassium   4.9   4.1   mmol/L   3.5-5.1"
    (fact,) = found(history_of_text(text), Kind.LAB)
    assert (fact.value, fact.check) == ("4.9", True)


def test_lab_short_names_are_read_in_a_row_of_values_and_marked():
    text = "Laboratory\nNa 139 K 4.3 Cl 101 CO2 24 BUN 15 Cr 0.98 Glu 168"
    facts = found(history_of_text(text), Kind.LAB)
    assert {(f.name, f.value) for f in facts} >= {("Sodium", "139"), ("Potassium", "4.3")}
    assert all(fact.check for fact in facts)


def test_problem_list_items_may_have_statuses_negations_and_doubts():
    text = (
        "Problems\n1. Hypertension - well controlled\n2. No diabetes\n3. ?COPD\n4. Rule out lupus\n"
        "5. History of DVT 2015, resolved\n6. Allergic rhinitis"
    )
    history = history_of_text(text)
    assert {(f.name, f.status) for f in history.problems} == {
        ("Allergic rhinitis", "active"),
        ("Hypertension", "active"),
        ("Deep vein thrombosis", "resolved"),
    }
    assert names(history.negated) == ["Diabetes"]
