"""Paper of synthetic patients: what Synthea's bundles say, drawn and worn, with its truth.

Synthea prints no reference ranges and hardly an allergy, so a laboratory's usual adult ranges and
Synthea's own allergy names are added here; names, values, units and dates are the bundles'.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scripts._paper import layout, model
from scripts._paper.generate import render
from scripts._paper.model import Form, Look, Paper, Sheet

REPORTS = 2
"""Laboratory reports of each patient, the newest."""
PER_SHEET = 24
FOOTER = "Synthetic patient. Not a medical record."

LOOKS = (
    Look(size=9.5, grid="rules", header="left"),
    Look(accent=(0.05, 0.35, 0.45), size=10, grid="bands", header="left"),
    Look(accent=(0.3, 0.1, 0.3), size=9.5, grid="boxes", header="centre"),
    Look(accent=(0.1, 0.2, 0.5), size=9, grid="bands", header="bar"),
)
COLUMNS = (
    ("name", "value", "flag", "unit", "range"),
    ("name", "value", "unit", "range", "flag"),
    ("name", "flag", "value", "unit", "range"),
    ("name", "value", "unit", "flag", "range"),
)
HEADS = {"name": "Test", "value": "Result", "flag": "Flag", "unit": "Units", "range": "Reference"}
SHARES = {"name": 0.45, "value": 0.12, "flag": 0.08, "unit": 0.2, "range": 0.15}

RANGES = {
    "Glucose": "70-99", "Urea Nitrogen": "7-20", "Creatinine": "0.70-1.30", "Calcium": "8.6-10.2",
    "Sodium": "135-145", "Potassium": "3.5-5.1", "Chloride": "98-107", "Carbon Dioxide": "22-29",
    "Total Cholesterol": "<200", "Triglycerides": "<150",
    "Low Density Lipoprotein Cholesterol": "<100", "High Density Lipoprotein Cholesterol": ">40",
    "Hemoglobin A1c/Hemoglobin.total in Blood": "4.0-5.6",
    "Hemoglobin [Mass/volume] in Blood": "12.0-17.5",
    "Estimated Glomerular Filtration Rate": ">60",
    "Leukocytes [#/volume] in Blood by Automated count": "4.0-11.0",
    "Platelets [#/volume] in Blood by Automated count": "150-400",
}  # fmt: skip
UNITS = {"mL/min/{1.73_m2}": "mL/min/1.73m2"}
ALLERGIES = (
    ("Allergy to bee venom", "Shellfish allergy"),
    (),
    ("Latex allergy", "House dust mite allergy", "Allergy to grass pollen"),
    ("Allergy to peanuts",),
    ("Penicillin", "Dander (animal) allergy"),
)
"""In the words of Synthea's allergy modules; `()` prints "No known allergies"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One printed row of a laboratory report."""

    name: str
    loinc: str
    value: str
    unit: str
    range: str
    flag: str
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """What the paper of one patient says."""

    number: int
    name: str
    birth: str
    sex: str
    problems: tuple[tuple[str, str], ...]
    """Printed name and status."""
    medications: tuple[tuple[str, str], ...]
    """Printed name and status."""
    allergies: tuple[str, ...]
    vaccines: tuple[tuple[str, str], ...]
    procedures: tuple[tuple[str, str], ...]
    reports: tuple[tuple[Result, ...], ...]
    seen: str
    """The date of the newest paper."""

    @property
    def results(self) -> tuple[Result, ...]:
        return tuple(result for report in self.reports for result in report)


def patients(folder: Path) -> list[Patient]:
    """The patients of every bundle, by file name."""
    return [_patient(i, json.loads(p.read_text())) for i, p in enumerate(sorted(folder.iterdir()))]


def _patient(number: int, bundle: dict[str, Any]) -> Patient:
    by_type: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in bundle["entry"]:
        by_type[entry["resource"]["resourceType"]].append(entry["resource"])
    person = by_type["Patient"][0]
    name = person["name"][0]
    reports = tuple(_reports(by_type))[-REPORTS:]
    days = [e["period"]["start"][:10] for e in by_type["Encounter"]]
    return Patient(
        number=number,
        name=f"{_plain(name['given'][0])} {_plain(name['family'])}",
        birth=person["birthDate"],
        sex=person["gender"],
        problems=_latest(
            (c["code"]["text"], _status(c["clinicalStatus"]["coding"][0]["code"]))
            for c in sorted(by_type["Condition"], key=lambda c: str(c["onsetDateTime"]))
        ),
        medications=_latest(
            (m["medicationCodeableConcept"]["text"], _status(m["status"]))
            for m in sorted(by_type["MedicationRequest"], key=lambda m: str(m["authoredOn"]))
        ),
        allergies=ALLERGIES[number % len(ALLERGIES)],
        vaccines=_newest(by_type["Immunization"], "vaccineCode", ("occurrenceDateTime",)),
        procedures=_newest(by_type["Procedure"], "code", ("performedPeriod", "start")),
        reports=reports,
        seen=max(days),
    )


def _plain(name: str) -> str:
    """Synthea ends names with digits."""
    return re.sub(r"\d", "", name)


def _latest(pairs: Iterator[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(dict(pairs).items())


def _status(code: str) -> str:
    return code if code in ("active", "resolved") else "stopped"


def _newest(
    resources: Sequence[dict[str, Any]], name: str, path: tuple[str, ...], limit: int = 8
) -> tuple[tuple[str, str], ...]:
    dated: dict[str, str] = {}
    for resource in resources:
        date: Any = resource
        for key in path:
            date = date[key]
        if resource[name]["text"] != "Documentation of current medications":
            dated[resource[name]["text"]] = max(
                str(date)[:10], dated.get(resource[name]["text"], "")
            )
    return tuple(sorted(dated.items(), key=lambda pair: pair[1])[-limit:])


def _reports(by_type: dict[str, list[dict[str, Any]]]) -> Iterator[tuple[Result, ...]]:
    days: dict[str, list[Result]] = defaultdict(list)
    for found in by_type["Observation"]:
        if found["category"][0]["coding"][0]["code"] == "laboratory" and "valueQuantity" in found:
            days[found["effectiveDateTime"][:10]].append(_result(found))
    yield from (tuple(rows) for _, rows in sorted(days.items()))


def _result(found: dict[str, Any]) -> Result:
    number = found["valueQuantity"]["value"]
    value = f"{number:.1f}" if number >= 10 else f"{number:.2f}"
    name = found["code"]["text"]
    unit = found["valueQuantity"]["unit"]
    return Result(
        name=name,
        loinc=found["code"]["coding"][0]["code"],
        value=value,
        unit=UNITS.get(unit, unit),
        range=RANGES.get(name, ""),
        flag=_flag(float(value), RANGES.get(name, "")),
        date=found["effectiveDateTime"][:10],
    )


def _flag(value: float, range_: str) -> str:
    numbers = [float(n) for n in re.findall(r"[\d.]+", range_)]
    low = numbers[0] if range_[:1] == ">" or len(numbers) == 2 else None
    high = numbers[-1] if range_[:1] == "<" or len(numbers) == 2 else None
    if low is not None and value < low:
        return "L"
    return "H" if high is not None and value > high else ""


def write_paper(patient: Patient, folder: Path) -> None:
    """The patient's summary, prescription and laboratory reports in their forms."""
    forms = (Form.BORN_PDF, Form.SCANNED_PDF, Form.SCAN_PNG)
    turn = forms[patient.number % 3]
    _write(folder, "summary.pdf", turn if turn is not Form.SCAN_PNG else forms[1], patient,
           (_summary(patient),))  # fmt: skip
    if any(status == "active" for _, status in patient.medications):
        _write(folder, "rx.png", Form.SCAN_PNG, patient, (_prescription(patient),))
    for number, report in enumerate(patient.reports):
        form = forms[(patient.number + number) % 2]
        _write(folder, f"lab{number}.pdf", form, patient, lab_sheets(patient, report))


def write_reports(patient: Patient, folder: Path, form: Form) -> None:
    """The patient's laboratory reports alone, all in one form."""
    for number, report in enumerate(patient.reports):
        _write(folder, f"p{patient.number}-lab{number}.pdf", form, patient,
               lab_sheets(patient, report))  # fmt: skip


def _write(
    folder: Path, name: str, form: Form, patient: Patient, sheets: tuple[Sheet, ...]
) -> None:
    paper = Paper(
        file=name, title=name, kind="bench", date=patient.seen, form=form, sheets=sheets, says=(),
        look=LOOKS[patient.number % len(LOOKS)], seed=patient.number * 10 + len(name),
    )  # fmt: skip
    pages = [layout.place(sheet, paper.size, paper.look) for sheet in sheets]
    (folder / name).write_bytes(render(paper, pages))


def _who(patient: Patient, date: str) -> model.Fields:
    return model.Fields(
        (
            (("Patient", patient.name), ("DOB", patient.birth)),
            (("Sex", patient.sex), ("MRN", f"{7041300 + patient.number}")),
            (("Date", date),),
        )
    )


def lab_sheets(patient: Patient, report: tuple[Result, ...]) -> tuple[Sheet, ...]:
    """A report in the columns of this patient's laboratory."""
    columns = COLUMNS[patient.number % len(COLUMNS)]
    cuts = [report[i : i + PER_SHEET] for i in range(0, len(report), PER_SHEET)]
    return tuple(
        Sheet(
            blocks=(
                model.Letterhead("METRO DIAGNOSTICS LABORATORY", ("12 Canal Street",)),
                _who(patient, report[0].date),
                model.Table(
                    header=tuple(HEADS[c] for c in columns),
                    shares=tuple(SHARES[c] for c in columns),
                    rows=tuple(tuple(_cell(r, c) for c in columns) for r in rows),
                ),
            ),
            footer=FOOTER,
        )
        for rows in cuts
    )


def _cell(result: Result, column: str) -> str:
    text: str = getattr(result, column)
    return text[:37].rsplit(" ", 1)[0] if column == "name" and len(text) > 37 else text


def _summary(patient: Patient) -> Sheet:
    blocks: list[model.Block] = [
        model.Letterhead("RIVERSIDE CLINIC", ("Department of Internal Medicine",)),
        model.Title("Clinic summary"),
        _who(patient, patient.seen),
        *_list("Allergies", patient.allergies or ("No known allergies",)),
        *_list("Active problems", [n for n, s in patient.problems if s == "active"]),
        *_list("Resolved problems", [n for n, s in patient.problems if s == "resolved"]),
        *_list("Current medications", [n for n, s in patient.medications if s == "active"]),
        *_list("Stopped medications", [n for n, s in patient.medications if s == "stopped"]),
        *_list("Procedures", [f"{name} {date}" for name, date in patient.procedures]),
    ]
    if patient.vaccines:
        blocks.append(model.Heading("Immunizations"))
        blocks.append(
            model.Table(header=("Vaccine", "Date"), shares=(0.7, 0.3), rows=patient.vaccines)
        )
    return Sheet(blocks=tuple(blocks), footer=FOOTER)


def _list(heading: str, lines: Sequence[str]) -> list[model.Block]:
    if not lines:
        return []
    return [model.Heading(heading), *(model.Paragraph(line) for line in lines)]


def _prescription(patient: Patient) -> Sheet:
    active = [name for name, status in patient.medications if status == "active"]
    sigs = ("Sig: 1 tab PO BID Disp: #60", "Sig: 1 tab PO daily Disp: #30")
    return Sheet(
        blocks=(
            model.Letterhead("Dr. Samuel Brandt, MD", ("Reg. No. 05138",)),
            _who(patient, patient.seen),
            model.Heading("Rx"),
            model.Items(tuple((name, sigs[i % 2]) for i, name in enumerate(active))),
        ),
        footer=FOOTER,
    )
