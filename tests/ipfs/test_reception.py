"""What comes in sealed by a browser: kept whole or not at all, and never at another's cost."""

import secrets
from dataclasses import replace
from typing import Any

import pytest

from core.errors import InputError, StoreUnavailableError, VerificationError
from core.hashing import ZERO_HASH
from core.ports import Reception
from core.records import Received, SealContext, Sealing
from ipfs.envelope import ENVELOPE_BYTES
from ipfs.reception import VaultReception
from ipfs.sealing import MIN_SEALED_BYTES
from ipfs.vault import IpfsVault
from tests.fakes.block_store import BlockStore
from tests.ipfs.conftest import ContextFactory, Person

PAYLOAD = b"Lisinopril 10 mg daily; penicillin: rash in 1998"


@pytest.fixture
def reception(kept: IpfsVault, memory: BlockStore) -> VaultReception:
    return VaultReception(kept, memory.collect_garbage)


@pytest.fixture
def sealing(kept: IpfsVault, make_context: ContextFactory, patient: Person) -> Sealing:
    made = kept.seal(PAYLOAD, make_context(), ZERO_HASH, patient.reading_key)
    kept.confirm(made.commitment)
    return made


def a_record() -> bytes:
    return b"ANAM\x01\x01" + secrets.token_bytes(MIN_SEALED_BYTES)


def an_envelope() -> bytes:
    return b"\x01\x01" + secrets.token_bytes(ENVELOPE_BYTES - 2)


def arrive(
    reception: VaultReception, sealing: Sealing, reader: Person, **overrides: Any
) -> Received:
    fields: dict[str, Any] = {
        "context": next_of(sealing.context),
        "previous": sealing.commitment,
        "commitment": secrets.token_bytes(32),
        "record": a_record(),
        "envelopes": {sealing.context.patient: an_envelope(), reader.account: an_envelope()},
    }
    return reception.receive(**fields | overrides)


def next_of(context: SealContext) -> SealContext:
    return replace(context, version=context.version + 1)


def test_reception_is_the_port(reception: VaultReception, patient: Person) -> None:
    port: Reception = reception
    assert port.unfinished(patient.account) == []


def test_receive_keeps_record_and_envelopes_pinned(
    reception: VaultReception, kept: IpfsVault, memory: BlockStore, sealing: Sealing, doctor: Person
) -> None:
    before, record = set(memory.pins), a_record()
    received = arrive(reception, sealing, doctor, record=record)
    assert len(memory.pins - before) == 3
    assert kept.ciphertext(received.sealing.commitment) == record
    assert received.sealing.previous == sealing.commitment
    assert set(received.envelopes) == {doctor.account}
    entry = kept.envelope_entry(received.envelopes[doctor.account])
    assert entry is not None
    assert (entry.commitment, entry.reader) == (received.sealing.commitment, doctor.account)
    assert reception.unfinished(sealing.context.patient) == [received.sealing]


def test_discard_lets_go_of_all_of_it_once_and_of_nothing_else(
    reception: VaultReception, memory: BlockStore, sealing: Sealing, doctor: Person
) -> None:
    before = set(memory.pins)
    received = arrive(reception, sealing, doctor)
    for _ in range(2):
        reception.discard(received.sealing.commitment)
        assert memory.pins == before
    assert reception.unfinished(sealing.context.patient) == []


def test_discard_keeps_what_the_chain_holds(
    reception: VaultReception, memory: BlockStore, sealing: Sealing
) -> None:
    before = set(memory.pins)
    reception.discard(sealing.commitment)
    assert memory.pins == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"record": b""},
        {"record": b"ANAM\x02\x01" + bytes(MIN_SEALED_BYTES)},
        {"record": b"{}" + bytes(MIN_SEALED_BYTES)},
    ],
    ids=["empty", "version", "magic"],
)
def test_receive_keeps_nothing_when_it_is_no_sealed_record(
    reception: VaultReception,
    memory: BlockStore,
    sealing: Sealing,
    doctor: Person,
    wrong: dict[str, bytes],
) -> None:
    before = set(memory.pins)
    with pytest.raises(VerificationError):
        arrive(reception, sealing, doctor, **wrong)
    assert memory.pins == before


@pytest.mark.parametrize("broken", [b"", an_envelope()[:-1], b"\x02" + an_envelope()[1:]])
def test_receive_keeps_nothing_when_an_envelope_is_none(
    reception: VaultReception, memory: BlockStore, sealing: Sealing, doctor: Person, broken: bytes
) -> None:
    before = set(memory.pins)
    envelopes = {sealing.context.patient: an_envelope(), doctor.account: broken}
    with pytest.raises(VerificationError):
        arrive(reception, sealing, doctor, envelopes=envelopes)
    assert memory.pins == before


def test_receive_refuses_one_envelope_for_two_and_none_for_the_owner(
    reception: VaultReception, sealing: Sealing, doctor: Person
) -> None:
    owner, one = sealing.context.patient, an_envelope()
    for envelopes in ({owner: one, doctor.account: one}, {doctor.account: one}):
        with pytest.raises(InputError, match="envelope of their own"):
            arrive(reception, sealing, doctor, envelopes=envelopes)


def test_receive_refuses_anothers_bytes_so_that_letting_go_never_unpins_them(
    reception: VaultReception, kept: IpfsVault, memory: BlockStore, sealing: Sealing, doctor: Person
) -> None:
    """Sealed bytes are public: somebody could hand them in as their own and then give up."""
    before = set(memory.pins)
    theirs = kept.ciphertext(sealing.commitment)
    with pytest.raises(InputError, match="contradicts"):
        arrive(reception, sealing, doctor, record=theirs)
    envelope = kept.envelope(sealing.envelope_digest)
    envelopes = {sealing.context.patient: an_envelope(), doctor.account: envelope}
    with pytest.raises(InputError, match="contradicts"):
        arrive(reception, sealing, doctor, envelopes=envelopes)
    with pytest.raises(InputError, match="contradicts"):
        arrive(reception, sealing, doctor, commitment=sealing.commitment)
    assert memory.pins == before


def test_receive_leaves_no_pin_when_the_node_goes_away_at_any_call(
    reception: VaultReception, kept: IpfsVault, memory: BlockStore, sealing: Sealing, doctor: Person
) -> None:
    before, cut = set(memory.pins), 0
    for calls in range(20):
        memory.fails_after = calls
        try:
            received = arrive(reception, sealing, doctor)
        except StoreUnavailableError:
            cut += 1
            memory.fails_after = None
            later = arrive(reception, sealing, doctor)  # the next writer clears what was left
            reception.discard(later.sealing.commitment)
            assert memory.pins == before
            continue
        break
    memory.fails_after = None
    assert cut > 3
    reception.discard(received.sealing.commitment)
    assert memory.pins == before


def test_settle_lets_the_earlier_version_go_and_deletes_its_bytes(
    reception: VaultReception, kept: IpfsVault, memory: BlockStore, sealing: Sealing, doctor: Person
) -> None:
    received = arrive(reception, sealing, doctor)
    kept.confirm(received.sealing.commitment)
    assert reception.settle(received.sealing, named=set(received.envelopes.values())) == 1
    assert len(memory.pins) == 3
    assert set(memory.blocks) == memory.pins
    assert reception.settle(received.sealing, named=()) == 0, "it ends once"
    assert len(memory.pins) == 3
