"""The vaccination card, with the dates as a nurse writes them: day, month, year."""

from scripts._paper.model import A5_LANDSCAPE, Fields, Form, Look, Paper, Sheet, Table, Title
from scripts._paper.statements import Immunization
from scripts._paper.story._cast import FOOTER, HEALTH_CENTRE, PATIENT

_GIVEN = (
    ("Tetanus and diphtheria", "2023-05-18", "TD-4410", "L. Moss"),
    ("Influenza", "2023-10-16", "FL-2307", "L. Moss"),
    ("COVID-19", "2023-10-16", "CV-8852", "L. Moss"),
    ("Pneumococcal PPSV23", "2024-01-23", "PN-1196", "A. Reeve"),
    ("Influenza", "2024-10-17", "FL-2418", "A. Reeve"),
    ("Herpes zoster, dose 1", "2024-11-14", "HZ-0734", "L. Moss"),
    ("Herpes zoster, dose 2", "2025-01-16", "HZ-0781", "L. Moss"),
)


def _written(iso: str) -> str:
    year, month, day = iso.split("-")
    return f"{day}/{month}/{year}"


VACCINES = Paper(
    file="2025-01-16-vaccination-card.jpg",
    title="Vaccination card",
    kind="vaccination card",
    date="2025-01-16",
    form=Form.PHONE_JPEG,
    look=Look(accent=(0.08, 0.4, 0.26), size=10, margin=36, grid="boxes", header="bar"),
    size=A5_LANDSCAPE,
    seed=61,
    sheets=(
        Sheet(
            blocks=(
                HEALTH_CENTRE,
                Title("Vaccination Card"),
                Fields(
                    (
                        (
                            ("Name", PATIENT.name),
                            ("Date of birth", _written(PATIENT.birth_date)),
                            ("ID", PATIENT.identifier),
                        ),
                    )
                ),
                Table(
                    ("Vaccine", "Date", "Batch", "Given by"),
                    (0.42, 0.2, 0.18, 0.2),
                    tuple((name, _written(date), lot, by) for name, date, lot, by in _GIVEN),
                    air=2.1,
                ),
            ),
            footer=FOOTER,
        ),
    ),
    says=tuple(Immunization(name=name, date=date) for name, date, _, _ in _GIVEN),
)
