"""Roles, factories and one real embedded node for the store's tests."""

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from core.eip712 import Domain
from core.errors import StoreError, StoreUnavailableError
from core.hashing import Address, address
from core.records import HISTORY_RECORD, SealContext
from ipfs.cid import cid_digest
from ipfs.client import StoreClient, StoreSettings
from ipfs.envelope import Identity
from ipfs.supervisor import NodeProcess, NodeSettings
from ipfs.vault import IpfsVault
from tests.fakes.block_store import BlockStore
from tests.fakes.faulty_node import FaultyNode


@dataclass(frozen=True)
class Person:
    account: Address
    identity: Identity

    @property
    def reading_key(self) -> bytes:
        return self.identity.recipient().public_key


def person(role: str) -> Person:
    digest = hashlib.sha256(role.encode()).digest()
    return Person(account=address("0x" + digest[:20].hex()), identity=Identity(digest))


@pytest.fixture(scope="session")
def patient() -> Person:
    return person("patient")


@pytest.fixture(scope="session")
def doctor() -> Person:
    return person("doctor")


@pytest.fixture(scope="session")
def stranger() -> Person:
    return person("stranger")


@pytest.fixture(scope="session")
def contract() -> Address:
    return person("contract").account


ContextFactory = Callable[..., SealContext]


@pytest.fixture(scope="session")
def make_context(patient: Person, contract: Address) -> ContextFactory:
    def make(**overrides: Any) -> SealContext:
        fields: dict[str, Any] = {
            "domain": Domain(chain_id=31337, verifying_contract=contract),
            "patient": patient.account,
            "record": HISTORY_RECORD,
            "version": 1,
        }
        return SealContext(**(fields | overrides))

    return make


@dataclass
class MemoryStore:
    """An IPFS node in memory that can fail at the n-th call."""

    blobs: dict[bytes, bytes] = field(default_factory=dict)
    pins: set[bytes] = field(default_factory=set)
    added: int = 0
    fails_after_adds: int | None = None
    dies_after_add: bool = False

    def add(self, data: bytes) -> bytes:
        if self.fails_after_adds is not None and self.added >= self.fails_after_adds:
            raise StoreUnavailableError("The IPFS node does not answer.")
        digest = cid_digest(data)
        self.blobs[digest] = data
        self.pins.add(digest)
        self.added += 1
        return digest

    def read(self, digest: bytes, max_bytes: int) -> bytes:
        if digest not in self.blobs:
            raise StoreError("The IPFS node could not read.")
        return self.blobs[digest][: max_bytes + 1]

    def is_pinned(self, digest: bytes) -> bool:
        return digest in self.pins

    def unpin(self, digest: bytes) -> None:
        self.pins.discard(digest)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def vault(tmp_path: Path, store: MemoryStore) -> Iterator[IpfsVault]:
    opened = IpfsVault.open_at(tmp_path / "vault", store)
    yield opened
    opened.close()


@pytest.fixture
def memory() -> BlockStore:
    """A node's blocks and pins, without a node."""
    return BlockStore()


@pytest.fixture
def kept(tmp_path: Path, memory: BlockStore) -> Iterator[IpfsVault]:
    """A vault over `memory`."""
    opened = IpfsVault.open_at(tmp_path / "vault", memory)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    """One real node for all tests that leave it as they found it."""
    settings = NodeSettings.local(tmp_path_factory.mktemp("Home Ü"))
    with NodeProcess(settings) as process:
        yield process


@pytest.fixture
def faulty() -> Iterator[FaultyNode]:
    """A node that lies as it is told to."""
    node = FaultyNode()
    yield node
    node.close()


@pytest.fixture(scope="session")
def client(node: NodeProcess) -> StoreClient:
    return StoreClient(StoreSettings(address=node.address, timeout_seconds=20))


@pytest.fixture
def make_node(tmp_path: Path) -> Iterator[Callable[[], NodeProcess]]:
    """Nodes over the same folder, for tests that break them."""
    made: list[NodeProcess] = []

    def make() -> NodeProcess:
        made.append(NodeProcess(NodeSettings.local(tmp_path)))
        return made[-1]

    yield make
    for process in made:
        process.stop()


@pytest.fixture(autouse=True)
def _no_proxy_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs as if the machine had a proxy that goes nowhere."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setitem(os.environ, name, "http://127.0.0.1:9")
