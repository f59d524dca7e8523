"""The sample paper, read once for all tests that look at it, and a reader of other summaries."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.history import History
from core.words import Reading
from ocr.reading import ReadingSettings, read_paths
from ocr.summary import facts_document, summarise
from ocr.summary.bundle_source import BundleSource, read_bundle
from scripts._paper.generate import write_samples
from scripts._paper.score import Report, score
from tests.ocr.summary.foreign import make_bundle


@dataclass(frozen=True)
class Sample:
    reading: Reading
    history: History
    report: Report
    truth: Mapping[str, Any]


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    folder: Path = tmp_path_factory.mktemp("samples")
    write_samples(folder)
    truth = json.loads((folder / "truth.json").read_text())
    reading = read_paths([folder], ReadingSettings())
    history = summarise(reading)
    return Sample(reading, history, score(facts_document(history)["facts"], truth), truth)


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., BundleSource]:
    """Reads a FHIR document that holds the given resources beside its patient."""

    def read_one(*resources: dict[str, Any], **fields: Any) -> BundleSource:
        path = tmp_path / "summary.json"
        path.write_text(json.dumps(make_bundle(*resources, **fields)))
        return read_bundle(path)

    return read_one
