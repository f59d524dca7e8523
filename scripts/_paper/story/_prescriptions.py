"""Two prescriptions: the second stops ramipril for its cough and starts losartan instead."""

from dataclasses import replace

from scripts._paper.model import (
    A5,
    Fields,
    Form,
    Heading,
    Items,
    Look,
    Paper,
    Paragraph,
    Sheet,
    Signature,
    Title,
)
from scripts._paper.statements import Medication, Optional
from scripts._paper.story._cast import (
    ATORVASTATIN,
    CHOLESTEROL,
    DIABETES,
    FOOTER,
    HYPERTENSION,
    METFORMIN,
    METFORMIN_500,
    PATIENT,
    PENICILLIN_NAMED,
    PRACTICE,
    RAMIPRIL,
)

_LOOK = Look(accent=(0.1, 0.22, 0.5), size=9.5, margin=40, header="centre")
_BORN_SHORT = PATIENT.birth_date

LOSARTAN = Medication(name="losartan", dose="50 mg", frequency="once daily")
EMPAGLIFLOZIN = Medication(name="empagliflozin", dose="10 mg", frequency="once daily")
RAMIPRIL_STOPPED = replace(RAMIPRIL, status="stopped")


def _order(drug: Medication, form: str, when: str = "", supply: str = "") -> tuple[str, ...]:
    """An item as a doctor writes it: what, then how to take it."""
    first = f"{drug.name.capitalize()} {drug.dose} {form}"
    sig = f"Sig: 1 {form} {drug.route}ly {drug.frequency}{when}."
    return (first, f"{sig} Supply: {supply}." if supply else sig)


def _head(spoken: str) -> Fields:
    return Fields(
        (
            (("Patient", PATIENT.name), ("Date", spoken)),
            (("Date of birth", _BORN_SHORT), ("ID", PATIENT.identifier)),
            (("Allergies", PENICILLIN_NAMED.name.lower()),),
        )
    )


_SIGNED = ("Dr Tomas Ferreby", "General Practitioner")

FIRST = Paper(
    file="2023-03-20-prescription.jpg",
    title="Prescription",
    kind="prescription",
    date="2023-03-20",
    form=Form.PHONE_JPEG,
    look=_LOOK,
    size=A5,
    seed=22,
    sheets=(
        Sheet(
            blocks=(
                PRACTICE,
                Title("Prescription"),
                _head("20 March 2023"),
                Paragraph(
                    f"Diagnoses: {DIABETES.name}, {HYPERTENSION.name.lower()},"
                    f" {CHOLESTEROL.name.lower()}."
                ),
                Heading("Rx"),
                Items(
                    (
                        _order(METFORMIN_500, "tablet", " with meals", "180 tablets"),
                        _order(RAMIPRIL, "capsule", " in the morning", "90 capsules"),
                        _order(ATORVASTATIN, "tablet", " at night", "90 tablets"),
                    )
                ),
                Signature(_SIGNED, seed=7, stamp=True),
            ),
            footer=FOOTER,
        ),
    ),
    says=(
        PENICILLIN_NAMED,
        DIABETES,
        HYPERTENSION,
        CHOLESTEROL,
        METFORMIN_500,
        RAMIPRIL,
        ATORVASTATIN,
    ),
)

SECOND = Paper(
    file="2024-10-21-prescription.png",
    title="Prescription",
    kind="prescription",
    date="2024-10-21",
    form=Form.SCAN_PNG,
    look=_LOOK,
    size=A5,
    seed=24,
    sheets=(
        Sheet(
            blocks=(
                PRACTICE,
                Title("Prescription"),
                _head("21 October 2024"),
                Heading("STOP"),
                Items(
                    (
                        (
                            f"Ramipril {RAMIPRIL.dose} capsule,"
                            f" {RAMIPRIL.route}ly {RAMIPRIL.frequency}",
                            "Stopped because of a persistent dry cough.",
                        ),
                    )
                ),
                Heading("START"),
                Items(
                    (
                        _order(LOSARTAN, "tablet", "", "90 tablets"),
                        _order(EMPAGLIFLOZIN, "tablet", " in the morning", "90 tablets"),
                    )
                ),
                Heading("CONTINUE"),
                Items(
                    (
                        _order(METFORMIN, "tablet", " with meals", "180 tablets"),
                        _order(ATORVASTATIN, "tablet", " at night", "90 tablets"),
                    )
                ),
                Signature(_SIGNED, seed=8, stamp=True),
            ),
            footer=FOOTER,
        ),
    ),
    says=(
        PENICILLIN_NAMED,
        RAMIPRIL_STOPPED,
        LOSARTAN,
        EMPAGLIFLOZIN,
        METFORMIN,
        ATORVASTATIN,
        Optional(kind="problem", name="dry cough"),
    ),
)

PRESCRIPTIONS = (FIRST, SECOND)
