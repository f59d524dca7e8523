"""Erasure: what is gone is proven gone, on a real node and in the index's own bytes."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import StoreBusyError, StoreUnavailableError, VerificationError
from core.hashing import ZERO_HASH
from core.records import Reader, SealContext
from ipfs.block_client import BlockClient
from ipfs.client import StoreSettings
from ipfs.erasure import erase, plan_erasure
from ipfs.rotation import OwnersVault
from ipfs.supervisor import NodeProcess
from ipfs.vault import IpfsVault
from tests.fakes.block_store import BlockStore
from tests.ipfs.conftest import ContextFactory, Person

LONG = bytes(range(256)) * 4096 + b"".join(n.to_bytes(4, "big") for n in range(200_000))
"""Compresses to several blocks."""


@pytest.fixture
def blocks(node: NodeProcess) -> BlockClient:
    return BlockClient(StoreSettings(address=node.address, timeout_seconds=20))


@pytest.fixture
def context(make_context: ContextFactory) -> SealContext:
    return make_context()


@pytest.fixture
def memory() -> BlockStore:
    return BlockStore()


@pytest.fixture
def kept(tmp_path: Path, memory: BlockStore) -> Iterator[IpfsVault]:
    vault = IpfsVault.open_at(tmp_path / "vault", memory, busy_seconds=0.05)
    yield vault
    vault.close()


def fill(vault: IpfsVault, context: SealContext, patient: Person, doctor: Person) -> None:
    """Two versions, the second shared with the doctor."""
    first = vault.seal(b"first", context, ZERO_HASH, patient.reading_key)
    second = vault.seal(
        LONG[:200_000], replace(context, version=2), first.commitment, patient.reading_key
    )
    reader = Reader(account=doctor.account, key=doctor.reading_key)
    OwnersVault(vault, patient.identity).wrap(second, [reader])


def test_erase_proves_on_a_real_node_that_every_block_is_gone(
    blocks: BlockClient, context: SealContext, patient: Person, doctor: Person, tmp_path: Path
) -> None:
    vault = IpfsVault.open_at(tmp_path / "vault", blocks)
    other = vault.seal(
        b"other", replace(context, patient=doctor.account), ZERO_HASH, doctor.reading_key
    )
    sealing = vault.seal(LONG, context, ZERO_HASH, patient.reading_key)
    plan = plan_erasure(vault, patient.account)
    done = erase(vault, blocks, plan)
    assert (done.sealings, done.envelopes, done.unreadable) == (1, 1, 0)
    assert done.blocks > 3, "the record is a tree of blocks, and an envelope"
    assert done.commitments == (sealing.commitment,)
    assert len(done.unknowable) == 4
    assert not any(blocks.has_block(root) for root in plan.roots)
    assert vault.ciphertext(other.commitment), "another patient's record stays"
    vault.close()


def test_erase_leaves_no_digest_in_the_index_files(
    kept: IpfsVault,
    memory: BlockStore,
    context: SealContext,
    patient: Person,
    doctor: Person,
    tmp_path: Path,
) -> None:
    fill(kept, context, patient, doctor)
    plan = plan_erasure(kept, patient.account)
    files = [path for path in (tmp_path / "vault").iterdir() if path.name.startswith("index")]
    before = b"".join(path.read_bytes() for path in files)
    assert all(digest in before for digest in plan.digests)
    erase(kept, memory, plan)
    after = b"".join(path.read_bytes() for path in (tmp_path / "vault").iterdir())
    assert not any(digest in after for digest in plan.digests)
    assert patient.account.encode() not in after
    assert (memory.blocks, memory.pins) == ({}, set())


@pytest.mark.parametrize(("version", "left"), [(1, [2]), (2, [1]), (None, []), (3, [1, 2])])
def test_plan_erasure_takes_what_was_named(
    kept: IpfsVault,
    memory: BlockStore,
    context: SealContext,
    patient: Person,
    doctor: Person,
    version: int | None,
    left: list[int],
) -> None:
    fill(kept, context, patient, doctor)
    assert not plan_erasure(kept, patient.account, record=b"r" * 32).sealings
    erase(kept, memory, plan_erasure(kept, patient.account, version=version))
    stored = kept.sealings(patient.account)
    assert [each.sealing.context.version for each in stored] == left
    for each in stored:
        assert kept.ciphertext(each.sealing.commitment)


def test_erase_can_be_repeated_when_the_node_went_away_at_any_call(
    kept: IpfsVault, memory: BlockStore, context: SealContext, patient: Person, doctor: Person
) -> None:
    fill(kept, context, patient, doctor)
    roots = plan_erasure(kept, patient.account).roots
    for calls in range(60):
        memory.fails_after = calls
        try:
            erase(kept, memory, plan_erasure(kept, patient.account))
        except StoreUnavailableError:
            assert kept.sealings(patient.account), "until all is gone the index knows"
            continue
        break
    assert calls > 10
    assert not memory.blocks.keys() & set(roots)
    memory.fails_after = None
    assert erase(kept, memory, plan_erasure(kept, patient.account)).sealings == 0


def test_erase_takes_damaged_records_too_and_says_what_it_could_not_list(
    kept: IpfsVault, memory: BlockStore, context: SealContext, patient: Person, doctor: Person
) -> None:
    fill(kept, context, patient, doctor)
    plan = plan_erasure(kept, patient.account)
    memory.blocks[plan.roots[0]] = b"changed"
    del memory.blocks[plan.roots[1]]
    done = erase(kept, memory, plan)
    assert (done.unreadable, memory.blocks) == (2, {})


def test_erase_refuses_to_call_it_gone_when_the_node_keeps_blocks(
    kept: IpfsVault,
    memory: BlockStore,
    context: SealContext,
    patient: Person,
    doctor: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fill(kept, context, patient, doctor)
    monkeypatch.setattr(memory, "collect_garbage", lambda: None)
    with pytest.raises(VerificationError, match="still holds") as raised:
        erase(kept, memory, plan_erasure(kept, patient.account))
    assert raised.value.check == "erasure"
    assert kept.sealings(patient.account)


def test_erase_names_who_holds_the_index_open_and_is_repeated(
    kept: IpfsVault,
    memory: BlockStore,
    context: SealContext,
    patient: Person,
    doctor: Person,
    tmp_path: Path,
) -> None:
    fill(kept, context, patient, doctor)
    plan = plan_erasure(kept, patient.account)
    kept.close()
    impatient = IpfsVault.open_at(tmp_path / "vault", memory, busy_seconds=0.05)
    impatient._index._database.execute("pragma busy_timeout = 50")
    other = sqlite3.connect(tmp_path / "vault" / "index.db", isolation_level=None)
    other.execute("begin")
    other.execute("select count(*) from sealing").fetchone()
    with pytest.raises(StoreBusyError):
        erase(impatient, memory, plan)
    other.close()
    erase(impatient, memory, plan_erasure(impatient, patient.account))
    assert not any(impatient.mentions(digest) for digest in plan.digests)
    impatient.close()
