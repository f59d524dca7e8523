"""Processor time of processes and their children."""

import os
import subprocess
import sys
import time

from ocr.reading.spent import processor_seconds

_BUSY = "import time\nwhile time.process_time() < 0.3: pass\n"


def test_processor_seconds_counts_children_alive_and_awaited() -> None:
    program = f"""
import subprocess, sys, time
subprocess.run([sys.executable, "-c", {_BUSY!r}], check=True)
subprocess.Popen([sys.executable, "-c", {_BUSY + "print('done', flush=True); time.sleep(60)"!r}])
time.sleep(60)
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, start_new_session=True
    )
    assert parent.stdout is not None
    assert parent.stdout.readline() == b"done\n"
    assert processor_seconds(parent.pid) >= 0.58
    os.killpg(parent.pid, 9)
    parent.wait()
    parent.stdout.close()
    assert processor_seconds(parent.pid) == 0.0


def test_processor_seconds_stands_still_when_a_process_sleeps() -> None:
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        first = processor_seconds(sleeper.pid)
        time.sleep(0.1)
        assert processor_seconds(sleeper.pid) - first <= 0.02
        sleeper.kill()
