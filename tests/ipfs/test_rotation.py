"""A vault in its owner's hands: what it opens, seals anew, wraps and lets go of."""

from dataclasses import replace

import pytest

from core.errors import InputError, StoreError, VerificationError
from core.hashing import ZERO_HASH
from core.ports import Custody, Resealer
from core.records import Reader, SealContext, Sealing
from ipfs.envelope import Identity, rewrap
from ipfs.rotation import OwnersVault
from ipfs.vault import IpfsVault
from ipfs.verification import VaultCustody
from tests.fakes.block_store import BlockStore
from tests.ipfs.conftest import ContextFactory, Person

PAYLOAD = b"Lisinopril 10 mg daily; penicillin: rash in 1998"


@pytest.fixture
def context(make_context: ContextFactory) -> SealContext:
    return make_context()


@pytest.fixture
def sealing(kept: IpfsVault, context: SealContext, patient: Person) -> Sealing:
    return kept.seal(PAYLOAD, context, ZERO_HASH, patient.reading_key)


def reseal(vault: OwnersVault, sealing: Sealing, key: bytes) -> Sealing:
    return vault.reseal(sealing.context, sealing.commitment, sealing.envelope_digest, key)


def test_owners_vault_and_custody_are_the_ports(
    kept: IpfsVault, memory: BlockStore, patient: Person
) -> None:
    resealer: Resealer = OwnersVault(kept, patient.identity)
    custody: Custody = VaultCustody(kept, memory)
    assert resealer.resuming(bytes(32)) is None
    assert custody.patients() == []


def test_reseal_makes_the_next_version_once(
    kept: IpfsVault, memory: BlockStore, sealing: Sealing, patient: Person
) -> None:
    owner = OwnersVault(kept, patient.identity)
    fresh = reseal(owner, sealing, patient.reading_key)
    assert fresh.context == replace(sealing.context, version=2)
    assert fresh.previous == sealing.commitment
    assert reseal(owner, sealing, patient.reading_key) == fresh
    assert owner.resuming(fresh.commitment) == fresh
    assert kept.ciphertext(fresh.commitment) != kept.ciphertext(sealing.commitment)
    assert len(memory.pins) == 4


def test_reseal_refuses_before_any_work_when_the_key_is_not_the_owners(
    kept: IpfsVault, memory: BlockStore, sealing: Sealing, patient: Person, stranger: Person
) -> None:
    pins = set(memory.pins)
    with pytest.raises(InputError):
        reseal(OwnersVault(kept, stranger.identity), sealing, patient.reading_key)
    with pytest.raises(VerificationError) as raised:
        reseal(OwnersVault(kept, stranger.identity), sealing, stranger.reading_key)
    assert raised.value.check == "envelope"
    assert memory.pins == pins


def test_reseal_refuses_the_envelope_of_somebody_else(
    kept: IpfsVault, sealing: Sealing, patient: Person, doctor: Person
) -> None:
    owner = OwnersVault(kept, patient.identity)
    reader = Reader(account=doctor.account, key=doctor.reading_key)
    digest = owner.wrap(sealing, [reader])[doctor.account]
    with pytest.raises(VerificationError):
        owner.reseal(sealing.context, sealing.commitment, digest, patient.reading_key)
    with pytest.raises(StoreError):
        owner.reseal(sealing.context, sealing.commitment, bytes(32), patient.reading_key)


def test_reseal_refuses_when_the_ciphertexts_of_two_patients_were_swapped(
    kept: IpfsVault, memory: BlockStore, sealing: Sealing, patient: Person, doctor: Person
) -> None:
    theirs = replace(sealing.context, patient=doctor.account)
    other = kept.seal(PAYLOAD, theirs, ZERO_HASH, doctor.reading_key)
    mine, foreign = kept.sealing(sealing.commitment), kept.sealing(other.commitment)
    assert mine is not None
    assert foreign is not None
    memory.blocks[mine.cid], memory.blocks[foreign.cid] = (
        memory.blocks[foreign.cid],
        memory.blocks[mine.cid],
    )
    with pytest.raises(VerificationError):
        reseal(OwnersVault(kept, patient.identity), sealing, patient.reading_key)
    assert kept.version(sealing.commitment) == 1


def test_reseal_opens_with_a_former_identity(
    kept: IpfsVault, sealing: Sealing, patient: Person
) -> None:
    new = Identity(b"n" * 32)
    owner = OwnersVault(kept, new, former=[patient.identity])
    assert not owner.opens(sealing.context, sealing.envelope_digest)
    fresh = reseal(owner, sealing, new.recipient().public_key)
    assert owner.opens(fresh.context, fresh.envelope_digest)


def test_wrap_gives_each_reader_an_envelope_for_them_alone(
    kept: IpfsVault, sealing: Sealing, patient: Person, doctor: Person, stranger: Person
) -> None:
    owner = OwnersVault(kept, patient.identity)
    readers = [Reader(account=p.account, key=p.reading_key) for p in (doctor, stranger)]
    digests = owner.wrap(sealing, readers)
    for who in (doctor, stranger):
        digest = digests[who.account]
        assert (
            kept.open(who.identity, sealing.commitment, sealing.context, digest, who.account)
            == PAYLOAD
        )
    with pytest.raises(VerificationError):
        kept.open(
            doctor.identity,
            sealing.commitment,
            sealing.context,
            digests[stranger.account],
            doctor.account,
        )


def test_settle_drops_earlier_versions_and_what_no_grant_names(
    kept: IpfsVault, memory: BlockStore, sealing: Sealing, patient: Person, doctor: Person
) -> None:
    owner = OwnersVault(kept, patient.identity)
    fresh = reseal(owner, sealing, patient.reading_key)
    reader = Reader(account=doctor.account, key=doctor.reading_key)
    orphan = owner.wrap(fresh, [reader])[doctor.account]
    named = owner.wrap(fresh, [reader])[doctor.account]
    by_hand = kept.put_envelope(
        fresh.commitment,
        doctor.account,
        rewrap(
            patient.identity,
            kept.envelope(fresh.envelope_digest),
            fresh.context,
            reader=patient.account,
            to=doctor.identity.recipient(),
            for_reader=doctor.account,
        ),
    )
    assert owner.settle(fresh, {named}) == 1
    assert owner.settle(fresh, {named}) == 0
    assert kept.envelope_entry(orphan) is None
    assert kept.envelope(named)
    assert kept.envelope(by_hand), "of another hand, perhaps about to be granted"
    assert owner.resuming(fresh.commitment) is None
    assert kept.version(sealing.commitment) is None
    assert len(memory.pins) == 4


def test_settle_leaves_other_records_patients_and_contracts_alone(
    kept: IpfsVault, sealing: Sealing, patient: Person, doctor: Person
) -> None:
    context = sealing.context
    elsewhere = replace(context.domain, chain_id=1)
    others = [
        kept.seal(PAYLOAD, replace(context, record=b"r" * 32), ZERO_HASH, patient.reading_key),
        kept.seal(PAYLOAD, replace(context, domain=elsewhere), ZERO_HASH, patient.reading_key),
        kept.seal(PAYLOAD, replace(context, patient=doctor.account), ZERO_HASH, doctor.reading_key),
    ]
    owner = OwnersVault(kept, patient.identity)
    assert owner.settle(reseal(owner, sealing, patient.reading_key), ()) == 1
    assert all(kept.ciphertext(other.commitment) for other in others)
