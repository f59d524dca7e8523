"""Private networks: who has the swarm key reads from the others, nobody else can join."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.errors import InputError, StoreError
from core.hashing import keccak256
from ipfs.cid import CHUNK_BYTES, cid_digest, cid_text
from ipfs.client import StoreClient, StoreSettings
from ipfs.node.swarm import Peer, Swarm, write_new_key
from ipfs.sealing import seal, unseal
from ipfs.supervisor import NodeProcess, NodeSettings, SwarmSettings
from tests.ipfs.rpc_calls import call

PAYLOAD = bytes(range(256)) * 4096
StartNode = Callable[..., NodeProcess]


@pytest.fixture(scope="module")
def swarm_key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "swarm.key"
    write_new_key(path)
    return path


@pytest.fixture(scope="module")
def start_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartNode]:
    started: list[NodeProcess] = []

    def start(key: Path, **swarm: tuple[str, ...]) -> NodeProcess:
        home = tmp_path_factory.mktemp("node")
        settings = NodeSettings(home=home, swarm=SwarmSettings(key_file=key, **swarm))
        started.append(NodeProcess(settings))
        started[-1].start()
        return started[-1]

    yield start
    for node in started:
        node.stop()


@pytest.fixture(scope="module")
def clinic(start_node: StartNode, swarm_key: Path) -> NodeProcess:
    return start_node(swarm_key)


@pytest.fixture(scope="module")
def hospital(start_node: StartNode, swarm_key: Path, clinic: NodeProcess) -> NodeProcess:
    """A second node of the same network, told where the first one is."""
    return start_node(swarm_key, peers=(address_of(clinic),))


def address_of(node: NodeProcess) -> str:
    return node.swarm_addresses[0]


def client_of(node: NodeProcess, seconds: float = 20) -> StoreClient:
    return StoreClient(StoreSettings(address=node.address, timeout_seconds=seconds))


def peers_of(node: NodeProcess) -> list[str]:
    return [row["Peer"] for row in json.loads(call(node, "swarm/peers")[1])["Peers"]]


def connect(node: NodeProcess, address: str, seconds: int = 10) -> int:
    return call(node, f"swarm/connect?arg={address}&timeout={seconds}s")[0]


def test_swarm_listens_on_loopback_alone_when_no_address_is_given(clinic: NodeProcess) -> None:
    addresses = json.loads(call(clinic, "id")[1])["Addresses"]
    assert addresses
    assert tuple(addresses) == clinic.swarm_addresses
    assert all(address.startswith("/ip4/127.0.0.1/tcp/") for address in addresses)


def test_read_gets_verifies_and_opens_a_record_of_a_peer(
    clinic: NodeProcess, hospital: NodeProcess, make_context: Callable[..., object]
) -> None:
    context = make_context()
    sealed = seal(PAYLOAD + keccak256(b"incompressible") * 9000, context)  # type: ignore[arg-type]
    digest = client_of(clinic).add(sealed.record)
    assert connect(hospital, address_of(clinic)) == 200
    fetched = client_of(hospital).read(digest)
    assert unseal(fetched, sealed.key, context)[: len(PAYLOAD)] == PAYLOAD  # type: ignore[arg-type]
    assert not client_of(hospital).is_pinned(digest)
    assert call(hospital, f"pin/add?arg={cid_text(digest)}")[0] == 200
    client_of(clinic).unpin(digest)
    client_of(clinic).collect_garbage()
    client_of(hospital).collect_garbage()
    assert client_of(hospital).read(digest) == sealed.record


def test_node_connects_with_the_peers_it_was_told_of(
    clinic: NodeProcess, hospital: NodeProcess
) -> None:
    # By itself, at its start; asking for the connection only waits until it stands.
    assert connect(hospital, address_of(clinic)) == 200
    assert address_of(clinic).rpartition("/")[2] in peers_of(hospital)


def test_stranger_with_another_key_cannot_join(
    clinic: NodeProcess, start_node: StartNode, tmp_path: Path
) -> None:
    write_new_key(tmp_path / "other.key")
    stranger = start_node(tmp_path / "other.key")
    digest = client_of(clinic).add(b"for members of the network only")
    assert connect(stranger, address_of(clinic), seconds=1) == 500
    assert connect(clinic, address_of(stranger), seconds=1) == 500
    assert peers_of(stranger) == []
    with pytest.raises(StoreError):
        client_of(stranger, seconds=1).read(digest)


KEYLESS = """
import os, sys
from pathlib import Path
from ipfs.node.config import harden
from ipfs.node.kubo import Kubo
from core.errors import StoreError

home, address = Path(sys.argv[1]), sys.argv[2]
(home / "scratch").mkdir()
(home / "repo").mkdir()
kubo = Kubo(home / "repo", home / "scratch")
kubo.create()
harden(home / "repo")
kubo.open()
try:
    kubo.connect(address)
except StoreError:
    print("refused", kubo.peers(), file=sys.stderr)
kubo.close()
"""


def test_stranger_without_any_key_cannot_join(clinic: NodeProcess, tmp_path: Path) -> None:
    # Our own node has no network at all without a key, so this is Kubo with nothing around it.
    stranger = subprocess.run(
        [sys.executable, "-c", KEYLESS, str(tmp_path), address_of(clinic)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "refused []" in stranger.stderr


def test_read_is_bounded_when_no_peer_has_the_bytes(
    clinic: NodeProcess, hospital: NodeProcess
) -> None:
    unknown = cid_digest(b"nobody in the network ever stored this")
    with pytest.raises(StoreError):
        client_of(hospital, seconds=1).read(unknown)
    # What was left waiting stands in nobody's way.
    digest = client_of(hospital).add(bytes(CHUNK_BYTES * 2))
    client_of(hospital).collect_garbage()
    assert client_of(hospital).read(digest) == bytes(CHUNK_BYTES * 2)
    assert call(hospital, f"cat?arg={cid_text(unknown)}&offline=true")[0] == 500


def test_node_without_a_swarm_has_no_peers_and_refuses_to_dial(
    node: NodeProcess, clinic: NodeProcess
) -> None:
    assert peers_of(node) == []
    assert connect(node, address_of(clinic)) == 500


def test_restart_keeps_the_address_that_peers_were_told(
    start_node: StartNode, swarm_key: Path
) -> None:
    node = start_node(swarm_key)
    before = node.swarm_addresses
    node.stop()
    node.start()
    assert node.swarm_addresses == before


@pytest.mark.parametrize(
    "content",
    ["", "secret", "/key/swarm/psk/1.0.0/\n/base16/\n" + "0" * 63, "\xff" * 5000],
    ids=["empty", "no header", "too short", "too long"],
)
def test_start_refuses_when_the_swarm_key_is_unusable(tmp_path: Path, content: str) -> None:
    key = tmp_path / "swarm.key"
    key.write_text(content)
    node = NodeProcess(NodeSettings(home=tmp_path / "home", swarm=SwarmSettings(key_file=key)))
    with pytest.raises(InputError, match="not a swarm key") as refused:
        node.start()
    assert content == "" or content not in refused.value.user_message()


def test_swarm_refuses_when_there_is_no_key(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read") as refused:
        Swarm.from_file(tmp_path / "none")
    assert "ipfs.node.swarm" in refused.value.remedy


@pytest.mark.parametrize("address", ["0.0.0.0:4001", "/ip4/1.2.3.4/udp/1", "/ip4/1.2.3.4/tcp/1/ws"])
def test_swarm_refuses_when_an_address_is_none(swarm_key: Path, address: str) -> None:
    with pytest.raises(InputError):
        Swarm.from_file(swarm_key, listen=(address,))
    with pytest.raises(InputError):
        Peer.parse(address)


def test_swarm_key_is_private_and_never_overwritten(swarm_key: Path) -> None:
    assert swarm_key.stat().st_mode & 0o777 == 0o600
    before = swarm_key.read_bytes()
    with pytest.raises(InputError):
        write_new_key(swarm_key)
    assert swarm_key.read_bytes() == before
    assert Swarm.from_file(swarm_key).key not in repr(Swarm.from_file(swarm_key))
