"""Reading on a real cluster: a scheduler and its workers as processes, on loopback."""

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from distributed import Client
from PIL import Image

from bench._cluster import LocalCluster, local_cluster
from core.errors import ClusterUnavailableError, PaperError
from core.words import Reading
from ocr.reading import NullEngine, Progress, ReadingSettings, TesseractEngine, read_paths
from ocr.reading import cluster as cluster_module
from ocr.reading.cluster import cluster_workers
from ocr.reading.decoding.protocol import RawPage, TextWord
from ocr.reading.errand import Errand, Reader, read_there
from ocr.reading.tasks import PageTask
from tests.ocr.reading.waiting import is_running, wait_until

Draw = Callable[..., Image.Image]
MakePdf = Callable[..., bytes]
Fake = Callable[[str], str]
SECRET = "Hydroxychloroquine"


@pytest.fixture(autouse=True)
def scratch_root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Private folders are made here during a test; none may be left at its end."""
    root = tmp_path_factory.mktemp("scratch")
    before, tempfile.tempdir = tempfile.tempdir, str(root)
    yield root
    tempfile.tempdir = before
    assert list(root.iterdir()) == []


@pytest.fixture
def paper(tmp_path: Path, draw_page: Draw, make_pdf: MakePdf) -> Path:
    """Six pages in five files, of which one has a text layer and one cannot be read."""
    folder = tmp_path / "paper"
    folder.mkdir()
    for number in range(4):
        page = draw_page((f"{SECRET} {number} mg", "Potassium 4.3 mmol/L"))
        page.save(folder / f"{SECRET}-{number}.png", dpi=(150, 150))
    (folder / f"{SECRET}.pdf").write_bytes(
        make_pdf((f"{SECRET} by text layer",), ("Second page of the report",))
    )
    (folder / "cut.png").write_bytes((folder / f"{SECRET}-0.png").read_bytes()[:300])
    return folder


def _task(place: Path, **fields: object) -> PageTask:
    (place / "page-1.grey").write_bytes(b"\xff" * 10_000)
    raw = RawPage(number=1, file="page-1.grey", width=100, height=100, dpi=100)
    values: dict[str, object] = {
        "document": "a.png",
        "sha256": "ab" * 32,
        "folder": place,
        "raw": raw,
        "image_dpi": 100,
        "image_quality": 60,
        "seconds": 30.0,
    }
    return PageTask(**(values | fields))  # type: ignore[arg-type]


def test_read_paths_gives_the_same_on_a_cluster_as_here(paper: Path, cluster: LocalCluster) -> None:
    engine = TesseractEngine()
    here = read_paths([paper], ReadingSettings(engine=engine, workers=2))
    steps: list[Progress] = []
    there = read_paths(
        [paper], ReadingSettings(engine=engine, scheduler=cluster.address), steps.append
    )
    assert there == here, cluster.logs()
    assert len(there.documents) == 5
    assert (steps[-1].done, steps[-1].total) == (7, 7)


def test_read_paths_keeps_readings_of_a_cluster_for_readings_here(
    paper: Path, cluster: LocalCluster, tmp_path: Path
) -> None:
    settings = ReadingSettings(
        engine=NullEngine(), scheduler=cluster.address, cache_dir=tmp_path / "cache"
    )
    there = read_paths([paper], settings)
    steps: list[Progress] = []
    here = read_paths(
        [paper],
        ReadingSettings(engine=NullEngine(), workers=0, cache_dir=tmp_path / "cache"),
        steps.append,
    )
    assert here == there
    assert steps[0].done == 6  # known before anything was worked on


def test_read_paths_reads_every_page_once_when_a_worker_is_killed(
    tmp_path: Path, draw_page: Draw
) -> None:
    paper = tmp_path / "paper"
    paper.mkdir()
    for number in range(8):
        draw_page((f"Page number {number}",)).save(paper / f"{number}.png", dpi=(150, 150))
    engine = TesseractEngine()
    here = read_paths([paper], ReadingSettings(engine=engine, workers=2))
    steps: list[int] = []

    with local_cluster(tmp_path / "cluster") as doomed:

        def kill_one(now: Progress) -> None:
            steps.append(now.done)
            if now.done == 2 and doomed.workers[0].poll() is None:
                doomed.workers[0].kill()
                doomed.workers[0].wait()

        settings = ReadingSettings(engine=engine, scheduler=doomed.address)
        there = read_paths([paper], settings, kill_one)
        logs = doomed.logs()

    assert doomed.workers[0].returncode == -signal.SIGKILL
    assert there == here, logs
    assert steps == sorted(steps)
    assert steps[-1] == 8


def test_a_cluster_writes_no_name_and_no_text_into_its_logs(
    paper: Path, cluster: LocalCluster, tmp_path: Path, fake_tesseract: Fake
) -> None:
    failing = TesseractEngine(command=fake_tesseract("exit 1"))
    reading = read_paths([paper], ReadingSettings(engine=failing, scheduler=cluster.address))
    assert len(reading.refusals) == 5
    words = (TextWord(text=SECRET, box=(0, 0, 9, 9)),)
    raw = RawPage(number=1, file=f"{SECRET}.grey", width=1, height=1, dpi=100, words=words)
    reader = Reader(engine=NullEngine(), engine_version="1")
    errand = Errand(task=_task(tmp_path, raw=raw), reader=reader)
    with Client(cluster.address, set_as_default=False) as client:
        answer = client.submit(read_there, errand, key=errand.key).result(60)
    assert isinstance(answer, PaperError)  # a value: what raises is logged with its arguments
    assert repr(errand) == "Errand()"
    assert SECRET not in cluster.logs()
    assert str(tmp_path) not in cluster.logs()


def test_read_paths_reads_both_when_two_read_the_same_paper_at_a_time(
    paper: Path, cluster: LocalCluster, tmp_path: Path
) -> None:
    copies = [tmp_path / "copy-a", tmp_path / "copy-b"]
    for copy in copies:
        copy.mkdir()
        for file in paper.iterdir():
            (copy / f"{copy.name}-{file.name}").write_bytes(file.read_bytes())
    readings: dict[str, Reading] = {}

    def read(copy: Path) -> None:
        settings = ReadingSettings(engine=TesseractEngine(), scheduler=cluster.address)
        readings[copy.name] = read_paths([copy], settings)

    threads = [threading.Thread(target=read, args=(copy,)) for copy in copies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for copy in copies:
        documents = readings[copy.name].documents
        assert len(documents) == 5, cluster.logs()
        assert all(document.name.startswith(copy.name) for document in documents)
        assert all(page.document == d.name for d in documents for page in d.pages)


def test_cluster_worker_asks_again_when_another_caller_gave_the_page_up(
    cluster: LocalCluster, tmp_path: Path
) -> None:
    reader = Reader(engine=NullEngine(), engine_version="1")
    (worker, *_) = cluster_workers(cluster.address, NullEngine(), tmp_path)
    abandoned = Errand(task=_task(tmp_path), reader=reader)
    gone = Errand(task=_task(tmp_path, folder=tmp_path / "gone"), reader=reader)
    assert gone.key == abandoned.key
    with Client(cluster.address, set_as_default=False) as client:
        kept = client.submit(read_there, gone, key=gone.key)
        assert kept.result(60) is None
        answer = worker.read(_task(tmp_path))
    worker.close()
    assert (answer.page.document, answer.page.number) == ("a.png", 1)
    with pytest.raises(PaperError, match="given up"):
        worker.read(_task(tmp_path))


@pytest.mark.parametrize(
    "fields",
    [
        {"sha256": "cd" * 32},
        {"image_dpi": 99},
        {"image_quality": 61},
        {"raw": RawPage(number=2, file="page-2.grey", width=1, height=1, dpi=100)},
    ],
)
def test_key_differs_when_the_answer_may(tmp_path: Path, fields: dict[str, object]) -> None:
    reader = Reader(engine=NullEngine(), engine_version="1")
    key = Errand(task=_task(tmp_path), reader=reader).key
    assert len(key) == 64
    assert Errand(task=_task(tmp_path, document="other", seconds=1.0), reader=reader).key == key
    assert Errand(task=_task(tmp_path, **fields), reader=reader).key != key
    newer = Reader(engine=NullEngine(), engine_version="2")
    assert Errand(task=_task(tmp_path), reader=newer).key != key


def test_read_paths_leaves_nothing_behind_when_interrupted(
    paper: Path, cluster: LocalCluster, tmp_path: Path, fake_tesseract: Fake
) -> None:
    (tmp_path / "tmp").mkdir()
    pid_file = tmp_path / "pid"
    command = fake_tesseract(f'echo $$ > "{pid_file}"; exec sleep 300')
    program = textwrap.dedent(f"""
        from pathlib import Path
        from ocr.reading import ReadingSettings, TesseractEngine, read_paths, write_reading
        settings = ReadingSettings(
            engine=TesseractEngine(command={command!r}), scheduler={cluster.address!r}
        )
        write_reading(read_paths([Path({str(paper)!r})], settings), Path({str(tmp_path / "out")!r}))
    """)
    run = subprocess.Popen(
        [sys.executable, "-c", program],
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TMPDIR": str(tmp_path / "tmp")},
    )
    wait_until(lambda: pid_file.exists() and pid_file.read_text().strip() != "")
    recogniser = int(pid_file.read_text())

    run.send_signal(signal.SIGINT)

    assert run.wait(timeout=60) != 0
    wait_until(lambda: not is_running(recogniser))
    assert list((tmp_path / "tmp").iterdir()) == []
    assert not (tmp_path / "out").exists()
    with Client(cluster.address, set_as_default=False) as client:
        wait_until(lambda: not any(client.processing().values()))


def test_read_paths_raises_when_scheduler_or_workers_are_lost(
    paper: Path, tmp_path: Path, fake_tesseract: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_module, "_LOOK_SECONDS", 0.2)
    monkeypatch.setattr(cluster_module, "_PATIENCE_SECONDS", 1.0)
    engine = TesseractEngine(command=fake_tesseract("exec sleep 300"))
    for lost in ("worker", "scheduler"):
        with local_cluster(tmp_path / lost, workers=1) as doomed:
            settings = ReadingSettings(engine=engine, scheduler=doomed.address)
            process = doomed.workers[0] if lost == "worker" else doomed.scheduler
            timer = threading.Timer(3, process.kill)
            timer.start()
            with pytest.raises(ClusterUnavailableError, match=doomed.address):
                read_paths([paper / f"{SECRET}-1.png"], settings)
            timer.join()


def test_read_paths_loads_nothing_of_dask_when_no_scheduler_is_named(paper: Path) -> None:
    program = textwrap.dedent(f"""
        import sys
        from pathlib import Path
        from ocr.reading import NullEngine, ReadingSettings, read_paths
        read_paths([Path({str(paper)!r})], ReadingSettings(engine=NullEngine(), workers=0))
        print([name for name in ("dask", "distributed") if name in sys.modules])
    """)
    command = [sys.executable, "-c", program]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "[]\n"
