"""Three laboratory reports: glucose comes down, the kidneys get slowly worse.

Creatinine and eGFR agree by CKD-EPI 2021, the lipids by Friedewald.
"""

from scripts._paper.model import (
    Fields,
    Form,
    Look,
    Paper,
    Paragraph,
    Sheet,
    Signature,
    Table,
    Title,
)
from scripts._paper.statements import Lab
from scripts._paper.story._cast import FOOTER, LABORATORY, who

_LOOK = Look(accent=(0.05, 0.35, 0.45), size=10, grid="bands", header="left")
_NOTE = (
    "Flags: H above, L below the reference range. eGFR is calculated with the CKD-EPI equation."
    " Results are for the requesting physician and should be read with the clinical picture."
)


def _panel(values: dict[str, tuple[str, str | None]]) -> tuple[Lab, ...]:
    return tuple(
        Lab(name=name, value=value, unit=_UNITS[name][0], range=_UNITS[name][1], flag=flag)  # type: ignore[arg-type]
        for name, (value, flag) in values.items()
    )


_UNITS = {
    "HbA1c": ("%", "4.0-5.6"),
    "Fasting glucose": ("mg/dL", "70-99"),
    "Creatinine": ("mg/dL", "0.50-1.00"),
    "eGFR": ("mL/min/1.73m2", ">60"),
    "Potassium": ("mmol/L", "3.5-5.1"),
    "Sodium": ("mmol/L", "135-145"),
    "Total cholesterol": ("mg/dL", "<200"),
    "LDL cholesterol": ("mg/dL", "<100"),
    "HDL cholesterol": ("mg/dL", ">50"),
    "Triglycerides": ("mg/dL", "<150"),
    "Haemoglobin": ("g/dL", "12.0-15.5"),
    "Urine albumin/creatinine ratio": ("mg/g", "<30"),
}

FIRST = _panel(
    {
        "HbA1c": ("8.4", "H"),
        "Fasting glucose": ("168", "H"),
        "Creatinine": ("0.98", None),
        "eGFR": ("66", None),
        "Potassium": ("4.3", None),
        "Sodium": ("139", None),
        "Total cholesterol": ("236", "H"),
        "LDL cholesterol": ("152", "H"),
        "HDL cholesterol": ("46", "L"),
        "Triglycerides": ("190", "H"),
        "Haemoglobin": ("13.2", None),
        "Urine albumin/creatinine ratio": ("42", "H"),
    }
)
SECOND = _panel(
    {
        "HbA1c": ("7.6", "H"),
        "Fasting glucose": ("141", "H"),
        "Creatinine": ("1.12", "H"),
        "eGFR": ("56", "L"),
        "Potassium": ("4.6", None),
        "Sodium": ("140", None),
        "Total cholesterol": ("172", None),
        "LDL cholesterol": ("92", None),
        "HDL cholesterol": ("48", "L"),
        "Triglycerides": ("160", "H"),
        "Haemoglobin": ("12.6", None),
        "Urine albumin/creatinine ratio": ("58", "H"),
    }
)
THIRD = _panel(
    {
        "HbA1c": ("6.9", "H"),
        "Fasting glucose": ("124", "H"),
        "Creatinine": ("1.18", "H"),
        "eGFR": ("52", "L"),
        "Potassium": ("4.9", None),
        "Sodium": ("138", None),
        "Total cholesterol": ("158", None),
        "LDL cholesterol": ("78", None),
        "HDL cholesterol": ("51", None),
        "Triglycerides": ("145", None),
        "Haemoglobin": ("11.8", "L"),
        "Urine albumin/creatinine ratio": ("34", "H"),
    }
)


def lab_rows(labs: tuple[Lab, ...]) -> tuple[tuple[str, ...], ...]:
    """Cells as printed: test, result, flag, unit, reference range."""
    return tuple((lab.name, lab.value, lab.flag or "", lab.unit, lab.range) for lab in labs)


LAB_HEADER = ("Test", "Result", "Flag", "Unit", "Reference range")
LAB_SHARES = (0.38, 0.11, 0.08, 0.2, 0.23)


def _report(
    *, file: str, form: Form, date: str, spoken: str, number: str, labs: tuple[Lab, ...], seed: int
) -> Paper:
    head = who(
        ("Collected", f"{spoken}, 08:10"),
        ("Reported", spoken),
        ("Report No.", number),
        ("Requested by", "Dr Tomas Ferreby"),
    )
    sheet = Sheet(
        blocks=(
            LABORATORY,
            Title("Laboratory Report"),
            head,
            Table(LAB_HEADER, LAB_SHARES, lab_rows(labs)),
            Fields(((("Specimen", "venous blood, EDTA and serum; spot urine"),),)),
            Paragraph(_NOTE, small=True),
            Signature(("Dr Priya Anselm", "Clinical Pathologist"), seed=seed, stamp=True),
        ),
        footer=FOOTER,
    )
    return Paper(
        file=file,
        title="Laboratory report",
        kind="lab report",
        date=date,
        form=form,
        look=_LOOK,
        sheets=(sheet,),
        says=labs,
        seed=seed,
    )


LABS = (
    _report(
        file="2023-03-06-lab-report.pdf",
        form=Form.BORN_PDF,
        date="2023-03-06",
        spoken="6 March 2023",
        number="NG-23-08841",
        labs=FIRST,
        seed=11,
    ),
    _report(
        file="2024-03-11-lab-report.png",
        form=Form.SCAN_PNG,
        date="2024-03-11",
        spoken="11 March 2024",
        number="NG-24-09127",
        labs=SECOND,
        seed=12,
    ),
    _report(
        file="2025-03-10-lab-report.pdf",
        form=Form.BORN_PDF,
        date="2025-03-10",
        spoken="10 March 2025",
        number="NG-25-07765",
        labs=THIRD,
        seed=13,
    ),
)
