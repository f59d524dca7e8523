import pytest

from core.facts import Fact, Kind
from core.history import About
from ocr.summary.lab_values import bounds, number, side_of
from tests.ocr.summary.paper import HEAD, found, history_of_text, names

TABLE = "Test                 Result   Flag   Unit     Reference range\n"


def labs(text: str) -> list[Fact]:
    return found(history_of_text(text), Kind.LAB)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("HbA1c    8.4   H   %   4.0-5.6", ("Hemoglobin A1c", "8.4", "%", "4.0-5.6", "H")),
        ("Hemoglobin 9.2 L g/dL 12.0 - 16.0", ("Hemoglobin", "9.2", "g/dL", "12.0-16.0", "L")),
        ("Triglycerides   210 H   mg/dL   <150", ("Triglycerides", "210", "mg/dL", "<150", "H")),
        ("TSH   <0.01   uIU/mL   0.4-4.0", ("TSH", "<0.01", "µIU/mL", "0.4-4.0", None)),
        ("Vitamin B12   350   pg/mL   200-900", ("Vitamin B12", "350", "pg/mL", "200-900", None)),
        (
            "WBC   11.4   x10^3/uL   4.0-11.0   H",
            ("White blood cell count", "11.4", "10^3/µL", "4.0-11.0", "H"),
        ),
        ("Potassium   5.9   mmoi/L   [3.5-5.1]", ("Potassium", "5.9", "mmol/L", "3.5-5.1", None)),
        (
            "Platelet Count   318,000   /cumm   150000-450000",
            ("Platelets", "318,000", "/µL", "150000-450000", None),
        ),
        (
            "Hemoglobin [Mass/volume] in Blood   14.1   g/dL",
            ("Hemoglobin", "14.1", "g/dL", None, None),
        ),
        ("INR   2.5      2.0-3.0", ("INR", "2.5", None, "2.0-3.0", None)),
        ("Glucose   *168   mg/dL   70-99", ("Glucose", "168", "mg/dL", "70-99", "A")),
        ("Sodium   139   135-145   mmol/L", ("Sodium", "139", "mmol/L", "135-145", None)),
        ("Sodium   mmol/L   139   135-145", ("Sodium", "139", "mmol/L", "135-145", None)),
        ("HDL cholesterol ©   48   mg/dL", ("HDL cholesterol", "48", "mg/dL", None, None)),
        ("Hematocrit [Volume}   39.0   %", ("Hematocrit", "39.0", "%", None, None)),
    ],
)
def test_lab_row_reads_name_value_unit_range_and_flag_in_any_order(row, expected):
    (fact,) = labs(TABLE + row)
    assert (fact.name, fact.value, fact.unit, fact.range, fact.flag) == expected
    assert fact.date == "2024-03-05"


def test_lab_row_keeps_an_unknown_test_when_the_table_gives_unit_or_range():
    (fact,) = labs(TABLE + "LV ejection fraction   60      %   55-70")
    assert (fact.name, fact.value, fact.code) == ("LV ejection fraction", "60", None)


def test_lab_row_keeps_the_whole_name_when_it_only_begins_like_a_known_test():
    (fact,) = labs(TABLE + "Creatinine clearance   60      mL/min   >90")
    assert fact.name == "Creatinine clearance"


@pytest.mark.parametrize(
    ("row", "loinc"),
    [
        ("Glucose   168   mg/dL", "2345-7"),
        ("Glucose   9.3   mmol/L", "14749-6"),
        ("Glucose   9.3   furlong/L", None),
    ],
)
def test_lab_row_is_coded_only_when_the_unit_pins_the_code(row, loinc):
    (fact,) = labs(TABLE + row)
    assert (fact.code.code if fact.code else None) == loinc


@pytest.mark.parametrize(
    "row",
    [
        "Potassium   ~4.9~   mmol/L   3.5-5.1",
        "Potassium   47   mmol/L   3.5-5.1",
        "Potassium   4.9   mg/dL   3.5-5.1",
        "Potassium   4.9   L   mmol/L   3.5-5.1",
        "Potassium   4,9      mmol/L   3.5-5.1",
        "Potasslum   4.9      mmol/L   3.5-5.1",
        "Potassium   4.9   4.1   mmol/L   3.5-5.1",
    ],
)
def test_lab_row_is_marked_when_doubtful_beyond_physiology_or_at_odds(row):
    (fact,) = labs(TABLE + row)
    assert fact.check


def test_lab_row_is_not_marked_when_everything_fits():
    (fact,) = labs(TABLE + "Potassium   4.9      mmol/L   3.5-5.1")
    assert not fact.check


def test_lab_series_gives_each_column_its_date():
    table = (
        "Test         2023-03-06   2024-03-11   Unit\n"
        "Creatinine   0.98         1.12         mg/dL\n"
    )
    facts = {(f.date, f.value, f.unit) for f in labs(table)}
    assert facts == {("2023-03-06", "0.98", "mg/dL"), ("2024-03-11", "1.12", "mg/dL")}


def test_lab_narrative_keeps_decimals_when_a_sentence_ends_behind_them():
    text = "Laboratory data\nWhite count was normal at 7.2. Platelets 234,000. INR is 1.4."
    assert {f.value for f in labs(text)} == {"7.2", "234,000", "1.4"}


def test_lab_narrative_takes_the_date_of_its_sentence_and_no_other():
    (fact,) = labs("Summary\nThe HbA1c was 7.6 % on 3 March 2023 in her record.")
    assert fact.date == "2023-03-03"
    (undated,) = labs("Summary\nThe last HbA1c was 7.6 % according to her.")
    assert undated.date is None


@pytest.mark.parametrize(
    "text",
    [
        "Summary\nTarget HbA1c below 7 %.",
        "Summary\nThe goal is an LDL of 70 mg/dL.",
        "Summary\nShe takes potassium 20 mEq daily.",
        "Summary\nHer room is 12 and K is a letter.",
    ],
)
def test_lab_narrative_invents_no_value_from_goals_or_doses(text):
    assert labs(text) == []


def test_labs_of_distinct_dates_stay_distinct_and_become_a_trend():
    history = history_of_text(
        TABLE + "Potassium   4.9      mmol/L   3.5-5.1\nCollected: 2024-03-05", head=HEAD
    )
    assert [point.value for trend in history.labs for point in trend.points] == ["4.9"]


@pytest.mark.parametrize(
    ("value", "range_", "side"),
    [("5.2", "3.5-5.1", "H"), ("3.4", "3.5-5.1", "L"), ("4", "3.5-5.1", ""), ("60", ">60", "L"),
     ("100", "<100", "H"), ("<5", "<5", ""), ("7", "negative", None)],
)  # fmt: skip
def test_side_of_compares_with_the_printed_range(value, range_, side):
    assert side_of(value, range_) == side


def test_number_and_bounds_read_printed_numbers():
    assert (number("318,000"), number("7,4"), number("<0.01")) == (318000, 7.4, 0.01)
    assert (bounds("0.50-1.00"), bounds("<100"), bounds(">60")) == (
        (0.5, 1),
        (None, 100),
        (60, None),
    )


def test_lab_narrative_counts_short_names_only_in_a_row_of_tests():
    row = labs("Laboratory\nNa 139 K 4.3 Cl 101 CO2 24 BUN 15 Cr 0.98 Glu 168")
    assert {f.value for f in row} == {"139", "4.3", "101", "24", "15", "0.98", "168"}
    assert labs("Laboratory\nVitamin K 10 was given.") == []


BARE = "Test   Result   Units   Reference\n"


@pytest.mark.parametrize("printed", ["12:2", "12,2"])
def test_lab_row_shows_the_point_and_is_marked_when_it_was_misread(printed):
    history = history_of_text(f"{BARE}Hemoglobin   {printed}   g/dL   12.0-17.5\n")
    (row,) = found(history, Kind.LAB)
    assert (row.value, row.unit, row.check) == ("12.2", "g/dL", True)
    assert printed in row.evidence[0].quote


def test_lab_row_keeps_its_comma_when_the_range_has_commas():
    history = history_of_text(f"{BARE}Hemoglobin   12,2   g/dL   12,0-17,5\n")
    (row,) = found(history, Kind.LAB)
    assert (row.value, row.check) == ("12,2", False)


def test_lab_row_takes_no_time_of_day_for_a_value():
    history = history_of_text(f"{BARE}Glucose   12:30   5.6   mmol/L   3.9-5.5\n")
    assert all(row.value != "12.30" for row in found(history, Kind.LAB))


def test_summarise_says_so_when_the_value_of_a_known_test_cannot_be_read():
    history = history_of_text(f"{BARE}Sodium   140   mmol/L   135-145\nMCH   PH ES   pg\n")
    assert names(found(history, Kind.LAB)) == ["MCH", "Sodium"]
    (caution,) = [w for w in history.warnings if w.code is About.UNREAD_ROW]
    assert caution.documents == ("paper.pdf",)
    assert "page 1: 1 result" in caution.text
    assert "MCH" not in caution.text


def test_lab_row_is_kept_and_marked_when_the_value_is_beyond_physiology():
    history = history_of_text(f"{BARE}Potassium   41   mmol/L   3.5-5.1\n")
    (row,) = found(history, Kind.LAB)
    assert (row.value, row.check) == ("41", True)


def test_lab_row_is_kept_and_marked_when_the_unit_does_not_fit_the_test():
    history = history_of_text(f"{BARE}Potassium   4.1   fL   3.5-5.1\n")
    (row,) = found(history, Kind.LAB)
    assert (row.unit, row.check, row.code) == ("fL", True, None)
