"""The server's own answers: headers, hosts, sealed bytes, settings."""

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from core.errors import InputError, SetupError, StoreUnavailableError
from core.records import HISTORY_RECORD
from dapp.app import main, sealed_bytes
from dapp.guard import Guard, content_security_policy
from dapp.settings import DappSettings
from tests.dapp.conftest import Stage
from tests.dapp.people import Person

ORIGIN = "http://127.0.0.1:8501"


def settings_file(tmp_path: Path, **overrides: Any) -> Path:
    fields = {
        "origin": ORIGIN,
        "port": 8501,
        "rpc_url": "http://127.0.0.1:8545",
        "chain_id": 31337,
        "consent": "0x" + "c0" * 20,
        "project": str(tmp_path),
        "artifacts": str(tmp_path),
        "ipfs": "/unix/tmp/rpc.sock",
        "vault": str(tmp_path / "vault"),
        "reading_url": "http://127.0.0.1:8502",
        "reading_token": "t" * 24,
    }
    path = tmp_path / "dapp.json"
    path.write_text(json.dumps(fields | overrides))
    return path


@pytest.fixture
def settings(tmp_path: Path) -> DappSettings:
    return DappSettings.load(settings_file(tmp_path))


@pytest.fixture
def client(stage: Stage, settings: DappSettings) -> TestClient:
    routes = [
        Route("/sealed/{commitment}", sealed_bytes(lambda: stage.vault)),
        Route("/static/js/index.js", lambda _: PlainTextResponse("js")),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(Guard, settings=settings)])
    return TestClient(app, base_url=ORIGIN, follow_redirects=False)


def test_sealed_hands_over_the_ciphertext(client: TestClient, stage: Stage, sealed: Person) -> None:
    commitment = stage.ledger.commitment(sealed.account, HISTORY_RECORD)
    answer = client.get(f"/sealed/0x{commitment.hex()}")
    assert answer.content == stage.vault.records[commitment]
    assert answer.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize("text", ["", "0x12", "zz" * 32, "..%2f..%2fetc%2fpasswd"])
def test_sealed_refuses_when_the_path_is_no_commitment(client: TestClient, text: str) -> None:
    assert client.get(f"/sealed/{text}").status_code in (400, 404)


def test_sealed_says_what_to_do_when_the_store_is_down(client: TestClient, stage: Stage) -> None:
    stage.vault.fails_with = StoreUnavailableError("No answer from the IPFS node.")
    answer = client.get(f"/sealed/0x{'ab' * 32}")
    assert answer.status_code == 502
    assert "anamnesis up" in answer.json()["remedy"]


def test_every_answer_carries_the_policy_and_is_not_stored(client: TestClient) -> None:
    headers = client.get("/sealed/0x12").headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]


def test_hashed_assets_may_be_kept(client: TestClient) -> None:
    assert "cache-control" not in client.get("/static/js/index.js").headers


def test_policy_allows_no_foreign_script_and_no_eval(settings: DappSettings) -> None:
    policy = dict(part.split(" ", 1) for part in content_security_policy(settings).split("; "))
    assert policy["default-src"] == "'none'"
    sources = policy["script-src"].split()
    assert sources[0] == "'self'"
    assert all(source.startswith("'sha256-") for source in sources[1:])
    assert policy["connect-src"].split() == [
        "'self'",
        "ws://127.0.0.1:8501",
        "http://127.0.0.1:8502",
    ]


def test_foreign_host_is_refused(client: TestClient) -> None:
    answer = client.get("/sealed/0x12", headers={"host": "rebound.example:8501"})
    assert answer.status_code == 421


def test_loopback_alias_is_sent_to_the_origin_that_keys_are_bound_to(client: TestClient) -> None:
    answer = client.get("/patient", headers={"host": "localhost:8501"})
    assert answer.status_code == 307
    assert answer.headers["location"] == f"{ORIGIN}/patient"


def test_load_raises_when_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="cannot be read"):
        DappSettings.load(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("origin", "127.0.0.1:8501"),
        ("origin", "http://127.0.0.1:8501/path"),
        ("port", 0),
        ("consent", "0x12"),
        ("unknown", 1),
    ],
)
def test_load_raises_when_a_field_is_wrong(tmp_path: Path, field: str, value: object) -> None:
    with pytest.raises(InputError):
        DappSettings.load(settings_file(tmp_path, **{field: value}))


def test_main_exits_with_the_errors_own_code(tmp_path: Path, capsys: Any) -> None:
    assert main([]) == InputError.exit_code
    assert main([str(tmp_path / "none.json")]) == SetupError.exit_code
    assert "anamnesis up" in capsys.readouterr().err
