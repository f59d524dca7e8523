"""The patient, the places and what stays the same from paper to paper."""

from scripts._paper.model import Fields, Letterhead
from scripts._paper.statements import Allergy, Medication, Patient, Problem

PATIENT = Patient(name="Nora Linden", birth_date="1961-03-14", sex="female", identifier="HM-447102")
BORN = "14 March 1961"
FOOTER = "Specimen for demonstration: patient, staff and institutions are invented."

LABORATORY = Letterhead(
    "Northgate Diagnostic Laboratory",
    (
        "18 Tannery Row, Harrowmere HM2 4QT",
        "Telephone 01632 960150    Laboratory director: Dr Priya Anselm, Clinical Pathologist",
    ),
)
PRACTICE = Letterhead(
    "Harrowmere Family Practice",
    ("Dr Tomas Ferreby, General Practitioner, Reg. No. 20417", "7 Orchard Lane, Harrowmere"),
)
KIDNEY_CLINIC = Letterhead(
    "Harrowmere Diabetes and Kidney Clinic",
    (
        "Outpatient Wing B, 2 Canal Street, Harrowmere HM1 7RD",
        "Telephone 01632 960274    Dr Ines Caldwell, Consultant Physician",
    ),
)
HEART_CLINIC = Letterhead(
    "Saltmarsh Heart Clinic",
    ("31 Quay Parade, Saltmarsh SM4 9BL    Telephone 01632 960388",),
)
HOSPITAL = Letterhead(
    "Brackwater General Hospital",
    ("Department of Medicine, Ward 6 East", "Infirmary Road, Brackwater BW3 1AA"),
)
HEALTH_CENTRE = Letterhead(
    "Harrowmere Health Centre",
    ("Immunization Clinic, 5 Orchard Lane, Harrowmere    Telephone 01632 960112",),
)

DIABETES = Problem(name="Type 2 diabetes mellitus")
HYPERTENSION = Problem(name="Hypertension")
CHOLESTEROL = Problem(name="Hypercholesterolaemia")
KIDNEY_DISEASE = Problem(name="Chronic kidney disease stage G3a")

PENICILLIN = Allergy(name="Penicillin", reaction="generalised urticaria")
PENICILLIN_NAMED = Allergy(name="Penicillin")

METFORMIN_500 = Medication(name="metformin", dose="500 mg", frequency="twice daily")
METFORMIN = Medication(name="metformin", dose="1000 mg", frequency="twice daily")
RAMIPRIL = Medication(name="ramipril", dose="5 mg", frequency="once daily")
ATORVASTATIN = Medication(name="atorvastatin", dose="20 mg", frequency="once daily")


def who(*more: tuple[str, str]) -> Fields:
    """The lines that say whose paper this is, then `more`, two pairs a line."""
    pairs = (
        ("Patient", PATIENT.name),
        ("Date of birth", BORN),
        ("Patient ID", PATIENT.identifier),
        ("Sex", PATIENT.sex),
        *more,
    )
    return Fields(tuple(tuple(pairs[at : at + 2]) for at in range(0, len(pairs), 2)))
