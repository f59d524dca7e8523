"""The port on loopback: only when asked for, only with credentials, and no easier to lure."""

import asyncio
import base64
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import InputError, SetupError, StoreError
from ipfs.client import StoreClient, StoreSettings
from ipfs.node.credentials import Credentials
from ipfs.node.guard import Guard
from ipfs.supervisor import LOG_NAME, NodeProcess, NodeSettings
from tests.ipfs.rpc_calls import call, call_by_tcp

PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="module")
def tcp_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    with NodeProcess(NodeSettings(home=tmp_path_factory.mktemp("node"), tcp_port=0)) as node:
        yield node


@pytest.fixture(scope="module")
def credentials(tcp_node: NodeProcess) -> Credentials:
    return Credentials.of_file(tcp_node.settings.credentials)


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_tcp_serves_whoever_shows_the_credentials(
    tcp_node: NodeProcess, credentials: Credentials
) -> None:
    assert tcp_node.tcp_address is not None
    settings = StoreSettings(address=tcp_node.tcp_address, credentials=credentials.pair())
    digest = StoreClient(settings).add(b"by tcp")
    assert StoreClient(settings).read(digest) == b"by tcp"
    assert StoreClient(StoreSettings(address=tcp_node.address)).read(digest) == b"by tcp"


def test_tcp_refuses_when_the_client_shows_none(tcp_node: NodeProcess) -> None:
    assert tcp_node.tcp_address is not None
    with pytest.raises(StoreError) as refused:
        StoreClient(StoreSettings(address=tcp_node.tcp_address)).add(b"unknown")
    assert "credentials" in refused.value.user_message()


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic !",
        "Basic " + base64.b64encode(b"anamnesis:").decode(),
        basic("anamnesis", "guess"),
        basic("", ""),
        "Bearer {token}",
        "{token}",
        "Basic {token}AAAA",
        "Basic {token} {token}",
        "Digest {token}",
    ],
)
def test_tcp_refuses_when_the_credentials_are_others(
    tcp_node: NodeProcess, credentials: Credentials, header: str
) -> None:
    token = basic(*credentials.pair()).removeprefix("Basic ")
    shown = header.format(token=token)
    assert call_by_tcp(tcp_node, "id", Authorization=shown)[0] == 401
    assert call_by_tcp(tcp_node, "shutdown", Authorization=shown)[0] == 401
    assert tcp_node.is_healthy()


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Host", "attacker.example"),
        ("Origin", "http://127.0.0.1:5001"),
        ("Origin", "null"),
        ("Referer", "https://attacker.example/page"),
        ("Sec_Fetch_Site", "same-origin"),
        ("User_Agent", "Mozilla/5.0"),
    ],
)
def test_guard_holds_by_tcp_even_with_the_credentials(
    tcp_node: NodeProcess, credentials: Credentials, header: str, value: str
) -> None:
    shown = {"Authorization": basic(*credentials.pair()), header: value}
    assert call_by_tcp(tcp_node, "id", **shown)[0] == 403
    assert call_by_tcp(tcp_node, "id", method="GET", **shown)[0] == 405


def test_socket_needs_no_credentials(tcp_node: NodeProcess) -> None:
    assert call(tcp_node, "id")[0] == 200


def test_tcp_listens_on_loopback_alone(tcp_node: NodeProcess) -> None:
    assert tcp_node.tcp_address is not None
    port = int(tcp_node.tcp_address.rpartition("/")[2])
    rows = Path(f"/proc/{tcp_node.pid}/net/tcp").read_text().splitlines()[1:]
    listening = [row.split()[1] for row in rows if row.split()[3] == "0A"]
    assert [each for each in listening if each.endswith(f":{port:04X}")] == [f"0100007F:{port:04X}"]


def test_credentials_are_nowhere_but_in_their_private_file(
    tcp_node: NodeProcess, credentials: Credentials
) -> None:
    assert tcp_node.settings.credentials.stat().st_mode & 0o777 == 0o600
    arguments = Path(f"/proc/{tcp_node.pid}/cmdline").read_bytes()
    variables = Path(f"/proc/{tcp_node.pid}/environ").read_bytes()
    log = (tcp_node.settings.home / LOG_NAME).read_bytes()
    for place in (arguments, variables, log, repr(credentials).encode()):
        assert credentials.password.encode() not in place


def test_node_opens_no_port_unless_it_is_asked_to(node: NodeProcess) -> None:
    assert node.tcp_address is None


def test_restart_keeps_port_and_credentials(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    node = NodeProcess(NodeSettings(home=tmp_path / "home", tcp_port=port))
    with node:
        before = node.tcp_address, Credentials.of_file(node.settings.credentials)
        assert call_by_tcp(node, "id", Authorization=basic(*before[1].pair()))[0] == 200
    with node:
        assert (node.tcp_address, Credentials.of_file(node.settings.credentials)) == before


def test_start_says_so_when_the_port_is_taken(tmp_path: Path) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        node = NodeProcess(NodeSettings(home=tmp_path / "home", tcp_port=port))
        with pytest.raises(SetupError, match=str(port)):
            node.start()


def test_start_refuses_when_others_may_read_the_credentials(tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    path.write_text(f"clinic:{PASSWORD}\n")
    path.chmod(0o644)
    node = NodeProcess(NodeSettings(home=tmp_path / "home", tcp_port=0, credentials_file=path))
    with pytest.raises(InputError, match="Others may read") as refused:
        node.start()
    assert PASSWORD not in refused.value.user_message()
    assert not node.is_running()


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"clinic", b"clinic:", b"clinic:short", f":{PASSWORD}".encode(), b"\xff\xfe:" * 9],
)
def test_credentials_refuse_when_the_file_holds_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "credentials"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(InputError):
        Credentials.of_file(path)


def test_credentials_are_made_once(tmp_path: Path) -> None:
    first = Credentials.of_file_or_new(tmp_path / "credentials")
    assert Credentials.of_file_or_new(tmp_path / "credentials") == first
    assert first != Credentials.of_file_or_new(tmp_path / "others")
    assert first.admits(basic(*first.pair()))


def test_credentials_may_hold_colons_and_letters_beyond_ascii(tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    path.write_text("Klinik:Größe:Größe:Größe:Größe\n")
    path.chmod(0o600)
    shown = Credentials.of_file(path)
    assert shown.pair() == ("Klinik", "Größe:Größe:Größe:Größe")
    assert shown.admits(basic(*shown.pair()))


def test_guard_lets_nobody_in_by_tcp_when_there_are_no_credentials() -> None:
    async def application(*_: object) -> None:
        raise AssertionError("let in")

    guard = Guard(application, max_request_bytes=1, credentials=None)
    scope = {
        "type": "http",
        "method": "POST",
        "server": ("127.0.0.1", 80),
        "headers": [(b"host", b"127.0.0.1"), (b"authorization", basic("", "").encode())],
    }
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(guard(scope, None, send))  # type: ignore[arg-type]
    assert sent[0]["status"] == 401
