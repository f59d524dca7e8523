"""The client against a node that lies, stalls, is old or is not there."""

import re
import traceback
from pathlib import Path

import pytest

from core.errors import InputError, StoreError, StoreUnavailableError, VerificationError
from ipfs import connections as connections_module
from ipfs.cid import cid_digest, cid_text
from ipfs.client import StoreClient, StoreSettings
from tests.fakes.faulty_node import (
    CID,
    DATA,
    DIGEST,
    Answer,
    FaultyNode,
    cut_short,
    endless,
    fail_late,
    hang_up,
    send,
    send_json,
    stall,
    trickle,
)

OTHER_CID = cid_text(cid_digest(b"other bytes"))


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


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("/unix/home/rpc.sock", True),
        ("/ip4/127.0.0.1/tcp/5001", True),
        ("/ip6/::1/tcp/5001", True),
        ("/dns/clinic.example/tcp/443/https", True),
        ("/ip4/10.0.0.5/tcp/5001", False),
        ("/dns/localhost.example/tcp/5001", False),
        ("/dns/clinic.example/tcp/80/http", False),
        ("/ip4/127.0.0.1.example/tcp/5001", False),
    ],
)
def test_credentials_never_travel_in_the_clear(address: str, safe: bool, tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    file.write_text("clinic:correct horse battery staple\n")
    file.chmod(0o600)
    if safe:
        assert StoreSettings.at(address, file).credentials is not None
        return
    with pytest.raises(InputError, match="in the clear"):
        StoreSettings.at(address, file)
    assert StoreSettings.at(address, None).credentials is None


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


@pytest.mark.parametrize(
    "words",
    ["not pinned or pinned indirectly", f"error: {CID} is not part of the pinset"],
    ids=["Kubo", "IPFS Cluster"],
)
def test_pins_are_understood_when_there_is_none(
    client: StoreClient, faulty: FaultyNode, words: str
) -> None:
    refusal = send_json({"Message": words, "Code": 0, "Type": "error"}, 500)
    faulty.answers["pin/rm"] = faulty.answers["pin/ls"] = refusal
    client.unpin(DIGEST)
    assert client.is_pinned(DIGEST) is False


def test_pins_are_no_answer_when_the_node_fails_otherwise(
    client: StoreClient, faulty: FaultyNode
) -> None:
    refusal = send_json({"Message": "datastore closed", "Code": 0, "Type": "error"}, 500)
    faulty.answers["pin/rm"] = faulty.answers["pin/ls"] = refusal
    with pytest.raises(StoreError, match="take a pin back"):
        client.unpin(DIGEST)
    with pytest.raises(StoreError, match="look up a pin"):
        client.is_pinned(DIGEST)


ROW = b'{"Key": {"/": "%s"}}\n' % CID.encode()


@pytest.mark.parametrize("rows", [b"", ROW, ROW * 3], ids=["none", "one", "several"])
def test_collect_garbage_is_content_when_blocks_went(
    client: StoreClient, faulty: FaultyNode, rows: bytes
) -> None:
    faulty.answers["repo/gc"] = send(200, rows)
    client.collect_garbage()


def test_collect_garbage_refuses_when_a_row_says_that_a_block_stayed(
    client: StoreClient, faulty: FaultyNode
) -> None:
    failed = b'{"Error": "could not delete %s"}\n' % CID.encode()
    faulty.answers["repo/gc"] = send(200, ROW + failed + ROW)
    with pytest.raises(StoreError, match="could not delete every block") as refused:
        client.collect_garbage()
    assert CID not in refused.value.user_message()


@pytest.mark.parametrize(
    ("status", "way_out"),
    [(401, "credentials"), (403, "allow this host"), (404, "use Kubo"), (413, "raise its limit")],
)
def test_refusals_say_the_way_out_when_the_status_tells(
    client: StoreClient, faulty: FaultyNode, status: int, way_out: str
) -> None:
    faulty.answers["add"] = send(status, b"refused", "text/plain")
    with pytest.raises(StoreError, match="could not store") as refused:
        client.add(DATA)
    assert way_out in refused.value.remedy


def test_answers_are_bounded_when_they_are_json(
    client: StoreClient, faulty: FaultyNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert connections_module._MAX_ANSWER_BYTES == 64 << 20
    monkeypatch.setattr(connections_module, "_MAX_ANSWER_BYTES", 1 << 20)
    faulty.answers["version"] = endless
    with pytest.raises(StoreError, match="longer answer than any that makes sense"):
        client.version()


def test_answers_are_bounded_in_time_when_they_trickle(faulty: FaultyNode) -> None:
    settings = StoreSettings(
        address=faulty.address, timeout_seconds=5, transfer_timeout_seconds=0.3
    )
    faulty.answers["cat"] = faulty.answers["version"] = trickle
    for ask in (StoreClient(settings).version, lambda: StoreClient(settings).read(DIGEST)):
        with pytest.raises(StoreUnavailableError, match="does not answer"):
            ask()


def test_read_refuses_by_name_when_the_error_comes_in_the_trailer(
    client: StoreClient, faulty: FaultyNode
) -> None:
    faulty.answers["cat"] = fail_late
    with pytest.raises(VerificationError, match="other or fewer bytes") as refused:
        client.read(DIGEST)
    assert refused.value.check == "content identifier"


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
