"""A sample of the hostile corpus read for real; and that who looks for faults finds them."""

import json
import os
import signal
import zlib
from pathlib import Path

import pytest

from core.errors import InputError
from ocr.reading import NullEngine, ReadingSettings, TesseractEngine
from ocr.reading.kinds import FileKind, sniff
from scripts._hostile.case import Case, file_case
from scripts._hostile.corpus import corpus, sample
from scripts._hostile.honest import SUFFIXES, sound
from scripts._hostile.pdfs import packed
from scripts._hostile.run import HostileReport, hostile
from tests.scripts.conftest import Run
from tests.scripts.conftest import run as run

SETTINGS = ReadingSettings(workers=0, engine=NullEngine())


@pytest.fixture(scope="module")
def cases() -> tuple[Case, ...]:
    return corpus(1, 560)


def test_hostile_breaks_nothing_in_a_sample_of_each_family(run: Run) -> None:
    done = run("hostile", "--each", "1", "--no-recognise", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["violations"] == []
    assert said["files"] == len(said["families"]) >= 15
    assert said["read"] + said["refused"] == said["files"]
    assert said["largest_mib"] <= 1024
    assert said["families"]["sound"]["read"] == 1
    assert said["families"]["encrypted"]["refused"] == 1


def test_corpus_holds_over_five_hundred_files_of_every_family(cases: tuple[Case, ...]) -> None:
    assert len(cases) == len({case.name for case in cases}) == 560
    assert {"bomb", "boxes", "cut", "empty", "encrypted", "header", "loop", "misnamed", "name"} <= {
        case.family for case in cases
    }


def test_corpus_is_the_same_when_the_seed_is(tmp_path: Path, cases: tuple[Case, ...]) -> None:
    def damage(made: tuple[Case, ...], folder: str) -> list[bytes]:
        (tmp_path / folder).mkdir()
        for case in made[-20:]:
            case.make(tmp_path / folder)
        return [path.read_bytes() for path in sorted((tmp_path / folder).iterdir())]

    first = damage(cases, "first")
    assert damage(corpus(1, 560), "again") == first
    assert damage(corpus(2, 560), "other") != first


def test_corpus_refuses_when_there_is_no_room_for_damage() -> None:
    with pytest.raises(InputError, match="fixed cases"):
        corpus(1, 100)


@pytest.mark.parametrize(("times", "rounds"), [(1, 1), (7, 1), (7, 3)])
def test_packed_unpacks_to_what_it_says(times: int, rounds: int) -> None:
    block = b"0 0 m 612 792 l S\n" * 5_000
    content = packed(block, times, rounds)
    for _ in range(rounds):
        content = zlib.decompress(content)
    assert content == block * times


def test_sample_keeps_every_family(cases: tuple[Case, ...]) -> None:
    few = sample(cases, 2)
    assert {case.family for case in few} == {case.family for case in cases}
    assert len(few) <= 2 * len({case.family for case in cases})


@pytest.mark.parametrize("kind", SUFFIXES)
def test_sound_is_what_it_says(kind: str) -> None:
    assert sniff(sound(kind)) is FileKind(kind)


def _report(*cases: Case) -> HostileReport:
    return hostile(cases, seed=1, settings=SETTINGS, workers=1, batch=False)


def test_hostile_complains_when_a_file_ends_otherwise_than_it_must() -> None:
    report = _report(
        file_case("x", "sound.png", sound("PNG"), expected="refused"),
        file_case("x", "empty.png", b"", expected="read"),
    )
    assert report.violations == ("x/sound.png was not refused", "x/empty.png was not read")


def test_hostile_complains_when_the_input_cannot_be_read_safely(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("scripts._hostile.run.MAX_BYTES", 1 << 20)
    monkeypatch.setattr("scripts._hostile.run.MAX_CPU_SECONDS", 0.0)
    (first, second) = _report(file_case("x", "a.png", sound("PNG"))).violations
    assert "took" in first
    assert "MiB" in second


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("kill -9 $PPID", "ended the process that read it"),
        ('echo x > "$HOME/.kept"; exit 1', "left files behind"),
        ('setsid sleep 300 >/dev/null 2>&1 & echo $! > "$0.pid"; exit 1', "left processes behind"),
    ],
)
def test_hostile_complains_when_reading_dies_or_litters(
    tmp_path: Path, body: str, complaint: str
) -> None:
    program = tmp_path / "tesseract"
    program.write_text(
        "#!/bin/sh\n"
        'case "$1" in --version) echo tesseract 5.0.0; exit;; --list-langs) echo eng; exit;; esac\n'
        f"{body}\n"
    )
    program.chmod(0o700)
    settings = ReadingSettings(workers=0, engine=TesseractEngine(command=str(program)))
    report = hostile(
        [file_case("x", "a.png", sound("PNG"))], seed=1, settings=settings, workers=1, batch=False
    )
    for left in tmp_path.glob("*.pid"):
        os.kill(int(left.read_text()), signal.SIGKILL)
    assert f"x/a.png {complaint}" in report.violations
