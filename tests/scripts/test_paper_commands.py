"""`read` and `summarize` as a newcomer meets them: results, bad input, exit codes."""

import json
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from tests.scripts.conftest import Run

LETTER = (
    "Patient: Ada Sample",
    "Date of birth: 2 May 1970",
    "Date: 14 March 2024",
    "Allergies: Penicillin (rash)",
    "Medications",
    "Metformin 500 mg orally twice daily",
)


def pdf(path: Path, password: str | None = None) -> Path:
    encryption = StandardEncryption(password) if password else None
    canvas = Canvas(str(path), encrypt=encryption)
    for number, line in enumerate(LETTER):
        canvas.drawString(72, 760 - 24 * number, line)
    canvas.save()
    return path


def scan(path: Path) -> Path:
    import reportlab

    vera = Path(reportlab.__file__).parent / "fonts" / "Vera.ttf"
    font = ImageFont.truetype(str(vera), 42)
    page = Image.new("L", (1700, 900), 255)
    for number, line in enumerate(LETTER):
        ImageDraw.Draw(page).text((120, 100 + 110 * number), line, fill=0, font=font)
    page.save(path, dpi=(200, 200))
    return path


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    folder = tmp_path / "paper"
    folder.mkdir()
    pdf(folder / "letter.pdf")
    return folder


def test_summarize_writes_a_history_that_names_its_sources(
    paper: Path, tmp_path: Path, run: Run
) -> None:
    out = tmp_path / "out"
    done = run("summarize", paper, "--out", out, "--home", tmp_path / "home", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["documents"] == 1
    facts = json.loads((out / "facts.json").read_text())["facts"]
    allergy = next(fact for fact in facts if fact["kind"] == "allergy")
    assert "penicillin" in allergy["name"].lower()
    assert allergy["evidence"][0]["document"] == "letter.pdf"
    bundle = json.loads((out / "history.json").read_text())
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "document")
    assert "Ada Sample" in (out / "history.html").read_text()


def test_bad_files_are_named_and_the_rest_goes_on(paper: Path, tmp_path: Path, run: Run) -> None:
    pdf(paper / "locked.pdf", password="secret")
    whole = scan(paper / "whole.png").read_bytes()
    (paper / "cut.png").write_bytes(whole[: len(whole) // 3])
    (paper / "empty.jpg").write_bytes(b"")
    (paper / "notes.txt").write_text("not paper")
    out = tmp_path / "out"
    done = run("summarize", paper, "--out", out, "--home", tmp_path / "home", "--json")
    assert done.returncode == 3
    said = json.loads(done.stdout)
    assert said["documents"] == 2
    fatal = {refusal["name"]: refusal["fatal"] for refusal in said["refusals"]}
    assert fatal == {"locked.pdf": True, "cut.png": True, "empty.jpg": True, "notes.txt": False}
    assert "password" in next(r["reason"] for r in said["refusals"] if r["name"] == "locked.pdf")
    assert all(name in done.stderr for name in fatal)
    assert "Traceback" not in done.stderr


def test_read_writes_text_and_boxes_and_needs_no_second_reading(tmp_path: Path, run: Run) -> None:
    image = scan(tmp_path / "scan.png")
    out, home = tmp_path / "out", tmp_path / "home"
    done = run("read", image, "--out", out, "--home", home)
    assert done.returncode == 0, done.stderr
    assert "Penicillin (rash)" in (out / "scan.txt").read_text()
    words = json.loads((out / "scan.words.json").read_text())["words"]
    assert any(word["text"] == "Metformin" for word in words)
    assert home.stat().st_mode & 0o077 == 0
    kept = {path: path.stat().st_mtime_ns for path in (home / "cache").rglob("*")}
    again = run("read", image, "--out", out, "--home", home)
    assert again.returncode == 0
    assert {path: path.stat().st_mtime_ns for path in (home / "cache").rglob("*")} == kept


def test_read_keeps_nothing_when_told_so(tmp_path: Path, run: Run) -> None:
    home = tmp_path / "home"
    done = run(
        "read", pdf(tmp_path / "a.pdf"), "--out", tmp_path / "o", "--home", home, "--no-cache"
    )
    assert done.returncode == 0, done.stderr
    assert not [path for path in home.rglob("*") if path.is_file()]


def test_missing_tesseract_is_named_with_the_way_to_get_it(tmp_path: Path, run: Run) -> None:
    done = run(
        "read", scan(tmp_path / "a.png"), "--out", tmp_path / "o", "--home", tmp_path, PATH=""
    )
    assert done.returncode == 4
    assert "tesseract" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["read", "summarize"])
def test_an_empty_folder_is_an_error(command: str, tmp_path: Path, run: Run) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    done = run(command, empty, "--out", tmp_path / "o", "--home", tmp_path / "h")
    assert done.returncode == 3
    assert "PDF" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_place_that_is_not_there_is_an_error(tmp_path: Path, run: Run) -> None:
    done = run("read", tmp_path / "nowhere", "--out", tmp_path / "o", "--home", tmp_path / "h")
    assert done.returncode == 3
    assert "nowhere" in done.stderr


def test_the_locked_sample_really_is_locked(tmp_path: Path) -> None:
    with pytest.raises(pypdfium2.PdfiumError):
        pypdfium2.PdfDocument(pdf(tmp_path / "locked.pdf", password="secret"))


GERMAN = (
    "Der Patient klagt seit zwei Wochen über Schmerzen in der Brust und wurde von uns untersucht.",
    "Die Behandlung mit Metformin 500 mg ist nicht zu ändern, und er soll sich bei uns",
    "in der Praxis wieder vorstellen, wenn die Beschwerden nach der Therapie noch nicht",
    "besser sind oder auch wenn sie durch das Medikament schlimmer werden.",
)


def test_read_says_so_when_a_page_is_not_english(tmp_path: Path, run: Run) -> None:
    canvas = Canvas(str(tmp_path / "brief.pdf"))
    for number, line in enumerate(GERMAN):
        canvas.drawString(72, 760 - 24 * number, line)
    canvas.save()
    pdf(tmp_path / "letter.pdf")
    out, home = tmp_path / "out", tmp_path / "home"
    files = (tmp_path / "brief.pdf", tmp_path / "letter.pdf")
    done = run("read", *files, "--out", out, "--home", home, "--overlay", "--pdf", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["foreign_pages"] == [{"name": "brief.pdf", "page": 1, "language": "German"}]
    assert "seems to be in German" in done.stderr
    assert {"brief.overlay.jpg", "letter.searchable.pdf"} <= {path.name for path in out.iterdir()}


@pytest.mark.parametrize("command", ["read", "summarize"])
def test_paper_commands_refuse_a_scheduler_in_the_clear(
    paper: Path, tmp_path: Path, run: Run, command: str
) -> None:
    out, home = tmp_path / "out", tmp_path / "home"
    scheduler = "tcp://clinic.example:8786"
    done = run(command, paper, "--out", out, "--home", home, "--scheduler", scheduler)
    assert done.returncode == 2
    assert "in the clear" in done.stderr
    assert not out.exists()
