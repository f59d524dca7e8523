"""Doses against the most that a source names, and medicines against the kidney."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from core.alerts import Alert, Subject, Urgency
from core.facts import Fact
from core.history import History
from ocr.summary.drug_alerts import ingredients
from ocr.summary.front import is_numeric
from ocr.summary.lab_values import number
from ocr.summary.rules import KidneyLimit, Maximum, dosing

_MILLIGRAMS = {"mg": 1.0, "g": 1000.0, "mcg": 0.001, "µg": 0.001, "micrograms": 0.001}
_DOSE = re.compile(r"(?P<value>\d+(?:[.,]\d+)?)\s?(?P<unit>mg|g|mcg|µg|micrograms)\b")
_BY_MOUTH = (None, "oral")
_UMOL_PER_MG_DL = 88.4
"""Micromoles per litre of creatinine in one milligram per decilitre."""


def dose_alerts(medicines: Sequence[Fact]) -> Iterator[Alert]:
    """Daily doses above the highest that is named; weekly medicines that are taken daily."""
    for medicine in medicines:
        yield from _weekly(medicine)
        yield from _above_maximum(medicine)


def _above_maximum(medicine: Fact) -> Iterator[Alert]:
    names, taken = ingredients(medicine), milligrams_a_day(medicine)
    most = _maximum(names[0]) if len(names) == 1 else None
    if most is None or taken is None or taken <= most.mg or medicine.route not in _BY_MOUTH:
        return
    note = f" ({most.note})" if most.note else ""
    yield Alert(
        subject=Subject.DOSE,
        urgency=Urgency.WARNING,
        title=f"{medicine.name} {taken:g} mg a day",
        reason=f"more than {most.mg:g} mg a day, the most that its source names for adults{note}",
        source=most.cited,
        facts=(medicine.id,),
    )


def _maximum(ingredient: str) -> Maximum | None:
    return next((row for row in dosing().maximum if row.ingredient == ingredient), None)


def _weekly(medicine: Fact) -> Iterator[Alert]:
    for weekly in dosing().weekly:
        if medicine.name.lower() == weekly.ingredient and per_day(medicine.frequency):
            yield Alert(
                subject=Subject.DOSE,
                urgency=Urgency.DANGER,
                title=f"{medicine.name} {medicine.frequency}",
                reason=weekly.reason,
                source=weekly.cited,
                facts=(medicine.id,),
            )


def milligrams_a_day(medicine: Fact) -> float | None:
    """What is taken in a day by mouth; None where dose or frequency leave it open."""
    doses = list(_DOSE.finditer(medicine.dose or ""))
    times = per_day(medicine.frequency)
    if len(doses) != 1 or times is None:
        return None
    amount = float(doses[0]["value"].replace(",", "."))
    return amount * _MILLIGRAMS[doses[0]["unit"]] * times


def per_day(frequency: str | None) -> int | None:
    """How many times a day; None for other spans, and where nothing is said."""
    known = dosing().per_day
    for table in (known.rate, known.timing):
        for phrase, times in table.items():
            if re.search(rf"(?:^|[\s,]){re.escape(phrase)}(?:$|[\s,])", frequency or ""):
                return times if _only_daily(frequency or "") else None
    return None


def _only_daily(frequency: str) -> bool:
    return re.search(r"week|month|other day|alternate", frequency) is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filtration:
    """Kidney function, and the facts that it was read or reckoned from."""

    value: float
    """mL/min/1.73 m2."""
    told: str
    """The value with its date, and how it came about."""
    facts: tuple[str, ...]


def kidney_alerts(history: History) -> Iterator[Alert]:
    """Current medicines that the newest kidney function speaks against."""
    function = filtration(history)
    if function is None:
        return
    for medicine in history.medications_current:
        if rule := _kidney_rule(ingredients(medicine), function.value):
            yield Alert(
                subject=Subject.DRUG_KIDNEY,
                urgency=rule.urgency,
                title=f"{medicine.name} at eGFR {function.value:.0f}",
                reason=f"{rule.reason}; {function.told}",
                source=rule.cited,
                facts=(medicine.id, *function.facts),
            )


def _kidney_rule(names: Sequence[str], value: float) -> KidneyLimit | None:
    rules = (rule for rule in dosing().kidney if set(names) & set(rule.ingredients))
    return next((rule for rule in rules if value < rule.below), None)


def filtration(history: History) -> Filtration | None:
    """The eGFR of the newest day: as printed, else reckoned from creatinine, age and sex."""
    printed, creatinine = _newest(history, "eGFR"), _newest(history, "Creatinine")
    if printed and not (creatinine and (creatinine.date or "") > (printed.date or "")):
        told = f"printed on {printed.date or 'undated paper'}"
        return Filtration(value=number(printed.value or ""), told=told, facts=(printed.id,))
    return _reckoned(history, creatinine) if creatinine else None


def _newest(history: History, test: str) -> Fact | None:
    trend = next((trend for trend in history.labs if trend.name == test), None)
    return trend.latest if trend and is_numeric(trend.latest) and not trend.latest.check else None


def _reckoned(history: History, creatinine: Fact) -> Filtration | None:
    birth, sex = (_only(history, field) for field in ("birth date", "sex"))
    if birth is None or sex is None or len(creatinine.date or "") < 10:
        return None
    years = _years(birth.value or "", creatinine.date or "")
    scale = {"mg/dL": 1.0, "µmol/L": _UMOL_PER_MG_DL}.get(creatinine.unit or "")
    if years is None or years < 18 or scale is None or sex.value not in ("male", "female"):
        return None
    value = ckd_epi_2021(
        number(creatinine.value or "") / scale, years, female=sex.value == "female"
    )
    told = f"CKD-EPI 2021 from creatinine {creatinine.value} {creatinine.unit} of {creatinine.date}"
    return Filtration(value=value, told=told, facts=(creatinine.id, birth.id, sex.id))


def _only(history: History, field: str) -> Fact | None:
    """The field of identity, where the paper tells it in one way."""
    told = [fact for fact in history.patient if fact.name == field]
    return told[0] if len(told) == 1 else None


def _years(birth: str, day: str) -> int | None:
    try:
        born, then = date.fromisoformat(birth), date.fromisoformat(day)
    except ValueError:
        return None
    return then.year - born.year - ((then.month, then.day) < (born.month, born.day))


def ckd_epi_2021(creatinine_mg_dl: float, years: int, *, female: bool) -> float:
    """eGFR in mL/min/1.73 m2 of an adult (Inker et al., N Engl J Med 2021;385:1737)."""
    kappa, alpha = (0.7, -0.241) if female else (0.9, -0.302)
    ratio = creatinine_mg_dl / kappa
    value: float = 142 * min(ratio, 1) ** alpha * max(ratio, 1) ** -1.2 * 0.9938**years
    return value * (1.012 if female else 1)
