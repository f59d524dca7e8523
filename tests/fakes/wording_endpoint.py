"""An OpenAI-compatible endpoint on loopback that answers as a test tells it to."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Facts = list[dict[str, Any]]
Answer = Callable[[BaseHTTPRequestHandler, Facts], None]


class WordingEndpoint(ThreadingHTTPServer):
    """Keeps what it was asked; `url` is what --prose takes."""

    daemon_threads = True

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.questions: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.stopping = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: WordingEndpoint

    def do_POST(self) -> None:
        question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.questions.append(question | {"path": self.path})
        self.server.headers.append(dict(self.headers))
        facts = json.loads(question["messages"][1]["content"])["facts"]
        self.server.answer(self, facts)

    def log_message(self, *args: Any) -> None:
        """Nothing."""


@contextmanager
def wording_endpoint(answer: Answer) -> Iterator[WordingEndpoint]:
    server = WordingEndpoint(answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.shutdown()
        thread.join()
        server.server_close()


def send(
    handler: BaseHTTPRequestHandler, body: bytes, *, status: int = 200, **headers: str
) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def completion(content: str) -> bytes:
    """A chat completion as servers give it, with fields that nobody asked for."""
    message = {"role": "assistant", "content": content, "refusal": None}
    choice = {"index": 0, "finish_reason": "stop", "message": message, "logprobs": None}
    return json.dumps({"id": "x", "object": "chat.completion", "choices": [choice]}).encode()


def sentences(*drafts: tuple[str, list[str]]) -> str:
    return json.dumps({"sentences": [{"text": text, "facts": facts} for text, facts in drafts]})


def saying(content: str) -> Answer:
    """The same words to every question."""
    return lambda handler, facts: send(handler, completion(content))


def a_model(handler: BaseHTTPRequestHandler, facts: Facts) -> None:
    """Words each medicine and problem, and adds a sentence that is false."""
    drafts: list[tuple[str, list[str]]] = []
    for fact in facts:
        if fact["kind"] == "medication" and fact["status"] == "current":
            drafts.append((f"The patient takes {fact['name']}.", [fact["id"]]))
            drafts.append((f"The patient no longer takes {fact['name']}.", [fact["id"]]))
        elif fact["kind"] == "problem" and fact.get("status") == "active":
            drafts.append((f"The patient has {fact['name']}, as of {fact['date']}.", [fact["id"]]))
    send(handler, completion(sentences(*drafts)))
