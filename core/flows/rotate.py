"""Seal anew under a fresh key, share with those who remain, let the old bytes go.

Taking access back stops the next reading; rotating also makes the old envelopes worthless, except
for bytes that were copied before.

1. The present version is opened, sealed anew as the next one and wrapped for every reader with a
   live grant; all of it is stored, pinned and read back.
2. The chain commits to it.
3. Each reader is granted again, on the same terms, with the new envelope.
4. Only then are the earlier versions and their envelopes unpinned.

Interrupted anywhere, the flow resumes: before step 2 the vault returns the sealing it has, after
it the chain shows what is left to do.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from core.errors import AccessDeniedError
from core.events import AccessGranted, Event, RecordSealed
from core.flows.publish import Publisher, prepare_seal
from core.flows.share import (
    as_asked,
    prepare_grant,
    prepare_reading_key,
    prepare_revoke,
    present_context,
    reader_key,
)
from core.flows.submit import sign_and_submit
from core.hashing import Address
from core.ports import Ledger, Resealer, Signer, Vault
from core.records import ALL_RECORDS, HISTORY_RECORD, Reader, Sealing
from core.typed_data import Signed


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotated:
    """A record that is sealed under a new key, and what became of those who could read it."""

    commitment: bytes
    version: int
    transaction: bytes | None
    """None when the chain held this version already: the rotation was resumed."""
    regranted: tuple[Address, ...]
    unreachable: tuple[Address, ...]
    """Readers with a live grant and no reading key: there is nothing to wrap for."""
    retired: int
    """Earlier versions that were unpinned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rekeyed:
    """What a change of the reading key came to."""

    rotated: tuple[Rotated, ...]
    ask_again: tuple[Address, ...]
    """Patients whose grants name envelopes for the former key: only they can name new ones."""


def standing_grants(
    ledger: Ledger,
    *,
    patient: Address,
    record: bytes = HISTORY_RECORD,
    events: Sequence[Event] | None = None,
) -> tuple[AccessGranted, ...]:
    """The live grants that cover a record: each as it was last given.

    `events` are the chain's, or at least the patient's, when the caller has them already.
    """
    latest: dict[tuple[Address, bytes], AccessGranted] = {}
    for event in ledger.events() if events is None else events:
        if isinstance(event, AccessGranted) and event.patient == patient:
            latest[event.grantee, event.record] = event
    covering = [grant for grant in latest.values() if grant.record in (record, ALL_RECORDS)]
    return tuple(grant for grant in covering if _is_live(ledger, grant))


def rotate(
    publisher: Publisher,
    resealer: Resealer,
    signer: Signer,
    *,
    patient: Address | None = None,
    record: bytes = HISTORY_RECORD,
    revoke: Sequence[Address] = (),
) -> Rotated:
    """The whole flow for a signer at hand; who is named in `revoke` loses access first.

    `patient` is the signer unless control was moved to it.

    The new version goes through the publisher's outbox, as every other does, and the old bytes go
    only once it has settled. Safe to repeat. Raises AccessDeniedError when nothing is sealed,
    StoreError when the vault does not hold the present version, VerificationError when it does
    not open, and as `Publisher.commit` does.
    """
    ledger, vault = publisher.ledger, publisher.vault
    patient = patient or signer.account
    for reader in revoke:
        _take_back(ledger, signer, patient, reader, record)
    sealing = prepare_rotation(ledger, vault, resealer, patient=patient, record=record)
    due = due_grants(ledger, sealing)
    digests = resealer.wrap(sealing, _readers(ledger, due))
    transaction = _commit(publisher, signer, sealing)
    _regrant(ledger, signer, due, digests)
    publisher.settle()
    return Rotated(
        commitment=sealing.commitment,
        version=sealing.context.version,
        transaction=transaction,
        regranted=tuple(dict.fromkeys(grant.grantee for grant in due if grant.grantee in digests)),
        unreachable=tuple(
            dict.fromkeys(grant.grantee for grant in due if grant.grantee not in digests)
        ),
        retired=resealer.settle(sealing, named_envelopes(ledger, patient, record)),
    )


def prepare_rotation(
    ledger: Ledger,
    vault: Vault,
    resealer: Resealer,
    *,
    patient: Address,
    record: bytes = HISTORY_RECORD,
) -> Sealing:
    """The sealing that takes the present version's place, or took it and waits for the rest."""
    present = ledger.commitment(patient, record)
    unfinished = resealer.resuming(present)
    if unfinished is not None:
        return unfinished
    context = present_context(ledger, vault, patient, record)
    envelope = _sealed(ledger, patient, present).envelope
    return resealer.reseal(
        context, present, envelope, reader_key(ledger, ledger.controller(patient))
    )


def rotate_reading_key(
    publisher: Publisher, resealer: Resealer, signer: Signer, key: bytes
) -> Rekeyed:
    """Publish a new reading key and bring everything its owner can read under it.

    The resealer's present identity is the new key's; its former ones open what there is. Own
    records are rotated, since the chain names the envelope of each; what others shared is wrapped
    anew in the vault. Safe to repeat.
    """
    ledger, account = publisher.ledger, signer.account
    if ledger.reading_key(account) != key:
        message = prepare_reading_key(ledger, account=account, key=key)
        sign_and_submit(ledger, signer, message, key)
    rotated = [
        rotate(publisher, resealer, signer, record=record)
        for record in _own_records(ledger, account)
        if _needs_rotation(ledger, publisher.vault, resealer, account, record)
    ]
    received = resealer.rewrap_received(account)
    return Rekeyed(rotated=tuple(rotated), ask_again=tuple(received))


def _needs_rotation(
    ledger: Ledger, vault: Vault, resealer: Resealer, patient: Address, record: bytes
) -> bool:
    present = ledger.commitment(patient, record)
    if resealer.resuming(present) is not None:
        return True
    context = present_context(ledger, vault, patient, record)
    return not resealer.opens(context, _sealed(ledger, patient, present).envelope)


def _own_records(ledger: Ledger, patient: Address) -> list[bytes]:
    sealed = (e for e in ledger.events() if isinstance(e, RecordSealed) and e.patient == patient)
    return list(dict.fromkeys(event.record for event in sealed))


def _sealed(ledger: Ledger, patient: Address, commitment: bytes) -> RecordSealed:
    for event in reversed(ledger.events()):
        if isinstance(event, RecordSealed) and (event.patient, event.commitment) == (
            patient,
            commitment,
        ):
            return event
    raise AccessDeniedError(
        "Nothing is sealed under this record yet.", remedy="The patient has to seal it first."
    )


def _take_back(
    ledger: Ledger, signer: Signer, patient: Address, reader: Address, record: bytes
) -> None:
    for each in (record, ALL_RECORDS):
        if ledger.terms(patient, reader, each).expiry:
            message = prepare_revoke(ledger, patient=patient, grantee=reader, record=each)
            sign_and_submit(ledger, signer, message)


def _is_live(ledger: Ledger, grant: AccessGranted) -> bool:
    terms = ledger.terms(grant.patient, grant.grantee, grant.record)
    return (
        terms.seq == grant.seq
        and terms.expiry > ledger.now()
        and terms.granted_at > ledger.cutoff(grant.patient)
    )


def due_grants(ledger: Ledger, sealing: Sealing) -> tuple[AccessGranted, ...]:
    """Live grants that came before this sealing, so that their envelopes open another."""
    context = sealing.context
    grants = standing_grants(ledger, patient=context.patient, record=context.record)
    if ledger.commitment(context.patient, context.record) != sealing.commitment:
        return grants
    since = _sealed(ledger, context.patient, sealing.commitment).at.order
    return tuple(grant for grant in grants if grant.at.order < since)


def _readers(ledger: Ledger, grants: Sequence[AccessGranted]) -> list[Reader]:
    accounts = dict.fromkeys(grant.grantee for grant in grants)
    keys = ((account, ledger.reading_key(account)) for account in accounts)
    return [Reader(account=account, key=key) for account, key in keys if key is not None]


def _commit(publisher: Publisher, signer: Signer, sealing: Sealing) -> bytes | None:
    ledger, context = publisher.ledger, sealing.context
    if ledger.commitment(context.patient, context.record) == sealing.commitment:
        publisher.vault.confirm(sealing.commitment)
        return None
    message = prepare_seal(ledger, sealing)
    signature = signer.sign(ledger.domain, message)
    return publisher.commit(sealing, Signed(message=message, signature=signature)).transaction


def _regrant(
    ledger: Ledger,
    signer: Signer,
    grants: Sequence[AccessGranted],
    digests: Mapping[Address, bytes],
) -> None:
    for grant in grants:
        if grant.grantee in digests:
            message = prepare_grant(ledger, as_asked(grant), digests[grant.grantee])
            sign_and_submit(ledger, signer, message)


def named_envelopes(ledger: Ledger, patient: Address, record: bytes) -> Collection[bytes]:
    """Digests that live grants on a record name: these stay when a rotation ends."""
    grants = standing_grants(ledger, patient=patient, record=record)
    return {grant.envelope for grant in grants}
