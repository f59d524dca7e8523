"""No source, no sentence: every line of every file leads to words that stand on the paper."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bench._history_paper import patients, write_paper
from bench.history import DATA
from core.facts import Fact
from core.words import Box, Reading
from ocr.reading import ReadingSettings, read_paths
from ocr.summary import (
    facts_document,
    ips_bundle,
    read_bundle,
    render_card,
    render_html,
    render_pdf,
    summarise,
)
from tests.ocr.summary.foreign import make_bundle
from tests.ocr.summary.paper import make_document, make_reading, read_texts
from tests.ocr.summary.test_bundle_observations import amount, category, make_pressure, make_vital
from tests.ocr.summary.test_bundle_people import OTHERS as PEOPLE
from tests.ocr.summary.test_bundle_people import make_consent, make_relative, make_use
from tests.ocr.summary.test_bundle_source import ALLERGY, MEDICATION, POTASSIUM
from tests.ocr.summary.thick import thick_reading
from tests.ocr.summary.traced import (
    Sentence,
    Told,
    box_of,
    marked,
    pages_of,
    pdf_sentences,
    sentences,
    words_in,
)


@dataclass(frozen=True)
class Files:
    reading: Reading
    facts: dict[str, Any]
    page: str
    card: str
    pdf: bytes
    bundle: dict[str, Any]


def files_of(reading: Reading, **stated: Sequence[Fact]) -> Files:
    history = summarise(reading, stated=stated)
    return Files(
        reading=reading,
        facts=json.loads(json.dumps(facts_document(history))),
        page=render_html(history, reading, embed_images=False),
        card=render_card(history, reading),
        pdf=render_pdf(history, reading),
        bundle=ips_bundle(history, reading, generated_at=datetime(2025, 4, 1, tzinfo=UTC)),
    )


OF_EVERY_KIND = (
    ALLERGY, MEDICATION, POTASSIUM, make_relative("Gout"), *make_use("active"), make_consent(),
    make_pressure(amount(150, "mm[Hg]"), amount(95, "mm[Hg]")),
    make_vital("29463-7", "Body weight", **amount(81, "kg")),
    make_vital("72166-2", "Tobacco smoking status", category=category("social-history"),
               valueString="Former smoker"),
    {"resourceType": "RelatedPerson", "name": [{"text": "Paul Reyes"}],
     "telecom": [{"system": "phone", "value": "555-0177"}]},
)  # fmt: skip


@pytest.fixture(scope="module", params=["samples", "thick", "synthetic", "foreign"])
def files(request: pytest.FixtureRequest) -> Files:
    if request.param == "samples":
        return files_of(request.getfixturevalue("sample").reading)
    if request.param == "thick":
        return files_of(thick_reading())
    if request.param == "foreign":
        folder = request.getfixturevalue("tmp_path_factory").mktemp("foreign")
        return foreign_summary(folder)
    return files_of(read_paths([synthetic_paper(request)], ReadingSettings()))


def foreign_summary(folder: Path) -> Files:
    """A summary with people, devices, measures and habits, beside paper with a code status."""
    path = folder / "summary"
    path.write_text(json.dumps(make_bundle(*OF_EVERY_KIND)))
    source = read_bundle(path)
    paper = make_document("letter.pdf", PEOPLE)
    return files_of(make_reading(paper, source.document), summary=source.facts)


def synthetic_paper(request: pytest.FixtureRequest) -> Path:
    """Paper of one of Synthea's patients, its summary and results scanned."""
    if not (DATA / "synthea").is_dir():
        pytest.skip(f"no data in {DATA / 'synthea'}: paper of Synthea's patients is not read")
    folder = request.getfixturevalue("tmp_path_factory").mktemp("synthetic")
    write_paper(patients(DATA / "synthea")[1], folder)
    return folder


def test_every_quote_of_facts_is_what_stands_in_its_box(files):
    pages = pages_of(files.reading)
    told = Told(files.facts, files.reading)
    assert told.evidence
    for fact, evidence in told.evidence:
        page = pages[evidence["document"], evidence["page"]]
        assert words_in(page, box_of(evidence)) == evidence["quote"], fact["name"]
        assert page.text[slice(*evidence["span"])] == evidence["quote"]


def test_every_mark_on_the_page_shows_its_quote(files):
    pages = pages_of(files.reading)
    told = Told(files.facts, files.reading)
    marks = marked(files.page)
    assert sorted(marks) == list(range(1, len(told.evidence) + 1))
    for number, (document, page, box, quote) in marks.items():
        evidence = told.evidence[number - 1][1]
        assert (document, page) == (evidence["document"], evidence["page"])
        assert box == box_of(evidence)
        assert words_in(pages[document, page], box) == quote


@pytest.mark.parametrize("name", ["page", "card"])
def test_every_sentence_says_only_what_its_evidence_does(files, name):
    told = Told(files.facts, files.reading)
    said = sentences(getattr(files, name))
    assert sum(bool(sentence.numbers) for sentence in said) > 8
    assert {s.text: rest for s in said if (rest := told.unexplained(s))} == {}


def test_every_sentence_of_the_pdf_says_only_what_its_evidence_does(files):
    told = Told(files.facts, files.reading)
    said = pdf_sentences(files.pdf)
    assert len({n for s in said for n in s.numbers}) >= len(files.facts["facts"])
    before: tuple[int, ...] = ()
    for sentence in said:
        assert told.unexplained(sentence, before) == "", sentence
        before = sentence.numbers


def test_every_provenance_quotes_what_stands_in_its_box(files):
    pages = pages_of(files.reading)
    resources = [entry["resource"] for entry in files.bundle["entry"]]
    provenances = [r for r in resources if r["resourceType"] == "Provenance"]
    for entity in (entity for p in provenances for entity in p["entity"]):
        told = {
            part["url"]: part.get("valueString", part.get("valuePositiveInt"))
            for part in entity["extension"][0]["extension"]
        }
        left, top, right, bottom = map(int, told["box"].split(","))
        box = Box(left=left, top=top, right=right, bottom=bottom)
        assert words_in(pages[told["document"], told["page"]], box) == told["quote"]


def test_every_entry_of_a_section_has_its_provenance(files):
    resources = [entry["resource"] for entry in files.bundle["entry"]]
    sourced = {
        target["reference"]
        for resource in resources
        if resource["resourceType"] == "Provenance"
        for target in resource["target"]
    }
    sections = [s for s in resources[0]["section"] if s["title"] != "Source pages"]
    entries = {entry["reference"] for s in sections for entry in s.get("entry", ())}
    assert len(entries) > 10
    assert entries <= sourced


# That the checks above can fail


PAPER = "Patient: Nora Linden\nDiagnoses\n1. Gout\nCurrent medications\nMetformin 500 mg daily\n"


@pytest.fixture(scope="module")
def plain() -> Files:
    return files_of(read_texts(paper=PAPER))


@pytest.mark.parametrize(
    ("before", "after", "rest"),
    [
        ("<strong>Gout</strong>", "<strong>Gout, severe</strong>", "severeundated"),
        ("500 mg", "850 mg", "850mgoncedailyundated"),
        ('<h2 id="labs">', '<p>She is well.</p><h2 id="labs">', "Sheiswell."),
        ("</main>", "<p>Gout</p></main>", "Gout"),
    ],
)
def test_unexplained_finds_what_no_evidence_says(plain, before, after, rest):
    told = Told(plain.facts, plain.reading)
    assert all(told.unexplained(s) == "" for s in sentences(plain.page))
    assert before in plain.page
    said = sentences(plain.page.replace(before, after))
    assert {told.unexplained(s) for s in said} - {""} == {rest}


def test_sentences_fails_when_text_stands_outside_of_every_line(plain):
    with pytest.raises(AssertionError, match="outside"):
        sentences(plain.page.replace("</main>", "Gout</main>"))


def test_unexplained_finds_what_no_number_of_the_pdf_leads_to(plain):
    told = Told(plain.facts, plain.reading)
    said = pdf_sentences(plain.pdf)
    assert all(told.unexplained(s) == "" for s in said)
    lone = [Sentence(s.text, ()) for s in said if "Gout" in s.text]
    assert [told.unexplained(s) for s in lone] != [""]
