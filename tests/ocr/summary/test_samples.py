"""The sample paper, read and summarised, against its truth."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.history import History
from core.words import Reading
from ocr.reading import ReadingSettings, read_paths
from ocr.summary import facts_document, summarise
from scripts._paper.generate import write_samples
from scripts._paper.score import Report, score


@dataclass(frozen=True)
class Sample:
    reading: Reading
    history: History
    facts: list[dict[str, Any]]
    report: Report
    truth: Mapping[str, Any]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    folder: Path = tmp_path_factory.mktemp("samples")
    write_samples(folder)
    truth = json.loads((folder / "truth.json").read_text())
    reading = read_paths([folder], ReadingSettings())
    history = summarise(reading)
    facts = facts_document(history)["facts"]
    return Sample(reading, history, facts, score(facts, truth), truth)


@pytest.mark.parametrize(
    "kind",
    ["patient", "allergy", "medication", "problem", "lab", "procedure", "immunization", "family"],
)
def test_samples_give_every_statement_of_the_truth(sample, kind):
    assert sample.report.tallies[kind].missing == ()


def test_samples_give_no_statement_that_no_paper_makes(sample):
    assert sample.report.invented == ()


def test_samples_give_every_detail_as_the_paper_has_it(sample):
    assert sample.report.differing == ()


def test_samples_quote_exactly_what_was_read(sample):
    pages = {(p.document, p.number): p for d in sample.reading.documents for p in d.pages}
    for fact in sample.history.facts:
        for evidence in fact.evidence:
            page = pages[evidence.document, evidence.page]
            assert page.text[slice(*evidence.span)] == evidence.quote


def test_samples_are_of_one_patient_without_contradiction(sample):
    assert sample.history.exit_code == 0
    assert sample.history.conflicts == ()
