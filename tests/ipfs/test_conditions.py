"""What an inspection concludes from each thing that a node can answer; no node runs here."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import StoreError, StoreUnavailableError
from core.hashing import ZERO_HASH
from core.records import Condition, EscrowContext, Reader, Sealing
from ipfs.escrow import MAX_ESCROW_BYTES, make_escrow
from ipfs.vault import IpfsVault
from ipfs.verification import VaultCustody
from tests.fakes.block_store import BlockStore
from tests.ipfs.conftest import ContextFactory, Person, person

PAYLOAD = b"Lisinopril 10 mg daily"


@pytest.fixture
def blocks() -> BlockStore:
    return BlockStore()


@pytest.fixture
def kept(tmp_path: Path, blocks: BlockStore) -> Iterator[IpfsVault]:
    vault = IpfsVault.open_at(tmp_path / "vault", blocks)
    yield vault
    vault.close()


@pytest.fixture
def sealing(kept: IpfsVault, make_context: ContextFactory, patient: Person) -> Sealing:
    return kept.seal(PAYLOAD, make_context(), ZERO_HASH, patient.reading_key)


@pytest.fixture
def custody(kept: IpfsVault, blocks: BlockStore) -> VaultCustody:
    return VaultCustody(kept, blocks)


def envelope_cid(kept: IpfsVault, sealing: Sealing) -> bytes:
    entry = kept.envelope_entry(sealing.envelope_digest)
    assert entry is not None
    return entry.cid


def record_cid(kept: IpfsVault, sealing: Sealing) -> bytes:
    stored = kept.sealing(sealing.commitment)
    assert stored is not None
    return stored.cid


def test_held_says_what_is_confirmed(
    custody: VaultCustody, kept: IpfsVault, sealing: Sealing, patient: Person, doctor: Person
) -> None:
    assert custody.patients() == [patient.account]
    [held] = custody.held(patient.account)
    assert (held.sealing, held.confirmed) == (sealing, False)
    kept.confirm(sealing.commitment)
    assert custody.held(patient.account)[0].confirmed
    assert custody.held(doctor.account) == []


def test_conditions_are_whole_when_everything_is_there(
    custody: VaultCustody, sealing: Sealing
) -> None:
    assert custody.record_condition(sealing.commitment) is Condition.WHOLE
    assert custody.envelope_condition(sealing.envelope_digest) is Condition.WHOLE


def test_conditions_are_unknown_when_nothing_is_on_the_books(custody: VaultCustody) -> None:
    assert custody.record_condition(bytes(32)) is Condition.UNKNOWN
    assert custody.envelope_condition(bytes(32)) is Condition.UNKNOWN


def test_conditions_tell_an_unpinned_part(
    custody: VaultCustody, kept: IpfsVault, blocks: BlockStore, sealing: Sealing
) -> None:
    blocks.unpin(record_cid(kept, sealing))
    assert custody.record_condition(sealing.commitment) is Condition.UNPINNED
    assert custody.envelope_condition(sealing.envelope_digest) is Condition.WHOLE
    blocks.unpin(envelope_cid(kept, sealing))
    assert custody.envelope_condition(sealing.envelope_digest) is Condition.UNPINNED


def test_conditions_tell_missing_from_damaged_at_every_block(
    custody: VaultCustody, blocks: BlockStore, sealing: Sealing
) -> None:
    for digest, whole in list(blocks.blocks.items()):
        blocks.blocks[digest] = whole[:-1] + bytes((whole[-1] ^ 1,))
        damaged = {custody.record_condition(sealing.commitment)}
        damaged.add(custody.envelope_condition(sealing.envelope_digest))
        assert damaged == {Condition.DAMAGED, Condition.WHOLE}
        del blocks.blocks[digest]
        missing = {custody.record_condition(sealing.commitment)}
        missing.add(custody.envelope_condition(sealing.envelope_digest))
        assert missing == {Condition.MISSING, Condition.WHOLE}
        blocks.blocks[digest] = whole


def test_condition_is_damaged_when_whole_bytes_are_no_record_or_envelope(
    custody: VaultCustody,
    kept: IpfsVault,
    blocks: BlockStore,
    sealing: Sealing,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(blocks, "read", lambda *_: b"Lisinopril, in the clear")
    assert custody.record_condition(sealing.commitment) is Condition.DAMAGED
    assert custody.envelope_condition(sealing.envelope_digest) is Condition.DAMAGED


def test_envelope_condition_is_damaged_when_it_is_another_envelope(
    custody: VaultCustody,
    kept: IpfsVault,
    blocks: BlockStore,
    sealing: Sealing,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = bytearray(kept.envelope(sealing.envelope_digest))
    other[-1] ^= 1
    monkeypatch.setattr(blocks, "read", lambda *_: bytes(other))
    assert custody.envelope_condition(sealing.envelope_digest) is Condition.DAMAGED


def test_condition_asks_for_no_more_than_such_a_part_may_have(
    custody: VaultCustody,
    blocks: BlockStore,
    sealing: Sealing,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[int] = []
    read = blocks.read

    def watch(digest: bytes, max_bytes: int) -> bytes:
        asked.append(max_bytes)
        return read(digest, max_bytes)

    monkeypatch.setattr(blocks, "read", watch)
    custody.record_condition(sealing.commitment)
    custody.envelope_condition(sealing.envelope_digest)
    assert asked == [69_206_082, 1_234]


def test_condition_is_no_finding_when_the_node_went_away(
    custody: VaultCustody, blocks: BlockStore, sealing: Sealing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> bytes:
        raise StoreUnavailableError("The IPFS node does not answer.")

    monkeypatch.setattr(blocks, "read", gone)
    for ask, name in (
        (custody.record_condition, sealing.commitment),
        (custody.envelope_condition, sealing.envelope_digest),
    ):
        with pytest.raises(StoreUnavailableError, match="does not answer"):
            ask(name)
    monkeypatch.setattr(blocks, "block", gone)
    with pytest.raises(StoreUnavailableError):
        custody.record_condition(sealing.commitment)


def test_condition_is_damaged_when_a_read_broke_off_at_a_bad_block(
    custody: VaultCustody,
    kept: IpfsVault,
    blocks: BlockStore,
    sealing: Sealing,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def breaks_off(*_: object) -> bytes:
        raise StoreUnavailableError("The IPFS node does not answer.")

    monkeypatch.setattr(blocks, "read", breaks_off)
    blocks.blocks[record_cid(kept, sealing)] += b"!"
    assert custody.record_condition(sealing.commitment) is Condition.DAMAGED


def test_condition_ends_when_blocks_name_one_another_without_end(
    custody: VaultCustody, blocks: BlockStore, sealing: Sealing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node that lies about digests could send an inspection round in circles."""

    def refuse(*_: object) -> bytes:
        raise StoreError("The IPFS node could not read.")

    asked: list[bytes] = []
    links = b"\x0a\x22\x12\x20" + bytes(32) + b"\x12\x00\x18\x01"
    block = b"\x12" + bytes((len(links),)) + links + b"\x0a\x06\x08\x02\x18\x01\x20\x01"

    def circle(digest: bytes) -> bytes:
        asked.append(digest)
        return block

    monkeypatch.setattr(blocks, "read", refuse)
    monkeypatch.setattr(blocks, "has_block", lambda _: True)
    monkeypatch.setattr(blocks, "block", circle)
    assert custody.record_condition(sealing.commitment) is Condition.DAMAGED
    assert len(asked) == 528


def test_stray_pins_counts_what_is_on_no_book(
    custody: VaultCustody, blocks: BlockStore, sealing: Sealing
) -> None:
    assert custody.stray_pins() == 0
    for stray in (b"one", b"two"):
        blocks.add(stray)
    assert custody.stray_pins() == 2


def escrow_of(patient: Person, make_context: ContextFactory) -> bytes:
    domain = make_context().domain
    circle = [person(role) for role in ("custodian", "keeper")]
    readers = [Reader(account=each.account, key=each.reading_key) for each in circle]
    context = EscrowContext(domain=domain, patient=patient.account, seq=4)
    return make_escrow(context, 2, readers) + b"\x01" * 65


@pytest.fixture
def kept_escrow(kept: IpfsVault, patient: Person, make_context: ContextFactory) -> bytes:
    data = escrow_of(patient, make_context)
    return kept.custody.put(make_context().domain, patient.account, data)


def test_custody_is_listed_for_its_patient_alone(
    custody: VaultCustody, kept_escrow: bytes, patient: Person, doctor: Person
) -> None:
    assert list(custody.custody(patient.account)) == [kept_escrow]
    assert list(custody.custody(doctor.account)) == []


def test_custody_condition_is_whole_or_unknown(custody: VaultCustody, kept_escrow: bytes) -> None:
    assert custody.custody_condition(kept_escrow) is Condition.WHOLE
    assert custody.custody_condition(bytes(32)) is Condition.UNKNOWN


def test_custody_condition_tells_unpinned_damaged_and_missing(
    custody: VaultCustody, kept: IpfsVault, blocks: BlockStore, kept_escrow: bytes
) -> None:
    entry = kept.custody.entry(kept_escrow)
    assert entry is not None
    whole = blocks.blocks[entry.cid]
    blocks.unpin(entry.cid)
    assert custody.custody_condition(kept_escrow) is Condition.UNPINNED
    blocks.blocks[entry.cid] = whole[:-1] + bytes((whole[-1] ^ 1,))
    assert custody.custody_condition(kept_escrow) is Condition.DAMAGED
    del blocks.blocks[entry.cid]
    assert custody.custody_condition(kept_escrow) is Condition.MISSING


def test_custody_condition_is_damaged_when_it_is_another_escrow_or_none(
    custody: VaultCustody,
    blocks: BlockStore,
    kept_escrow: bytes,
    patient: Person,
    make_context: ContextFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = escrow_of(patient, make_context)
    monkeypatch.setattr(blocks, "read", lambda *_: other)
    assert custody.custody_condition(kept_escrow) is Condition.DAMAGED
    monkeypatch.setattr(blocks, "read", lambda *_: b"no escrow")
    assert custody.custody_condition(kept_escrow) is Condition.DAMAGED


def test_custody_condition_asks_for_its_own_bytes_and_no_more_than_an_escrow_has(
    custody: VaultCustody,
    kept: IpfsVault,
    blocks: BlockStore,
    kept_escrow: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entry, asked = kept.custody.entry(kept_escrow), []
    assert entry is not None
    read = blocks.read
    monkeypatch.setattr(blocks, "read", lambda *given: asked.append(given) or read(*given))
    custody.custody_condition(kept_escrow)
    assert asked == [(entry.cid, MAX_ESCROW_BYTES)]


def test_custody_condition_is_none_when_the_node_is_silent(
    custody: VaultCustody,
    blocks: BlockStore,
    kept_escrow: bytes,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def silent(*_: object) -> bytes:
        raise StoreUnavailableError("The IPFS node does not answer.")

    monkeypatch.setattr(blocks, "read", silent)
    with pytest.raises(StoreUnavailableError):
        custody.custody_condition(kept_escrow)
