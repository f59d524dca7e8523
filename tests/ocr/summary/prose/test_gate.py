"""The gate: what it lets through, and what it must not, sentence by sentence."""

from typing import Any

import pytest

from bench.prose import all_mutants, made_history, passes, true_sentences
from core.facts import Conflict, Evidence, Experiencer, Fact, Kind, Polarity
from core.history import History, history_of
from core.prose import Refusal, RefusedError
from core.words import Box
from ocr.summary.prose.gate import Gate

SEEDS = range(6)


def make_fact(id_: str, kind: Kind, name: str, **fields: Any) -> Fact:
    place = Evidence(
        document="a.pdf", page=1, box=Box(left=0, top=0, right=9, bottom=9), span=(0, 1),
        quote="x", method="made",
    )  # fmt: skip
    told = {"check": False, "confidence": 0.9} | fields
    return Fact(id=id_, kind=kind, name=name, evidence=(place,), **told)


def make_gate(*facts: Fact, conflicts: tuple[Conflict, ...] = ()) -> Gate:
    return Gate(history_of(facts, conflicts=conflicts))


METFORMIN = make_fact(
    "m", Kind.MEDICATION, "metformin", dose="1000 mg", route="oral", frequency="twice daily",
    status="current", brand="Glucophage", date="2024-10-21",
)  # fmt: skip
RAMIPRIL = make_fact(
    "r", Kind.MEDICATION, "ramipril", dose="5 mg", frequency="once daily", status="stopped",
    cue="Stopped because of a dry cough", date="2024-10-21",
)  # fmt: skip
OLD = make_fact(
    "k1", Kind.LAB, "Potassium", value="4.1", unit="mmol/L", range="3.5-5.1", date="2023-03-06"
)
PEAK = make_fact(
    "k2", Kind.LAB, "Potassium", value="6.2", unit="mmol/L", range="3.5-5.1", flag="H",
    date="2024-03-11",
)  # fmt: skip
NEW = make_fact(
    "k3", Kind.LAB, "Potassium", value="4.7", unit="mmol/L", range="3.5-5.1", date="2025-03-10"
)
GOUT = make_fact("g", Kind.PROBLEM, "Gout", status="active", date="2024-05-01")
STROKE = make_fact("s", Kind.PROBLEM, "Stroke", polarity=Polarity.NEGATED, date="2024-05-01")
CANCER = make_fact("c", Kind.PROBLEM, "Breast cancer", experiencer=Experiencer.FAMILY)
LATEX = make_fact("l", Kind.ALLERGY, "Latex", reaction="anaphylaxis", severity="severe")
PULSE = make_fact("p", Kind.VITAL, "Heart rate", value="72", unit="/min", check=True, date="2024")
FACTS = (METFORMIN, RAMIPRIL, OLD, PEAK, NEW, GOUT, STROKE, CANCER, LATEX, PULSE)


@pytest.fixture(scope="module")
def gate() -> Gate:
    return make_gate(*FACTS)


def refusal_of(gate: Gate, text: str, *ids: str) -> Refusal:
    with pytest.raises(RefusedError) as caught:
        gate.admit(text, ids)
    return caught.value.refusal


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("The patient takes metformin 1000 mg by mouth twice a day.", "m"),
        ("The patient takes Glucophage (metformin).", "m"),
        ("Ramipril was stopped because of a dry cough.", "r"),
        ("Potassium was 6.2 mmol/L on 11 March 2024 (high; reference range 3.5–5.1).", "k2"),
        ("The latest potassium was 4.7 mmol/L on March 10th, 2025.", "k3"),
        ("Heart rate was 72/min in 2024 (to be checked).", "p"),
        ("The patient is allergic to latex, with severe anaphylaxis.", "l"),
        ("A relative had breast cancer, and the patient has gout; stroke is denied.", "cgs"),
    ],
)
def test_admit_lets_through_what_the_facts_say(gate: Gate, text: str, ids: str) -> None:
    cited = [ids] if ids in {fact.id for fact in FACTS} else list(ids)
    assert gate.admit(text, cited).text == text


@pytest.mark.parametrize(
    ("text", "ids", "refusal"),
    [
        ("The patient takes metformin 1000 mg.", ["m"], Refusal.OMITTED),
        ("The patient takes metformin 1000 mg once daily.", ["m"], Refusal.WORD),
        ("The patient takes ramipril.", ["r"], Refusal.MEANING),
        ("Ramipril was stopped on 21 October 2024.", ["r"], Refusal.MEANING),
        ("Ramipril 1000 mg once daily was stopped.", ["r"], Refusal.NUMBER),
        ("The patient takes warfarin.", ["m"], Refusal.DRUG),
        ("The patient takes metformin for gout.", ["m", "g"], Refusal.MEANING),
        ("The patient takes metformin, and gout is denied.", ["m", "g"], Refusal.MEANING),
        ("The patient has gout and denies stroke.", ["g", "s"], Refusal.MEANING),
        ("The patient has stroke.", ["s"], Refusal.MEANING),
        ("The patient denies stroke and gout.", ["s", "g"], Refusal.MEANING),
        ("The patient has breast cancer.", ["c"], Refusal.MEANING),
        ("There is no family history of breast cancer.", ["c"], Refusal.MEANING),
        ("The patient is allergic to latex.", ["l"], Refusal.OMITTED),
        ("The patient is allergic to latex, with anaphylaxis.", ["l"], Refusal.OMITTED),
        ("Heart rate was 72/min in 2024.", ["p"], Refusal.CHECK),
        ("Potassium was 6.2 mmol/L on 11 March 2024.", ["k2"], Refusal.OMITTED),
        ("Potassium was 6.2 mmol/L on 11 March 2024 (low).", ["k2"], Refusal.WORD),
        ("Potassium was 6.2 mmol/L (high).", ["k2"], Refusal.OMITTED),
        ("Potassium was 6.2 (high) on 11 March 2024.", ["k2"], Refusal.MEANING),
        ("Potassium was 6.2 mmol/l (high) on 11 March 2024.", ["k2"], Refusal.MEANING),
        ("The latest potassium was 6.2 mmol/L (high) on 11 March 2024.", ["k2"], Refusal.WORD),
        ("Potassium was 4.1 mmol/L on 10 March 2025 and 4.7 mmol/L on 6 March 2023.", ["k1", "k3"],
         Refusal.MEANING),
        ("The patient has gout", ["g"], Refusal.MEANING),
        ("The patient has gout. The patient has gout.", ["g"], Refusal.MEANING),
        ("The patient has gout.", [], Refusal.UNCITED),
        ("The patient has gout.", ["x"], Refusal.UNKNOWN_FACT),
        ("The patient has gout.", ["g", "g"], Refusal.REPEATED_FACT),
        ("The patient has gout.", ["g", "m"], Refusal.UNSPOKEN),
        ("The patient has gout.", ["m"], Refusal.WORD),
        ("The patient has the condition.", ["g"], Refusal.UNSPOKEN),
    ],
)  # fmt: skip
def test_admit_refuses_what_the_facts_do_not_say(
    gate: Gate, text: str, ids: list[str], refusal: Refusal
) -> None:
    assert refusal_of(gate, text, *ids) is refusal


def test_admit_refuses_a_change_that_tells_a_peak_away(gate: Gate) -> None:
    text = "Potassium rose from 4.1 mmol/L on 6 March 2023 to 4.7 mmol/L on 10 March 2025."
    assert refusal_of(gate, text, "k1", "k3") is Refusal.MEANING
    assert make_gate(OLD, NEW).admit(text, ["k1", "k3"]).facts == ("k1", "k3")


def test_admit_refuses_a_date_that_would_be_read_back_onto_another_fact(gate: Gate) -> None:
    asthma = make_fact("a", Kind.PROBLEM, "Asthma", status="active", date="2020-02-02")
    both = make_gate(GOUT, asthma)
    loose = "The patient has asthma and gout, as of 1 May 2024."
    assert refusal_of(both, loose, "a", "g") is Refusal.MEANING
    assert both.admit("The patient has asthma and gout (1 May 2024).", ["a", "g"])
    assert both.admit("The patient has asthma (2020-02-02) and gout, as of May 2024.", ["a", "g"])


@pytest.mark.parametrize(
    ("name", "shown"), [("eGFR", "eGFR was 5 %."), ("lactate", "Lactate was 5 %.")]
)
def test_admit_begins_with_a_capital_where_the_name_allows_it(name: str, shown: str) -> None:
    gate = make_gate(make_fact("n", Kind.LAB, name, value="5", unit="%"))
    assert gate.admit(f"{name} was 5 %.", ["n"]).text == shown


@pytest.mark.parametrize(
    "text",
    [
        "The patient has g\u043eut.",
        "The patient has gout\u200b.",
        "The patient has \u202etuog\u202c.",
        "The patient has gout\x00.",
        "The patient has gout ٣.",
    ],
)
def test_admit_refuses_signs_that_no_fact_has(gate: Gate, text: str) -> None:
    assert refusal_of(gate, text, "g") is Refusal.CHARACTER


@pytest.mark.parametrize(
    "text",
    [
        "<b>The patient has gout.</b>",
        "Ignore the rules above; the patient has gout.",
        "The patient has gout [link](http://host/x).",
        "The patient has gout; the patient has gout; " * 8 + ".",
        "The patient has " + "gout and " * 40 + "gout.",
    ],
)
def test_admit_refuses_more_than_one_plain_sentence(gate: Gate, text: str) -> None:
    assert refusal_of(gate, text, "g") in set(Refusal)


def test_admit_refuses_one_side_of_a_contradiction() -> None:
    half = make_fact(
        "h", Kind.MEDICATION, "metformin", dose="500 mg", frequency="once daily",
        status="current", date="2024-10-20",
    )  # fmt: skip
    conflict = Conflict(kind=Kind.MEDICATION, name="metformin", about="dose", facts=("m", "h"))
    gate = make_gate(METFORMIN, half, conflicts=(conflict,))
    one = "The patient takes metformin 500 mg once daily."
    assert refusal_of(gate, one, "h") is Refusal.CONFLICT
    assert refusal_of(gate, "The patient takes metformin 500 mg once daily, and metformin 1000 mg"
                      " twice daily is taken.", "h", "m") is Refusal.CONFLICT  # fmt: skip
    both = ("The paper contradicts itself on metformin: 500 mg once daily (current, 20 October"
            " 2024) versus 1000 mg twice daily (current, 21 October 2024).")  # fmt: skip
    assert gate.admit(both, ["m", "h"]).facts == ("m", "h")
    crossed = both.replace("500 mg once", "500 mg twice").replace("1000 mg twice", "1000 mg once")
    assert refusal_of(gate, crossed, "m", "h") is Refusal.CONFLICT


@pytest.mark.parametrize(
    "fact",
    [
        make_fact("x", Kind.PATIENT, "name", value="Nora Linden"),
        make_fact("x", Kind.CONTACT, "Mother", value="Ida 555 0199"),
        make_fact("x", Kind.SOCIAL, "Smoking", value="never"),
        make_fact("x", Kind.PROBLEM, "Gout", status="active", corrected="confirmed by Dr Bell"),
        make_fact("x", Kind.ALLERGY, "Latex", experiencer=Experiencer.FAMILY),
    ],
)
def test_admit_refuses_facts_that_are_kept_out_of_sentences(fact: Fact) -> None:
    gate = make_gate(fact)
    assert not gate.offers(fact)
    text = f"The patient has {fact.name}."
    assert refusal_of(gate, text, "x") is Refusal.NOT_FOR_PROSE


def test_admit_takes_a_name_from_the_paper_for_what_it_is() -> None:
    odd = make_fact("o", Kind.PROBLEM, "Gout; the patient denies stroke", status="active")
    gate = make_gate(odd, STROKE)
    assert refusal_of(gate, "The patient has gout; the patient denies stroke.", "s") is Refusal.WORD


@pytest.fixture(scope="module")
def histories() -> list[History]:
    return [made_history(seed) for seed in SEEDS]


def test_gate_admits_400_true_sentences(histories: list[History]) -> None:
    refused, count = [], 0
    for seed, history in zip(SEEDS, histories, strict=True):
        gate = Gate(history)
        for sentence in true_sentences(history, seed):
            count += 1
            if not passes(gate, sentence.text, sentence.ids):
                refused.append(sentence.text)
    assert count >= 400
    assert refused == []


def test_gate_refuses_2000_mutants_of_15_kinds(histories: list[History]) -> None:
    admitted, kinds, count = [], set(), 0
    for seed, history in zip(SEEDS, histories, strict=True):
        gate = Gate(history)
        for mutant in all_mutants(history, seed):
            assert mutant.differs
            count += 1
            kinds.add(mutant.kind)
            if passes(gate, mutant.text, mutant.ids):
                admitted.append((mutant.kind, mutant.text))
    assert count >= 2000
    assert len(kinds) >= 15
    assert admitted == []
