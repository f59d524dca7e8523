"""The discharge summary, as the hospital faxed it: two pages."""

from scripts._paper.model import (
    FaxLine,
    Form,
    Heading,
    Look,
    Paper,
    Paragraph,
    Sheet,
    Signature,
    Table,
    Title,
)
from scripts._paper.statements import (
    Contact,
    Lab,
    Medication,
    Negated,
    Optional,
    Problem,
    Procedure,
)
from scripts._paper.story._cast import (
    ATORVASTATIN,
    DIABETES,
    FOOTER,
    HOSPITAL,
    HYPERTENSION,
    KIDNEY_DISEASE,
    METFORMIN,
    PENICILLIN,
    RAMIPRIL,
    who,
)
from scripts._paper.story._labs import LAB_HEADER, LAB_SHARES, lab_rows

PNEUMONIA = Problem(name="Community-acquired pneumonia", status="resolved")
KIDNEY_INJURY = Problem(name="Acute kidney injury", status="resolved")
DOXYCYCLINE = Medication(
    name="doxycycline", dose="100 mg", frequency="twice daily", status="stopped"
)
CHEST_FILM = Procedure(name="Chest X-ray", date="2024-09-03")
EFFUSION = Negated(name="pleural effusion")
CHEST_PAIN, BLOOD = Negated(name="chest pain"), Negated(name="haemoptysis")
DOCTOR = Contact(name="Primary care physician", value="Dr Tomas Ferreby")
FEVER = Optional(kind="problem", name="fever")
COUGH = Optional(kind="problem", name="productive cough")
BREATH = Optional(kind="problem", name="breathlessness")
CONSOLIDATION = Optional(kind="problem", name="consolidation")

LABS = (
    Lab(name="Creatinine", value="1.15", unit="mg/dL", range="0.50-1.00", flag="H"),
    Lab(name="Potassium", value="4.7", unit="mmol/L", range="3.5-5.1"),
    Lab(name="C-reactive protein", value="22", unit="mg/L", range="<5", flag="H"),
    Lab(name="White cell count", value="8.9", unit="10^9/L", range="4.0-10.0"),
    Lab(name="Haemoglobin", value="12.1", unit="g/dL", range="12.0-15.5"),
)
_HOME = (METFORMIN, RAMIPRIL, ATORVASTATIN)
_DIAGNOSES = (PNEUMONIA, KIDNEY_INJURY, KIDNEY_DISEASE, DIABETES, HYPERTENSION)


def _fax(number: int) -> FaxLine:
    return FaxLine(
        ("BRACKWATER GENERAL", "FAX 01632 960411", "8 September 2024 16:42", f"PAGE {number}/2")
    )


_FIRST = Sheet(
    blocks=(
        _fax(1),
        HOSPITAL,
        Title("Discharge Summary"),
        who(
            ("Admitted", "3 September 2024"),
            ("Discharged", "8 September 2024"),
            ("Consultant", "Dr Maren Oakes"),
            ("General practitioner", DOCTOR.value),
        ),
        Heading("Diagnoses"),
        Table(("Diagnosis", "Status"), (0.7, 0.3), tuple((p.name, p.status) for p in _DIAGNOSES)),
        Heading("Allergies"),
        Paragraph(f"{PENICILLIN.name} ({PENICILLIN.reaction})."),
        Heading("Presenting complaint"),
        Paragraph(
            f"Three days of {FEVER.name}, {COUGH.name} and {BREATH.name}. No {CHEST_PAIN.name} and"
            f" no {BLOOD.name}."
        ),
        Heading("Investigations"),
        Paragraph(
            f"{CHEST_FILM.name} on 3 September 2024: right lower lobe {CONSOLIDATION.name}, no"
            f" {EFFUSION.name}."
        ),
        Heading("Course in hospital"),
        Paragraph(
            f"Because of the penicillin allergy she was treated with {DOXYCYCLINE.route}"
            f" {DOXYCYCLINE.name}. Metformin and ramipril were withheld while the creatinine was"
            " raised and were restarted at the usual doses once it had come down with fluids."
            " She was afebrile from the third day and walked on the ward without oxygen."
        ),
    ),
    footer=FOOTER,
)

_SECOND = Sheet(
    blocks=(
        _fax(2),
        who(),
        Heading("Results on the day of discharge, 8 September 2024"),
        Table(LAB_HEADER, LAB_SHARES, lab_rows(LABS)),
        Heading("Medication at discharge"),
        Table(
            ("Medicine", "Dose", "Route", "Frequency", "Status"),
            (0.26, 0.16, 0.14, 0.24, 0.2),
            tuple(
                (drug.name.capitalize(), drug.dose, drug.route, drug.frequency, word)
                for drug, word in (
                    *((drug, "continue") for drug in _HOME),
                    (DOXYCYCLINE, "stopped"),
                )
            ),
        ),
        Paragraph("The doxycycline course was completed on 8 September 2024."),
        Heading("For the general practitioner"),
        Paragraph(
            "Please check creatinine and potassium in two weeks. She has had a dry cough for"
            " months, before this illness: please consider whether ramipril is the cause."
        ),
        Heading("Advice to the patient"),
        Paragraph(
            "Drink enough, rest, and come back at once if the fever returns or breathing gets"
            " harder."
        ),
        Signature(("Dr Maren Oakes", "Consultant Physician"), seed=29, stamp=True),
    ),
    footer=FOOTER,
)

DISCHARGE = Paper(
    file="2024-09-08-discharge-summary.tiff",
    title="Discharge summary",
    kind="discharge summary",
    date="2024-09-08",
    form=Form.FAX_TIFF,
    look=Look(size=11, stretch=0.94, grid="boxes", header="centre", margin=54),
    seed=51,
    sheets=(_FIRST, _SECOND),
    says=(
        *_DIAGNOSES,
        PENICILLIN,
        *_HOME,
        DOXYCYCLINE,
        CHEST_FILM,
        EFFUSION,
        CHEST_PAIN,
        BLOOD,
        *LABS,
        DOCTOR,
        FEVER,
        COUGH,
        BREATH,
        CONSOLIDATION,
        Optional(kind="problem", name="dry cough"),
    ),
)
