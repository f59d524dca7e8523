"""The three files: private, whole or not at all."""

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from core.errors import InputError
from core.history import History
from core.words import Reading
from ocr.summary import payload_of, summarise, write_history
from tests.ocr.summary.paper import HEAD, read_texts

AT = datetime(2025, 4, 1, 12, tzinfo=UTC)
NAMES = ("history.json", "facts.json", "history.html", "history.pdf", "card.html")


@pytest.fixture(scope="module")
def reading() -> Reading:
    return read_texts(paper=HEAD + "Allergies: latex (rash)\nCurrent medications\nMetformin 500 mg")


@pytest.fixture(scope="module")
def history(reading: Reading) -> History:
    return summarise(reading)


@contextmanager
def full_disk() -> Iterator[None]:
    """No file may grow beyond a kilobyte. Around the call alone: pytest's own log is a file too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_write_history_leaves_the_former_file_when_the_disk_is_full(tmp_path, history, reading):
    former = dict.fromkeys(NAMES, b"former")
    for name, text in former.items():
        (tmp_path / name).write_bytes(text)
    with pytest.raises(InputError), full_disk():
        write_history(history, reading, tmp_path, generated_at=AT)
    assert contents(tmp_path) == former


def test_write_history_leaves_no_temporary_file_when_the_name_is_taken(tmp_path, history, reading):
    (tmp_path / "history.json").mkdir()
    with pytest.raises(InputError):
        write_history(history, reading, tmp_path, generated_at=AT)
    assert [path.name for path in tmp_path.iterdir()] == ["history.json"]


def test_write_history_error_names_the_folder_and_nothing_of_the_patient(
    tmp_path, history, reading
):
    (tmp_path / "history.json").mkdir()
    with pytest.raises(InputError) as caught:
        write_history(history, reading, tmp_path, generated_at=AT)
    told = caught.value.user_message()
    assert str(tmp_path) in told
    assert not any(word in told.lower() for word in ("linden", "latex", "metformin"))


def test_write_history_keeps_files_private_in_a_folder_that_others_may_read(
    tmp_path, history, reading
):
    tmp_path.chmod(0o755)
    paths = write_history(history, reading, tmp_path, generated_at=AT)
    assert [path.stat().st_mode & 0o777 for path in paths] == [0o600] * len(NAMES)


def test_write_history_gives_the_same_bytes_when_run_again(tmp_path, history, reading):
    write_history(history, reading, tmp_path, generated_at=AT)
    once = contents(tmp_path)
    write_history(history, reading, tmp_path, generated_at=AT)
    assert contents(tmp_path) == once
    assert set(once) == set(NAMES)


def test_write_history_stamps_now_when_no_time_is_given(tmp_path, history, reading):
    before = datetime.now(UTC).replace(microsecond=0)
    bundle, *_ = write_history(history, reading, tmp_path)
    stamp = datetime.fromisoformat(json.loads(bundle.read_text())["timestamp"])
    assert before <= stamp <= datetime.now(UTC)


def test_payload_of_is_compact_and_keeps_every_letter():
    bundle = {"name": "Núria Özdemir", "unit": "µmol/L", "list": [1, {"a": None}]}
    payload = payload_of(bundle)
    assert json.loads(payload) == bundle
    assert "µmol/L".encode() in payload
    assert b", " not in payload
    assert b": " not in payload
