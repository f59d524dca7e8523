"""Taking access back and sealing anew in one message, with the keys elsewhere."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from core.audit import replay
from core.errors import (
    AccessDeniedError,
    ChainUnavailableError,
    ConsentRefusedError,
    InputError,
    StoreError,
    StoreUnavailableError,
    VerificationError,
)
from core.events import AccessGranted, AccessRevoked, RecordSealed
from core.flows import reseal as flow
from core.flows.publish import publish
from core.flows.rotate import standing_grants
from core.flows.share import prepare_revoke, prepare_revoke_all
from core.flows.submit import MESSAGE_LIFETIME_SECONDS, sign_and_submit
from core.hashing import Address
from core.limits import MOST_IN_A_BATCH
from core.records import ALL_RECORDS, HISTORY_RECORD, Reader, Received, Sealing
from core.typed_data import Batch, Signed
from ipfs.opening import Claim, open_record
from ipfs.reception import VaultReception
from tests.core.conftest import Person, enrol, person
from tests.core.rotation.clinic import HISTORY, Clinic, CutOffLedger
from tests.fakes.browser import seal_anew


def reception(clinic: Clinic) -> VaultReception:
    return VaultReception(clinic.vault, clinic.store.collect_garbage)


def plan(clinic: Clinic, leaving: Person | None) -> flow.ResealPlan:
    return flow.plan_reseal(
        clinic.ledger,
        clinic.vault,
        patient=clinic.patient.account,
        leaving=leaving.account if leaving else None,
    )


def hand_in(clinic: Clinic, made: flow.ResealPlan, **overrides: Any) -> Received:
    """The browser's part, then the vault's."""
    sealed = clinic.vault.ciphertext(made.own.commitment)
    fresh = seal_anew(clinic.patient.identity, made.own, sealed, made.readers)
    fields = {
        "context": made.context,
        "previous": made.own.commitment,
        "commitment": fresh.commitment,
        "record": fresh.record,
        "envelopes": fresh.envelopes,
    }
    return reception(clinic).receive(**fields | overrides)


def sign(clinic: Clinic, batch: Batch) -> Signed:
    return Signed(message=batch, signature=clinic.patient.signer.sign(clinic.ledger.domain, batch))


def prepared(clinic: Clinic, leaving: Person | None) -> tuple[Received, Batch]:
    made = plan(clinic, leaving)
    received = hand_in(clinic, made)
    batch = flow.prepare_batch(clinic.ledger, made, received.sealing, received.envelopes)
    return received, batch


def reseal(
    clinic: Clinic, leaving: Person | None, settle: Callable[[], None] = lambda: None
) -> Sealing:
    received, batch = prepared(clinic, leaving)
    publisher = clinic.publisher(settle)
    flow.commit_batch(publisher, received.sealing, sign(clinic, batch))
    flow.retire_earlier(publisher, reception(clinic), received.sealing)
    return received.sealing


def whose(clinic: Clinic) -> tuple[Address, bytes]:
    return clinic.patient.account, HISTORY_RECORD


def old_copy(clinic: Clinic, reader: Person) -> Callable[[Sealing], bytes]:
    """The reader keeps envelope and key, and tries them on another version."""
    [grant] = [g for g in clinic.ledger.events() if isinstance(g, AccessGranted)]
    kept = clinic.vault.envelope(grant.envelope)

    def attempt(sealing: Sealing) -> bytes:
        claim = Claim(
            context=sealing.context,
            reader=reader.account,
            commitment=sealing.commitment,
            envelope=grant.envelope,
        )
        return open_record(
            reader.identity, claim, clinic.vault.ciphertext(sealing.commitment), kept
        )

    return attempt


def test_reseal_shuts_one_out_and_keeps_the_other_in_one_message(
    clinic: Clinic, doctor: Person, nurse: Person
) -> None:
    clinic.grant(doctor)
    clinic.grant(nurse)
    [_, old] = standing_grants(clinic.ledger, patient=clinic.patient.account)
    before, old_pins = len(clinic.ledger.events()), set(clinic.store.pins)
    sealing = reseal(clinic, doctor)
    told = clinic.ledger.events()[before:]
    assert [type(event) for event in told] == [RecordSealed, AccessRevoked, AccessGranted]
    assert len({event.at.transaction for event in told}) == 1
    assert clinic.read(nurse) == clinic.read(clinic.patient) == HISTORY
    with pytest.raises(AccessDeniedError, match="taken your access back"):
        clinic.read(doctor)
    [new] = standing_grants(clinic.ledger, patient=clinic.patient.account)
    assert (new.grantee, new.purposes, new.expiry, new.request) == (
        nurse.account,
        old.purposes,
        old.expiry,
        old.request,
    )
    assert sealing.context.version == 2
    assert clinic.store.pins.isdisjoint(old_pins)
    assert len(clinic.store.pins) == 3, "record, owner's envelope, nurse's envelope"
    assert set(clinic.store.blocks) == clinic.store.pins, "the old bytes are deleted"


def test_reseal_makes_a_kept_envelope_worthless_for_the_new_version(
    clinic: Clinic, doctor: Person
) -> None:
    clinic.grant(doctor)
    attempt = old_copy(clinic, doctor)
    with pytest.raises(VerificationError, match="envelope"):
        attempt(reseal(clinic, doctor))


def test_reseal_replays_to_the_heads_in_state(
    clinic: Clinic, doctor: Person, nurse: Person
) -> None:
    clinic.grant(doctor)
    clinic.grant(nurse)
    reseal(clinic, doctor)
    audit = replay(clinic.ledger.events())
    assert audit.findings == ()
    assert audit.heads[clinic.patient.account] == clinic.ledger.head(clinic.patient.account)
    live = audit.readers_at(clinic.ledger.now(), patient=clinic.patient.account)
    assert [grant.event.grantee for grant in live] == [nurse.account]


def test_reseal_grants_all_records_again_and_takes_both_grants_of_who_leaves(
    clinic: Clinic, doctor: Person, nurse: Person
) -> None:
    clinic.grant(doctor)
    clinic.grant(doctor, record=ALL_RECORDS)
    clinic.grant(nurse, record=ALL_RECORDS)
    reseal(clinic, doctor)
    assert clinic.read(nurse) == HISTORY
    for record in (HISTORY_RECORD, ALL_RECORDS):
        assert clinic.ledger.terms(clinic.patient.account, doctor.account, record).expiry == 0
    [grant] = standing_grants(clinic.ledger, patient=clinic.patient.account)
    assert (grant.grantee, grant.record) == (nurse.account, ALL_RECORDS)


def test_reseal_only_renews_the_key_when_nobody_leaves(clinic: Clinic, doctor: Person) -> None:
    clinic.grant(doctor)
    reseal(clinic, None)
    assert clinic.read(doctor) == HISTORY


def test_reseal_can_be_done_once_more(clinic: Clinic, nurse: Person) -> None:
    clinic.grant(nurse)
    versions = [reseal(clinic, None).context.version for _ in range(2)]
    assert versions == [2, 3]
    assert clinic.rotate().version == 4, "the command line goes on from there"
    assert clinic.read(nurse) == HISTORY


def test_plan_names_who_has_no_reading_key(clinic: Clinic, doctor: Person, nurse: Person) -> None:
    clinic.grant(doctor)
    clinic.grant(nurse)
    clinic.ledger._keys.pop(nurse.account)
    made = plan(clinic, doctor)
    assert (made.readers, made.unreachable) == ((), (nurse.account,))
    reseal(clinic, doctor)
    assert clinic.ledger.terms(*whose(clinic)[:1], nurse.account, HISTORY_RECORD).expiry


def test_plan_refuses_when_nothing_is_sealed(
    clinic: Clinic, ledger: CutOffLedger, nurse: Person
) -> None:
    with pytest.raises(AccessDeniedError, match="Nothing is sealed"):
        flow.plan_reseal(ledger, clinic.vault, patient=nurse.account, leaving=None)


def test_plan_refuses_and_says_the_way_out_when_more_remain_than_a_batch_carries(
    clinic: Clinic, doctor: Person, ledger: CutOffLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST_IN_A_BATCH == 32
    monkeypatch.setattr(flow, "MOST_IN_A_BATCH", 1)
    for name in ("first", "second"):
        clinic.grant(enrol(ledger, person(name)))
    clinic.grant(doctor)
    with pytest.raises(InputError, match="2 readers would remain") as refused:
        plan(clinic, doctor)
    assert "Take the access back only" in refused.value.remedy


def test_batch_leaves_out_a_grant_that_could_end_on_the_way(
    clinic: Clinic, doctor: Person, nurse: Person
) -> None:
    clinic.grant(doctor)
    clinic.grant(nurse, days=1)
    clinic.ledger.advance(86_400 - MESSAGE_LIFETIME_SECONDS)
    _, batch = prepared(clinic, doctor)
    assert batch.grants == ()


def test_batch_is_refused_when_somebody_was_let_in_meanwhile(
    clinic: Clinic, doctor: Person, nurse: Person
) -> None:
    clinic.grant(doctor)
    made = plan(clinic, doctor)
    received = hand_in(clinic, made)
    clinic.grant(nurse)
    with pytest.raises(ConsentRefusedError, match="changed meanwhile"):
        flow.prepare_batch(clinic.ledger, made, received.sealing, received.envelopes)


@pytest.mark.parametrize("kind", ["revoked", "all revoked"])
def test_commit_changes_nothing_when_access_was_taken_back_before_it_was_sent(
    clinic: Clinic, doctor: Person, nurse: Person, kind: str
) -> None:
    clinic.grant(doctor)
    clinic.grant(nurse)
    received, batch = prepared(clinic, doctor)
    account = clinic.patient.account
    if kind == "revoked":
        message = prepare_revoke(clinic.ledger, patient=account, grantee=doctor.account)
    else:
        message = prepare_revoke_all(clinic.ledger, patient=account)
    sign_and_submit(clinic.ledger, clinic.patient.signer, message)
    before = clinic.ledger.events()
    with pytest.raises(ConsentRefusedError, match="no longer fits"):
        flow.commit_batch(clinic.publisher(), received.sealing, sign(clinic, batch))
    assert clinic.ledger.events() == before


def test_commit_changes_nothing_when_another_version_came_first(
    clinic: Clinic, doctor: Person
) -> None:
    clinic.grant(doctor)
    received, batch = prepared(clinic, doctor)
    publish(clinic.ledger, clinic.vault, clinic.patient.signer, b"{}")
    with pytest.raises(ConsentRefusedError, match="changed meanwhile"):
        flow.commit_batch(clinic.publisher(), received.sealing, sign(clinic, batch))
    assert clinic.ledger.terms(*whose(clinic)[:1], doctor.account, HISTORY_RECORD).expiry


def test_commit_sends_nothing_when_the_sealed_bytes_are_not_there(
    clinic: Clinic, doctor: Person
) -> None:
    clinic.grant(doctor)
    received, batch = prepared(clinic, doctor)
    clinic.store.blocks.clear()
    with pytest.raises(StoreError):
        flow.commit_batch(clinic.publisher(), received.sealing, sign(clinic, batch))
    assert clinic.ledger.terms(*whose(clinic)[:1], doctor.account, HISTORY_RECORD).expiry


def test_commit_sends_again_what_a_crash_of_the_chain_took_back(
    clinic: Clinic, doctor: Person, nurse: Person
) -> None:
    clinic.grant(doctor)
    clinic.grant(nurse)
    received, batch = prepared(clinic, doctor)
    names = ("_events", "_commitments", "_heads", "_terms")
    before = {name: getattr(clinic.ledger, name).copy() for name in names}
    crashes = iter([True])

    def forget_once() -> None:
        if next(crashes, False):
            clinic.ledger.__dict__.update(before)

    flow.commit_batch(clinic.publisher(forget_once), received.sealing, sign(clinic, batch))
    assert clinic.ledger.commitment(*whose(clinic)) == received.sealing.commitment
    assert clinic.read(nurse) == HISTORY


def test_commit_lets_nothing_go_when_the_chain_does_not_answer(
    clinic: Clinic, doctor: Person
) -> None:
    clinic.grant(doctor)
    received, batch = prepared(clinic, doctor)
    pins = set(clinic.store.pins)
    clinic.ledger.down = True
    with pytest.raises(ChainUnavailableError):
        flow.commit_batch(clinic.publisher(), received.sealing, sign(clinic, batch))
    assert clinic.store.pins == pins


@pytest.mark.parametrize("takes_effect", [False, True])
def test_settle_resealed_finishes_what_a_crash_left_only_if_the_chain_holds_it(
    clinic: Clinic, doctor: Person, nurse: Person, takes_effect: bool
) -> None:
    clinic.grant(doctor)
    clinic.grant(nurse)
    received, batch = prepared(clinic, doctor)
    clinic.ledger.messages_left, clinic.ledger.takes_effect = 0, takes_effect
    with pytest.raises(KeyboardInterrupt):
        flow.commit_batch(clinic.publisher(), received.sealing, sign(clinic, batch))
    clinic.ledger.messages_left = None
    settle = flow.settle_resealed(clinic.publisher(), reception(clinic), clinic.patient.account)
    assert list(settle) == ([received.sealing] if takes_effect else [])
    assert clinic.read(nurse) == HISTORY
    kept = [each.sealing.context.version for each in clinic.vault.sealings(whose(clinic)[0])]
    assert kept == ([2] if takes_effect else [1, 2])


def test_settle_resealed_leaves_a_rotation_that_still_has_to_grant(
    clinic: Clinic, doctor: Person
) -> None:
    clinic.grant(doctor)
    clinic.ledger.messages_left = 1  # the sealing arrives, the grant does not
    with pytest.raises(KeyboardInterrupt):
        clinic.rotate()
    clinic.ledger.messages_left = None
    settle = flow.settle_resealed(clinic.publisher(), reception(clinic), clinic.patient.account)
    assert list(settle) == []
    clinic.rotate()
    assert clinic.read(doctor) == HISTORY


def test_retire_keeps_the_earlier_versions_when_the_chain_is_not_lasting(
    clinic: Clinic, doctor: Person
) -> None:
    clinic.grant(doctor)
    received, batch = prepared(clinic, doctor)
    flow.commit_batch(clinic.publisher(), received.sealing, sign(clinic, batch))
    pins = set(clinic.store.pins)

    def crash() -> None:
        raise StoreUnavailableError("The disk is gone.")

    with pytest.raises(StoreUnavailableError):
        flow.retire_earlier(clinic.publisher(crash), reception(clinic), received.sealing)
    assert clinic.store.pins == pins


def test_receive_is_for_the_readers_of_the_plan(clinic: Clinic, doctor: Person) -> None:
    clinic.grant(doctor)
    made = plan(clinic, None)
    assert made.readers == (Reader(account=doctor.account, key=doctor.key),)
    assert made.context == replace(made.own.context, version=2)
    assert set(hand_in(clinic, made).envelopes) == {doctor.account}
