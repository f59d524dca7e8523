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
    ],
)
def test_medication_is_not_made_of_what_is_only_considered_or_given_once(text):
    assert found(history_of_text(text), Kind.MEDICATION) == []


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
