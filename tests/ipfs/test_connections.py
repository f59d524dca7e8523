"""Connections that are kept: used again, and by nobody who should not."""

import contextlib
import gc
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from core.errors import StoreError, StoreUnavailableError, VerificationError
from ipfs import connections as connections_module
from ipfs.client import StoreClient, StoreSettings
from ipfs.supervisor import NodeProcess
from tests.fakes.faulty_node import (
    DATA,
    DIGEST,
    Answer,
    FaultyNode,
    cut_short,
    endless,
    hang_up,
    send,
    send_json,
)


@pytest.fixture(autouse=True)
def _kept_on_a_busy_machine_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections_module, "KEPT_SECONDS", 600.0)


@pytest.fixture
def client(faulty: FaultyNode) -> StoreClient:
    return StoreClient(StoreSettings(address=faulty.address, timeout_seconds=2))


def test_acts_share_a_connection_when_they_follow_each_other(
    client: StoreClient, faulty: FaultyNode
) -> None:
    client.add(DATA)
    client.read(DIGEST)
    client.version()
    assert len(faulty.connections) == 1


def test_acts_open_another_when_the_last_was_a_while_ago(
    client: StoreClient, faulty: FaultyNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.version()
    monkeypatch.setattr(connections_module, "KEPT_SECONDS", 0.0)
    client.version()
    assert len(faulty.connections) == 2


@pytest.mark.parametrize("fault", [cut_short, hang_up, endless, send(200, b"other bytes")])
def test_nothing_of_a_bad_answer_reaches_the_next_act(
    client: StoreClient, faulty: FaultyNode, fault: Answer
) -> None:
    client.version()
    good, faulty.answers["cat"] = faulty.answers["cat"], fault
    with pytest.raises((StoreError, VerificationError)):
        client.read(DIGEST, max_bytes=1 << 20)
    faulty.answers["cat"] = good
    assert client.read(DIGEST) == DATA


def test_an_answer_too_many_is_not_taken_for_the_next(
    client: StoreClient, faulty: FaultyNode
) -> None:
    def twice(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(
            b"HTTP/1.1 200 OK\r\nContent-Length: 21\r\n\r\n" + b'{"Version": "0.43.0"}'
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong"
        )

    faulty.answers["version"] = twice
    client.version()
    assert client.read(DIGEST) == DATA


def test_no_cookie_of_the_node_is_sent_back(client: StoreClient, faulty: FaultyNode) -> None:
    shown: list[str | None] = []

    def with_cookie(handler: BaseHTTPRequestHandler) -> None:
        shown.append(handler.headers.get("Cookie"))
        handler.send_response(200)
        handler.send_header("Set-Cookie", "seen=1; Path=/")
        handler.send_header("Content-Length", "21")
        handler.end_headers()
        handler.wfile.write(b'{"Version": "0.43.0"}')

    faulty.answers["version"] = with_cookie
    client.version()
    client.version()
    assert shown == [None, None]


def test_a_refusal_says_the_same_over_a_kept_connection(
    client: StoreClient, faulty: FaultyNode
) -> None:
    refusal = send_json({"Message": "not pinned", "Code": 0, "Type": "error"}, 500)
    faulty.answers["pin/ls"] = refusal
    assert not client.is_pinned(DIGEST)
    assert not client.is_pinned(DIGEST)
    assert len(faulty.connections) == 1


@pytest.mark.parametrize("end", [NodeProcess.stop, NodeProcess.kill])
def test_client_goes_on_when_the_node_was_started_again(
    make_node: Callable[[], NodeProcess], end: Callable[[NodeProcess], None]
) -> None:
    node = make_node()
    node.start()
    client = StoreClient(StoreSettings(address=node.address, timeout_seconds=20))
    digest = client.add(DATA)
    end(node)
    with pytest.raises(StoreUnavailableError):
        client.read(digest)
    node.start()
    assert client.read(digest) == DATA
    end(node)
    node.start()
    # Now a connection to the node before is still kept.
    assert client.is_pinned(digest)


def test_threads_never_share_a_connection(faulty: FaultyNode) -> None:
    client = StoreClient(StoreSettings(address=faulty.address, timeout_seconds=20))
    meeting = threading.Barrier(8, timeout=20)

    def together(handler: BaseHTTPRequestHandler) -> None:
        # All eight are in the middle of a request here.
        meeting.wait()
        send(200, DATA, "text/plain")(handler)

    faulty.answers["cat"] = together
    with ThreadPoolExecutor(8) as readers:
        for _ in range(2):
            assert list(readers.map(client.read, [DIGEST] * 8)) == [DATA] * 8
    assert len(faulty.connections) >= 8


def test_a_fork_speaks_over_connections_of_its_own(client: StoreClient, faulty: FaultyNode) -> None:
    client.version()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = int(client.read(DIGEST) != DATA)
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    client.version()
    # The parent's, which the child closed for itself alone, and the child's.
    assert len(faulty.connections) == 2


def held(node: NodeProcess) -> int:
    """How many connections to the node this process has: each holds the folder of its socket."""
    gc.collect()
    found = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        # Other threads open and close descriptors meanwhile.
        with contextlib.suppress(OSError):
            found += descriptor.readlink() == node.settings.socket.parent
    return found


def test_connections_end_with_their_client(node: NodeProcess) -> None:
    before = held(node)
    client = StoreClient(StoreSettings(address=node.address, timeout_seconds=20))
    client.version()
    assert held(node) == before + 1
    del client
    assert held(node) == before


def test_connections_stay_few_when_acts_are_many(node: NodeProcess) -> None:
    before = held(node)
    client = StoreClient(StoreSettings(address=node.address, timeout_seconds=20))
    for _ in range(20):
        client.version()
        with pytest.raises(StoreError):
            client.read(bytes(32))
    client.version()
    assert held(node) == before + 1
