"""Finding a sheet of paper in a photo and laying it flat.

Only a clear case is touched: one bright quadrilateral, large, on surroundings that are darker. A
scan, whose paper fills the frame, has no such thing and passes through unchanged.
"""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from ocr.reading.pixels import Grey

_WORKING_SIDE = 640
"""Longer side of the copy in which the sheet is looked for."""
_MIN_AREA, _MAX_AREA = 0.30, 0.985
"""Share of the frame that the sheet takes."""
_MIN_CONTRAST = 28
"""Grey levels by which the sheet is lighter than what lies around it."""
_MIN_FILL = 0.93
"""Share of the quadrilateral that the bright region covers, and the other way round."""
_MAX_SIDE_RATIO = 1.6
"""Of opposite sides; more is no view that a person would take of a page."""

Corners = NDArray[np.float32]
"""Four points (x, y): top left, top right, bottom right, bottom left."""


def find_sheet(image: Grey) -> Corners | None:
    """Corners of the sheet in pixels of `image`, or None when this is no photo of one."""
    scale = _WORKING_SIDE / max(image.shape)
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    calm = np.asarray(cv2.medianBlur(small, 7), dtype=np.uint8)
    best: tuple[float, Corners] | None = None
    for mask in _bright_regions(calm):
        corners = _quadrilateral(mask)
        if corners is None or not _stands_out(calm, corners):
            continue
        area = float(cv2.contourArea(corners))
        if best is None or area > best[0]:
            best = (area, corners)
    return None if best is None else (best[1] / scale).astype(np.float32)


def flatten(image: Grey, corners: Corners) -> Grey:
    """The sheet seen from above; its sides as long as they are in the photo."""
    top_left, top_right, bottom_right, bottom_left = corners
    width = round(max(_length(top_left, top_right), _length(bottom_left, bottom_right)))
    height = round(max(_length(top_left, bottom_left), _length(top_right, bottom_right)))
    target = np.array(
        [[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], dtype=np.float32
    )
    view = cv2.getPerspectiveTransform(corners, target)
    flat = cv2.warpPerspective(
        image, view, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(flat, dtype=np.uint8)


def _bright_regions(image: Grey) -> Iterator[Grey]:
    """Masks of the largest bright region at several thresholds; shadows make one not enough."""
    otsu = cv2.threshold(image, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[0]
    dark = float(np.percentile(image, 3))
    for level in (otsu, otsu * 0.85, otsu * 0.7, (otsu + dark) / 2):
        mask = cv2.threshold(image, level, 255, cv2.THRESH_BINARY)[1]
        mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
        if count > 1:
            largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
            yield np.where(labels == largest, 255, 0).astype(np.uint8)


def _quadrilateral(mask: Grey) -> Corners | None:
    """Four corners that the region's hull fills, or None when it has another shape."""
    contours = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]
    if not contours:
        return None
    outline = max(contours, key=cv2.contourArea)
    hull = cv2.convexHull(outline)
    for share in (0.01, 0.02, 0.03, 0.045, 0.06):
        corners = cv2.approxPolyDP(hull, share * cv2.arcLength(hull, closed=True), closed=True)
        if len(corners) == 4:
            break
    else:
        return None
    area, covered = float(cv2.contourArea(corners)), float(cv2.contourArea(outline))
    frame = mask.shape[0] * mask.shape[1]
    if not _MIN_AREA <= area / frame <= _MAX_AREA:
        return None
    if min(area, covered) < _MIN_FILL * max(area, covered):
        return None
    ordered = _ordered(corners.reshape(4, 2).astype(np.float32))
    return ordered if _is_page_like(ordered) else None


def _ordered(points: Corners) -> Corners:
    by_sum, by_difference = points.sum(axis=1), points[:, 0] - points[:, 1]
    picked = [by_sum.argmin(), by_difference.argmax(), by_sum.argmax(), by_difference.argmin()]
    return points[picked]


def _is_page_like(corners: Corners) -> bool:
    sides = [_length(corners[i], corners[(i + 1) % 4]) for i in range(4)]
    if min(sides) < 1 or len({tuple(corner) for corner in corners}) < 4:
        return False
    pairs = ((sides[0], sides[2]), (sides[1], sides[3]))
    return all(max(pair) / min(pair) <= _MAX_SIDE_RATIO for pair in pairs)


def _stands_out(image: Grey, corners: Corners) -> bool:
    """Whether the paper is lighter than what is around it, on the sides where anything is."""
    inside = np.zeros(image.shape, np.uint8)
    cv2.fillConvexPoly(inside, corners.astype(np.int32), (255,))
    core = cv2.erode(inside, np.ones((15, 15), np.uint8))
    around = cv2.bitwise_not(cv2.dilate(inside, np.ones((5, 5), np.uint8)))
    if np.count_nonzero(around) < 0.01 * around.size or not core.any():
        return False
    paper = float(np.percentile(image[core > 0], 60))
    desk = float(np.percentile(image[around > 0], 60))
    return paper - desk >= _MIN_CONTRAST


def _length(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    return float(np.hypot(*(a - b)))
