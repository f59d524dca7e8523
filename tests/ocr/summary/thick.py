"""Forty papers of one patient with a great deal to say: what the first side has to hold."""

from functools import cache

from core.words import Document, Reading
from tests.ocr.summary.paper import make_document, make_reading

_HEAD = "Patient: Nora Linden   DOB: 1961-03-14   Sex: Female   ID: HM-447102\nDate: {date}\n"
_MEDICINES = (
    "Warfarin 5 mg oral once daily in the evening", "Aspirin 81 mg oral once daily",
    "Metformin 1000 mg oral twice daily with meals", "Ibuprofen 400 mg oral three times daily",
    "Ramipril 10 mg oral once daily", "Spironolactone 25 mg oral once daily",
    "Potassium chloride 20 mEq oral once daily", "Atorvastatin 40 mg oral at bedtime",
    "Bisoprolol 5 mg oral once daily in the morning", "Amiodarone 200 mg oral once daily",
    "Omeprazole 20 mg oral once daily before breakfast", "Furosemide 40 mg oral twice daily",
    "Levothyroxine 75 mcg oral once daily in the morning", "Tramadol 50 mg oral every 6 hours",
    "Sertraline 50 mg oral once daily", "Allopurinol 100 mg oral once daily",
    "Gabapentin 300 mg oral three times daily", "Insulin glargine 20 units subcutaneous at bedtime",
)  # fmt: skip
_PROBLEMS = (
    "Type 2 diabetes mellitus", "Hypertension", "Atrial fibrillation", "Congestive heart failure",
    "Chronic kidney disease stage 3", "Hypothyroidism", "Gout", "Osteoarthritis", "Depression",
    "Gastroesophageal reflux disease", "Hyperlipidemia", "Asthma", "Osteoporosis", "Anemia",
    "Migraine", "Psoriasis", "Glaucoma", "Diverticulosis", "Obesity", "Sleep apnea",
)  # fmt: skip
_TESTS = (
    ("Potassium", "mmol/L", "3.5-5.1", 4.4, 0.12), ("Sodium", "mmol/L", "135-145", 139, -0.4),
    ("Creatinine", "mg/dL", "0.50-1.00", 0.9, 0.11),
    ("Hemoglobin", "g/dL", "12.0-15.5", 13.9, -0.3),
    ("Glucose", "mg/dL", "70-99", 110, 6), ("Hemoglobin A1c", "%", "4.0-5.6", 6.4, 0.2),
    ("Albumin", "g/dL", "3.5-5.0", 4.1, -0.05), ("Calcium", "mg/dL", "8.5-10.5", 9.3, 0.02),
    ("Total cholesterol", "mg/dL", "<200", 236, -8), ("LDL cholesterol", "mg/dL", "<100", 152, -7),
    ("HDL cholesterol", "mg/dL", ">50", 45, 0.5), ("Triglycerides", "mg/dL", "<150", 180, -3),
    ("ALT", "U/L", "7-45", 30, 2), ("AST", "U/L", "8-40", 28, 1),
    ("TSH", "mIU/L", "0.4-4.0", 3, 0.3),
    ("Magnesium", "mg/dL", "1.7-2.4", 2.0, -0.03), ("Phosphate", "mg/dL", "2.5-4.5", 3.6, 0.1),
    ("Uric acid", "mg/dL", "2.5-6.0", 7.1, 0.1), ("Ferritin", "ng/mL", "15-150", 60, -1),
    ("INR", "", "2.0-3.0", 2.4, 0.15), ("C-reactive protein", "mg/L", "<5", 4, 1),
    ("White blood cell count", "10^9/L", "4.0-10.0", 7.2, 0.2),
)  # fmt: skip
_VACCINES = (
    "Influenza",
    "COVID-19",
    "Tetanus and diphtheria",
    "Pneumococcal PPSV23",
    "Hepatitis B",
)


@cache
def thick_reading() -> Reading:
    """A reading of forty documents: letters, prescriptions, laboratory reports, cards."""
    papers = [_letter(n) if n % 2 else _results(n) for n in range(1, 39)]
    papers += [_card(), _discharge()]
    return make_reading(*papers)


def _date(number: int) -> str:
    return f"20{15 + number // 4}-{1 + number % 4 * 3:02}-15"


def _letter(number: int) -> Document:
    listed = "\n".join(
        f"{i}. {medicine}" for i, medicine in enumerate(_MEDICINES[: 6 + number // 3], 1)
    )
    problems = "\n".join(f"{i}. {name}" for i, name in enumerate(_PROBLEMS[: 4 + number // 2], 1))
    text = (
        f"Diagnoses\n{problems}\nAllergies\nPenicillin: anaphylaxis\nLatex: contact dermatitis\n"
        "Sulfonamides: rash\nCodeine: nausea and vomiting\nIodinated contrast: hives\n"
        f"Current medications\n{listed}\n"
        "Family history\nFather had a stroke. Mother had breast cancer.\nPast surgical history\n"
        "Appendectomy in 2009.\nCholecystectomy in 2014.\nColonoscopy in 2019.\n"
    )
    return make_document(f"letter-{number:02}.pdf", _HEAD.format(date=_date(number)) + text)


def _results(number: int) -> Document:
    rows = "\n".join(
        f"{name}   {base + step * number / 2:.2f}   {unit}   {limits}".replace("      ", "   ")
        for name, unit, limits, base, step in _TESTS
    )
    text = f"Collected: {_date(number)}\nTest   Result   Unit   Reference range\n{rows}\n"
    return make_document(f"results-{number:02}.pdf", _HEAD.format(date=_date(number)) + text)


def _card() -> Document:
    rows = "\n".join(
        f"{vaccine}   16/10/{year}   FL-{year}"
        for year in range(2016, 2024)
        for vaccine in _VACCINES
    )
    text = f"Vaccination Card\nVaccine   Date   Batch\n{rows}\n"
    return make_document("card.jpg", _HEAD.format(date="2024-02-01") + text)


def _discharge() -> Document:
    text = (
        "Discharge summary\nPatient denies chest pain. No history of stroke or asthma.\n"
        "STOP\n1. Lisinopril 5 mg daily\nStopped because of a persistent dry cough.\n"
        "2. Naproxen 250 mg twice daily\nStopped because of renal impairment.\n"
        "Allergies: no known drug allergies\n"
    )
    return make_document("discharge.tiff", _HEAD.format(date="2024-11-30") + text)
