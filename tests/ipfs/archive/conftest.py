"""Two homes, and an archive of the first."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.hashing import ZERO_HASH
from core.records import Reader, SealContext, Sealing
from ipfs.archive import export_archive
from ipfs.rotation import OwnersVault
from ipfs.vault import IpfsVault
from tests.fakes.block_store import BlockStore
from tests.ipfs.conftest import ContextFactory, Person

PAYLOAD = b"Lisinopril 10 mg daily; penicillin: rash in 1998"


@pytest.fixture
def context(make_context: ContextFactory) -> SealContext:
    return make_context()


@pytest.fixture
def memory() -> BlockStore:
    return BlockStore()


@pytest.fixture
def kept(tmp_path: Path, memory: BlockStore) -> Iterator[IpfsVault]:
    vault = IpfsVault.open_at(tmp_path / "here", memory)
    yield vault
    vault.close()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[tuple[IpfsVault, BlockStore]]:
    store = BlockStore()
    vault = IpfsVault.open_at(tmp_path / "there", store)
    yield vault, store
    vault.close()


@pytest.fixture
def sealing(kept: IpfsVault, context: SealContext, patient: Person, doctor: Person) -> Sealing:
    """Two patients; the first one's record is shared with the doctor."""
    theirs = replace(context, patient=doctor.account)
    kept.seal(b"the doctor's own", theirs, ZERO_HASH, doctor.reading_key)
    sealing = kept.seal(PAYLOAD, context, ZERO_HASH, patient.reading_key)
    kept.confirm(sealing.commitment)
    reader = Reader(account=doctor.account, key=doctor.reading_key)
    OwnersVault(kept, patient.identity).wrap(sealing, [reader])
    return sealing


@pytest.fixture
def archive(kept: IpfsVault, memory: BlockStore, sealing: Sealing, tmp_path: Path) -> Path:
    export_archive(kept, memory, tmp_path / "archive")
    return tmp_path / "archive"
