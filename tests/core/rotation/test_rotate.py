"""Rotation over chain and vault: who can read afterwards, and what happens when it is cut off."""

from collections.abc import Callable
from typing import Any

import pytest

from core.errors import (
    AccessDeniedError,
    InputError,
    StoreUnavailableError,
    VerificationError,
)
from core.events import AccessGranted, AccessRequested
from core.flows.open import own_handover
from core.flows.rotate import rotate, rotate_reading_key, standing_grants
from core.flows.share import (
    DAY_SECONDS,
    prepare_grant,
    prepare_revoke_all,
)
from core.flows.submit import sign_and_submit
from core.hashing import Address
from core.outbox import Stage
from core.purposes import Purpose
from core.records import ALL_RECORDS, HISTORY_RECORD
from ipfs.envelope import Identity
from tests.core.conftest import Person
from tests.core.rotation.clinic import HISTORY, Clinic


def test_rotate_keeps_those_who_remain_and_shuts_out_who_was_revoked(
    clinic: Clinic, doctor: Person, nurse: Person
) -> None:
    clinic.grant(doctor)
    clinic.grant(nurse)
    old_pins, before = set(clinic.store.pins), clinic.ledger.commitment(*whose(clinic))
    done = clinic.rotate(revoke=[doctor.account])
    assert (done.version, done.regranted, done.unreachable, done.retired) == (
        2,
        (nurse.account,),
        (),
        1,
    )
    assert done.commitment == clinic.ledger.commitment(*whose(clinic)) != before
    assert clinic.read(nurse) == clinic.read(clinic.patient) == HISTORY
    with pytest.raises(AccessDeniedError):
        clinic.read(doctor)
    assert clinic.store.pins.isdisjoint(old_pins)
    assert len(clinic.store.pins) == 3, "record, owner's envelope, nurse's envelope"


def test_rotate_seals_under_another_key_and_grants_on_the_same_terms(
    clinic: Clinic, doctor: Person
) -> None:
    clinic.grant(doctor)
    old = standing_grants(clinic.ledger, patient=clinic.patient.account)[0]
    own = own_handover(clinic.ledger, clinic.vault, patient=clinic.patient.account)
    key = clinic.patient.identity.open(own.envelope, own.context, clinic.patient.account).key
    clinic.rotate()
    fresh = own_handover(clinic.ledger, clinic.vault, patient=clinic.patient.account)
    opened = clinic.patient.identity.open(fresh.envelope, fresh.context, clinic.patient.account)
    new = standing_grants(clinic.ledger, patient=clinic.patient.account)[0]
    assert opened.key != key
    assert (new.purposes, new.expiry, new.request) == (old.purposes, old.expiry, old.request)
    assert new.envelope != old.envelope


def test_rotate_again_makes_one_more_version(clinic: Clinic) -> None:
    assert [clinic.rotate().version, clinic.rotate().version] == [2, 3]
    assert [stored.sealing.context.version for stored in sealings(clinic)] == [3]


@pytest.mark.parametrize("takes_effect", [False, True])
@pytest.mark.parametrize("messages", [0, 1, 2])
def test_rotate_resumes_without_doubling_when_cut_off_at_any_message(
    clinic: Clinic, doctor: Person, nurse: Person, messages: int, takes_effect: bool
) -> None:
    clinic.grant(doctor)
    clinic.grant(nurse)
    clinic.ledger.messages_left, clinic.ledger.takes_effect = messages, takes_effect
    with pytest.raises(KeyboardInterrupt):
        clinic.rotate()
    clinic.ledger.messages_left = None
    clinic.rotate()
    assert_settled(clinic, doctor, nurse)


def test_rotate_resumes_without_doubling_when_the_store_went_away_at_any_call(
    clinic: Clinic, doctor: Person, nurse: Person
) -> None:
    clinic.grant(doctor)
    clinic.grant(nurse)
    for calls in range(60):
        clinic.store.fails_after = calls
        try:
            clinic.rotate()
        except StoreUnavailableError:
            continue
        break
    else:
        pytest.fail("the rotation never came to its end")
    clinic.store.fails_after = None
    assert calls > 10
    assert_settled(clinic, doctor, nurse)


def test_rotate_lets_nothing_go_before_the_chain_is_lasting(clinic: Clinic, doctor: Person) -> None:
    clinic.grant(doctor)
    pins = set(clinic.store.pins)

    def crash() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        clinic.rotate(settle=crash)
    assert pins < clinic.store.pins
    assert clinic.rotate().transaction is None


def test_rotate_sends_what_was_signed_before_a_crash_and_asks_the_wallet_no_more(
    clinic: Clinic, doctor: Person
) -> None:
    clinic.grant(doctor)
    clinic.ledger.messages_left = 0
    with pytest.raises(KeyboardInterrupt):
        clinic.rotate()
    [left] = clinic.outbox.publications()
    assert (left.stage, left.context.version) == (Stage.SENT, 2)
    clinic.ledger.messages_left = None
    assert [each.error for each in clinic.publisher().resume()] == [None]
    assert clinic.ledger.commitment(*whose(clinic)) == left.commitment
    done = clinic.rotate()
    assert (done.commitment, done.transaction) == (left.commitment, None)
    assert clinic.read(doctor) == HISTORY


def test_rotate_regrants_all_records_too(clinic: Clinic, doctor: Person) -> None:
    clinic.grant(doctor, record=ALL_RECORDS)
    assert clinic.rotate().regranted == (doctor.account,)
    assert clinic.read(doctor) == HISTORY


def test_rotate_passes_by_grants_that_are_over(
    clinic: Clinic, doctor: Person, nurse: Person
) -> None:
    clinic.grant(doctor, days=1)
    clinic.ledger.advance(2 * DAY_SECONDS)
    clinic.grant(nurse)
    assert clinic.rotate().regranted == (nurse.account,)
    sign_and_submit(
        clinic.ledger,
        clinic.patient.signer,
        prepare_revoke_all(clinic.ledger, patient=clinic.patient.account),
    )
    assert clinic.rotate().regranted == ()


def test_rotate_names_a_reader_without_a_reading_key(clinic: Clinic, stranger: Person) -> None:
    request = AccessRequested(
        at=clinic.ledger.events()[-1].at,
        patient=clinic.patient.account,
        grantee=stranger.account,
        record=HISTORY_RECORD,
        purposes=Purpose.WRITE,
        expiry=clinic.ledger.now() + DAY_SECONDS,
        request=bytes(32),
    )
    message = prepare_grant(clinic.ledger, request, bytes(32))
    sign_and_submit(clinic.ledger, clinic.patient.signer, message)
    assert clinic.rotate().unreachable == (stranger.account,)


def test_rotate_refuses_and_loses_nothing_when_the_wallet_has_another_reading_key(
    clinic: Clinic, stranger: Person
) -> None:
    pins = set(clinic.store.pins)
    with pytest.raises(InputError, match="reading key"):
        rotate(clinic.publisher(), clinic.resealer(stranger.identity), clinic.patient.signer)
    assert clinic.store.pins == pins
    assert clinic.read(clinic.patient) == HISTORY


def test_rotate_refuses_and_loses_nothing_when_the_present_version_was_damaged(
    clinic: Clinic,
) -> None:
    stored = sealings(clinic)[0]
    block = bytearray(clinic.store.blocks[stored.cid])
    block[-10] ^= 1
    clinic.store.blocks[stored.cid] = bytes(block)
    with pytest.raises(VerificationError):
        clinic.rotate()
    assert stored.cid in clinic.store.pins
    assert clinic.ledger.commitment(*whose(clinic)) == stored.sealing.commitment


def test_rotate_refuses_when_nothing_is_sealed(clinic: Clinic, doctor: Person) -> None:
    with pytest.raises(AccessDeniedError):
        rotate(clinic.publisher(), clinic.resealer(doctor.identity), doctor.signer)


@pytest.mark.parametrize("messages", [None, 0, 1, 2])
def test_rotate_reading_key_brings_everything_under_the_new_key(
    clinic: Clinic, doctor: Person, messages: int | None
) -> None:
    clinic.grant(doctor)
    new = Identity(b"n" * 32)
    key = new.recipient().public_key

    def change() -> Any:
        return rotate_reading_key(
            clinic.publisher(),
            clinic.resealer(new, clinic.patient.identity),
            clinic.patient.signer,
            key,
        )

    if messages is not None:
        clinic.ledger.messages_left = messages
        with pytest.raises(KeyboardInterrupt):
            change()
        clinic.ledger.messages_left = None
    change()
    renewed = Person(signer=clinic.patient.signer, identity=new)
    assert clinic.ledger.reading_key(clinic.patient.account) == key
    assert clinic.read(renewed) == clinic.read(doctor) == HISTORY
    with pytest.raises(VerificationError):
        clinic.read(clinic.patient)
    assert [stored.sealing.context.version for stored in sealings(clinic)] == [2]
    assert change().rotated == ()


def test_rotate_reading_key_wraps_what_others_shared(clinic: Clinic, doctor: Person) -> None:
    clinic.grant(doctor)
    new = Identity(b"n" * 32)
    change: Callable[[], Any] = lambda: rotate_reading_key(  # noqa: E731
        clinic.publisher(),
        clinic.resealer(new, doctor.identity),
        doctor.signer,
        new.recipient().public_key,
    )
    assert change().ask_again == (clinic.patient.account,)
    assert change().ask_again == ()
    own = own_handover(clinic.ledger, clinic.vault, patient=clinic.patient.account)
    digest = clinic.vault.envelope_for(own.commitment, doctor.account)
    assert digest is not None
    opened = clinic.vault.open(new, own.commitment, own.context, digest, doctor.account)
    assert opened == clinic.read(doctor) == HISTORY, "the granted envelope is still there"


def whose(clinic: Clinic) -> tuple[Address, bytes]:
    return clinic.patient.account, HISTORY_RECORD


def sealings(clinic: Clinic) -> Any:
    return clinic.vault.sealings(clinic.patient.account)


def assert_settled(clinic: Clinic, *readers: Person) -> None:
    """One version is left, everybody reads it, and nothing else is pinned."""
    assert [stored.sealing.context.version for stored in sealings(clinic)] == [2]
    assert {clinic.read(reader) for reader in (*readers, clinic.patient)} == {HISTORY}
    assert len(clinic.store.pins) == 2 + len(readers)
    for reader in readers:
        grants = [
            event
            for event in clinic.ledger.events()
            if isinstance(event, AccessGranted) and event.grantee == reader.account
        ]
        assert len(grants) == 2, "granted once, and once again"
