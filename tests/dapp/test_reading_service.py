"""The reading service: who may call, what stays, what a failure says."""

import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from core.eip712 import Domain
from core.errors import NoPaperError, StoreUnavailableError
from core.hashing import Address, address
from core.records import HISTORY_RECORD, SealContext, Sealing
from core.words import Refusal
from dapp.reading_service import ReadingServiceSettings, Summary, create_app

DAPP = "http://127.0.0.1:8501"
PATIENT = address("0x" + "a1" * 20)
DOMAIN = Domain(chain_id=31337, verifying_contract=address("0x" + "c0" * 20))


class Summariser:
    """Reads files as text; remembers where they lay; can be told to wait or to fail."""

    def __init__(self) -> None:
        self.seen: list[Path] = []
        self.go_on = threading.Event()
        self.go_on.set()
        self.error: Exception | None = None

    def __call__(self, paths: Sequence[Path], progress: Any) -> Summary:
        self.seen = list(paths)
        progress(1, 2)
        assert self.go_on.wait(10)
        if self.error:
            raise self.error
        text = " ".join(path.read_text() for path in paths if path.is_file())
        refusals = (Refusal(name="x.pdf", reason="It asks for a password.", fatal=True),)
        return Summary(
            html=f"<p>{text}</p>", payload=text.encode(), counts={"allergies": 1}, refusals=refusals
        )


def seal(patient: Address, payload: bytes) -> Sealing:
    context = SealContext(domain=DOMAIN, patient=patient, record=HISTORY_RECORD, version=1)
    return Sealing(
        context=context,
        commitment=payload.ljust(32, b".")[:32],
        previous=bytes(32),
        envelope_digest=b"e" * 32,
    )


@pytest.fixture
def summariser() -> Summariser:
    return Summariser()


@pytest.fixture
def settings(tmp_path: Path) -> ReadingServiceSettings:
    inbox = tmp_path / "inbox"
    inbox.mkdir(mode=0o700)
    return ReadingServiceSettings(
        token="secret-token",
        origins=(DAPP,),
        hosts=("testserver",),
        inbox=inbox,
        max_file_bytes=100,
    )


@pytest.fixture
def client(settings: ReadingServiceSettings, summariser: Summariser) -> TestClient:
    app = create_app(settings, summarise=summariser, seal=seal)
    return TestClient(app, headers={"authorization": "Bearer secret-token", "origin": DAPP})


def upload(client: TestClient, name: str = "lab.png", content: bytes = b"potassium 4.1") -> str:
    answer = client.post("/readings", files=[("files", (name, content))])
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def finished(client: TestClient, job: str) -> dict[str, Any]:
    for _ in range(200):
        status: dict[str, Any] = client.get(f"/readings/{job}").json()
        if status["state"] != "reading":
            return status
        time.sleep(0.02)
    raise AssertionError("the reading did not finish")


def test_upload_becomes_a_history_and_leaves_no_file(
    client: TestClient, settings: ReadingServiceSettings
) -> None:
    job = upload(client)
    status = finished(client, job)
    assert status["state"] == "done"
    assert status["facts"] == {"allergies": 1}
    assert status["refusals"][0]["name"] == "x.pdf"
    assert "potassium 4.1" in client.get(f"/readings/{job}/history").text
    assert list(settings.inbox.iterdir()) == []


def test_status_shows_progress_while_reading(client: TestClient, summariser: Summariser) -> None:
    summariser.go_on.clear()
    job = upload(client)
    for _ in range(100):
        status = client.get(f"/readings/{job}").json()
        if status["done"]:
            break
        time.sleep(0.02)
    assert (status["state"], status["done"], status["total"]) == ("reading", 1, 2)
    early = client.get(f"/readings/{job}/history")
    assert early.status_code == 400
    assert "not finished" in early.json()["error"]
    summariser.go_on.set()
    assert finished(client, job)["state"] == "done"


def test_seal_returns_what_the_wallet_signs(client: TestClient) -> None:
    job = upload(client)
    finished(client, job)
    answer = client.post(f"/readings/{job}/seal", json={"patient": PATIENT})
    assert answer.status_code == 200
    assert answer.json()["record"] == "0x" + HISTORY_RECORD.hex()
    assert answer.json()["version"] == 1
    assert set(answer.json()) == {"record", "commitment", "previous", "envelope", "version"}


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"patient": "0x12"}', b'{"patient": 5}'])
def test_seal_refuses_a_request_without_patient(client: TestClient, body: bytes) -> None:
    job = upload(client)
    finished(client, job)
    answer = client.post(f"/readings/{job}/seal", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_seal_explains_when_the_store_is_down(
    settings: ReadingServiceSettings, summariser: Summariser
) -> None:
    def down(_: Address, __: bytes) -> Sealing:
        raise StoreUnavailableError("The IPFS node does not answer.")

    app = create_app(settings, summarise=summariser, seal=down)
    client = TestClient(app, headers={"authorization": "Bearer secret-token"})
    job = upload(client)
    finished(client, job)
    answer = client.post(f"/readings/{job}/seal", json={"patient": PATIENT})
    assert answer.status_code == 502
    assert "anamnesis up" in answer.json()["remedy"]
    assert client.get(f"/readings/{job}").json()["state"] == "done", "the history is kept"


def test_names_cannot_leave_the_inbox(
    client: TestClient, summariser: Summariser, settings: ReadingServiceSettings
) -> None:
    finished(client, upload(client, name="../../../etc/passwd"))
    assert all(settings.inbox in path.parents for path in summariser.seen)
    finished(client, upload(client, name="..."))
    assert all(settings.inbox in path.parents for path in summariser.seen)


def test_upload_refuses_a_file_over_the_limit(
    client: TestClient, settings: ReadingServiceSettings
) -> None:
    answer = client.post("/readings", files=[("files", ("big.png", b"x" * 101))])
    assert answer.status_code == 400
    assert "big.png" in answer.json()["error"]
    assert list(settings.inbox.iterdir()) == []


def test_upload_refuses_an_empty_form(client: TestClient) -> None:
    assert client.post("/readings", files=[("other", ("a.png", b"x"))]).status_code == 400


def test_a_known_failure_is_explained(client: TestClient, summariser: Summariser) -> None:
    summariser.error = NoPaperError("Nothing readable was found.")
    status = finished(client, upload(client))
    assert status["state"] == "failed"
    assert "Nothing readable" in status["message"]


def test_an_unknown_failure_shows_no_text_of_the_paper(
    client: TestClient, summariser: Summariser
) -> None:
    summariser.error = ValueError("potassium 4.1 of Jane")
    status = finished(client, upload(client))
    assert status["state"] == "failed"
    assert "Jane" not in status["message"]


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer wrong"},
        {"authorization": ""},
        {"host": "evil.example"},
        {"origin": "http://evil.example"},
    ],
)
def test_strangers_are_refused(client: TestClient, headers: dict[str, str]) -> None:
    for method, path in [("POST", "/readings/sample"), ("GET", "/readings/abc")]:
        answer = client.request(method, path, headers=headers)
        assert answer.status_code == 403
    preflight = client.options(
        "/readings",
        headers={"origin": "http://evil.example", "access-control-request-method": "POST"},
    )
    assert "access-control-allow-origin" not in preflight.headers


def test_dropped_and_unknown_readings_are_gone(client: TestClient) -> None:
    job = upload(client)
    finished(client, job)
    assert client.delete(f"/readings/{job}").status_code == 204
    assert client.get(f"/readings/{job}").status_code == 400
    assert client.get("/readings/never-was/history").status_code == 400


def test_the_oldest_finished_reading_makes_room(
    settings: ReadingServiceSettings, client: TestClient
) -> None:
    jobs = []
    for _ in range(settings.max_readings + 1):
        jobs.append(upload(client))
        finished(client, jobs[-1])
    assert client.get(f"/readings/{jobs[0]}").status_code == 400
    assert client.get(f"/readings/{jobs[-1]}").status_code == 200


def test_sample_says_when_there_is_none(client: TestClient) -> None:
    answer = client.post("/readings/sample")
    assert answer.status_code == 400
    assert "make samples" in answer.json()["remedy"]
