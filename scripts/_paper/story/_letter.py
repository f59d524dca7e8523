"""The clinic letter: what she has, what she does not have, and what runs in the family."""

from scripts._paper.model import Form, Heading, Items, Look, Paper, Paragraph, Sheet, Signature
from scripts._paper.statements import Family, Medication, Negated, Optional, Procedure
from scripts._paper.story._cast import (
    ATORVASTATIN,
    CHOLESTEROL,
    DIABETES,
    FOOTER,
    HYPERTENSION,
    KIDNEY_CLINIC,
    KIDNEY_DISEASE,
    METFORMIN,
    METFORMIN_500,
    PENICILLIN,
    RAMIPRIL,
    who,
)

CHOLECYSTECTOMY = Procedure(name="Laparoscopic cholecystectomy", date="2009")
ASTHMA, STROKE = Negated(name="asthma"), Negated(name="stroke")
CHEST_PAIN, BREATH = Negated(name="chest pain"), Negated(name="shortness of breath")
OEDEMA, ULCER = Negated(name="ankle oedema"), Negated(name="foot ulcer")
FATHER, SISTER = Family(name="myocardial infarction"), Family(name="breast cancer")
COUGH = Optional(kind="problem", name="dry cough")
PRESSURE = Optional(kind="vital", name="Blood pressure", value="138/84")
WEIGHT = Optional(kind="vital", name="weight", value="78")
ECHO_ASKED = Optional(kind="procedure", name="echocardiogram")


def _line(drug: Medication) -> str:
    return f"{drug.name.capitalize()} {drug.dose} {drug.route}ly {drug.frequency}"


_DRUGS = Items(
    (
        (
            _line(METFORMIN),
            f"increased today from {METFORMIN_500.dose}",
        ),
        (_line(RAMIPRIL),),
        (_line(ATORVASTATIN) + " at night",),
    )
)

LETTER = Paper(
    file="2024-04-15-clinic-letter.pdf",
    title="Clinic letter",
    kind="clinic letter",
    date="2024-04-15",
    form=Form.SCANNED_PDF,
    look=Look(accent=(0.28, 0.16, 0.38), size=9.5, header="left", leading=1.38),
    seed=31,
    sheets=(
        Sheet(
            blocks=(
                KIDNEY_CLINIC,
                who(("Date", "15 April 2024"), ("To", "Dr Tomas Ferreby")),
                Paragraph("Dear Dr Ferreby,"),
                Heading("Diagnoses"),
                Items(
                    tuple((p.name,) for p in (DIABETES, HYPERTENSION, KIDNEY_DISEASE, CHOLESTEROL))
                ),
                Heading("Allergies"),
                Paragraph(f"{PENICILLIN.name}: {PENICILLIN.reaction} within an hour of a dose."),
                Heading("Past surgical history"),
                Paragraph(f"{CHOLECYSTECTOMY.name} in {CHOLECYSTECTOMY.date}."),
                Heading("Family history"),
                Paragraph(
                    f"Her father had a {FATHER.name} at the age of 58."
                    f" Her sister was treated for {SISTER.name}."
                ),
                Heading("Review"),
                Paragraph(
                    "Thank you for referring this patient, whom I saw today. She feels well but"
                    f" has noticed a {COUGH.name} at night. She denies {CHEST_PAIN.name} and"
                    f" {BREATH.name}. There is no history of {ASTHMA.name} or {STROKE.name}."
                    " She has never smoked."
                ),
                Paragraph(
                    f"{PRESSURE.name} {PRESSURE.value} mmHg, {WEIGHT.name} {WEIGHT.value} kg. Heart"
                    f" sounds normal, lungs clear. No {OEDEMA.name} and no {ULCER.name}. Kidney"
                    " function has now been reduced for more than three months, with albumin in"
                    " the urine."
                ),
                Heading("Current medication"),
                _DRUGS,
                Heading("Plan"),
                Paragraph(
                    f"An {ECHO_ASKED.name} has been requested because of the long-standing high"
                    " blood pressure. Please repeat the kidney function and potassium in six"
                    " months. I would be glad to see her again in a year."
                ),
                Paragraph("Yours sincerely,"),
                Signature(("Dr Ines Caldwell, Consultant Physician",), seed=5),
            ),
            footer=FOOTER,
        ),
    ),
    says=(
        DIABETES,
        HYPERTENSION,
        KIDNEY_DISEASE,
        CHOLESTEROL,
        PENICILLIN,
        CHOLECYSTECTOMY,
        FATHER,
        SISTER,
        CHEST_PAIN,
        BREATH,
        ASTHMA,
        STROKE,
        OEDEMA,
        ULCER,
        METFORMIN,
        RAMIPRIL,
        ATORVASTATIN,
        COUGH,
        PRESSURE,
        WEIGHT,
        ECHO_ASKED,
    ),
)
