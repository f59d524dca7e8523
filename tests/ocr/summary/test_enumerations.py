"""Enumerations and headed entries: nothing that they name is passed over, nothing else is taken."""

import pytest

from core.facts import Polarity
from tests.ocr.summary.paper import history_of_text, names


def test_problems_behind_the_first_of_an_enumeration_are_kept():
    text = (
        "Past medical history: Significant for end-stage renal disease on dialysis, hypertension, "
        "coronary artery disease, and diabetes."
    )
    assert names(history_of_text(text).problems) == [
        "Coronary artery disease",
        "Diabetes",
        "End-stage renal disease",
        "Hypertension",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "IMPRESSION: Persistent frequency and urgency, in a patient with a history of "
            "neurogenic bladder and stroke.",
            ["Neurogenic bladder", "Persistent frequency and urgency", "Stroke"],
        ),
        (
            "DIAGNOSIS: Massive hemorrhage with hydrocephalus and increased pressure.",
            ["Massive hemorrhage with hydrocephalus and increased pressure"],
        ),
        ("PAST MEDICAL HISTORY: He is a diabetic, on medication.", ["Diabetes mellitus"]),
    ],
)
def test_known_problems_behind_one_that_is_not_known_are_kept_with_it(text, expected):
    assert names(history_of_text(text).problems) == expected


def test_an_ideal_weight_is_no_weight():
    text = "Summary\nHis ideal body weight is 160 pounds. Excess weight of 184 pounds."
    assert history_of_text(text).vitals == ()


def test_a_comment_behind_a_problem_is_no_second_one():
    text = "Active problems\nBody mass index 30 to 35 - obesity"
    assert len(history_of_text(text).problems) == 1


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (
            "POSTOPERATIVE DIAGNOSIS: Increased intracranial pressure and cerebral edema due to "
            "severe brain injury.",
            "Increased intracranial pressure and cerebral edema due to severe brain injury",
        ),
        ("PREOP DIAGNOSIS: Carious teeth #2 and #19.", "Carious teeth #2 and #19"),
        ("DIAGNOSIS: Infected right hip arthroplasty.", "Infected right hip arthroplasty"),
        ("POSTOPERATIVE DIAGNOSIS: Bladder lesions, pathology pending.", "Bladder lesions"),
        (
            "IMPRESSION: Recurrent urinary tract infection, in a patient who has been hospitalized "
            "twice.",
            "Recurrent urinary tract infection",
        ),
    ],
)
def test_a_diagnosis_stands_as_printed_when_its_heading_says_so(text, name):
    assert names(history_of_text(text).problems) == [name]


@pytest.mark.parametrize(
    "text",
    [
        "DIAGNOSIS: Desires vasectomy.",
        "ASSESSMENT: The patient understood the plan and will return in two weeks for a check.",
        "POSTOPERATIVE DIAGNOSIS: Normal cystoscopy.",
    ],
)
def test_no_diagnosis_is_made_of_wishes_plans_and_findings(text):
    assert history_of_text(text).problems == ()


def test_a_known_diagnosis_deep_in_a_long_one_is_named_too():
    text = (
        "POSTOPERATIVE DIAGNOSIS: Lower tract outlet obstructive symptoms of long standing "
        "secondary to benign prostatic hypertrophy."
    )
    assert "Benign prostatic hypertrophy" in names(history_of_text(text).problems)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PROCEDURE: Trigger thumb release.", ["Trigger thumb release"]),
        ("PAST MEDICAL HISTORY\nTotal knee replacements", ["Total knee replacements"]),
        ("OPERATIONS: Circumcision.", ["Circumcision"]),
        ("TITLE OF OPERATION: Bladder suspension.", ["Bladder suspension"]),
        ("PAST SURGICAL HISTORY: Right AKA", ["Right AKA"]),
        ("PAST SURGICAL HISTORY: Includes bladder biopsy.", ["Bladder biopsy"]),
        (
            "PAST SURGICAL HISTORY: Surgery for excision of a bullet after being shot.",
            ["Surgery for excision of a bullet"],
        ),
        (
            "PROCEDURES: Examination under anesthesia, diagnostic laparoscopy, right orchiectomy, "
            "and left testis fixation.",
            [
                "Diagnostic laparoscopy",
                "Examination under anesthesia",
                "Left testis fixation",
                "Right orchiectomy",
            ],
        ),
        (
            "PROCEDURE: Vein stripping, right leg.",
            ["Vein stripping, right leg"],
        ),
        (
            "PROCEDURE: Removal of impacted teeth #1, #16, and #32.",
            ["Removal of impacted teeth #1, #16, and #32"],
        ),
        (
            "PROCEDURE: Pelvic lymphadenectomy (obturator, iliac), bladder biopsy.",
            ["Bladder biopsy", "Pelvic lymphadenectomy"],
        ),
        (
            "PROCEDURE: Transposition of crossing vessels on the right.",
            ["Transposition of crossing vessels on the right"],
        ),
    ],
)
def test_procedures_of_a_headed_entry_are_each_named(text, expected):
    assert names(history_of_text(text).procedures) == expected


@pytest.mark.parametrize(
    ("text", "name", "date"),
    [
        ("Summary\nIn 2003, left inguinal hernia repair with mesh.", "Left inguinal hernia repair",
         "2003"),
        ("Summary\nIn January of 1991 she underwent cystoscopy.", "Cystoscopy", "1991-01"),
    ],
)  # fmt: skip
def test_a_procedure_has_the_date_that_opens_its_sentence(text, name, date):
    history = history_of_text(text)
    assert [(fact.name, fact.date) for fact in history.procedures] == [(name, date)]
    assert history.problems == ()


@pytest.mark.parametrize(
    "text",
    [
        "PROCEDURE: None.",
        "PROCEDURE: After informed consent, the patient was brought to the operating room.",
        "PROCEDURE: The patient was positioned. Through a midline incision, the sac. Closure.",
        "PROCEDURE IN DETAIL: Excision of the sac.",
    ],
)
def test_how_a_procedure_was_done_is_no_procedure(text):
    assert history_of_text(text).procedures == ()


def test_a_medicine_that_is_not_known_is_kept_between_known_ones_to_be_checked():
    text = "MEDICATIONS: Novolin, Zorvaquin, Neurontin, lisinopril, and morphine."
    unknown = next(f for f in history_of_text(text).medications_current if f.name == "zorvaquin")
    assert unknown.check


def test_a_medicine_that_is_not_known_does_not_run_into_the_dose_before_it():
    text = (
        "MEDICATIONS: Crestor 20 mg p.o. daily, hydrochlorothiazide 20 mg p.o. daily, Zorvamist "
        "spray 27.5 mcg daily, Restasis twice a day."
    )
    doses = {f.name: f.dose for f in history_of_text(text).medications_current}
    assert doses["hydrochlorothiazide"] == "20 mg"
    assert doses["zorvamist spray"] == "27.5 mcg"


@pytest.mark.parametrize("text", ["MEDICATIONS: Aspirin, Daily, Plavix, lisinopril, morphine."])
def test_words_of_a_prescription_are_no_medicine(text):
    assert "daily" not in names(history_of_text(text).medications_current)


def test_a_range_is_not_taken_for_its_first_number():
    history = history_of_text(
        "Laboratory data: Urine with white blood cells 6 to 12, few bacteria."
    )
    assert [point.value for trend in history.labs for point in trend.points] == [None]
    assert any("could not be read" in caution.text for caution in history.warnings)


@pytest.mark.parametrize(
    "text",
    [
        "Assessment: I have explained to him the risks and potential complications of laparoscopic "
        "gastric bypass in detail and these include bleeding, infection, pulmonary embolism, and "
        "leakage.",
        "Summary\nRisks of the procedure include bleeding, deep vein thrombosis, pulmonary "
        "embolism and infection.",
    ],
)
def test_what_may_come_of_an_operation_is_no_problem(text):
    problems = history_of_text(text).problems
    assert not [fact for fact in problems if fact.polarity is Polarity.AFFIRMED]


def test_a_relative_who_is_spoken_with_does_not_have_it():
    history = history_of_text("Summary\nI told the mother that his cellulitis is resolving.")
    assert names(history.problems) == ["Cellulitis"]
    assert history.family == ()


@pytest.mark.parametrize(
    "text",
    [
        "Summary\nDiscussed with his mother, who has diabetes mellitus.",
        "Family history\nHe lives with his mother with diabetes mellitus.",
    ],
)
def test_a_relative_who_is_spoken_with_has_what_is_said_of_her(text):
    history = history_of_text(text)
    assert names(history.family) == ["Diabetes mellitus"]
    assert history.problems == ()


@pytest.mark.parametrize(
    ("text", "problems", "procedures"),
    [
        ("Past medical history\nBreast cancer surgery", ["Breast cancer"], []),
        ("Summary\nPlan: she will undergo inguinal hernia repair.", ["Inguinal hernia"], []),
        ("Summary\nShe underwent inguinal hernia repair.", [], ["Inguinal hernia repair"]),
    ],
)
def test_a_diagnosis_gives_way_to_what_was_done_about_it_and_to_nothing_else(
    text, problems, procedures
):
    history = history_of_text(text)
    assert [n for n in problems if n not in " ".join(names(history.problems))] == []
    assert bool(history.problems) == bool(problems)
    assert names(history.procedures) == procedures


def test_a_remark_before_a_measure_does_not_hide_it():
    history = history_of_text("Summary\nI would note a blood pressure of 180/110 today.")
    assert [point.value for trend in history.vitals for point in trend.points] == ["180/110"]
