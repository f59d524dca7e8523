"""How right a history is: each stage from words to facts, and paper to facts.json.

Run `python -m bench.history [--json] [--data FOLDER]`. The data are not part of this project; they
are looked for in `../shared/data` and the bench says so and ends well when they are absent:
sentences of the NegEx kit, BC5CDR, ADE, MTSamples, and FHIR bundles of Synthea's patients.

- negation: F1 of "negated", beside NegEx with its own triggers.
- chemicals, medication sections: drug names, exact spans and printed names, beside the package
  drug-named-entity-recognition.
- doses: share of annotated doses that one span covers from end to end, beside number-and-unit.
- lab rows: name, value, unit, range and flag all as printed, on reports drawn from Synthea, born
  digital and scanned.
- paper to facts: F1 by kind over the papers of each Synthea patient, a third of them scanned, and
  false facts per patient.
- speed: transcribed reports from words to a merged history, documents a second on one core.

"kept" figures are of every second item (patients: of the last half), see docs/adr/0021.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench import _history_words as words
from bench._history_paper import Patient, patients, write_paper, write_reports
from bench._history_scores import matched, same_row, score
from bench._history_text import document
from bench._history_words import Counts, Row, total
from core.words import Reading
from ocr.reading import ReadingSettings, read_paths
from ocr.summary import facts_document, summarise
from scripts._paper.model import Form

DATA = Path(__file__).parents[2] / "shared" / "data"
SPEED_SECONDS = 10.0


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="bench.history", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the data sets")
    parser.add_argument("--words", action="store_true", help="only what needs no reading of paper")
    options = parser.parse_args(arguments)
    if not options.data.is_dir():
        print(f"No data in {options.data}: nothing measured.", file=sys.stderr)
        print("{}" if options.json else "", end="")
        return 0
    rows = measure(options.data, paper=not options.words)
    if options.json:
        print(json.dumps(rows, indent=2))
        return 0
    for title, row in rows.items():
        print(f"{title:<52}" + "  ".join(f"{key} {value:,.4g}" for key, value in row.items()))
    return 0


def measure(data: Path, *, paper: bool = True) -> dict[str, Row]:
    """Every row of the run by its name."""
    rows = words.negation(data / "negex")
    rows |= words.chemicals(data / "bc5cdr")
    rows |= words.medications(data / "mtsamples")
    rows |= words.doses(data / "ade" / "drug_dose_dev.rel")
    rows["speed"] = _speed(data / "mtsamples" / "mtsamples.csv")
    if paper:
        people = patients(data / "synthea")
        with tempfile.TemporaryDirectory(prefix="anamnesis-bench-") as name:
            rows |= _lab_rows(people, Path(name))
            rows |= _end_to_end(people, Path(name))
    return rows


def _speed(path: Path) -> Row:
    """Documents a second of process time, each made one history; loading is not counted."""
    readings = [
        Reading(documents=(document("report", text),), refusals=()) for text in words.reports(path)
    ]
    summarise(readings[0])
    start, done = time.process_time(), 0
    while time.process_time() - start < SPEED_SECONDS and done < len(readings):
        summarise(readings[done])
        done += 1
    seconds = time.process_time() - start
    pages = sum(len(reading.documents[0].pages) for reading in readings[:done])
    return {"documents a second": done / seconds, "pages a second": pages / seconds, "items": done}


def _lab_rows(people: Sequence[Patient], folder: Path) -> dict[str, Row]:
    rows = {}
    for title, form in (("born digital", Form.BORN_PDF), ("scanned", Form.SCANNED_PDF)):
        counts = []
        for patient in people:
            place = folder / f"labs-{form.name}-{patient.number}"
            place.mkdir()
            write_reports(patient, place, form)
            labs = [f for f in _read(place) if f["kind"] == "lab" and f["value"]]
            counts.append(matched(labs, list(patient.results), same_row))
        rows[f"lab rows, {title}"] = _figures(counts) | {"rows": _rows(counts)}
    return rows


def _rows(counts: Sequence[Counts]) -> float:
    whole = total(counts)
    return whole.right + whole.missed


def _end_to_end(people: Sequence[Patient], folder: Path) -> dict[str, Row]:
    scores = []
    for patient in people:
        place = folder / f"paper-{patient.number}"
        place.mkdir()
        write_paper(patient, place)
        scores.append(score(_read(place), patient))
    rows = {
        f"paper to facts, {kind}": _figures([s[kind] for s in scores])
        for kind in ("medication", "problem", "allergy", "lab", "procedure", "immunization")
    }
    false = [s["false"].wrong for s in scores]
    half = len(false) // 2
    rows["paper to facts, false per patient"] = {
        "all": sum(false) / len(false),
        "kept": sum(false[half:]) / len(false[half:]),
    }
    return rows


def _figures(counts: Sequence[Counts]) -> Row:
    """F1 over all patients and over the last half of them."""
    whole, kept = total(counts), total(counts[len(counts) // 2 :])
    return {
        "f1": whole.f1, "precision": whole.precision, "recall": whole.recall, "f1 kept": kept.f1
    }  # fmt: skip


def _read(folder: Path) -> list[dict[str, object]]:
    reading = read_paths([folder], ReadingSettings())
    facts: list[dict[str, object]] = facts_document(summarise(reading))["facts"]
    return facts


if __name__ == "__main__":
    sys.exit(main())
