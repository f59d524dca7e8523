"""The sample paper is what it says it is, and the same every time."""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import pytest
from click.testing import CliRunner
from PIL import Image, ImageSequence

from scripts._paper.generate import write_samples
from scripts._paper.model import Form
from scripts._paper.story import PAPERS
from scripts._settings import ROOT
from scripts.samples import cli

MAX_TOTAL_BYTES = 12_000_000
RUN = """
import sys, pathlib
from scripts._paper.generate import write_samples
write_samples(pathlib.Path(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bag")
    write_samples(folder)
    return folder


@pytest.fixture(scope="module")
def truth(bag: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((bag / "truth.json").read_text())
    return content


def files(bag: Path, form: Form) -> Iterator[Path]:
    return (bag / paper.file for paper in PAPERS if paper.form is form)


def digests(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


def squeezed(text: str) -> str:
    return " ".join(text.split())


def test_write_samples_gives_the_same_bytes_when_run_in_another_process(
    bag: Path, tmp_path: Path
) -> None:
    surroundings = os.environ | {"PYTHONHASHSEED": "77", "TZ": "Pacific/Apia", "LC_ALL": "C"}
    subprocess.run(
        [sys.executable, "-c", RUN, str(tmp_path)], check=True, cwd=ROOT, env=surroundings
    )
    assert digests(tmp_path) == digests(bag)


def test_write_samples_stays_small(bag: Path) -> None:
    assert sum(path.stat().st_size for path in bag.iterdir()) < MAX_TOTAL_BYTES


def test_write_samples_uses_every_form_and_born_digital_pdf_twice() -> None:
    forms = [paper.form for paper in PAPERS]
    assert set(forms) == set(Form)
    assert forms.count(Form.BORN_PDF) >= 2
    assert len(PAPERS) >= 9


def test_born_digital_pdf_carries_the_text_of_the_truth(bag: Path, truth: dict[str, Any]) -> None:
    texts = {document["file"]: document["text"] for document in truth["documents"]}
    for path in files(bag, Form.BORN_PDF):
        pages = [page.get_textpage().get_text_range() for page in pdfium.PdfDocument(path)]
        assert [squeezed(p) for p in pages] == [squeezed(p) for p in texts[path.name]]


def test_scanned_pdf_has_an_image_and_no_text(bag: Path) -> None:
    for path in files(bag, Form.SCANNED_PDF):
        for page in pdfium.PdfDocument(path):
            assert page.get_textpage().count_chars() == 0
            (image,) = page.get_objects()
            assert image.type == pdfium.raw.FPDF_PAGEOBJ_IMAGE


def test_pdf_metadata_holds_no_date_of_the_run(bag: Path) -> None:
    for path in bag.glob("*.pdf"):
        dates = re.findall(rb"\(D:(\d{4})", path.read_bytes())
        assert set(dates) <= {b"2000"}


def test_scanned_png_is_grey_at_300_dpi_without_metadata(bag: Path) -> None:
    for path in files(bag, Form.SCAN_PNG):
        with Image.open(path) as image:
            assert (image.format, image.mode) == ("PNG", "L")
            assert image.info.keys() == {"dpi"}
            assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        assert not re.search(rb"tIME|tEXt|iTXt|zTXt|eXIf", path.read_bytes())


def test_phone_photo_is_an_upright_or_lying_jpeg_of_at_most_12_megapixels(bag: Path) -> None:
    for path in files(bag, Form.PHONE_JPEG):
        with Image.open(path) as image:
            assert (image.format, image.mode) == ("JPEG", "RGB")
            assert image.width * image.height <= 12_000_000
            assert not image.getexif()
            assert "comment" not in image.info


def test_fax_is_a_bilevel_tiff_of_two_pages_without_metadata(bag: Path) -> None:
    (path,) = files(bag, Form.FAX_TIFF)
    with Image.open(path) as image:
        pages = list(ImageSequence.Iterator(image))
        assert len(pages) == 2
        for page in ImageSequence.Iterator(image):
            assert page.mode == "1"
            assert page.info["compression"] == "group4"
            assert page.info["dpi"] == pytest.approx((204, 196))
            assert not {270, 305, 306, 315} & set(
                page.tag_v2
            )  # description, software, date, artist


def test_pages_are_counted_right(bag: Path, truth: dict[str, Any]) -> None:
    for document in truth["documents"]:
        path = bag / document["file"]
        if path.suffix == ".pdf":
            pages = len(pdfium.PdfDocument(path))
        else:
            with Image.open(path) as image:
                pages = getattr(image, "n_frames", 1)
        assert pages == document["pages"] == len(document["text"])


def test_cli_says_what_it_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts._paper.generate.PAPERS", PAPERS[:1])
    done = CliRunner().invoke(cli, ["--out", str(tmp_path / "new" / "bag")])
    assert done.exit_code == 0
    names = [Path(line.split("\t")[0]).name for line in done.stdout.splitlines()]
    assert names == [PAPERS[0].file, "truth.json"]


def test_cli_emits_json_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts._paper.generate.PAPERS", PAPERS[:1])
    done = CliRunner().invoke(cli, ["--out", str(tmp_path), "--json"])
    listed = json.loads(done.stdout)
    assert all(Path(item["file"]).stat().st_size == item["bytes"] for item in listed)


def test_cli_exits_2_when_the_folder_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = CliRunner().invoke(cli, ["--out", str(tmp_path / "file" / "bag")])
    assert done.exit_code == 2
    assert "Cannot write" in done.output
