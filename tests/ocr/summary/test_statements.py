"""Allergies, medications, problems, procedures, immunisations: what a page says of each."""

import pytest

from core.facts import Experiencer, Kind, Polarity
from tests.ocr.summary.paper import found, history_of_text, names

# Allergies


@pytest.mark.parametrize(
    ("text", "name", "reaction", "severity"),
    [
        ("Allergies: penicillin", "Penicillin", None, None),
        (
            "Allergies\nPenicillin: generalised urticaria within an hour.",
            "Penicillin",
            "generalised urticaria",
            None,
        ),
        (
            "Allergies\nSubstance   Reaction   Severity\nLatex   hives   severe",
            "Latex",
            "hives",
            "severe",
        ),
        (
            "ALLERGIES: Bactrim which causes a rash.",
            "Trimethoprim / sulfamethoxazole",
            "a rash",
            None,
        ),
        ("Allergies\n- Peanuts (anaphylaxis)", "Peanuts", "anaphylaxis", None),
        ("Summary\nShe is allergic to codeine.", "Codeine", None, None),
        (
            "Summary\nBecause of her penicillin allergy she was given doxycycline.",
            "Penicillin",
            None,
            None,
        ),
    ],
)
def test_allergy_has_substance_reaction_and_severity(text, name, reaction, severity):
    (fact,) = history_of_text(text).allergies
    assert (fact.name, fact.reaction, fact.severity) == (name, reaction, severity)
    assert fact.polarity is Polarity.AFFIRMED


def test_allergies_are_parted_in_a_comma_list():
    history = history_of_text("DRUG ALLERGIES: ASPIRIN, PENICILLIN, IODINE AND CODEINE.")
    assert names(history.allergies) == ["Aspirin", "Codeine", "Iodine", "Penicillin"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Allergies: NKDA", "known drug allergies"),
        ("ALLERGIES: None.", "known allergies"),
        ("Allergies\nNo known allergies", "known allergies"),
        ("Summary\nShe has no known drug allergies.", "known drug allergies"),
    ],
)
def test_allergy_none_known_is_a_fact_only_when_a_page_states_it(text, name):
    (fact,) = history_of_text(text).allergies
    assert (fact.name, fact.polarity) == (name, Polarity.NEGATED)


def test_allergies_are_unknown_when_no_page_speaks_of_them():
    history = history_of_text("Diagnoses\nGout")
    assert history.allergies == ()
    assert any("allergies" in str(warning) for warning in history.warnings)


def test_allergy_is_denied_when_negated():
    (fact,) = history_of_text("Allergies\nPatient denies allergy to latex.").allergies
    assert (fact.name, fact.polarity) == ("Latex", Polarity.NEGATED)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Allergies\nMorphine causes itching. Patient tolerates cephalosporins.", ["Morphine"]),
        ("Allergies: penicillin (rash, since tolerated amoxicillin)", ["Penicillin"]),
        ("Plan\nIf allergic to penicillin use clarithromycin 500 mg bd.", []),
        ("Summary\nHer mother is allergic to penicillin.", []),
        ("Allergies\nNot recorded", []),
    ],
)
def test_allergy_is_not_made_of_what_is_tolerated_supposed_or_a_relatives(text, expected):
    own = history_of_text(text)
    assert names([f for f in own.allergies if f.polarity is Polarity.AFFIRMED]) == expected


@pytest.mark.parametrize(
    "text", ["Allergies: Penicillin? (not confirmed)", "Allergies\nAspirin: none"]
)
def test_allergy_is_marked_when_the_paper_doubts_it(text):
    assert [fact.check for fact in history_of_text(text).allergies] == [True]


def test_allergies_end_with_their_line_when_a_prescription_follows_whose_sign_was_not_read():
    text = (
        "Dx: Acute bronchitis\nAllergies: NKDA\n1. Nitrofurantoin 50 MG Oral Capsule\n"
        "Sig: 2 tabs PO q6h PRN pain Disp: #90\n2. Zorvolex 28 Day Pack\nSig: 1 cap PO TID\n"
    )
    history = history_of_text(text)
    assert names(history.allergies) == ["known drug allergies"]
    assert names(history.problems) == ["Acute bronchitis"]
    assert {f.name: f.check for f in history.medications_current}["nitrofurantoin"] is False
    assert len(history.medications_current) == 2


# Medications


def test_medication_row_has_dose_route_and_frequency():
    text = "Current medications\n1. Metformin 1000 mg oral twice daily\n2. Eliquis 5 mg PO BID"
    eliquis, metformin = history_of_text(text).medications_current
    assert (metformin.name, metformin.dose, metformin.route, metformin.frequency) == (
        "metformin", "1000 mg", "oral", "twice daily",
    )  # fmt: skip
    assert (eliquis.name, eliquis.brand, eliquis.status) == ("apixaban", "Eliquis", "current")


def test_medication_takes_its_directions_from_the_line_below():
    text = "Rx\n1. Losartan 50 mg tablet\nSig: 1 tablet oral once daily. Supply: 90 tablets."
    (fact,) = history_of_text(text).medications_current
    assert (fact.dose, fact.route, fact.frequency) == ("50 mg", "oral", "once daily")
    assert [e.quote for e in fact.evidence] == ["Losartan 50 mg", "1 tablet oral once daily."]


def test_medication_is_known_when_misread_and_marked():
    (fact,) = history_of_text("Medications\n- Metforrnin 500 mg daily").medications_current
    assert (fact.name, fact.check) == ("metformin", True)


def test_medication_is_marked_when_its_dose_was_read_unsurely():
    (fact,) = history_of_text("Medications\n- Metformin ~500~ mg daily").medications_current
    assert fact.check


@pytest.mark.parametrize(
    ("text", "cue"),
    [
        ("STOP\n1. Ramipril 5 mg daily\nStopped because of a cough.", "Stopped because of a cough"),
        ("Plan\nWe will discontinue ramipril today.", "discontinue"),
        ("Medications\nRamipril   5 mg   oral   stopped", "stopped"),
        ("Summary\nShe is no longer taking ramipril.", "no longer taking"),
        ("Discontinued medications\nRamipril 5 mg", "Discontinued medications"),
        ("Plan\nRamipril was replaced by losartan 50 mg daily.", "replaced by"),
        ("Summary\nShe took ramipril 5 mg daily until 2019.", "until 2019"),
    ],
)
def test_medication_is_stopped_with_the_papers_own_words(text, cue):
    (fact,) = history_of_text(text).medications_stopped
    assert (fact.name, fact.status) == ("ramipril", "stopped")
    assert fact.cue is not None
    assert fact.cue.lower() == cue.lower()


@pytest.mark.parametrize(
    "text",
    [
        "Plan\nPlease consider whether ramipril is the cause.",
        "Plan\nIf it does not help, ramipril 5 mg daily could be tried.",
        "Course\nShe was treated with oral doxycycline.",
        "Course\nMarcaine 10 mL was injected.",
        "Course\nMetformin and ramipril were withheld and were restarted at the usual doses.",
        "Plan\nAvoid ibuprofen.",
        "Summary\nHer father takes metformin 500 mg twice daily.",
        "Summary\nThe patient never took warfarin 5 mg daily.",
    ],
)
def test_medication_is_not_made_of_what_is_only_considered_or_given_once(text):
    assert found(history_of_text(text), Kind.MEDICATION) == []


@pytest.mark.parametrize(
    ("text", "dose"),
    [
        ("Plan\nIncrease metformin from 500 mg to 1000 mg twice daily.", "1000 mg"),
        ("Medications\n- Metformin 1000 mg BID (was 500 mg BID)", "1000 mg"),
        ("Medications\n- Metformin 500 mg, take 5 to 10 mg", "500 mg, take 5 to 10 mg"),
    ],
)
def test_medication_has_the_dose_that_holds_now(text, dose):
    (fact,) = history_of_text(text).medications_current
    assert fact.dose == dose


def test_medication_with_a_varying_dose_is_shown_as_written_and_marked():
    text = "Medications\n1. Warfarin 5 mg Mon Wed Fri, 2.5 mg other days\n2. Prednisone 10 mg taper"
    prednisone, warfarin = history_of_text(text).medications_current
    assert warfarin.dose == "5 mg Mon Wed Fri, 2.5 mg other days"
    assert warfarin.check
    assert prednisone.check


def test_medication_is_not_stopped_by_a_warning_not_to_stop_it():
    (fact,) = history_of_text("Medications\n- Aspirin 81 mg, do not stop").medications_current
    assert fact.name == "aspirin"


def test_medication_in_two_strengths_on_one_list_keeps_both():
    text = "Current medications\n1. Levothyroxine 100 mcg daily\n2. Levothyroxine 25 mcg daily"
    history = history_of_text(text)
    assert sorted(str(f.dose) for f in history.medications_current) == ["100 mcg", "25 mcg"]
    assert [c.about for c in history.conflicts] == ["dose"]


def test_medication_started_in_another_strength_is_current_though_the_old_one_stops():
    text = "START\n1. Ramipril 10 mg daily\nSTOP\n1. Ramipril 5 mg daily"
    (fact,) = history_of_text(text).medications_current
    assert fact.dose == "10 mg"


def test_medication_at_admission_is_past_when_the_discharge_list_leaves_it_out():
    text = (
        "Medications on admission\n1. Omeprazole 20 mg daily\n2. Aspirin 81 mg daily\n"
        "Discharge medications\n1. Aspirin 81 mg daily"
    )
    history = history_of_text(text)
    assert names(history.medications_current) == ["aspirin"]
    assert [(f.name, f.status) for f in history.medications_stopped] == [
        ("omeprazole", "last-seen")
    ]


def test_medication_changed_in_the_plan_below_its_list_is_stopped():
    text = "Current medications\n1. Telmisartan 80 mg daily\nPlan\nDiscontinue telmisartan."
    history = history_of_text(text)
    assert history.medications_current == ()
    assert names(history.medications_stopped) == ["telmisartan"]


def test_medication_stop_cue_stays_with_its_own_drug():
    text = "Plan\nContinue tamsulosin 0.4 mg daily and stop oxybutynin."
    history = history_of_text(text)
    assert names(history.medications_current) == ["tamsulosin"]
    assert names(history.medications_stopped) == ["oxybutynin"]


# Problems


def test_problems_are_list_items_with_status_and_code():
    text = (
        "Diagnoses\nDiagnosis   Status\nHypertension (I10)   active\nAcute kidney injury   resolved"
    )
    hypertension, injury = history_of_text(text).problems
    assert (hypertension.status, hypertension.code and hypertension.code.code) == ("active", "I10")
    assert (injury.name, injury.status) == ("Acute kidney injury", "resolved")


def test_problems_are_parted_in_a_comma_list_of_known_ones():
    history = history_of_text("Dx: Type 2 diabetes mellitus, hypertension, gout")
    assert names(history.problems) == ["Gout", "Hypertension", "Type 2 diabetes mellitus"]


def test_problems_give_abbreviations_their_name():
    assert names(history_of_text("PMH\n1. HTN\n2. CKD stage 4").problems) == [
        "CKD stage 4",
        "Hypertension",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Assessment\nAll questions answered.",
        "Impression\nRule out pneumonia.",
        "Impression\nNo pericardial effusion.",
        "Impression\nProbable pneumonia. Cannot exclude pulmonary embolism.",
        "Problems\n1. ?COPD\n2. Gout",
        "Summary\nShe has no risk factors for development of breast cancer.",
        "Diagnoses\nNone",
        "Summary\nVaccination against hepatitis b was discussed.",
        "Diagnoses\nGout\nDr Leon Hartwell\nConsultant Cardiologist",
        "Summary\neGFR by the CKD-EPI equation.",
    ],
)
def test_problems_are_not_made_of_other_words(text):
    assert set(names(history_of_text(text).problems)) <= {"Gout"}


def test_problems_of_relatives_are_never_the_patients():
    text = "Family history\nHer father had a myocardial infarction. Her sister had breast cancer."
    history = history_of_text(text)
    assert history.problems == ()
    assert names(history.family) == ["Breast cancer", "Myocardial infarction"]
    assert all(fact.experiencer is Experiencer.FAMILY for fact in history.family)


def test_problems_that_no_relative_has_are_nobodys():
    text = "Summary\nThere are no family members with a history of ovarian cancer."
    history = history_of_text(text)
    assert (history.problems, history.family, history.negated) == ((), (), ())


def test_problems_expressly_denied_are_kept_apart():
    history = history_of_text("Summary\nThere is no history of asthma or stroke.")
    assert history.problems == ()
    assert names(history.negated) == ["Asthma", "Stroke"]


# Procedures and immunisations


@pytest.mark.parametrize(
    ("text", "name", "date"),
    [
        (
            "Past surgical history\nLaparoscopic cholecystectomy in 2009.",
            "Laparoscopic cholecystectomy",
            "2009",
        ),
        (
            "Summary\nShe underwent coronary artery bypass in March 2018.",
            "Coronary artery bypass",
            "2018-03",
        ),
        ("Summary\nStatus post appendectomy.", "Appendectomy", None),
        ("Summary\nChest X-ray on 3 September 2023: clear.", "Chest X-ray", "2023-09-03"),
    ],
)
def test_procedure_has_its_name_and_date(text, name, date):
    (fact,) = history_of_text(text).procedures
    assert (fact.name, fact.date) == (name, date)


@pytest.mark.parametrize(
    "text",
    [
        "Plan\nA colonoscopy is planned.",
        "Summary\nShe is scheduled for cholecystectomy in 2030.",
        "Summary\nRisks of appendectomy were discussed.",
        "Summary\nAn echocardiogram has been requested.",
    ],
)
def test_procedure_is_not_made_of_what_is_planned(text):
    assert history_of_text(text).procedures == ()


CARD = "Vaccination Card\nVaccine              Date         Batch\n"


def test_immunization_rows_have_vaccine_and_date():
    text = (
        CARD
        + "Influenza            16/10/2023   FL-2307\nHerpes zoster, dose 1   14/11/2024   HZ-1"
    )
    zoster, influenza = history_of_text(text).immunizations
    assert (influenza.name, influenza.date, influenza.code and influenza.code.code) == (
        "Influenza", "2023-10-16", "88",
    )  # fmt: skip
    assert (zoster.name, zoster.date) == ("Herpes zoster, dose 1", "2024-11-14")


@pytest.mark.parametrize(
    "row", ["Influenza   declined 16/10/2023", "Influenza", "Influenza   due 16/10/2023"]
)
def test_immunization_is_not_made_of_what_was_not_given(row):
    assert history_of_text(CARD + row).immunizations == ()


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        ("House dust mite allergy", "House dust mite"),
        ("Dander (animal) allergy", "Dander"),
        ("Allergy to tree pollen", "Tree pollen"),
        ("Allergy to soya", "Soya"),
    ],
)
def test_allergy_is_named_in_full_when_a_shorter_name_is_part_of_it(printed, name):
    assert names(history_of_text(f"Allergies:\n{printed}\n").allergies) == [name]


def test_procedures_stay_apart_when_a_long_line_above_ends_with_its_date():
    history = history_of_text(
        "Procedures:\nSurgical manipulation of joint of knee 2017-03-28\nColonoscopy 2017-11-24\n"
    )
    assert [p.date for p in history.procedures] == ["2017-11-24", "2017-03-28"]
