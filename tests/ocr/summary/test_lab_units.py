import pytest

from ocr.summary.lab_units import match_unit, ucum_of, unit_of
from ocr.summary.vocabulary import data


@pytest.mark.parametrize(
    ("printed", "ucum"),
    [
        ("mmol/L", "mmol/L"),
        ("mmoi/L", "mmol/L"),
        ("MMOL / L", "mmol/L"),
        ("K/uL", "10*3/uL"),
        ("x10^3/uL", "10*3/uL"),
        ("10^9/L", "10*9/L"),
        ("/cumm", "/uL"),
        ("mL/min/1.73m2", "mL/min/{1.73_m2}"),
        ("mL/min/1.73m²", "mL/min/{1.73_m2}"),
        ("µIU/mL", "u[IU]/mL"),
        ("uIU/mL", "u[IU]/mL"),
        ("mm/hr", "mm/h"),
        ("%", "%"),
        ("mmHg", "mm[Hg]"),
    ],
)
def test_unit_of_gives_the_ucum_code_however_the_unit_is_printed(printed, ucum):
    unit = unit_of(printed)
    assert unit is not None
    assert unit.ucum == ucum


@pytest.mark.parametrize("printed", ["", "furlong", "mg/dL/kg", "tablet", "L L"])
def test_unit_of_is_none_when_it_is_no_unit(printed):
    assert unit_of(printed) is None


def test_unit_of_never_takes_thousands_for_kelvin():
    """UCUM's K is kelvin: K/uL must not pass through as it is printed."""
    assert ucum_of("K/uL") == "10*3/uL"


def test_ucum_of_knows_every_unit_as_facts_show_it():
    for key, (ucum, *_) in data("units")["units"].items():
        unit = unit_of(key)
        assert unit is not None
        assert ucum_of(unit.shown) == ucum


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("mg/dL 70-99", "mg/dL"),
        ("mg / dL", "mg / dL"),
        ("mg/dLx", None),
        ("[mmol/L]", "mmol/L"),
        ("10^3/uL", "10^3/uL"),
    ],
)
def test_match_unit_takes_the_whole_unit_or_none(text, unit):
    match = match_unit(text, 0)
    assert (match["unit"] if match else None) == unit
