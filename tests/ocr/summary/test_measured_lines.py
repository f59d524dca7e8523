"""Results and vital signs among the lines of a medication list: no doses, and not lost."""

import pytest

from tests.ocr.summary.paper import history_of_text


@pytest.mark.parametrize(
    "line",
    ["Hemoglobin 9.1 g/dL", "Potassium 4.1 mmol/L", "Glucose: 131 mg/dL", "Weight 80 kg",
     "BP 142/91 mmHg, pulse 88", "Hemoglobin A1c 7.1 %"],
)  # fmt: skip
def test_medication_takes_no_dose_from_a_measurement_below_it(line):
    text = f"Current medications\n1. Metformin 500 mg oral daily\n{line}\n"
    history = history_of_text(text)
    (medicine,) = history.medications_current
    assert [t.latest.value for t in history.labs] == [
        value for value in ("9.1", "4.1", "131") if f"{value} " in line and "/" in line
    ]
    assert (medicine.dose, medicine.frequency) == ("500 mg", "once daily")
    assert [e.quote for e in medicine.evidence] == ["Metformin 500 mg oral daily"]


@pytest.mark.parametrize("unit", ["g/dL", "mmol/L", "mg / dl", "mEq/L"])
def test_medication_takes_no_dose_from_what_is_so_much_in_a_litre(unit):
    (medicine,) = history_of_text(
        f"Current medications\nMetformin 500 mg oral daily, last level 9.1 {unit}\n"
    ).medications_current
    assert (medicine.dose, medicine.check) == ("500 mg", False)


@pytest.mark.parametrize(
    "line",
    ["Potassium chloride 20 mEq daily", "Iron 325 mg", "Vitamin D 1000 units", "Calcium 5 mL"],
)
def test_medication_with_the_name_of_a_test_is_no_result(line):
    assert history_of_text(f"Current medications\n{line}\n").labs == ()
