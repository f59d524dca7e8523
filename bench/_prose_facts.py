# ruff: noqa: E501
"""Histories made of chance, by seed: facts of every kind that a sentence may speak of."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from core.facts import Conflict, Evidence, Experiencer, Fact, Kind, Polarity
from core.history import History, history_of
from core.words import Box

DRUGS = (
    "metformin", "losartan", "ramipril", "amlodipine", "bisoprolol", "furosemide", "warfarin",
    "apixaban", "atorvastatin", "simvastatin", "omeprazole", "levothyroxine", "gabapentin",
    "sertraline", "acetaminophen", "albuterol", "insulin glargine", "methotrexate", "allopurinol",
    "clopidogrel", "spironolactone", "prednisolone", "tramadol", "lamotrigine",
)  # fmt: skip
DOSES = (
    "2.5 mg", "5 mg", "10 mg", "12.5 mg", "20 mg", "40 mg", "50 mg", "75 mcg", "100 mg", "250 mg",
    "500 mg", "1000 mg", "18 units", "1 g",
)  # fmt: skip
FREQUENCIES = (
    "once daily", "twice daily", "three times daily", "once daily at night",
    "twice daily with meals", "once weekly", "every 8 hours", "every other day",
)  # fmt: skip
ROUTES = ("oral", "subcutaneous", "intravenous", "inhaled", "topical")
PROBLEMS = (
    "Hypertension", "Type 2 diabetes mellitus", "Asthma", "COPD", "Atrial fibrillation", "Gout",
    "Heart failure", "Osteoporosis", "Psoriasis", "Migraine", "Epilepsy", "Glaucoma",
    "Iron deficiency anaemia", "Stroke", "Pulmonary embolism", "Deep vein thrombosis",
    "Community-acquired pneumonia", "Acute kidney injury", "Chest pain", "Haemoptysis",
    "Ankle oedema", "Shortness of breath", "Breast cancer", "Colon cancer", "Dementia",
    "Myocardial infarction", "Coronary artery disease", "Chronic kidney disease stage 3a",
)  # fmt: skip
RESULTS = (
    ("Creatinine", "mg/dL", 0.5, 1.0), ("Potassium", "mmol/L", 3.5, 5.1),
    ("Sodium", "mmol/L", 135, 145), ("Hemoglobin", "g/dL", 12.0, 15.5),
    ("Hemoglobin A1c", "%", 4.0, 5.6), ("Fasting glucose", "mg/dL", 70, 99),
    ("LDL cholesterol", "mg/dL", 50, 100), ("C-reactive protein", "mg/L", 1, 5),
    ("Platelets", "10^9/L", 150, 400), ("TSH", "mIU/L", 0.4, 4.0), ("Ferritin", "ng/mL", 15, 150),
    ("Albumin", "g/dL", 3.5, 5.0), ("Calcium", "mg/dL", 8.5, 10.5), ("Uric acid", "mg/dL", 2.5, 6),
)  # fmt: skip
VITALS = (("Heart rate", "/min", 55, 99), ("Weight", "kg", 50, 99), ("Temperature", "°C", 36, 39))
SUBSTANCES = (
    "Penicillin",
    "Latex",
    "Ibuprofen",
    "Peanut",
    "Iodine contrast",
    "Codeine",
    "Wasp venom",
)
REACTIONS = ("urticaria", "anaphylaxis", "facial swelling", "rash", "wheezing", "vomiting")
PROCEDURES = (
    "Colonoscopy", "Chest X-ray", "Appendectomy", "Transthoracic echocardiogram",
    "Laparoscopic cholecystectomy", "Coronary angiography", "12-lead electrocardiogram",
)  # fmt: skip
VACCINES = (
    "Influenza",
    "Tetanus and diphtheria",
    "COVID-19",
    "Hepatitis B",
    "Herpes zoster, dose 2",
)
DEVICES = ("Pacemaker", "Hip prosthesis", "Coronary stent")

_PLACE = Evidence(
    document="paper.pdf", page=1, box=Box(left=0, top=0, right=9, bottom=9), span=(0, 1),
    quote="x", method="made",
)  # fmt: skip


def made_history(seed: int) -> History:
    """A patient with several facts of each kind, two of them doubtful, two pairs in conflict."""
    rng = Random(seed)  # noqa: S311
    maker = _Maker(rng)
    maker.medicines()
    maker.problems()
    maker.results()
    maker.rest()
    return history_of(maker.facts, conflicts=maker.conflicts)


class _Maker:
    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self.facts: list[Fact] = []
        self.conflicts: list[Conflict] = []

    def add(self, kind: Kind, name: str, **fields: object) -> Fact:
        fact = Fact(
            id=f"f{len(self.facts) + 1:03}",
            kind=kind,
            name=name,
            evidence=(_PLACE,),
            confidence=0.9,
            check=bool(fields.pop("check", False)),
        )
        fact = replace(fact, **fields)  # type: ignore[arg-type]
        self.facts.append(fact)
        return fact

    def day(self, first: int = 2018) -> str:
        rng = self._rng
        return f"{rng.randint(first, 2025)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"

    def medicines(self) -> None:
        rng = self._rng
        names = rng.sample(DRUGS, 10)
        states = ["current"] * 5 + ["stopped"] * 3 + ["last-seen"]
        for name, status in zip(names, states, strict=False):
            self.add(Kind.MEDICATION, name, status=status, **self._sig(), date=self.day())
        first, second = self._sig(), self._sig()
        sides = [self.add(Kind.MEDICATION, names[9], status="current", **sig, date=self.day())
                 for sig in (first, second | {"dose": _other(rng, DOSES, str(first["dose"]))})]  # fmt: skip
        self._contradict(sides, "dose")

    def _sig(self) -> dict[str, object]:
        rng = self._rng
        return {
            "dose": rng.choice(DOSES),
            "route": rng.choice(ROUTES),
            "frequency": rng.choice(FREQUENCIES),
        }

    def _contradict(self, sides: Sequence[Fact], about: str) -> None:
        ids = tuple(side.id for side in sides)
        self.conflicts.append(
            Conflict(kind=sides[0].kind, name=sides[0].name, about=about, facts=ids)
        )

    def problems(self) -> None:
        names = iter(self._rng.sample(PROBLEMS, 15))
        for status in ("active", "active", "active", "resolved", "resolved", None, None):
            self.add(Kind.PROBLEM, next(names), status=status, date=self.day())
        for _ in range(3):
            self.add(Kind.PROBLEM, next(names), polarity=Polarity.NEGATED, date=self.day())
        for polarity in (Polarity.AFFIRMED, Polarity.AFFIRMED, Polarity.NEGATED):
            told = {"polarity": polarity, "experiencer": Experiencer.FAMILY}
            self.add(Kind.PROBLEM, next(names), date=self.day(), **told)
        name = next(names)
        sides = [self.add(Kind.PROBLEM, name, status="active", date=self.day()),
                 self.add(Kind.PROBLEM, name, polarity=Polarity.NEGATED, date=self.day())]  # fmt: skip
        self._contradict(sides, "polarity")

    def results(self) -> None:
        rng = self._rng
        kinds = rng.sample(RESULTS, 9)
        for (name, unit, low, high), side in zip(kinds, "HHLL----<", strict=True):
            digits = 0 if high > 20 else 1 if high > 6 else 2
            range_ = f"{low:.{digits}f}-{high:.{digits}f}"
            told = {"unit": unit, "range": range_, "flag": side if side in "HL" else None}
            years = (2021, 2024) if side != "<" else (2024,)
            for value, year in zip(self._values(low, high, side, digits), years, strict=False):
                date = f"{year}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
                self.add(Kind.LAB, name, value=value, date=date, **told)
        name, unit, low, high = VITALS[rng.randrange(len(VITALS))]
        value = str(rng.randint(int(low), int(high)))
        self.add(Kind.VITAL, name, value=value, unit=unit, date=self.day(), check=True)
        self.add(Kind.VITAL, "Blood pressure", value=f"{rng.randint(101, 188)}/{rng.randint(60, 99)}",
                 unit="mmHg", date=self.day())  # fmt: skip

    def _values(self, low: float, high: float, side: str, digits: int) -> list[str]:
        rng = self._rng
        spans = {"H": (high * 1.1, high * 2), "L": (low * 0.4, low * 0.9), "-": (low, high)}
        if side == "<":
            return [f"<{low:.{digits}f}"]
        bottom, top = spans[side]
        step = 10.0**-digits
        inside = (bottom + step, top - step)
        one, other = (round(rng.uniform(*inside), digits) for _ in range(2))
        if one == other:
            other = round(one + (step if one + step < inside[1] else -step), digits)
        return [f"{one:.{digits}f}", f"{other:.{digits}f}"]

    def rest(self) -> None:
        rng = self._rng
        one, other, third, denied = rng.sample(SUBSTANCES, 4)
        first, second = rng.sample(REACTIONS, 2)
        self.add(Kind.ALLERGY, one, reaction=first)
        self.add(Kind.ALLERGY, other, reaction=second, severity=rng.choice(("mild", "severe")))
        self.add(Kind.ALLERGY, third)
        self.add(Kind.ALLERGY, denied, polarity=Polarity.NEGATED)
        self.add(Kind.ALLERGY, "known food allergies", polarity=Polarity.NEGATED)
        for name in rng.sample(PROCEDURES, 3):
            self.add(Kind.PROCEDURE, name, date=self.day(2005))
        for name in rng.sample(VACCINES, 3):
            self.add(Kind.IMMUNIZATION, name, date=self.day())
        self.add(Kind.DEVICE, rng.choice(DEVICES), date=self.day())
        self.add(Kind.PROBLEM, "Cellulitis", status="active", date=self.day(), check=True)
        self.add(Kind.MEDICATION, "nitrofurantoin", status="current", date=self.day(), check=True,
                 **self._sig())  # fmt: skip


def _other(rng: Random, among: Sequence[str], than: str) -> str:
    return rng.choice([each for each in among if each != than])
