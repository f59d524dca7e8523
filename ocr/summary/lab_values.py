"""Values of results as printed: numbers with comparators, flags, limits of reference ranges."""

import re

NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?"
VALUE = re.compile(
    rf"(?P<star>\*\s?)?(?P<value>(?:[<>≤≥]=?\s?)?-?(?:{NUMBER}))(?P<flag>[HL]{{1,2}}|\*)?"
    r"(?=[\s,;)%]|$|\.(?:\s|$)|[a-zA-Zµμ]+/)"
)
MISREAD = re.compile(r"(?P<star>)(?P<value>\d{1,3}:\d{1,2})(?P<flag>)(?=\s)")
"""A colon where the point was: a value only if a unit follows, or it is a time of day."""

_FLAGS = {
    "high": "H", "low": "L", "abnormal": "A", "abn": "A", "critical": "A", "crit": "A",
    "↑": "H", "↓": "L", "*": "A", "**": "A",
}  # fmt: skip
_NO_FLAG = frozenset({"n", "normal"})


def number(value: str) -> float:
    """The number of a printed value, its comparator left aside."""
    digits = re.sub(r"[^\d.,-]", "", value)
    if re.fullmatch(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?", digits):
        digits = digits.replace(",", "")
    return float(digits.replace(",", "."))


def bounds(range_: str) -> tuple[float | None, float | None]:
    """Lower and upper limit of a printed reference range."""
    numbers = [number(n) for n in re.findall(NUMBER, range_)]
    if len(numbers) == 2:
        return numbers[0], numbers[1]
    upper = re.match(r"[<≤]|up to|below|under|less", range_, re.IGNORECASE)
    if len(numbers) != 1:
        return None, None
    return (None, numbers[0]) if upper else (numbers[0], None)


def side_of(value: str, range_: str) -> str | None:
    """ "H" or "L" when the value lies outside the printed range, "" inside, None if unknown."""
    low, high = bounds(range_)
    if low is None and high is None:
        return None
    measured = number(value)
    if high is not None and (
        measured > high or (measured == high and range_[0] == "<" and "<" not in value)
    ):
        return "H"
    if low is not None and (
        measured < low or (measured == low and range_[0] == ">" and ">" not in value)
    ):
        return "L"
    return ""


def read_value(text: str) -> re.Match[str] | None:
    """A value at the start of a cell."""
    return VALUE.match(text)


def shown_value(match: re.Match[str], range_: str | None = None) -> str:
    """The value without spaces; a comma or colon before the decimals as the point it stands for.

    A comma stays where the reference range has commas too: so this laboratory writes.
    """
    value = re.sub(r"\s+", "", match["value"])
    return value if range_ and "," in range_ else _POINT.sub(".", value)


_POINT = re.compile(r"(?<=\d)[,:](?=\d{1,2}$)")


def shown_flag(printed: str | None) -> str | None:
    """H, L, HH, LL or A; None for nothing and for "normal"."""
    if not printed or printed.lower() in _NO_FLAG:
        return None
    return _FLAGS.get(printed.lower(), printed.upper().rstrip("*"))
