"""A dask.distributed cluster on this machine, each part a process that can be ended."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ocr import reading

SETTINGS = Path(reading.__file__).with_name("dask.yaml")
_START_SECONDS = 120.0
_LOOPBACK = ("--host", "127.0.0.1", "--no-dashboard", "--dashboard-address", "127.0.0.1:0")
"""Without an address of its own, dask serves its state to all the world even with no dashboard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCluster:
    address: str
    scheduler: "subprocess.Popen[bytes]"
    workers: "tuple[subprocess.Popen[bytes], ...]"
    folder: Path

    def logs(self) -> str:
        """What scheduler and workers wrote so far."""
        return "\n".join(log.read_text() for log in sorted(self.folder.glob("*.log")))


@contextmanager
def local_cluster(
    folder: Path,
    *,
    workers: int = 2,
    tls: Sequence[str] = (),
) -> Iterator[LocalCluster]:
    """A scheduler and its workers, of one thread each; files in `folder`, killed at the end.

    `tls` are dask's --tls-* options. Raises RuntimeError with the logs when it does not start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "scheduler.json"
    started: list[subprocess.Popen[bytes]] = []

    def start(name: str, *options: str) -> None:
        command = [sys.executable, "-m", f"distributed.cli.dask_{name}", *_LOOPBACK, *tls, *options]
        with (folder / f"{name}-{len(started)}.log").open("wb") as log:
            started.append(
                subprocess.Popen(
                    [*command, "--scheduler-file", str(file)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=folder,
                    env=os.environ
                    | {"DASK_CONFIG": str(SETTINGS), "DASK_TEMPORARY_DIRECTORY": str(folder)},
                )
            )

    try:
        start("scheduler", "--port", "0", *(("--protocol", "tls") if tls else ()))
        for _ in range(workers):
            start("worker", "--no-nanny", "--nthreads", "1")
        cluster = LocalCluster(
            address=_address(file, started, folder),
            scheduler=started[0],
            workers=tuple(started[1:]),
            folder=folder,
        )
        _wait(lambda: cluster.logs().count("Registered to:") == workers, started, folder)
        yield cluster
    finally:
        for process in started:
            process.kill()
            process.wait()


def _address(file: Path, started: "list[subprocess.Popen[bytes]]", folder: Path) -> str:
    _wait(lambda: file.exists() and file.read_text().endswith("}"), started, folder)
    return str(json.loads(file.read_text())["address"])


def _wait(
    condition: Callable[[], bool], started: "list[subprocess.Popen[bytes]]", folder: Path
) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not condition():
        if time.monotonic() > deadline or any(process.poll() is not None for process in started):
            logs = "\n".join(log.read_text() for log in sorted(folder.glob("*.log")))
            raise RuntimeError(f"The cluster did not start:\n{logs}")
        time.sleep(0.1)
