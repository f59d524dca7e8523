"""A page as text with places: every span of it can be turned into evidence.

Spans that become evidence are widened to whole words and split by line, so that the words in a
box read exactly like its quote.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import reduce
from statistics import median

from core.facts import Evidence
from core.words import Box, Page, Word

Span = tuple[int, int]
"""Character offsets [start, end) in the page text."""

CELL_GAP = 1.1
"""A gap wider than this many line heights parts two cells of a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """Words of a line that stand close together."""

    start: int
    end: int
    left: int
    right: int
    """Pixels of the page image."""
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLine:
    """A line with its offsets in the page text."""

    index: int
    start: int
    end: int
    text: str
    cells: tuple[Cell, ...]
    top: int
    bottom: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PageText:
    """A page, its text, and where each word of it starts and ends."""

    page: Page
    text: str
    lines: tuple[TextLine, ...]
    words: tuple[Word, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    line_of: tuple[int, ...]
    """Line index of each word."""

    def words_in(self, span: Span) -> range:
        """Indices of the words that `span` touches."""
        return range(bisect_right(self.ends, span[0]), bisect_left(self.starts, span[1]))

    def confidence(self, span: Span) -> float:
        """The lowest confidence among the words of `span`."""
        return min((self.words[i].confidence for i in self.words_in(span)), default=0.0)

    def line_at(self, offset: int) -> TextLine:
        """The line that holds `offset`."""
        return self.lines[max(0, bisect_right([line.start for line in self.lines], offset) - 1)]

    def evidence(self, span: Span, method: str) -> tuple[Evidence, ...]:
        """One Evidence for each line that `span` touches, none for an empty span."""
        rows: dict[int, list[int]] = {}
        for i in self.words_in(span):
            rows.setdefault(self.line_of[i], []).append(i)
        return tuple(self._row_evidence(row, method) for row in rows.values())

    def _row_evidence(self, row: list[int], method: str) -> Evidence:
        start, end = self.starts[row[0]], self.ends[row[-1]]
        return Evidence(
            document=self.page.document,
            page=self.page.number,
            box=reduce(Box.union, (self.words[i].box for i in row)),
            span=(start, end),
            quote=self.text[start:end],
            method=method,
        )


def page_text(page: Page) -> PageText:
    """Index a page. Cells are found by gaps against the page's median word height."""
    height = median([w.box.bottom - w.box.top for line in page.lines for w in line.words] or [1])
    words: list[Word] = []
    starts: list[int] = []
    line_of: list[int] = []
    lines = []
    for index, line in enumerate(page.lines):
        first, offset = len(words), line.start
        for word in line.words:
            words.append(word)
            starts.append(offset)
            line_of.append(index)
            offset += len(word.text) + 1
        lines.append(_text_line(index, line.words, starts[first:], line.start, CELL_GAP * height))
    return PageText(
        page=page,
        text=page.text,
        lines=tuple(lines),
        words=tuple(words),
        starts=tuple(starts),
        ends=tuple(s + len(w.text) for s, w in zip(starts, words, strict=True)),
        line_of=tuple(line_of),
    )


def _text_line(
    index: int, words: tuple[Word, ...], starts: list[int], start: int, gap: float
) -> TextLine:
    groups: list[list[tuple[Word, int]]] = []
    for word, offset in zip(words, starts, strict=True):
        if groups and word.box.left - groups[-1][-1][0].box.right <= gap:
            groups[-1].append((word, offset))
        else:
            groups.append([(word, offset)])
    text = " ".join(word.text for word in words)
    return TextLine(
        index=index,
        start=start,
        end=start + len(text),
        text=text,
        cells=tuple(_cell(group) for group in groups),
        top=min((w.box.top for w in words), default=0),
        bottom=max((w.box.bottom for w in words), default=0),
    )


def _cell(group: list[tuple[Word, int]]) -> Cell:
    return Cell(
        start=group[0][1],
        end=group[-1][1] + len(group[-1][0].text),
        left=min(word.box.left for word, _ in group),
        right=max(word.box.right for word, _ in group),
        text=" ".join(word.text for word, _ in group),
    )
