"""Whether the resolution that a file claims can be that of a page."""

_PLAUSIBLE_INCHES = (3.0, 18.0)
"""Longer side of a page: a vaccination card to A3. Outside it the file's dpi is a default."""
_MIN_DPI, _MAX_DPI = 60, 1300


def plausible_dpi(claimed: float, size: tuple[int, int]) -> int:
    """`claimed`, rounded, if it makes a page of plausible size of `size` pixels, else 0."""
    if not _MIN_DPI <= claimed <= _MAX_DPI:
        return 0
    low, high = _PLAUSIBLE_INCHES
    return round(claimed) if low <= max(size) / claimed <= high else 0
