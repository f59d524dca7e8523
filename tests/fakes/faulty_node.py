"""A Kubo that lies, stalls, breaks off or refuses, as told: what the client has to survive."""

import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from ipfs.cid import cid_digest, cid_text

DATA = b"sealed bytes"
DIGEST = cid_digest(DATA)
CID = cid_text(DIGEST)

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


def fail_late(handler: BaseHTTPRequestHandler) -> None:
    """A whole-looking body with fewer bytes, the error in its trailer, as Kubo does it."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.send_header("Trailer", "X-Stream-Error")
    handler.end_headers()
    handler.wfile.write(b"5\r\nseale\r\n0\r\nX-Stream-Error: block was not found\r\n\r\n")


def trickle(handler: BaseHTTPRequestHandler) -> None:
    """Never silent for long, and never done."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(1000):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


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
            "repo/gc": send(200, b""),
            "version": send_json({"Version": "0.43.0"}),
        }
        self.asked: list[str] = []
        self.connections: list[object] = []
        """One entry for every connection that was opened."""
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

            def setup(self) -> None:
                super().setup()
                node.connections.append(self.client_address)

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
