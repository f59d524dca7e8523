"""The client against a node that lies, stalls, is old or is not there."""

import json
import re
import threading
import traceback
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from core.errors import InputError, StoreError, StoreUnavailableError, VerificationError
from ipfs.cid import cid_digest, cid_text
from ipfs.client import StoreClient, StoreSettings

DATA = b"sealed bytes"
DIGEST = cid_digest(DATA)
CID = cid_text(DIGEST)
OTHER_CID = cid_text(cid_digest(b"other bytes"))

Answer = Callable[[BaseHTTPRequestHandler], None]


def send(status: int, body: bytes, kind: str = "application/json") -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def send_json(value: object, status: int = 200) -> Answer:
    return send(status, json.dumps(value).encode())


def cut_short(handler: BaseHTTPRequestHandler) -> None:
    """A chunked body that ends in the middle, as when Kubo meets a late error."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"5\r\nseale\r\n")
    handler.close_connection = True


def stall(handler: BaseHTTPRequestHandler) -> None:
    handler.rfile.read(1)


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(1000):
        handler.wfile.write(bytes(1 << 20))


class FaultyNode:
    """A Kubo that answers each command as told, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {
            "add": send_json({"Name": CID, "Hash": CID, "Size": "12"}),
            "cat": send(200, DATA, "text/plain"),
            "pin/ls": send_json({"Keys": {CID: {"Type": "recursive"}}}),
            "pin/rm": send_json({"Pins": [CID]}),
            "version": send_json({"Version": "0.43.0"}),
        }
        self.asked: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"/ip4/127.0.0.1/tcp/{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        node = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                node.asked.append(self.path)
                if self.headers.get("Transfer-Encoding") == "chunked":
                    while size := int(self.rfile.readline(), 16):
                        self.rfile.read(size + 2)
                    self.rfile.readline()
                node.answers[urlsplit(self.path).path.removeprefix("/api/v0/")](self)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@pytest.fixture
def faulty() -> Iterator[FaultyNode]:
    node = FaultyNode()
    yield node
    node.close()


@pytest.fixture
def client(faulty: FaultyNode) -> StoreClient:
    return StoreClient(StoreSettings(address=faulty.address, timeout_seconds=2))


def test_add_names_every_parameter_that_shapes_the_cid(
    client: StoreClient, faulty: FaultyNode
) -> None:
    assert client.add(DATA) == DIGEST
    for part in ("cid-version=0", "raw-leaves=false", "chunker=size-262144", "hash=sha2-256"):
        assert part in faulty.asked[0]
    assert "pin=true" in faulty.asked[0]


def test_requests_go_past_the_proxy_of_the_environment(client: StoreClient) -> None:
    assert client.version() == "0.43.0"


def test_read_asks_the_node_to_bound_its_search(client: StoreClient, faulty: FaultyNode) -> None:
    client.read(DIGEST)
    assert "timeout=2s" in faulty.asked[0]


def test_add_refuses_when_the_node_names_another_cid(
    client: StoreClient, faulty: FaultyNode
) -> None:
    faulty.answers["add"] = send_json({"Name": "", "Hash": OTHER_CID, "Size": "1"})
    with pytest.raises(VerificationError):
        client.add(DATA)


def test_add_refuses_when_the_node_did_not_pin(client: StoreClient, faulty: FaultyNode) -> None:
    faulty.answers["pin/ls"] = send_json(
        {"Message": f"path '{CID}' is not pinned", "Code": 0, "Type": "error"}, 500
    )
    with pytest.raises(StoreError, match="did not pin"):
        client.add(DATA)


def test_add_refuses_when_the_node_does_not_give_the_bytes_back(
    client: StoreClient, faulty: FaultyNode
) -> None:
    faulty.answers["cat"] = send(200, DATA[:-1], "text/plain")
    with pytest.raises(VerificationError):
        client.add(DATA)


@pytest.mark.parametrize("body", [b"", b"other bytes", DATA[:-1], DATA + b"\0"])
def test_read_refuses_when_the_bytes_are_others(
    client: StoreClient, faulty: FaultyNode, body: bytes
) -> None:
    faulty.answers["cat"] = send(200, body, "text/plain")
    with pytest.raises(VerificationError) as refused:
        client.read(DIGEST)
    assert refused.value.check == "content identifier"


def test_read_stops_when_the_node_sends_without_end(
    client: StoreClient, faulty: FaultyNode
) -> None:
    faulty.answers["cat"] = endless
    with pytest.raises(StoreError, match="more than"):
        client.read(DIGEST, max_bytes=1 << 20)


@pytest.mark.parametrize("fault", [cut_short, stall, hang_up])
def test_read_finds_the_node_unavailable_when_it_fails_midway(
    client: StoreClient, faulty: FaultyNode, fault: Answer
) -> None:
    faulty.answers["cat"] = fault
    with pytest.raises(StoreUnavailableError) as refused:
        client.read(DIGEST)
    assert refused.value.__cause__ is not None


@pytest.mark.parametrize(
    "answer",
    [
        send(200, b""),
        send(200, b"not json"),
        send(200, b"[]"),
        send(200, b"{}"),
        send(200, b'{"Version": 1}{"Version": 2}'),
        send(200, b'{"Version": null}'),
        send(404, b"not found", "text/plain"),
        send(500, b"\xff\xfe"),
        send_json({"Message": "no", "Code": 0, "Type": "error"}, 500),
        send_json({"Version": "0.21.9"}),
        send_json({"Version": "garbage"}),
    ],
)
def test_version_refuses_when_the_answer_is_not_kubo_of_our_time(
    client: StoreClient, faulty: FaultyNode, answer: Answer
) -> None:
    faulty.answers["version"] = answer
    with pytest.raises(StoreError):
        client.version()


@pytest.mark.parametrize("answer", [send(200, b"not json"), send(200, b"{}"), send(200, b"[1]")])
def test_pins_refuse_when_the_answer_makes_no_sense(
    client: StoreClient, faulty: FaultyNode, answer: Answer
) -> None:
    faulty.answers["pin/ls"] = faulty.answers["pin/rm"] = faulty.answers["add"] = answer
    for ask in (client.is_pinned, client.add):
        with pytest.raises(StoreError):
            ask(DIGEST)


def test_unpin_is_content_when_there_is_no_pin(client: StoreClient, faulty: FaultyNode) -> None:
    faulty.answers["pin/rm"] = send_json(
        {"Message": "not pinned or pinned indirectly", "Code": 0, "Type": "error"}, 500
    )
    client.unpin(DIGEST)


def test_errors_never_show_a_cid(client: StoreClient, faulty: FaultyNode) -> None:
    faulty.answers["cat"] = send_json({"Message": f"no {CID}", "Code": 0, "Type": "error"}, 500)
    shown = []
    for fault in (faulty.answers["cat"], hang_up, stall, cut_short):
        faulty.answers["cat"] = fault
        with pytest.raises(StoreError) as refused:
            client.read(DIGEST)
        shown.append("".join(traceback.format_exception(refused.value)))
        shown.append(refused.value.user_message())
    assert not re.search(r"Qm[1-9A-HJ-NP-Za-km-z]{44}", "".join(shown))


def test_client_finds_the_node_unavailable_when_nobody_listens(tmp_path: Path) -> None:
    for address in (
        "/ip4/127.0.0.1/tcp/9",
        f"/unix{tmp_path}/rpc.sock",
        f"/unix{tmp_path}/no such folder/rpc.sock",
    ):
        with pytest.raises(StoreUnavailableError):
            StoreClient(StoreSettings(address=address)).version()


@pytest.mark.parametrize("address", ["", "localhost:5001", "/ip4/300.0.0.1/tcp/1", "/ip4/1.2.3.4"])
def test_client_refuses_when_the_address_is_no_multiaddr(address: str) -> None:
    with pytest.raises(InputError, match="multiaddr"):
        StoreClient(StoreSettings(address=address)).version()


def test_settings_show_no_password() -> None:
    settings = StoreSettings(address="/ip4/127.0.0.1/tcp/5001", credentials=("clinic", "hunter2"))
    assert "hunter2" not in repr(settings)
