"""What an inspection concludes of what is kept for emergencies; no node runs here."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import StoreUnavailableError
from core.records import Condition, EscrowContext, Reader
from ipfs.escrow import MAX_ESCROW_BYTES, make_escrow
from ipfs.vault import IpfsVault
from ipfs.verification import VaultCustody
from tests.fakes.block_store import BlockStore
from tests.ipfs.conftest import ContextFactory, Person, person


@pytest.fixture
def blocks() -> BlockStore:
    return BlockStore()


@pytest.fixture
def kept(tmp_path: Path, blocks: BlockStore) -> Iterator[IpfsVault]:
    vault = IpfsVault.open_at(tmp_path / "vault", blocks)
    yield vault
    vault.close()


@pytest.fixture
def custody(kept: IpfsVault, blocks: BlockStore) -> VaultCustody:
    return VaultCustody(kept, blocks)


def escrow_of(patient: Person, make_context: ContextFactory) -> bytes:
    domain = make_context().domain
    circle = [person(role) for role in ("custodian", "keeper")]
    readers = [Reader(account=each.account, key=each.reading_key) for each in circle]
    context = EscrowContext(domain=domain, patient=patient.account, seq=4)
    return make_escrow(context, 2, readers) + b"\x01" * 65


@pytest.fixture
def digest(kept: IpfsVault, patient: Person, make_context: ContextFactory) -> bytes:
    data = escrow_of(patient, make_context)
    return kept.custody.put(make_context().domain, patient.account, data)


def test_custody_is_listed_for_its_patient_alone(
    custody: VaultCustody, digest: bytes, patient: Person, doctor: Person
) -> None:
    assert list(custody.custody(patient.account)) == [digest]
    assert list(custody.custody(doctor.account)) == []


def test_condition_is_whole_or_unknown(custody: VaultCustody, digest: bytes) -> None:
    assert custody.custody_condition(digest) is Condition.WHOLE
    assert custody.custody_condition(bytes(32)) is Condition.UNKNOWN


def test_condition_tells_unpinned_damaged_and_missing(
    custody: VaultCustody, kept: IpfsVault, blocks: BlockStore, digest: bytes
) -> None:
    entry = kept.custody.entry(digest)
    assert entry is not None
    whole = blocks.blocks[entry.cid]
    blocks.unpin(entry.cid)
    assert custody.custody_condition(digest) is Condition.UNPINNED
    blocks.blocks[entry.cid] = whole[:-1] + bytes((whole[-1] ^ 1,))
    assert custody.custody_condition(digest) is Condition.DAMAGED
    del blocks.blocks[entry.cid]
    assert custody.custody_condition(digest) is Condition.MISSING


def test_condition_is_damaged_when_it_is_another_escrow_or_none(
    custody: VaultCustody,
    blocks: BlockStore,
    digest: bytes,
    patient: Person,
    make_context: ContextFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = escrow_of(patient, make_context)
    monkeypatch.setattr(blocks, "read", lambda *_: other)
    assert custody.custody_condition(digest) is Condition.DAMAGED
    monkeypatch.setattr(blocks, "read", lambda *_: b"no escrow")
    assert custody.custody_condition(digest) is Condition.DAMAGED


def test_condition_asks_for_its_own_bytes_and_no_more_than_an_escrow_has(
    custody: VaultCustody,
    kept: IpfsVault,
    blocks: BlockStore,
    digest: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entry, asked = kept.custody.entry(digest), []
    assert entry is not None
    read = blocks.read
    monkeypatch.setattr(blocks, "read", lambda *given: asked.append(given) or read(*given))
    custody.custody_condition(digest)
    assert asked == [(entry.cid, MAX_ESCROW_BYTES)]


def test_condition_is_none_when_the_node_is_silent(
    custody: VaultCustody,
    blocks: BlockStore,
    digest: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def silent(*_: object) -> bytes:
        raise StoreUnavailableError("The IPFS node does not answer.")

    monkeypatch.setattr(blocks, "read", silent)
    with pytest.raises(StoreUnavailableError):
        custody.custody_condition(digest)
