"""Ways in which paper has been misread: each a statement that nobody made, or one that was lost."""

import pytest

from core.facts import Kind
from ocr.summary import summarise
from tests.ocr.summary.paper import found, history_of_text, names, read_texts

WHO = "Patient: Nora Linden   DOB: 1961-03-14\n"
TABLE = "Test   Result   Flag   Unit   Reference\n"


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        ("Núria Özdemir", "Núria Özdemir"),
        ("ÖZDEMİR, Núria", "Núria Özdemi̇r"),
        ("Łukasz Żak", "Łukasz Żak"),
        ("李小龙", "李小龙"),
        ("Nora van der Linden", "Nora van der Linden"),
        ("Linden Nora DOB 14/03/1961", "Linden Nora"),
        ("Nora Linden was seen", "Nora Linden"),
    ],
)
def test_identity_reads_names_of_any_script(printed, name):
    facts = found(history_of_text(f"Patient: {printed}", head=""), Kind.PATIENT)
    assert {f.value for f in facts if f.name == "name"} == {name}


def test_two_patients_are_told_apart_when_their_names_begin_beyond_ascii():
    history = summarise(
        read_texts(a="Patient: Özlem Çelik\nAllergies: latex", b="Patient: Åse Øberg\nDx: Gout")
    )
    assert history.exit_code == 9


@pytest.mark.parametrize(
    "text",
    [
        "Summary\nShe denies liver disease, kidney disease, cirrhosis, hepatitis,"
        " diabetes mellitus, thyroid disease, bleeding disorders, prior DVT, HIV and gout.",
        "Summary\nHe accepts the risks to include infection, bleeding, sepsis, incontinence,"
        " impotence, bladder neck contracture, numbness of the thigh, heart attack, stroke.",
        "Diagnoses\nR/O: PE",
        "Vaccine   Dose   Date\nHepatitis B   1   01/02/2020\nHepatitis B   2   pending",
        "Condition\nGood",
    ],
)
def test_problems_are_not_made_of_enumerations_rule_outs_and_vaccines(text):
    assert history_of_text(text).problems == ()


def test_problem_of_a_relative_in_a_problem_list_is_the_relatives():
    history = history_of_text("Impression\n1. Chest pain, rule out MI.\n2. Family history of CAD.")
    assert names(history.problems) == ["Chest pain"]
    assert names(history.family) == ["Coronary artery disease"]


@pytest.mark.parametrize(
    ("line", "dose"),
    [
        ("Morphine 1O mg q4h", "1O mg"),
        ("Digoxin .125 mg daily", ".125 mg"),
        ("Digoxin l25 mcg", "l25 mcg"),
    ],
)
def test_medication_dose_is_shown_as_printed_and_marked_when_it_is_no_sound_number(line, dose):
    (fact,) = history_of_text("Current medications\n" + line).medications_current
    assert (fact.dose, fact.check) == (dose, True)


def test_medication_doses_of_one_month_and_a_day_in_it_stand_side_by_side():
    history = summarise(
        read_texts(
            a=WHO + "Date: March 2024\nCurrent medications\nWarfarin 5 mg daily",
            b=WHO + "Date: 15 March 2024\nCurrent medications\nWarfarin 2 mg daily",
        )
    )
    assert [(f.dose, f.status) for f in history.medications_current] == [
        ("2 mg", "current"),
        ("5 mg", "current"),
    ]
    assert [c.about for c in history.conflicts] == ["dose"]


def test_procedures_in_one_line_keep_their_own_dates():
    text = "Past surgical history\nAppendectomy, cholecystectomy 2009, C-section 1995"
    told = {(f.name, f.date) for f in history_of_text(text).procedures}
    assert told == {("Appendectomy", None), ("Cholecystectomy", "2009"), ("C-section", "1995")}


def test_procedure_name_begins_after_its_date():
    text = "Procedures\n2019-05-02 Colonoscopy - polyp removed"
    assert [(f.name, f.date) for f in history_of_text(text).procedures] == [
        ("Colonoscopy", "2019-05-02")
    ]


def test_allergy_takes_reaction_and_severity_from_the_lines_below():
    text = "Allergies\nPenicillin\nReaction: anaphylaxis\nSeverity: severe"
    (fact,) = history_of_text(text).allergies
    assert (fact.name, fact.reaction, fact.severity) == ("Penicillin", "anaphylaxis", "severe")


def test_lab_row_with_a_starred_flag_keeps_unit_and_range():
    (fact,) = found(history_of_text(TABLE + "Potassium   3.1   L*   mmol/L   3.5-5.1"), Kind.LAB)
    assert (fact.flag, fact.unit, fact.range) == ("L", "mmol/L", "3.5-5.1")


def test_lab_value_takes_the_date_right_behind_it():
    (fact,) = found(history_of_text("Laboratory\nHemoglobin 9.2 g/dL on 3 May 2023"), Kind.LAB)
    assert fact.date == "2023-05-03"


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("Patient: Ada Sample", "Ada Sample"),
        ("Patient: Jimmy Page DOB 2 May 1970", "Jimmy Page"),
        ("Patient: Nora Linden Sex female", "Nora Linden"),
        ("Patient: Nora Linden DOB: 2 May 1970", "Nora Linden"),
    ],
)
def test_a_surname_that_is_also_a_label_stays_in_the_name(line: str, name: str) -> None:
    history = summarise(read_texts(paper=line))
    assert [fact.value for fact in history.patient if fact.name == "name"] == [name]
