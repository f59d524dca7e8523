"""What the adapter asks of an IPFS node, asked of a daemon that somebody else made and runs.

`ANAMNESIS_TEST_IPFS=/ip4/127.0.0.1/tcp/5001 pytest tests/ipfs/test_daemon.py` uses the daemon at
that multiaddr, which should hold nothing else: its garbage is collected. Without it our own node,
by TCP and with credentials, stands in: it has to give the same answers.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import StoreError
from core.hashing import ZERO_HASH
from ipfs.block_client import BlockClient
from ipfs.cid import CHUNK_BYTES, cid_digest
from ipfs.client import StoreSettings
from ipfs.erasure import erase, plan_erasure
from ipfs.supervisor import NodeProcess, NodeSettings
from ipfs.vault import IpfsVault
from tests.ipfs.conftest import ContextFactory, Person

DAEMON = os.environ.get("ANAMNESIS_TEST_IPFS", "")


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BlockClient]:
    if DAEMON:
        yield BlockClient(StoreSettings(address=DAEMON, timeout_seconds=5))
        return
    home = tmp_path_factory.mktemp("node")
    with NodeProcess(NodeSettings(home=home, tcp_port=0)) as node:
        assert node.tcp_address is not None
        settings = StoreSettings.at(node.tcp_address, node.settings.credentials)
        yield BlockClient(settings)


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, 45_700_000])
def test_daemon_stores_pins_and_gives_back_what_it_was_given(
    daemon: BlockClient, size: int
) -> None:
    data = os.urandom(size)
    digest = daemon.add(data)
    assert digest == cid_digest(data)
    assert daemon.read(digest) == data
    assert daemon.is_pinned(digest)


def test_daemon_forgets_what_is_unpinned_and_keeps_what_is_pinned(daemon: BlockClient) -> None:
    kept, gone = daemon.add(os.urandom(5_000)), daemon.add(os.urandom(CHUNK_BYTES + 5_000))
    for _ in range(2):  # taken back twice, as after a crash
        daemon.unpin(gone)
    daemon.collect_garbage()
    assert not daemon.is_pinned(gone)
    assert len(daemon.read(kept)) == 5_000
    with pytest.raises(StoreError):
        daemon.read(gone)


def test_daemon_refuses_in_bounded_time_what_it_does_not_have(daemon: BlockClient) -> None:
    unknown = cid_digest(os.urandom(100))
    assert not daemon.is_pinned(unknown)
    with pytest.raises(StoreError):
        daemon.read(unknown)


def test_vault_seals_opens_and_erases_over_the_daemon(
    daemon: BlockClient, tmp_path: Path, make_context: ContextFactory, patient: Person
) -> None:
    vault, context = IpfsVault.open_at(tmp_path / "vault", daemon), make_context()
    payload = os.urandom(600_000)
    sealing = vault.seal(payload, context, ZERO_HASH, patient.reading_key)
    opened = vault.open(
        patient.identity,
        sealing.commitment,
        context,
        sealing.envelope_digest,
        patient.account,
    )
    assert opened == payload
    done = erase(vault, daemon, plan_erasure(vault, patient.account))
    # A root and three leaves of the record, and the envelope.
    assert (done.sealings, done.blocks) == (1, 5)
    vault.close()
