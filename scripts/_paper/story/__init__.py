"""Three years of one invented patient's paper.

Nora Linden is found to have type 2 diabetes and high blood pressure in March 2023. Metformin,
ramipril and atorvastatin help; her kidneys slowly get worse (G3a in 2024). After a pneumonia,
treated around her penicillin allergy, ramipril is stopped for its cough and losartan started.
"""

from scripts._paper.model import Paper
from scripts._paper.story._cast import PATIENT
from scripts._paper.story._heart import HEART
from scripts._paper.story._hospital import DISCHARGE
from scripts._paper.story._labs import LABS
from scripts._paper.story._letter import LETTER
from scripts._paper.story._prescriptions import PRESCRIPTIONS
from scripts._paper.story._vaccines import VACCINES

PAPERS: tuple[Paper, ...] = tuple(
    sorted(
        (*LABS, *PRESCRIPTIONS, LETTER, HEART, DISCHARGE, VACCINES), key=lambda paper: paper.date
    )
)

__all__ = ["PAPERS", "PATIENT"]
