"""Where a table's rules run, and the page without its dotted ones."""

import cv2
import numpy as np
import pytest

from ocr.reading.pixels import Grey
from ocr.reading.rules import Grid, without_dotted_rules

COLUMNS, ROWS = (100, 500, 900, 1300), (100, 180, 260, 420)
NEAR = 6
"""Pixels by which a rule that was found may be off."""


def _page(*, dotted: bool, frame: bool = True, ruled: bool = True) -> Grey:
    page = np.full((600, 1400), 255, np.uint8)
    for row in (160, 240, 320, 400, 500):
        for left in COLUMNS[:-1]:
            font = cv2.FONT_HERSHEY_SIMPLEX
            cv2.putText(page, "Sodium level", (left + 40, row), font, 1.0, (0,), 2)
    step = 6 if dotted else 1
    for y in ROWS if ruled else ():
        page[y : y + 2, COLUMNS[0] : COLUMNS[-1] : step] = 0
        page[y : y + 2, COLUMNS[0] + 1 : COLUMNS[-1] : step] = 0
    for x in COLUMNS if frame else COLUMNS[1:-1]:
        page[ROWS[0] : ROWS[-1] : step, x : x + 2] = 0
        page[ROWS[0] + 1 : ROWS[-1] : step, x : x + 2] = 0
    return page


@pytest.mark.parametrize("dotted", [True, False])
@pytest.mark.parametrize("frame", [True, False])
def test_without_dotted_rules_finds_the_table_when_it_is_ruled(dotted: bool, frame: bool) -> None:
    (grid,) = without_dotted_rules(_page(dotted=dotted, frame=frame))[1]
    assert grid.columns == pytest.approx(COLUMNS, abs=NEAR)
    assert grid.rows == pytest.approx(ROWS, abs=NEAR)
    assert grid.partial == ()


def test_without_dotted_rules_paints_over_dots_and_leaves_the_letters() -> None:
    page = _page(dotted=True)
    clean, _ = without_dotted_rules(page)
    assert (clean[ROWS[1] - 1 : ROWS[1] + 3, 520:880] == 255).all()
    letters = (slice(200, 250), slice(130, 480))
    assert np.array_equal(clean[letters], page[letters])


def test_without_dotted_rules_leaves_the_page_alone_when_its_rules_are_solid() -> None:
    page = _page(dotted=False)
    assert np.array_equal(without_dotted_rules(page)[0], page)


@pytest.mark.parametrize(
    "page",
    [
        _page(dotted=False, ruled=False),
        np.full((300, 400), 255, np.uint8),
        np.zeros((1, 1), np.uint8),
        np.random.default_rng(3).integers(0, 256, (300, 300), dtype=np.uint8),
    ],
    ids=["no level rules", "empty", "one pixel", "noise"],
)
def test_without_dotted_rules_finds_no_table_when_there_is_none(page: Grey) -> None:
    clean, grids = without_dotted_rules(page)
    assert grids == ()
    assert clean is page


def test_without_dotted_rules_tells_rules_that_divide_some_columns_only() -> None:
    page = _page(dotted=False)
    page[340:342, COLUMNS[0] : COLUMNS[1]] = 0
    (grid,) = without_dotted_rules(page)[1]
    assert grid.rows == pytest.approx(ROWS, abs=NEAR)
    assert grid.partial == pytest.approx((341,), abs=NEAR)


def test_scaled_moves_every_rule() -> None:
    grid = Grid(columns=(10, 20, 30), rows=(2, 4, 6), partial=(5,))
    assert grid.scaled(2) == Grid(columns=(20, 40, 60), rows=(4, 8, 12), partial=(10,))
