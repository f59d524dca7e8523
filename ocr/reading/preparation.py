"""A decoded page to one that can be recognised: flat, evenly lit, large enough, of known dpi.

Every step is a function from image to image and does nothing where it has nothing to do. Boxes
that an engine finds in the prepared image are pixels of that image.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.reading.pixels import Grey, resized
from ocr.reading.sheet import find_sheet, flatten

_PAGE_INCHES = 11.3
"""Longer side of a letter or A4 sheet, for pages whose file does not say their resolution."""
_MIN_GLYPH = 20.0
"""Pixels; letters smaller than this are enlarged ..."""
_GOOD_GLYPH = 26.0
"""... to about this height, where the recogniser loses no decimal points."""
_GOOD_BILEVEL_GLYPH = 34.0
"""Black-and-white pages need more room, for their steps to be rounded."""
_CLEARLY = 1.2
"""Times `_MIN_GLYPH`, where a height measured by half will do."""
_LARGE_SIDE = 2_000
"""Pixels of the longer side from which on measuring by half saves time."""
_MAX_ENLARGEMENT = 3.0
_MAX_ENLARGED_PIXELS = 24_000_000
_BILEVEL_SHARE = 0.985
"""Share of pixels near black or white from which on a page counts as black and white."""
_SPECK_PIXELS = 3
_UNEVEN_LEVELS = 12.0
"""Spread of the paper's grey from which on its light is evened out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    image: Grey
    dpi: int
    upright: Grey
    """The page to show: flat, but neither enlarged nor filtered."""
    enlargement: float
    """Size of `image` over that of `upright`."""


def prepare(image: Grey, dpi: int) -> Prepared:
    """Prepare a page for recognition. `dpi` is 0 when unknown; the answer's never is."""
    corners = find_sheet(image)
    if corners is not None:
        image = flatten(image, corners)
        dpi = 0  # the file's figure was about the camera, not about this sheet
    dpi = dpi or round(max(image.shape) / _PAGE_INCHES)
    bilevel = is_bilevel(image)
    clean = despeckled(image) if bilevel else evenly_lit(image)
    factor = enlargement(clean, _GOOD_BILEVEL_GLYPH if bilevel else _GOOD_GLYPH)
    enlarged = resized(clean, factor)
    return Prepared(
        image=softened(enlarged) if bilevel else enlarged,
        dpi=max(70, round(dpi * factor)),
        upright=image,
        enlargement=factor,
    )


def is_bilevel(image: Grey) -> bool:
    """Whether the page is black and white, such as a fax."""
    histogram = cv2.calcHist([image], [0], None, [256], [0, 256])
    extreme = float(histogram[:20].sum() + histogram[236:].sum())
    return bool(extreme > _BILEVEL_SHARE * image.size)


def evenly_lit(image: Grey) -> Grey:
    """Divide by the paper's own brightness, so that shadows go; even pages are left alone."""
    height, width = image.shape
    shrink = max(1, min(height, width) // 300)
    size = (max(1, width // shrink), max(1, height // shrink))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    paper = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8))
    paper = cv2.GaussianBlur(paper, (0, 0), 7)
    low, high = np.percentile(paper, (2, 98))
    if high - low < _UNEVEN_LEVELS and high > 240:
        return image
    light = cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.divide(image, np.maximum(light, 1), scale=255), dtype=np.uint8)


def despeckled(image: Grey) -> Grey:
    """Remove single pixels of noise, dark and light; a full stop at 100 dpi is larger."""
    black = (image < 128).astype(np.uint8)
    for ink, connectivity in ((1, 8), (0, 4)):
        mask = black if ink else 1 - black
        _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=connectivity)
        speck = stats[:, cv2.CC_STAT_AREA] <= _SPECK_PIXELS
        speck[0] = False
        if speck.any():
            black[speck[labels]] = 1 - ink
    return np.where(black, 0, 255).astype(np.uint8)


def _is_clearly_large(image: Grey) -> bool:
    """Whether letters are large beyond doubt, told from a copy of a quarter of the pixels."""
    if max(image.shape) < _LARGE_SIDE:
        return False
    half = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    return 2 * glyph_height(np.asarray(half, dtype=np.uint8)) >= _CLEARLY * _MIN_GLYPH


def glyph_height(image: Grey) -> float:
    """Median height, in pixels, of what looks like a letter; a middling value for empty pages."""
    stats = cv2.connectedComponentsWithStats(ink_of(image), connectivity=8)[2][1:]
    return letter_height(np.asarray(stats, np.int32))


def letter_height(components: NDArray[np.int32]) -> float:
    """The same, from the rows that OpenCV gives for the ink's components."""
    heights, widths = components[:, cv2.CC_STAT_HEIGHT], components[:, cv2.CC_STAT_WIDTH]
    large = components[:, cv2.CC_STAT_AREA] > 12
    letters = (heights > 5) & (heights < 120) & (widths < 200) & large
    return float(np.median(heights[letters])) if letters.sum() > 20 else _GOOD_GLYPH


def ink_of(image: Grey) -> Grey:
    """255 where the page is darker than what lies around, 0 elsewhere."""
    ink = cv2.adaptiveThreshold(
        image, 255, cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY_INV, 31, 15
    )
    return np.asarray(ink, dtype=np.uint8)


def softened(image: Grey) -> Grey:
    """Round the steps of a black-and-white page, which the recogniser takes for serifs."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 0.8), dtype=np.uint8)


def enlargement(image: Grey, good_glyph: float = _GOOD_GLYPH) -> float:
    """By how much to enlarge so that letters reach `good_glyph` pixels; 1 when large already."""
    if _is_clearly_large(image):
        return 1.0
    height = glyph_height(image)
    if height >= _MIN_GLYPH:
        return 1.0
    room = float(np.sqrt(_MAX_ENLARGED_PIXELS / image.size))
    return max(1.0, min(_MAX_ENLARGEMENT, good_glyph / height, room))
