"""A flipped byte anywhere in what a home keeps: a named error or the right payload, no third."""

import shutil
from pathlib import Path

import pytest

from core.errors import AnamnesisError, StoreError, VerificationError
from core.hashing import ZERO_HASH
from core.records import Condition, Reader, SealContext, Sealing
from ipfs.rotation import OwnersVault
from ipfs.vault import IpfsVault
from ipfs.verification import VaultCustody
from tests.fakes.block_store import BlockStore, leaf
from tests.ipfs.conftest import ContextFactory, Person

PAYLOAD = b"Lisinopril 10 mg daily; penicillin: rash in 1998"


@pytest.fixture
def context(make_context: ContextFactory) -> SealContext:
    return make_context()


@pytest.fixture
def sealing(kept: IpfsVault, context: SealContext, patient: Person) -> Sealing:
    return kept.seal(PAYLOAD, context, ZERO_HASH, patient.reading_key)


def opens(vault: IpfsVault, sealing: Sealing, patient: Person) -> bytes:
    return vault.open(
        patient.identity,
        sealing.commitment,
        sealing.context,
        sealing.envelope_digest,
        patient.account,
    )


@pytest.mark.parametrize("which", [0, 1], ids=["record", "envelope"])
def test_open_refuses_when_a_byte_of_a_block_was_flipped(
    kept: IpfsVault, memory: BlockStore, sealing: Sealing, patient: Person, which: int
) -> None:
    entry = kept.envelope_entry(sealing.envelope_digest)
    stored = kept.sealing(sealing.commitment)
    assert entry is not None
    assert stored is not None
    root = (stored.cid, entry.cid)[which]
    whole = memory.blocks[root]
    custody = VaultCustody(kept, memory)
    for place in range(len(whole)):
        memory.blocks[root] = whole[:place] + bytes((whole[place] ^ 1,)) + whole[place + 1 :]
        with pytest.raises(VerificationError):
            opens(kept, sealing, patient)
    broken = (
        custody.record_condition(sealing.commitment),
        custody.envelope_condition(sealing.envelope_digest),
    )[which]
    assert broken is Condition.DAMAGED
    memory.blocks[root] = whole
    assert opens(kept, sealing, patient) == PAYLOAD


@pytest.mark.parametrize("which", [0, 1], ids=["record", "envelope"])
def test_open_refuses_when_a_node_gives_a_truncated_file_under_the_same_name(
    kept: IpfsVault, memory: BlockStore, sealing: Sealing, patient: Person, which: int
) -> None:
    entry = kept.envelope_entry(sealing.envelope_digest)
    stored = kept.sealing(sealing.commitment)
    assert entry is not None
    assert stored is not None
    root = (stored.cid, entry.cid)[which]
    memory.blocks[root] = leaf(b"ANAM short")
    with pytest.raises(VerificationError):
        opens(kept, sealing, patient)


def test_open_gives_a_named_error_or_the_payload_when_a_byte_of_the_index_was_flipped(
    kept: IpfsVault,
    memory: BlockStore,
    sealing: Sealing,
    patient: Person,
    doctor: Person,
    tmp_path: Path,
) -> None:
    reader = Reader(account=doctor.account, key=doctor.reading_key)
    OwnersVault(kept, patient.identity).wrap(sealing, [reader])
    kept.close()
    whole = (tmp_path / "vault" / "index.db").read_bytes()
    # Every byte that is anything, a sample of them: empty pages are mostly zeros.
    places = [place for place, byte in enumerate(whole) if byte][::7]
    told = 0
    for place in places:
        changed = bytearray(whole)
        changed[place] ^= 1 << place % 8
        home = tmp_path / f"hit-{place}"
        home.mkdir()
        (home / "index.db").write_bytes(changed)
        told += damage_is_told(home, memory, sealing, patient)
        shutil.rmtree(home)
    assert 20 < told < len(places), "some are told, some change nothing that is read"
    intact = IpfsVault.open_at(tmp_path / "vault", memory)
    assert opens(intact, sealing, patient) == PAYLOAD
    intact.close()


def damage_is_told(home: Path, memory: BlockStore, sealing: Sealing, patient: Person) -> bool:
    try:
        vault = IpfsVault.open_at(home, memory)
    except StoreError:
        return True
    try:
        assert opens(vault, sealing, patient) == PAYLOAD
        custody = VaultCustody(vault, memory)
        for account in vault.patients():
            custody.held(account)
            vault.envelopes(sealing.commitment)
    except AnamnesisError:
        return True
    finally:
        vault.close()
    return False
