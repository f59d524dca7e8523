"""Starting and stopping the node's process."""

import sys
import threading
import time
from pathlib import Path

import pytest

from core.errors import StoreUnavailableError
from ipfs.supervisor import LOG_NAME, NodeProcess, NodeSettings


def test_stop_is_content_when_nothing_runs(tmp_path: Path) -> None:
    NodeProcess(NodeSettings.local(tmp_path)).stop()


def test_start_is_content_when_the_node_runs(node: NodeProcess) -> None:
    pid = node.pid
    node.start()
    assert node.pid == pid
    assert node.is_healthy()


def test_start_leads_to_the_log_when_the_process_ends_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    node = NodeProcess(NodeSettings.local(tmp_path))
    with pytest.raises(StoreUnavailableError, match="ended at once") as refused:
        node.start()
    assert LOG_NAME in refused.value.remedy
    assert not node.is_running()


def test_start_gives_up_when_the_process_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = tmp_path / "silent"
    silent.write_text("#!/bin/sh\nexec sleep 600\n")
    silent.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(silent))
    node = NodeProcess(NodeSettings(home=tmp_path, start_timeout_seconds=0.2))
    with pytest.raises(StoreUnavailableError, match="in time"):
        node.start()
    assert not node.is_running()


def test_log_is_private(node: NodeProcess) -> None:
    log = node.settings.home / LOG_NAME
    assert log.stat().st_mode & 0o777 == 0o600


def test_node_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    node = NodeProcess(NodeSettings.local(tmp_path))
    thread = threading.Thread(target=node.start)
    thread.start()
    thread.join()
    try:
        time.sleep(0.3)
        assert node.is_healthy()
    finally:
        node.stop()
    assert not node.is_running()
