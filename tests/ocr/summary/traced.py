"""Reads a rendered history as a stranger would: from a sentence to its box to the words in it.

Nothing here asks the code that made a page where a statement came from: sentences, numbers, boxes
and quotes are taken from the files and held against facts.json and the words of the reading.
"""

import ctypes
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from core.words import Box, Page, Reading
from ocr.summary.pdf_parts import Typesetter

Json = dict[str, Any]

SILENT = {
    r"Patient history from \d+ paper documents?(, \S+ to \S+)?\. Numbers in blue lead to the place"
    r" on the paper\.": "what the page is made of",
    r"Emergency card, made from \d+ papers(, the newest of \S+)?": "what the card is made of",
    r"Birth date|Sex|MRN|Patient ID|NHS number|Insurance number|Identifier"
    r"|Emergency contact|Next of kin|Health care proxy|Guardian|Caregiver"
    r"|Primary care physician|Pharmacy": "label of a field",
    r"Name not found on the paper": "that something is missing",
    r"Not stated on any page\. Unknown, not none\.": "that something is missing",
    r"No page lists a medicine as current\. Unknown, not none\.": "that something is missing",
    r"Unknown\. No page says anything about allergies; that is not .none.\.": "the same",
    r"Unknown\. No page lists a (medicine as current|problem as present)\.": "the same",
    r"No laboratory results were found\.|None found on the paper\.": "the same",
    r"No rule applies to what was read\. That is no proof of safety\.": "what was not weighed",
    r"\d+ more (on the sides behind|on the one page|behind)": "leads to the rest",
    r"\d+ statements? of the paper (are|is) left out: somebody said so\.": "leads to the rest",
    r"Alerts: current medicines against allergies, each other, kidney function and highest doses;"
    r" results against critical limits and fast changes\. Each names its source\. What no source"
    r" here names is not weighed\.": "what alerts rest on",
    r"Made by software from the paper listed behind\. It repeats what the paper says, nothing"
    r" else; what no page says is unknown\. Not a diagnosis\.": "what the page is",
    r"Made by software from paper; numbers lead to the place in history\.html\. What is not here is"
    r" unknown, not absent\. Not a diagnosis\.": "what the card is",
    r"H and L as printed; ↑ and ↓ where the value lies outside the printed range and no mark is"
    r" printed\.": "how to read the table",
    r"Some letters of the paper are not in the type of this file; history\.html has them\.":
        "how to read the PDF",
    r"side \d+": "the number of a side",
}  # fmt: skip
"""Sentences that need no evidence, with why: none of them says anything of the patient."""

HEADINGS = (
    "Allergies", "Alerts", "The paper contradicts itself", "Medications", "Problems", "Key results",
    "Key results newest value, trend over the printed reference range (shaded); "
    "all values by date",
    "Key results: newest value, trend over the printed range (shaded)", "Procedures",
    "Immunisations", "Devices", "Background", "What is missing, and what to check",
    "Behind the first side", "Stopped, or last seen on older paper", "All results by date",
    "All results, newest first", "Other statements", "The paper", "More than one patient",
    "Dangers", "Takes now", "Newest results", "Said to be wrong", "Current", "Dose", "Route",
    "How often", "As of", "Source", "Test", "Value", "Date", "Range", "Trend", "Reference",
    "Other dates", "More alerts", "Sources of the alerts", "More contradictions", "More allergies",
    "More problems",
    "More current medications", "More stopped or last seen medications", "More procedures",
    "More immunisations", "More devices", "More social history", "More of the social history",
    "More that the paper expressly denies", "More family history (relatives, not the patient)",
    "More of the family history (relatives, not the patient)", "More to compare with the paper",
    "More that is missing", "More that is missing or to be checked",
    "Social:", "Vital signs:", "More vital signs", "More contacts", "Sources of the alerts",
    "Family history (relatives, not the patient):", "Expressly denied:", "Code status",
    "Advance directive",
)  # fmt: skip
"""Headings and labels of the files."""

WORDS = (
    "check", "contradicted", "undated", "not stated", "dose not stated", "not read", "no unit",
    "resolved", "past or unspecified", "stopped", "last seen", "earlier", "reference", "high",
    "low", "Compare with the paper", "Denied", "No", "as stated", "Birth date", "Sex",
    "one page affirms what another denies", "still taken, active, or over",
    "different doses at the same time", "different frequencies at the same time",
    "different values at the same time",
)  # fmt: skip
"""What the files may say around a fact's own words."""


@dataclass(frozen=True)
class Sentence:
    """A line, row or cell of a file, and the numbers that it leads to."""

    text: str
    numbers: tuple[int, ...]


_LINES = frozenset({"li", "tr", "dt", "dd", "p", "h1", "h2", "h3"})


@dataclass
class _Node:
    tag: str
    attributes: Mapping[str, str]
    parent: "_Node | None"
    parts: list["_Node | str"] = field(default_factory=list)

    def walk(self) -> Iterator["_Node"]:
        yield self
        for part in self.parts:
            if isinstance(part, _Node):
                yield from part.walk()

    def inside(self, *names: str) -> bool:
        """Whether it or what holds it has one of these tags or classes."""
        own = {self.tag, *self.attributes.get("class", "").split()} & set(names)
        return bool(own) or bool(self.parent and self.parent.inside(*names))

    @property
    def is_sentence(self) -> bool:
        classes = self.attributes.get("class", "")
        row = self.parent is not None and self.parent.attributes.get("class") in ("who", "run")
        cell = self.tag == "span" and (row or "value" in classes.split())
        return cell or "run" in classes or self.tag in _LINES

    @property
    def text(self) -> str:
        told = (p if isinstance(p, str) else "" if p.is_number else p.text for p in self.parts)
        return " ".join(" ".join(told).split())

    @property
    def is_number(self) -> bool:
        return self.tag in ("details", "svg") or self.number is not None

    @property
    def number(self) -> int | None:
        found = re.fullmatch(r"(?:history\.html)?#e(\d+)", self.attributes.get("href", ""))
        return int(found[1]) if found and self.tag == "a" else None


class _Tree(HTMLParser):
    _VOID = frozenset({"img", "meta", "br", "wbr"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.root = self._open = _Node("", {}, None)
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = _Node(tag, {name: value or "" for name, value in attrs}, self._open)
        self._open.parts.append(node)
        self._open = self._open if tag in self._VOID else node

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Drawings close their tags at once."""

    def handle_endtag(self, tag: str) -> None:
        assert tag == self._open.tag
        assert self._open.parent is not None
        self._open = self._open.parent

    def handle_data(self, data: str) -> None:
        self._open.parts.append(data)


def sentences(html: str) -> list[Sentence]:
    """Every line, row and cell before the paper; one in another is a sentence of its own.

    Fails when text stands outside of all of them.
    """
    found = []
    for node in _Tree(html).root.walk():
        if node.inside("sources", "head"):
            continue
        loose = [part for part in node.parts if isinstance(part, str) and part.strip()]
        assert not loose or _holder(node), f"text outside of any line: {loose}"
        if node.is_sentence and node.text:
            numbers = [inner.number for inner in node.walk()]
            found.append(Sentence(node.text, tuple(n for n in numbers if n is not None)))
    return found


def _holder(node: _Node | None) -> bool:
    return node is not None and (node.is_sentence or _holder(node.parent))


def marked(html: str) -> dict[int, tuple[str, int, Box, str]]:
    """By number: document, page, box in pixels and quote of each mark on the paper."""
    found = {}
    for figure in (node for node in _Tree(html).root.walk() if node.tag == "figure"):
        nodes = list(figure.walk())
        caption = next(node for node in nodes if node.tag == "figcaption")
        image = next(node for node in nodes if node.tag == "img").attributes
        document, page = re.fullmatch(r"(.+), page (\d+) \([^)]+\)", caption.text).groups()
        for mark in (node for node in nodes if node.attributes.get("id", "").startswith("e")):
            box = _pixels(mark.attributes["style"], int(image["width"]), int(image["height"]))
            number, quote = int(mark.attributes["id"][1:]), mark.attributes["title"]
            found[number] = (document, int(page), box, quote)
    return found


def _pixels(style: str, width: int, height: int) -> Box:
    told = {name: float(value) / 100 for name, value in re.findall(r"(\w+):([\d.]+)%", style)}
    left, top = told["left"] * width, told["top"] * height
    return Box(
        left=round(left),
        top=round(top),
        right=round(left + told["width"] * width),
        bottom=round(top + told["height"] * height),
    )


def pdf_sentences(packed: bytes) -> list[Sentence]:
    """The text before the paper, cut behind each number; what is left last leads nowhere."""
    found = []
    for side in pypdfium2.PdfDocument(packed):
        letters = list(_letters(side))
        text = "".join(letter for letter, _ in letters)
        if re.match(r"side \d+\s+.+, page \d+ \(", text):
            break
        start = 0
        for number in re.finditer(r"(?<![+\d])\d+(\+\d+)?", text):
            if any(linked for _, linked in letters[number.start() : number.end()]):
                told = text[start : number.start()]
                found.append(Sentence(told, (int(number.group().partition("+")[0]),)))
                start = number.end()
        found.append(Sentence(text[start:], ()))
    return found


def _letters(side: Any) -> Iterator[tuple[str, bool]]:
    """Each letter, and whether it stands in a link."""
    text, links = side.get_textpage(), _links(side)
    for index in range(text.count_chars()):
        left, bottom, right, top = text.get_charbox(index, loose=True)
        x, y = (left + right) / 2, (bottom + top) / 2
        linked = any(a <= x <= c and b <= y <= d for a, b, c, d in links)
        yield chr(pdfium.FPDFText_GetUnicode(text, index)), linked


def _links(side: Any) -> list[tuple[float, float, float, float]]:
    start, link, found = ctypes.c_int(0), pdfium.FPDF_LINK(), []
    while pdfium.FPDFLink_Enumerate(side, start, link):
        rect = pdfium.FS_RECTF()
        pdfium.FPDFLink_GetAnnotRect(link, rect)
        found.append((rect.left, rect.bottom, rect.right, rect.top))
    return found


def words_in(page: Page, box: Box) -> str:
    """The words that lie in the box, in the order of the reading."""
    return " ".join(
        word.text
        for line in page.lines
        for word in line.words
        if box.left <= word.box.left
        and word.box.right <= box.right
        and box.top <= word.box.top
        and word.box.bottom <= box.bottom
    )


def pages_of(reading: Reading) -> dict[tuple[str, int], Page]:
    return {(page.document, page.number): page for d in reading.documents for page in d.pages}


def box_of(evidence: Json) -> Box:
    return Box(**evidence["box"])


class Told:
    """facts.json, asked which words a sentence may have."""

    def __init__(self, document: Json, reading: Reading) -> None:
        self._alerts = document["alerts"]
        self.facts = [*document["facts"], *document["withdrawn"]]
        self.evidence = [(fact, each) for fact in self.facts for each in fact["evidence"]]
        self._dates = {d for fact in self.facts for d in (fact["date"], fact["date_either"]) if d}
        self._silent = [_squeezed(pattern) for pattern in SILENT]
        # Cautions speak of files and alerts' sources of publications, not of the patient.
        fixed = [*HEADINGS, *(caution["text"] for caution in document["warnings"])]
        fixed += [alert["source"] for alert in document["alerts"]]
        self._free = [re.escape(_squeezed(words)) for words in fixed]
        dated = r"(?:\d{4}(?:-\d\d){0,2}|undated)?"
        self._free += [re.escape(_squeezed(d.name)) + dated for d in reading.documents]
        # A publication's title speaks of no patient.
        titles = (Typesetter.plain(alert["source"]) for alert in document["alerts"])
        self._free += [re.escape(_squeezed(title)) for title in titles]

    def fact(self, number: int) -> Json:
        """The fact of the mark with this number: they are counted through facts.json."""
        fact: Json = self.evidence[number - 1][0]
        return fact

    def unexplained(self, sentence: Sentence, before: Sequence[int] = ()) -> str:
        """What of a sentence neither the facts it leads to say, nor `SILENT` has: "" for nothing.

        `before` are numbers in the same row of a table.
        """
        facts = [self.fact(number) for number in sentence.numbers]
        own = [words for fact in facts for words in _own_words(fact)]
        own += [self.fact(number)["range"] or "" for number in before]
        own += [
            words
            for alert in self._alerts
            if {fact["id"] for fact in facts} & set(alert["facts"])
            for words in (alert["title"], alert["reason"], _short(alert["source"]))
        ]
        # Dates stand alone over the columns of results.
        bare = (*WORDS,) if facts else (*self._dates, "undated")
        known = {*self._silent, *self._free, *(re.escape(_squeezed(w)) for w in (*own, *bare))}
        body = "|".join(sorted(known - {""}, key=len, reverse=True))
        text = _squeezed(sentence.text)
        match = re.compile(rf"(?:{body}|[^\w])*+", re.IGNORECASE).match(text)
        return text[match.end() :] if match else text


def _short(source: str) -> str:
    return re.split(r"[,:]", source, maxsplit=1)[0]


def _own_words(fact: Json) -> Iterator[str]:
    """The fields of a fact, as they stand and in the letters of the PDF."""
    for name, value in fact.items():
        if isinstance(value, str) and name not in ("id", "kind", "polarity", "experiencer"):
            yield from (value, value.rstrip("."), Typesetter.plain(value))
    yield from re.findall(r"\S+", fact["cue"] or "")


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)
