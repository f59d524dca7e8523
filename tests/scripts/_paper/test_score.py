"""Scoring: the whole truth scores full, and each way of being unfaithful is caught."""

from typing import Any

import pytest
from pydantic import ValidationError

from scripts._paper import layout
from scripts._paper.names import agree, same_frequency, same_route, same_value
from scripts._paper.score import KINDS, score
from scripts._paper.story import PAPERS, PATIENT
from scripts._paper.truth import SECTIONS, truth

TRUTH = truth(
    PATIENT,
    PAPERS,
    {p.file: [layout.place(s, p.size, p.look).text for s in p.sheets] for p in PAPERS},
)
LETTER = "2024-04-15-clinic-letter.pdf"
FIRST_RX = "2023-03-20-prescription.jpg"
LAST_RX = "2024-10-21-prescription.png"
REPORT = "2024-03-11-lab-report.png"


def make_fact(*documents: str, **fields: Any) -> dict[str, Any]:
    """A fact as facts.json has it; creatinine of the second report unless told otherwise."""
    usual = {
        "id": "f1",
        "kind": "lab",
        "name": "Creatinine",
        "value": "1.12",
        "unit": "mg/dL",
        "range": "0.50-1.00",
        "flag": "H",
        "date": "2024-03-11",
        "confidence": 0.97,
        "check": False,
        "polarity": "affirmed",
        "experiencer": "patient",
    }
    evidence = [{"document": d, "page": 1, "quote": ""} for d in documents or (REPORT,)]
    base = usual if fields.get("kind", "lab") == "lab" else {}
    return base | fields | {"evidence": evidence}


def whole_truth() -> list[dict[str, Any]]:
    facts = [
        make_fact(FIRST_RX, kind="patient", name=name.replace("_", " "), value=value)
        for name, value in TRUTH["patient"].items()
    ]
    for kind, section in SECTIONS.items():
        for entry in TRUTH["facts"][section]:
            places = entry.get("documents") or [entry["document"]]
            fields = {
                k: v for k, v in entry.items() if k not in ("documents", "document", "earlier")
            }
            facts.append(make_fact(*places, kind=kind, **fields))
    others = (("negated", {"polarity": "negated"}), ("family", {"experiencer": "family"}))
    facts.extend(
        make_fact(entry["document"], kind="problem", name=entry["name"], **mark)
        for section, mark in others
        for entry in TRUTH[section]
    )
    return facts


def test_score_is_full_when_the_whole_truth_is_told() -> None:
    report = score(whole_truth(), TRUTH)
    assert {kind: report.recall(kind) for kind in KINDS} == dict.fromkeys(KINDS, 1.0)
    assert report.recall() == 1.0
    assert (report.invented, report.differing) == ((), ())


def test_score_is_nought_when_nothing_is_read() -> None:
    report = score([], TRUTH)
    assert report.recall() == 0
    assert report.invented == ()
    assert all(len(tally.missing) == tally.expected > 0 for tally in report.tallies.values())


@pytest.mark.parametrize("kind", list(SECTIONS))
def test_score_names_what_is_missing_when_one_kind_is_left_out(kind: str) -> None:
    affirmed = [
        fact
        for fact in whole_truth()
        if fact["kind"] != kind
        or fact.get("polarity") == "negated"
        or fact.get("experiencer") == "family"
    ]
    report = score(affirmed, TRUTH)
    assert report.recall(kind) == 0
    assert len(report.tallies[kind].missing) == len(TRUTH["facts"][SECTIONS[kind]])


@pytest.mark.parametrize(
    "fact",
    [
        pytest.param(make_fact(value="1.72"), id="misread value"),
        pytest.param(make_fact(value=None), id="no value"),
        pytest.param(make_fact(date="2023-03-06"), id="another report's date"),
        pytest.param(make_fact(LETTER), id="another document"),
        pytest.param(make_fact(name="Calcium"), id="another test"),
        pytest.param(make_fact(LETTER, kind="problem", name="asthma"), id="denied"),
        pytest.param(make_fact(LETTER, kind="problem", name="Breast cancer"), id="a relative's"),
        pytest.param(
            make_fact(LETTER, kind="problem", name="Hypertension", polarity="negated"),
            id="denied though present",
        ),
        pytest.param(
            make_fact(LETTER, kind="problem", name="Hypertension", experiencer="family"),
            id="given to a relative",
        ),
        pytest.param(
            make_fact(FIRST_RX, kind="medication", name="penicillin"), id="allergen as drug"
        ),
        pytest.param(make_fact(LETTER, kind="allergy", name="ramipril"), id="drug as allergen"),
        pytest.param(
            make_fact(FIRST_RX, LAST_RX, kind="medication", name="ramipril", status="current"),
            id="stopped drug called current",
        ),
        pytest.param(
            make_fact(LETTER, kind="medication", name="metformin", dose="500 mg"), id="old dose"
        ),
        pytest.param(
            make_fact(FIRST_RX, kind="patient", name="birth date", value="1961-04-13"),
            id="turned date",
        ),
    ],
)
def test_score_calls_a_fact_invented_when_no_paper_says_it(fact: dict[str, Any]) -> None:
    report = score([fact], TRUTH)
    assert len(report.invented) == 1
    assert report.recall() == 0


@pytest.mark.parametrize(
    "fact",
    [
        pytest.param(
            make_fact(LETTER, kind="problem", name="dry cough", status="active"), id="symptom"
        ),
        pytest.param(
            make_fact(LETTER, name="Blood pressure", value="138/84", unit="mmHg"), id="sign"
        ),
        pytest.param(
            make_fact(
                FIRST_RX, kind="medication", name="metformin", dose="500 mg", status="current"
            ),
            id="older paper's dose",
        ),
        pytest.param(
            make_fact(LETTER, kind="medication", name="ramipril", status="last-seen"),
            id="last seen",
        ),
    ],
)
def test_score_lets_pass_what_is_true_but_not_asked_for(fact: dict[str, Any]) -> None:
    report = score([fact], TRUTH)
    assert report.invented == ()
    assert report.recall() == 0


@pytest.mark.parametrize(
    "wrong",
    [{"unit": "umol/L"}, {"range": "0.60-1.20"}, {"flag": "L"}],
    ids=lambda w: next(iter(w)),
)
def test_score_lists_a_detail_that_differs(wrong: dict[str, str]) -> None:
    report = score([make_fact(**wrong)], TRUTH)
    assert report.invented == ()
    assert len(report.differing) == 1
    assert next(iter(wrong.values())) in report.differing[0]


def test_score_lists_an_order_that_differs() -> None:
    fact = make_fact(
        LAST_RX, kind="medication", name="losartan", dose="50 mg", status="current",
        route="intravenous", frequency="twice daily",
    )  # fmt: skip
    assert len(score([fact], TRUTH).differing) == 2


def test_score_minds_no_detail_that_is_left_out() -> None:
    report = score([make_fact(unit=None, range=None, flag=None)], TRUTH)
    assert report.differing == ()
    assert report.tallies["lab"].found == 1


def test_score_refuses_what_is_no_fact() -> None:
    with pytest.raises(ValidationError):
        score([{"kind": "lab"}], TRUTH)


def test_lines_show_each_kind_and_each_fault() -> None:
    report = score([make_fact(), make_fact(value="9.9"), make_fact(flag="L")], TRUTH)
    text = "\n".join(report.lines())
    assert all(kind in text for kind in KINDS)
    assert "invented  lab Creatinine 9.9" in text
    assert "differing lab Creatinine 1.12" in text
    assert "missing   HbA1c 8.4 %" in text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hypercholesterolemia", "Hypercholesterolaemia"),
        ("Type 2 diabetes", "Type 2 diabetes mellitus"),
        ("Hemoglobin A1c", "HbA1c"),
        ("CKD", "Chronic kidney disease stage G3a"),
        ("hives, generalized urticaria", "generalised urticaria"),
        ("Date of birth", "birth date"),
        ("X-ray chest", "Chest X-ray"),
    ],
)
def test_agree_holds_when_names_mean_the_same(one: str, other: str) -> None:
    assert agree(one, other)
    assert agree(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("LDL cholesterol", "HDL cholesterol"),
        ("asthma", "stroke"),
        ("", "stroke"),
        ("Chronic kidney disease stage G3b", "Chronic kidney disease stage G3a"),
        ("pleural effusion", "pericardial effusion"),
    ],
)
def test_agree_fails_when_names_differ(one: str, other: str) -> None:
    assert not agree(one, other)


def test_same_value_keeps_precision() -> None:
    assert same_value("5 mg", "5MG")
    assert not same_value("7.0", "7")
    assert not same_value(None, "7")
    assert same_value(None, None)


@pytest.mark.parametrize(
    "written", ["twice daily", "BID", "Twice a day with meals", "every 12 hours"]
)
def test_same_frequency_reads_what_doctors_write(written: str) -> None:
    assert same_frequency(written, "twice daily")
    assert not same_frequency(written, "once daily")


def test_same_route_reads_what_doctors_write() -> None:
    assert same_route("PO", "oral")
    assert same_route("by mouth", "oral")
    assert not same_route("subcutaneous", "oral")
