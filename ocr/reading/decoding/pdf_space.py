"""From PDF page coordinates (points, y upwards, before rotation) to the page as displayed."""

from ctypes import byref, c_int
from dataclasses import dataclass

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

Bounds = tuple[float, float, float, float]
"""Left, top, right, bottom in points of the displayed page, y downwards."""

_SPAN = 1000.0
_FINE = 256
"""The library answers in whole pixels; asked for a page this much larger it is exact enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DisplaySpace:
    """An affine map that includes the page's rotation and crop."""

    x: tuple[float, float, float]
    y: tuple[float, float, float]
    rotation: int
    """Clockwise turn of the page when displayed: 0, 90, 180 or 270 degrees."""

    @classmethod
    def of(cls, page: pdfium.PdfPage) -> "DisplaySpace":
        origin, across, up = (
            _displayed(page, *point) for point in ((0.0, 0.0), (_SPAN, 0.0), (0.0, _SPAN))
        )
        x, y = (
            (
                (across[axis] - origin[axis]) / _SPAN,
                (up[axis] - origin[axis]) / _SPAN,
                origin[axis],
            )
            for axis in (0, 1)
        )
        return cls(x=x, y=y, rotation=page.get_rotation())

    def box(self, left: float, bottom: float, right: float, top: float) -> Bounds:
        corners = [(a, b) for a in (left, right) for b in (bottom, top)]
        xs = [self.x[0] * a + self.x[1] * b + self.x[2] for a, b in corners]
        ys = [self.y[0] * a + self.y[1] * b + self.y[2] for a, b in corners]
        return min(xs), min(ys), max(xs), max(ys)


def _displayed(page: pdfium.PdfPage, x: float, y: float) -> tuple[float, float]:
    width, height = (max(1, round(side)) for side in page.get_size())
    across, down = c_int(), c_int()
    pdfium_c.FPDF_PageToDevice(
        page, 0, 0, width * _FINE, height * _FINE, 0, x, y, byref(across), byref(down)
    )
    true_width, true_height = page.get_size()
    return across.value / _FINE * true_width / width, down.value / _FINE * true_height / height
