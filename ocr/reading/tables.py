"""Ruled tables to lines: a row between two rules is one line, its cells from left to right.

Rules
1. A cell's text may run over several lines; between the rules it is one text. A row of such cells
   is read cell by cell, as it was written.
2. Where a cell stacks quantities, each on a line of its own (numbers, doses, units, dates), the
   rules enclose several records, and each line across is one. So it is where a cell has more than
   `_MAX_WRAPPED` lines, or a rule divides some of the columns. In doubt it is the line across that
   counts: a value may lose its unit to the next line, but never stand beside another's name.
3. Telephone numbers are no quantities.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence

from core.words import Word
from ocr.reading.critical import is_critical
from ocr.reading.rules import Grid

_MAX_WRAPPED = 3
_TELEPHONE = re.compile(r"\(?\d{3}\)?[ .-]*\d{3} ?[.-] ?\d{4}")

Row = list[Word]
"""Words in the order of reading."""
Rows = Callable[[Sequence[Word]], list[Row]]
"""What makes rows of words that share no rules."""


def within(grid: Grid, word: Word) -> bool:
    """Whether the middle of `word` lies in the table."""
    x, y = _middle(word)
    return grid.columns[0] < x < grid.columns[-1] and grid.rows[0] < y < grid.rows[-1]


def table_rows(grid: Grid, words: Iterable[Word], rows: Rows) -> list[Row]:
    """The table's `words` as rows, from top to bottom; `rows` finds those that no rule divides."""
    ruled: dict[int, list[Word]] = {}
    for word in words:
        ruled.setdefault(bisect_right(grid.rows, _middle(word)[1]), []).append(word)
    return [row for place in sorted(ruled) for row in _read(grid, place, ruled[place], rows)]


def _read(grid: Grid, place: int, words: list[Word], rows: Rows) -> list[Row]:
    across = rows(words)
    top, bottom = grid.rows[place - 1], grid.rows[place]
    if len(across) == 1 or any(top < rule < bottom for rule in grid.partial):
        return across
    cells: dict[int, list[Word]] = {}
    for word in words:
        cells.setdefault(bisect_right(grid.columns, _middle(word)[0]), []).append(word)
    texts = [rows(cells[column]) for column in sorted(cells)]
    if any(len(text) > _MAX_WRAPPED or _stacks_quantities(text) for text in texts):
        return across
    return [[word for text in texts for line in text for word in line]]


def _stacks_quantities(lines: Sequence[Row]) -> bool:
    return len(lines) > 1 and all(_has_quantity(line) for line in lines)


def _has_quantity(line: Row) -> bool:
    text = _TELEPHONE.sub(" ", " ".join(word.text for word in line))
    return any(is_critical(token) for token in text.split())


def _middle(word: Word) -> tuple[float, float]:
    box = word.box
    return (box.left + box.right) / 2, (box.top + box.bottom) / 2
