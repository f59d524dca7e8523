"""Whatever a page says: no crash, no statement without its place, no word that leaks."""

import json
import logging
import re
from datetime import UTC, datetime
from importlib.resources import files

import jsonschema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.facts import Experiencer, Polarity
from core.history import About, History
from core.words import Page, Reading, Refusal
from ocr.summary import facts_document, ips_bundle, render_html, summarise
from tests.ocr.summary.paper import HEAD, make_document, make_reading, read_texts

AT = datetime(2025, 4, 1, 12, tzinfo=UTC)
SCHEMA = jsonschema.Draft202012Validator(
    json.loads(files("ocr.summary").joinpath("data/facts.schema.json").read_text())
)

NUMBERS = st.one_of(
    st.integers(0, 10**7).map(str),
    st.decimals(0, 5000, places=2, allow_nan=False).map(str),
    st.sampled_from(
        ["0", "00", "1,000", "1,00", "7,4", "4.", ".5", "½", "<0.01", "≥60", "-3", "²"]
    ),
)
DATES = st.sampled_from(
    ["2024-03-05", "31/02/2023", "03/04/2024", "5 March 2024", "00.00.2024", "2024-13-40", "1899"]
)
NAMES = """
Metformin, ramipril/amlodipine, Potassium, HbA1c, Gout, CKD, penicillin, latex, Influenza, asthma,
appendectomy, father, Coumadin, eGFR, INR, Linden
"""
GLUE = """
no, denies, history of, allergic to, stopped, if, mg, mg/dL, mmol/L, H, tablet, BID, daily, (, ), :,
;, -, *, 1., •, ->, [3.5-5.1], (I10), Patient:, DOB:, MRN:, increased from, to, replaced by, until
"""
HEADINGS = """
Allergies, ALLERGIES:, Current medications, STOP, Diagnoses, Family history, Plan, —,
Past surgical history, Test   Result   Unit   Reference, Test   2023-03-06   2024-03-11   Unit,
Vaccine   Date   Next due, Patient: Nora Linden   DOB: 1961-03-14
"""


def one_of(listed: str) -> st.SearchStrategy[str]:
    return st.sampled_from([item.strip() for item in listed.split(",")])


STRANGE = st.text(
    alphabet=st.characters(exclude_categories=("C", "Z"), exclude_characters="~"),
    min_size=1,
    max_size=6,
)
TOKENS = st.one_of(one_of(NAMES), one_of(GLUE), NUMBERS, DATES, STRANGE)
ROWS = st.one_of(
    one_of(HEADINGS),
    st.lists(TOKENS, min_size=1, max_size=9).map(" ".join),
    st.lists(TOKENS, min_size=1, max_size=6).map("   ".join),
)
TEXTS = st.lists(ROWS, min_size=1, max_size=14).map("\n".join)
READINGS = st.lists(st.lists(TEXTS, min_size=1, max_size=2), min_size=1, max_size=3).map(
    lambda texts: make_reading(*(make_document(f"{i}.png", *t) for i, t in enumerate(texts)))
)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def pages_of(reading: Reading) -> dict[tuple[str, int], Page]:
    return {(p.document, p.number): p for d in reading.documents for p in d.pages}


def words_in(page: Page, span: tuple[int, int]) -> list:
    found = []
    for line in page.lines:
        offset = line.start
        for word in line.words:
            if offset < span[1] and offset + len(word.text) > span[0]:
                found.append(word)
            offset += len(word.text) + 1
    return found


def assert_traceable(history: History, reading: Reading) -> None:
    """Every quote stands at its span, and its box is exactly that of its words."""
    pages = pages_of(reading)
    for fact in history.facts:
        for evidence in fact.evidence:
            page = pages[evidence.document, evidence.page]
            words = words_in(page, evidence.span)
            assert page.text[slice(*evidence.span)] == evidence.quote
            assert " ".join(word.text for word in words) == evidence.quote
            box = words[0].box
            for word in words[1:]:
                box = box.union(word.box)
            assert box == evidence.box


@QUICK
@given(reading=READINGS)
def test_summarise_traces_every_statement_whatever_the_pages_say(reading):
    history = summarise(reading)
    assert_traceable(history, reading)
    included = {source.document for source in history.documents if source.included}
    assert {e.document for fact in history.facts for e in fact.evidence} <= included
    assert all(0 <= fact.confidence <= 1 for fact in history.facts)


@QUICK
@given(reading=READINGS)
def test_summarise_gives_the_same_ids_when_run_again(reading):
    once, again = summarise(reading), summarise(reading)
    assert once == again
    ids = [fact.id for fact in once.facts]
    assert len(ids) == len(set(ids))
    known = set(ids)
    assert all(set(conflict.facts) <= known for conflict in once.conflicts)


@QUICK
@given(reading=READINGS)
def test_summarise_never_shows_what_is_denied_or_a_relatives_as_the_patients(reading):
    history = summarise(reading)
    own = (*history.problems, *history.medications_current, *history.procedures)
    assert all(fact.polarity is Polarity.AFFIRMED for fact in own)
    assert all(fact.experiencer is Experiencer.PATIENT for fact in (*own, *history.allergies))
    assert all(fact.polarity is Polarity.NEGATED for fact in history.negated)


@settings(QUICK, max_examples=25)
@given(reading=READINGS)
def test_outputs_are_well_formed_whatever_the_pages_say(reading):
    history = summarise(reading)
    SCHEMA.validate(json.loads(json.dumps(facts_document(history))))
    bundle = ips_bundle(history, reading, generated_at=AT)
    urls = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(urls) == len(set(urls))
    assert set(re.findall(r'"reference": "([^"]+)"', json.dumps(bundle))) <= set(urls)
    page = render_html(history, reading, embed_images=False)
    assert "<script" not in page
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_summarise_says_nothing_in_logs_or_on_the_terminal(caplog, capsys):
    with caplog.at_level(logging.DEBUG):
        summarise(read_texts(a=HEAD + "Allergies: latex\nCurrent medications\nMetformin 500 mg"))
    assert [record for record in caplog.records if record.levelno >= logging.DEBUG] == []
    assert capsys.readouterr() == ("", "")


def test_cautions_name_files_but_repeat_nothing_the_paper_says():
    reading = Reading(
        documents=(
            make_document("one.png", "Patient: Nora Linden   DOB: 1961-03-14\nAllergies\nLatex"),
            make_document("two.png", "Patient: Paul Reyes   DOB: 1985-01-02\nDiagnoses\nGout"),
            make_document("blank.png", ""),
            make_document("doubt.png", "Diagnoses\nHypertension\nMedications\nMetformin ~500~ mg"),
        ),
        refusals=(
            Refusal(name="torn.pdf", reason="Nora Linden, latex", fatal=True),
            Refusal(name="notes.txt", reason="not paper", fatal=False),
        ),
    )
    warnings = summarise(reading).warnings
    told = " ".join(str(warning) for warning in warnings)
    codes = {warning.code for warning in warnings}
    assert codes >= {
        About.MIXED_PATIENTS,
        About.EMPTY_PAGE,
        About.NOT_READ,
        About.NO_IDENTITY,
        About.UNDATED,
        About.MISSING,
        About.TO_CHECK,
    }
    assert not re.search(r"Nora|Linden|Reyes|latex|gout|metformin|500", told, re.IGNORECASE)
    assert "torn.pdf" in told
    assert "notes.txt" not in told


def test_summarise_takes_paper_without_a_name_for_the_patients_and_says_so():
    history = summarise(read_texts(named=HEAD + "Allergies: latex", bare="Diagnoses\nGout"))
    (caution,) = [w for w in history.warnings if w.code is About.NO_IDENTITY]
    assert caution.documents == ("bare.pdf",)
    assert [fact.name for fact in history.problems] == ["Gout"]


def test_summarise_has_a_kind_of_its_own_for_each_section_when_all_stand_on_one_page():
    text = (
        "Diagnoses\nGout\nAllergies\nLatex\nCurrent medications\nMetformin 500 mg daily\n"
        "Past surgical history\nAppendectomy 1999\nImmunizations\nInfluenza 2023-10-16\n"
        "Laboratory results\nPotassium 4.9 mmol/L\nVital signs\nPulse 71\nDevices\nPacemaker"
    )
    counts = summarise(read_texts(all=HEAD + text)).counts
    assert counts == {
        "allergies": 1,
        "current medications": 1,
        "stopped medications": 0,
        "problems": 1,
        "lab values": 1,
        "procedures": 1,
        "immunizations": 1,
        "vital signs": 1,
        "devices": 1,
    }
