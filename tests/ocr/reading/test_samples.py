"""The project's own sample paper: every laboratory value is read, on its own row."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.words import Reading
from ocr.reading import ReadingSettings, read_paths
from scripts._paper.generate import write_samples


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    write_samples(folder)
    return folder


@pytest.fixture(scope="module")
def truth(samples: Path) -> dict[str, Any]:
    return dict(json.loads((samples / "truth.json").read_text()))


@pytest.fixture(scope="module")
def reading(samples: Path) -> Reading:
    return read_paths([samples], ReadingSettings())


def test_read_paths_refuses_no_paper_when_given_the_samples(
    reading: Reading, truth: dict[str, Any]
) -> None:
    assert [refusal.name for refusal in reading.refusals if refusal.fatal] == []
    read = {document.name: len(document.pages) for document in reading.documents}
    assert read == {entry["file"]: entry["pages"] for entry in truth["documents"]}


def test_read_paths_gives_every_lab_value_on_its_row_when_given_the_samples(
    reading: Reading, truth: dict[str, Any]
) -> None:
    rows: dict[str, list[set[str]]] = {
        document.name: [set(line.text.split()) for page in document.pages for line in page.lines]
        for document in reading.documents
    }
    missing = [
        (lab["document"], lab["name"])
        for lab in truth["facts"]["labs"]
        if not any(
            lab["value"] in row and lab["name"].split()[-1][:3] in " ".join(row)
            for row in rows[lab["document"]]
        )
    ]
    assert missing == []


def test_read_paths_keeps_images_small_when_given_the_samples(reading: Reading) -> None:
    sizes = [len(image) for document in reading.documents for image in document.images]
    assert max(sizes) < 150_000
