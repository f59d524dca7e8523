"""Pages made fit for recognition: photos laid flat, light evened, small letters enlarged."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from PIL import Image

from ocr.reading.pixels import Grey, jpeg, load_grey, resized, save_pgm
from ocr.reading.preparation import (
    despeckled,
    enlargement,
    evenly_lit,
    glyph_height,
    is_bilevel,
    prepare,
)
from ocr.reading.sheet import find_sheet, flatten

Draw = Callable[..., Image.Image]
Noisy = Callable[[Image.Image], Image.Image]
LONG = tuple(f"Line {number}: Potassium 4.{number} mmol/L" for number in range(14))
CORNERS = np.array([[130, 90], [1010, 150], [970, 1120], [70, 1060]], dtype=np.float32)


def _photo(page: Image.Image, desk: int = 60) -> Grey:
    """The page lying on a dark desk, seen at an angle."""
    sheet = np.asarray(page)
    height, width = sheet.shape
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    view = cv2.getPerspectiveTransform(source, CORNERS)
    return np.asarray(
        cv2.warpPerspective(sheet, view, (1100, 1200), borderValue=desk), dtype=np.uint8
    )


def test_find_sheet_gives_the_corners_when_a_page_lies_on_a_desk(draw_page: Draw) -> None:
    found = find_sheet(_photo(draw_page(LONG)))
    assert found is not None
    assert np.abs(found - CORNERS).max() < 12


def test_find_sheet_gives_the_corners_when_a_shadow_lies_across(draw_page: Draw) -> None:
    photo = _photo(draw_page(LONG)).astype(float)
    fall = np.linspace(1.0, 0.62, photo.shape[1])
    found = find_sheet((photo * fall).astype(np.uint8))
    assert found is not None
    assert np.abs(found - CORNERS).max() < 15


def test_find_sheet_finds_none_when_the_page_fills_the_frame(draw_page: Draw, noisy: Noisy) -> None:
    assert find_sheet(np.asarray(draw_page(LONG))) is None
    assert find_sheet(np.asarray(noisy(draw_page(LONG)))) is None


def test_find_sheet_finds_none_when_a_form_has_a_frame(draw_page: Draw) -> None:
    page = np.asarray(draw_page(LONG)).copy()
    cv2.rectangle(page, (30, 30), (page.shape[1] - 30, page.shape[0] - 30), (0,), 4)
    assert find_sheet(page) is None


@pytest.mark.parametrize("level", [0, 128, 255])
def test_find_sheet_finds_none_when_the_page_is_blank(level: int) -> None:
    assert find_sheet(np.full((800, 600), level, np.uint8)) is None


def test_flatten_gives_the_page_back_when_the_corners_are_right(draw_page: Draw) -> None:
    page = draw_page(LONG)
    flat = flatten(_photo(page), CORNERS)
    upright = cv2.resize(np.asarray(page), flat.shape[::-1], interpolation=cv2.INTER_AREA)
    assert np.corrcoef(flat.ravel(), upright.ravel())[0, 1] > 0.7


def test_prepare_forgets_the_cameras_dpi_when_it_flattens(draw_page: Draw) -> None:
    prepared = prepare(_photo(draw_page(LONG)), 300)
    assert round(prepared.dpi / prepared.enlargement) == pytest.approx(
        max(prepared.upright.shape) / 11.3, abs=1
    )


def test_evenly_lit_removes_a_shadow_when_there_is_one(draw_page: Draw, noisy: Noisy) -> None:
    page = np.asarray(noisy(draw_page(LONG)), float)
    dark = (page * np.linspace(1, 0.4, page.shape[1])).astype(np.uint8)
    lit = evenly_lit(dark)
    blank = lit[:50]  # nothing is printed there
    assert blank[:, -80:].mean() == pytest.approx(blank[:, :80].mean(), abs=6)


def test_evenly_lit_changes_nothing_when_the_page_is_clean(draw_page: Draw) -> None:
    page = np.asarray(draw_page(LONG))
    assert evenly_lit(page) is page


def test_is_bilevel_tells_a_fax_from_a_scan(draw_page: Draw, noisy: Noisy) -> None:
    assert is_bilevel(np.asarray(draw_page(LONG).point(lambda v: 255 * (v > 128))))
    assert not is_bilevel(np.asarray(noisy(draw_page(LONG))))


def test_despeckled_keeps_decimal_points_when_it_removes_noise(draw_page: Draw) -> None:
    clean = np.asarray(draw_page(LONG, size=22).point(lambda v: 255 * (v > 128)), dtype=np.uint8)
    noise = np.random.default_rng(2).random(clean.shape)
    noisy = np.where(noise < 0.002, 0, np.where(noise > 0.998, 255, clean)).astype(np.uint8)
    better = despeckled(noisy)
    assert np.count_nonzero(better != clean) < 0.4 * np.count_nonzero(noisy != clean)
    point = cv2.connectedComponentsWithStats((clean < 128).astype(np.uint8))
    areas = point[2][1:, cv2.CC_STAT_AREA]
    assert areas.min() > 3  # the smallest mark of the page is the decimal point


def test_enlargement_grows_letters_only_when_they_are_small(draw_page: Draw) -> None:
    small, large = (np.asarray(draw_page(LONG, size=size)) for size in (14, 40))
    assert enlargement(small) > 1.5
    assert enlargement(large) == 1.0
    assert glyph_height(resized(small, enlargement(small))) == pytest.approx(26, abs=5)


def test_prepare_gives_a_dpi_when_the_page_is_blank_and_unknown() -> None:
    prepared = prepare(np.full((400, 300), 255, np.uint8), 0)
    assert prepared.dpi >= 70
    assert prepared.enlargement == 1.0


def test_pixels_survive_when_saved_and_loaded(tmp_path, draw_page: Draw) -> None:  # type: ignore[no-untyped-def]
    page = np.asarray(draw_page())
    (tmp_path / "raw").write_bytes(page.tobytes())
    assert np.array_equal(load_grey(tmp_path / "raw", page.shape[1], page.shape[0]), page)
    save_pgm(page, tmp_path / "page.pgm")
    assert np.array_equal(np.asarray(Image.open(tmp_path / "page.pgm")), page)
    with pytest.raises(ValueError):
        load_grey(tmp_path / "raw", page.shape[1], page.shape[0] + 1)


def test_jpeg_raises_when_the_page_is_too_long_for_it() -> None:
    with pytest.raises((ValueError, cv2.error)):
        jpeg(np.zeros((70_000, 2), np.uint8), 60)
