import pytest

from core.facts import Evidence, Fact, Kind
from core.history import Trend
from core.words import Box
from ocr.summary.sparkline import HEIGHT, MARGIN, WIDTH, sparkline

PLACE = Evidence(
    document="a.png",
    page=1,
    box=Box(left=0, top=0, right=1, bottom=1),
    span=(0, 1),
    quote="x",
    method="lab-row",
)


def make_point(value: str, date: str | None, **overrides) -> Fact:
    values = {
        "id": f"f{value}{date}",
        "kind": Kind.LAB,
        "name": "Potassium",
        "evidence": (PLACE,),
        "confidence": 0.9,
        "check": False,
        "unit": "mmol/L",
    }
    return Fact(value=value, date=date, **(values | overrides))


def make_trend(*points: Fact) -> Trend:
    return Trend(name="Potassium", points=points)


@pytest.mark.parametrize(
    "points",
    [
        (),
        (make_point("4.1", "2024-01-01"),),
        (make_point("4.1", "2024-01-01"), make_point("4.9", None)),
        (make_point("4.1", "2024-01-01", unit="mEq/L"), make_point("4.9", "2025-01-01")),
    ],
    ids=["nothing", "one", "one dated", "two units"],
)
def test_sparkline_is_not_drawn_when_two_comparable_dated_values_are_missing(points):
    trend = make_trend(*points) if points else make_trend(make_point("4.1", None))
    assert sparkline(trend) is None


def test_sparkline_puts_time_from_left_to_right_and_more_above_less():
    drawn = sparkline(make_trend(make_point("4.1", "2023"), make_point("4.9", "2024-06-01")))
    assert drawn is not None
    (x1, y1), (x2, y2) = drawn.dots
    assert (x1, x2) == (MARGIN, WIDTH - MARGIN)
    assert (y1, y2) == (HEIGHT - MARGIN, MARGIN)
    assert drawn.band is None
    assert drawn.label == "Potassium: 4.1 on 2023, 4.9 on 2024-06-01"


@pytest.mark.parametrize("range_", ["3.5-5.1", "<5.1", ">3.5"])
def test_sparkline_band_lies_within_the_drawing(range_):
    points = (make_point("4.1", "2023-01-01"), make_point("6", "2024-01-01", range=range_))
    drawn = sparkline(make_trend(*points))
    assert drawn is not None
    assert drawn.band is not None
    top, height = drawn.band
    assert 0 <= top < top + height <= HEIGHT


def test_sparkline_is_flat_in_the_middle_when_nothing_changes():
    drawn = sparkline(make_trend(make_point("4", "2023-01-01"), make_point("4", "2024-01-01")))
    assert drawn is not None
    assert {y for _, y in drawn.dots} == {HEIGHT / 2}


def test_sparkline_stays_in_the_drawing_when_both_values_are_of_one_day():
    drawn = sparkline(make_trend(make_point("4", "2023-01-01"), make_point("5", "2023-01-01")))
    assert drawn is not None
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in drawn.dots)


def test_sparkline_reads_comparators_and_thousands():
    drawn = sparkline(make_trend(make_point("<0.5", "2023-01-01"), make_point("1,200", "2024")))
    assert drawn is not None
    assert drawn.dots[0][1] > drawn.dots[1][1]
