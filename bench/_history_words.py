"""Stages between words and facts against annotated text: negation, drug names, doses.

Each measure gives whole-set figures and, as `kept`, those of every second item (docs/adr/0021).
The rivals are what one would use without this project.
"""

import csv
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from drug_named_entity_recognition import find_drugs as package_drugs

from bench._history_text import document
from ocr.summary.assertions import assertion
from ocr.summary.doses import find_doses
from ocr.summary.drugs import find_drugs
from ocr.summary.medications import medication_mentions
from ocr.summary.sheets import sheets
from ocr.summary.text import Span

Row = dict[str, float]

_HEADING = re.compile(
    r"(?:^|,|\.)\s*((?:[A-Z/&-]+ ){0,4}(?:MEDICATIONS?|MEDS)(?: (?:AT|ON) [A-Z]+)?)\s*:[\s,]*"
)
_NEXT = re.compile(r",\s*[A-Z][A-Z /&,()-]{4,}:|\.,?\s*[A-Z][A-Z ]{6,}:")
GOLD = Path(__file__).with_name("data") / "mtsamples_medications.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Right, wrongly found, and missed."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            right=self.right + other.right,
            wrong=self.wrong + other.wrong,
            missed=self.missed + other.missed,
        )

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 0.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 0.0

    @property
    def f1(self) -> float:
        total = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / total if total else 0.0


def total(counts: Sequence[Counts]) -> Counts:
    return sum(counts, Counts())


def row(items: Sequence[Counts]) -> Row:
    """Whole set and kept half."""
    whole, kept = total(items), total(items[1::2])
    return {
        "f1": whole.f1,
        "precision": whole.precision,
        "recall": whole.recall,
        "f1 kept": kept.f1,
        "items": len(items),
    }


def sets(found: set[Span], gold: set[Span]) -> Counts:
    """Counts of two sets of things that are right only when equal."""
    return Counts(right=len(found & gold), wrong=len(found - gold), missed=len(gold - found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """A sentence of the NegEx kit with one concept in it."""

    text: str
    concept: Span
    negated: bool


def negation(folder: Path) -> dict[str, Row]:
    """F1 of "negated" on the sentences of the NegEx kit, beside NegEx with its own triggers."""
    sentences = list(_sentences(folder / "sentences_dev.txt"))
    rival = negex(folder / "triggers.txt")
    return {
        "negation": row([_judged(s, ours(s)) for s in sentences]),
        "negation, NegEx and its triggers": row([_judged(s, rival(s)) for s in sentences]),
    }


def ours(sentence: Sentence) -> bool:
    return assertion(sentence.text, sentence.concept).negated


def _judged(sentence: Sentence, negated: bool) -> Counts:
    return Counts(
        right=negated and sentence.negated,
        wrong=negated and not sentence.negated,
        missed=sentence.negated and not negated,
    )


def _sentences(path: Path) -> Iterator[Sentence]:
    """The annotated concept stands in capitals where the sentence has it more than once."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        for record in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            text, concept = record["Sentence"].strip('"'), record["Concept"].strip()
            pattern = r"\s+".join(re.escape(word) for word in concept.split())
            places = list(re.finditer(pattern, text, re.IGNORECASE))
            marked = [place for place in places if place.group().isupper()]
            if place := next(iter(marked or places), None):
                negated = record["Negation"].strip() == "Negated"
                yield Sentence(text=text, concept=place.span(), negated=negated)


def negex(triggers: Path) -> Callable[[Sentence], bool]:
    """NegEx as published: triggers act within five words, up to a conjunction."""
    terms: dict[str, list[str]] = {"PREN": [], "POST": [], "PSEU": [], "CONJ": []}
    for line in triggers.read_text(encoding="latin-1").splitlines():
        if found := re.match(r"(.+?)\s*\[(PREN|POST|PSEU|CONJ)\]", line):
            terms[found[2]].append(found[1].strip())
    words = {key: _any_of(value) for key, value in terms.items()}

    def negated(sentence: Sentence) -> bool:
        start, end = sentence.concept
        before = words["PSEU"].sub("#", sentence.text[:start])
        after = words["PSEU"].sub("#", sentence.text[end:])
        near_before = " ".join(words["CONJ"].split(before)[-1].split()[-6:])
        near_after = " ".join(words["CONJ"].split(after)[0].split()[:6])
        return bool(words["PREN"].search(near_before) or words["POST"].search(near_after))

    return negated


def _any_of(terms: Sequence[str]) -> re.Pattern[str]:
    body = "|".join(re.escape(term) for term in sorted(terms, key=len, reverse=True))
    return re.compile(rf"\b(?:{body})\b", re.IGNORECASE)


def chemicals(folder: Path) -> dict[str, Row]:
    """Exact spans of BC5CDR's chemicals, beside the package drug-named-entity-recognition."""
    sentences = list(_iob(folder / "BC5CDR-chem-IOB-devel.tsv"))

    def measured(find: Callable[[str], set[Span]]) -> Row:
        return row([sets(find(text), gold) for text, gold in sentences])

    return {
        "chemicals": measured(lambda text: {d.span for d in find_drugs(text, 0, len(text))}),
        "chemicals, drug-named-entity-recognition": measured(_package_spans),
    }


def _iob(path: Path) -> Iterator[tuple[str, set[Span]]]:
    """Sentences as words joined by spaces, with the character spans of their entities."""
    for block in re.split(r"\n\s*\n", path.read_text(encoding="utf-8")):
        text, spans = "", list[list[int]]()
        for line in block.splitlines():
            word, _, tag = line.rpartition("\t")
            start = len(text) + 1 if text else 0
            text = f"{text} {word}" if text else word
            if tag.startswith("B"):
                spans.append([start, len(text)])
            elif tag.startswith("I") and spans:
                spans[-1][1] = len(text)
        if text:
            yield text, {(a, b) for a, b in spans}


def _package_spans(text: str) -> set[Span]:
    words = [(m.group(), m.span()) for m in re.finditer(r"\S+", text)]
    found = package_drugs([word for word, _ in words], is_ignore_case=True)
    return {(words[first][1][0], words[after - 1][1][1]) for _, first, after in found}


def medications(folder: Path) -> dict[str, Row]:
    """Drug names of the medication sections of MTSamples against `data/`'s list of them.

    The list was made by reading each section and writing down every medicine as it is printed;
    a finding is right when it is printed within, or around, one of them.
    """
    gold: dict[str, list[str]] = json.loads(GOLD.read_text(encoding="utf-8"))["sections"]
    texts = dict(medication_sections(folder / "mtsamples.csv"))
    pairs = [(texts[key], names) for key, names in gold.items()]

    def measured(find: Callable[[str], list[str]]) -> Row:
        return row([_names(find(text), names) for text, names in pairs])

    return {
        "medication sections": measured(_listed),
        "medication sections, drug-named-entity-recognition": measured(_package_names),
    }


def medication_sections(path: Path) -> Iterator[tuple[str, str]]:
    """The first medication section of each report that has one: (line of the report, text)."""
    with path.open(encoding="utf-8", newline="") as lines:
        for number, record in enumerate(csv.DictReader(lines)):
            text = record["transcription"] or ""
            if heading := _HEADING.search(text):
                rest = text[heading.end() :]
                end = _NEXT.search(rest)
                yield str(number), f"{heading[1]}: {rest[: end.start() if end else 1500].strip()}"


def _listed(text: str) -> list[str]:
    found = [
        sheet.text[slice(*mention.span)]
        for sheet in sheets(document("section", text))
        for mention in medication_mentions(sheet)
    ]
    return list(dict.fromkeys(found))


def _package_names(text: str) -> list[str]:
    return list(dict.fromkeys(text[a:b] for a, b in sorted(_package_spans(text))))


def _names(found: Sequence[str], gold: Sequence[str]) -> Counts:
    left = [name.lower() for name in gold]
    wrong = 0
    for name in (name.lower() for name in found):
        match = next((g for g in left if g in name or name in g), None)
        if match is None:
            wrong += 1
        else:
            left.remove(match)
    return Counts(right=len(gold) - len(left), wrong=wrong, missed=len(left))


def doses(path: Path) -> dict[str, Row]:
    """Doses of the ADE corpus that one span covers from end to end, beside a plain pattern."""
    lines = [line.split("|") for line in path.read_text(encoding="utf-8").splitlines()]
    pairs = [(text, dose) for _, text, dose, *_ in lines]
    return {
        "doses": _covered(pairs, find_doses),
        "doses, number and unit": _covered(pairs, _plain_spans),
    }


def _covered(pairs: Sequence[tuple[str, str]], find: Callable[[str], list[Span]]) -> Row:
    hits = []
    for text, dose in pairs:
        start = text.find(dose)
        hits.append(any(a <= start and start + len(dose) <= b for a, b in find(text)))
    return {
        "covered": sum(hits) / len(hits),
        "covered kept": sum(hits[1::2]) / len(hits[1::2]),
        "items": len(hits),
    }


def _plain_spans(text: str) -> list[Span]:
    pattern = re.compile(
        r"\d+(?:\.\d+)?\s?(?:mg|mcg|g|ml|units?|IU)(?:/(?:kg|day|d|m2))*\b", re.IGNORECASE
    )
    return [match.span() for match in pattern.finditer(text)]


def reports(path: Path) -> list[str]:
    """Every transcription of MTSamples; where lines were joined by ".,", they are parted again."""
    with path.open(encoding="utf-8", newline="") as lines:
        texts = [record["transcription"] or "" for record in csv.DictReader(lines)]
    return [text.replace(".,", ".\n").replace(":,", ":\n") for text in texts if text]
