"""The electrocardiogram and echocardiogram report."""

from scripts._paper.model import (
    Form,
    Heading,
    Look,
    Paper,
    Paragraph,
    Sheet,
    Signature,
    Table,
    Title,
    Trace,
)
from scripts._paper.statements import Negated, Optional, Problem, Procedure
from scripts._paper.story._cast import FOOTER, HEART_CLINIC, HYPERTENSION, who

ELECTROCARDIOGRAM = Procedure(name="12-lead electrocardiogram", date="2024-05-22")
ECHOCARDIOGRAM = Procedure(name="Transthoracic echocardiogram", date="2024-05-22")
HYPERTROPHY = Problem(name="left ventricular hypertrophy")
WALL = Negated(name="regional wall motion abnormality")
VALVES = Negated(name="significant valve disease")
EFFUSION = Negated(name="pericardial effusion")
SCAR = Negated(name="previous infarction")

_ROWS = (
    ("LV ejection fraction", "60", "%", "55-70"),
    ("LV end-diastolic diameter", "4.6", "cm", "3.8-5.2"),
    ("Interventricular septum", "1.2", "cm", "0.6-0.9"),
    ("Posterior wall", "1.1", "cm", "0.6-0.9"),
    ("Left atrial volume index", "31", "mL/m2", "16-34"),
    ("E/e' ratio", "9", "", "<14"),
)
_ECG = (
    ("Heart rate", "72", "/min"),
    ("PR interval", "164", " ms"),
    ("QRS duration", "92", " ms"),
    ("QTc", "418", " ms"),
)

HEART = Paper(
    file="2024-05-22-heart-report.pdf",
    title="ECG and echocardiogram report",
    kind="imaging report",
    date="2024-05-22",
    form=Form.BORN_PDF,
    look=Look(accent=(0.62, 0.1, 0.16), size=10, grid="boxes", header="bar"),
    seed=41,
    sheets=(
        Sheet(
            blocks=(
                HEART_CLINIC,
                Title("ECG and Echocardiogram Report"),
                who(("Date", "22 May 2024"), ("Referred by", "Dr Ines Caldwell")),
                Paragraph(f"Indication: {HYPERTENSION.name.lower()}."),
                Heading(ELECTROCARDIOGRAM.name),
                Trace(height=71, beats=7),
                Paragraph(
                    f"Sinus rhythm. {', '.join(f'{n} {v}{u}' for n, v, u in _ECG)}."
                    f" No sign of {SCAR.name}."
                ),
                Heading(ECHOCARDIOGRAM.name),
                Table(
                    ("Measurement", "Result", "Unit", "Reference"), (0.46, 0.16, 0.18, 0.2), _ROWS
                ),
                Heading("Conclusion"),
                Paragraph(
                    f"Mild {HYPERTROPHY.name} with preserved systolic function. No {WALL.name}."
                    f" No {VALVES.name}. No {EFFUSION.name}."
                ),
                Signature(("Dr Leon Hartwell", "Consultant Cardiologist"), seed=17),
            ),
            footer=FOOTER,
        ),
    ),
    says=(
        HYPERTENSION,
        ELECTROCARDIOGRAM,
        ECHOCARDIOGRAM,
        HYPERTROPHY,
        SCAR,
        WALL,
        VALVES,
        EFFUSION,
        *(Optional(kind="lab", name=row[0], value=row[1]) for row in (*_ROWS, *_ECG)),
    ),
)
