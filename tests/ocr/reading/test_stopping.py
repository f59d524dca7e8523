"""Reading that is cut short, by a killed process, a late page or Ctrl-C: nothing is left behind."""

import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from core.words import Reading
from ocr.reading import (
    DecodeLimits,
    Progress,
    ReadingSettings,
    TesseractEngine,
    read_paths,
)
from scripts._hostile.slow import slow_files
from tests.ocr.reading.waiting import is_running, wait_until

Draw = Callable[..., Image.Image]
MakePdf = Callable[..., bytes]
Settings = Callable[..., ReadingSettings]
Fake = Callable[[str], str]


pytestmark = pytest.mark.usefixtures("scratch_root")


def _texts(reading: Reading) -> dict[str, str]:
    return {document.name: document.pages[0].text for document in reading.documents}


def _reasons(reading: Reading) -> dict[str, str]:
    return {refusal.name: refusal.reason for refusal in reading.refusals}


def test_read_paths_refuses_only_the_page_whose_process_is_killed(
    tmp_path: Path, draw_page: Draw, fake_tesseract: Fake
) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a", "b", "c"):
        draw_page((name,)).save(tmp_path / "in" / f"{name}.png")
    marker = tmp_path / "once"
    command = fake_tesseract(
        f'if mkdir "{marker}" 2>/dev/null; then kill -9 $PPID; exit 1; fi\n'
        'printf "level\\tleft\\ttop\\twidth\\theight\\tconf\\ttext\\n" > "$2.tsv"\n'
        'printf "5\\t10\\t10\\t50\\t20\\t95\\tseen\\n" >> "$2.tsv"'
    )
    engine = TesseractEngine(command=command)

    reading = read_paths([tmp_path / "in"], ReadingSettings(engine=engine, workers=1))

    assert _texts(reading) == {"b.png": "seen", "c.png": "seen"}
    assert "ended unexpectedly" in _reasons(reading)["a.png"]


def test_read_paths_refuses_pages_when_the_engine_fails(
    tmp_path: Path, draw_page: Draw, make_pdf: MakePdf, fake_tesseract: Fake
) -> None:
    (tmp_path / "in").mkdir()
    draw_page().save(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "b.pdf").write_bytes(make_pdf())
    engine = TesseractEngine(command=fake_tesseract("exit 1"))
    reading = read_paths([tmp_path / "in"], ReadingSettings(engine=engine, workers=1))
    assert [document.name for document in reading.documents] == ["b.pdf"]
    assert "recogniser failed" in _reasons(reading)["a.png"]


def test_read_paths_refuses_a_page_when_its_time_runs_out(
    tmp_path: Path, draw_page: Draw, fake_tesseract: Fake
) -> None:
    (tmp_path / "in").mkdir()
    draw_page().save(tmp_path / "in" / "a.png")
    engine = TesseractEngine(command=fake_tesseract("exec sleep 60"))
    settings = ReadingSettings(engine=engine, workers=1, page_seconds=0.5)
    reading = read_paths([tmp_path / "in"], settings)
    assert "longer than allowed" in _reasons(reading)["a.png"]


def test_read_paths_gives_up_a_file_when_its_pages_take_too_long(
    tmp_path: Path, draw_page: Draw, fake_tesseract: Fake
) -> None:
    (tmp_path / "in").mkdir()
    pages = [draw_page((f"page {number}",)) for number in range(12)]
    pages[0].save(tmp_path / "in" / "a.pdf", save_all=True, append_images=pages[1:])
    engine = TesseractEngine(command=fake_tesseract("exec sleep 60"))
    settings = ReadingSettings(engine=engine, workers=1, page_seconds=0.4)

    reading = read_paths([tmp_path / "in"], settings)

    assert reading.documents == ()
    *slow, untried = (refusal.reason for refusal in reading.refusals)
    # three, and the one that was under way then; either the engine or its process was stopped
    assert all("longer than allowed" in reason for reason in slow)
    assert untried.endswith(
        ", 6, 7, 8, 9, 10, 11, 12: Not tried: too many pages before it were harmful."
    )


def test_read_paths_refuses_a_file_that_decodes_page_after_page_slowly_and_reads_the_rest(
    tmp_path: Path, draw_page: Draw, make_settings: Settings
) -> None:
    draw_page().save(tmp_path / "sound.png")
    (slow,) = (case for case in slow_files() if case.name == "slow/pages.pdf")
    slow.make(tmp_path)
    settings = make_settings(limits=DecodeLimits(wall_seconds=4.0))

    reading = read_paths([tmp_path], settings)

    assert "sound.png" in _texts(reading)
    assert "more time or memory" in _reasons(reading)["pages.pdf"]


class _CancelledError(Exception):
    pass


def test_read_paths_stops_and_cleans_up_when_progress_raises(
    tmp_path: Path, draw_page: Draw, make_settings: Settings
) -> None:
    for number in range(4):
        draw_page((f"page {number}",)).save(tmp_path / f"{number}.png")

    def cancel(now: Progress) -> None:
        if now.done:
            raise _CancelledError

    with pytest.raises(_CancelledError):
        read_paths([tmp_path], make_settings(), cancel)


def test_read_paths_leaves_no_process_behind_when_interrupted(
    tmp_path: Path, draw_page: Draw, fake_tesseract: Fake
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "scratch").mkdir()
    for number in range(3):
        draw_page((f"page {number}",)).save(tmp_path / "in" / f"{number}.png")
    pid_file = tmp_path / "pid"
    command = fake_tesseract(f'echo $$ > "{pid_file}"; exec sleep 300')
    program = textwrap.dedent(f"""
        import tempfile
        from pathlib import Path
        from ocr.reading import ReadingSettings, TesseractEngine, read_paths, write_reading
        tempfile.tempdir = {str(tmp_path / "scratch")!r}
        settings = ReadingSettings(engine=TesseractEngine(command={command!r}), workers=2)
        write_reading(read_paths([Path({str(tmp_path / "in")!r})], settings),
                      Path({str(tmp_path / "out")!r}))
    """)
    run = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.DEVNULL)
    wait_until(lambda: pid_file.exists() and pid_file.read_text().strip() != "")
    recogniser = int(pid_file.read_text())

    run.send_signal(signal.SIGINT)

    assert run.wait(timeout=30) != 0
    wait_until(lambda: not is_running(recogniser))
    assert list((tmp_path / "scratch").iterdir()) == []
    assert not (tmp_path / "out").exists()


def test_read_paths_removes_what_a_killed_run_left(
    tmp_path: Path, draw_page: Draw, make_settings: Settings, scratch_root: Path
) -> None:
    left = scratch_root / "anamnesis-reading-dead"
    (left / "file-0").mkdir(parents=True)
    (left / "lock").touch()
    (left / "file-0" / "page-1.grey").write_bytes(b"private")
    draw_page().save(tmp_path / "a.png")
    read_paths([tmp_path], make_settings())
    assert not left.exists()
