"""Take access back and seal anew in one step, while the reading key stays in the owner's browser.

`core.flows.rotate` does it where the key is at hand, message by message. Here one message does it:

1. `plan_reseal` says what the browser has to open, and for whom it wraps the new version.
2. The browser opens the present version, seals it as the next one and hands record and envelopes
   to the vault, which keeps all of them, pinned and read back, or none.
3. The owner signs one batch: the sealing, the revocations, a new grant for each who remains. The
   chain takes all of it or none.
4. Once the chain's state has settled, the earlier versions go, as after any rotation (ADR 0010).

Interrupted before step 3 has reached the chain, nothing has changed; after it, `settle_resealed`
does what is left.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from core.errors import ChainUnavailableError, ConsentRefusedError, InputError
from core.events import AccessGranted
from core.flows.open import Handover, own_handover
from core.flows.publish import SENDING_ATTEMPTS, Publisher
from core.flows.rotate import due_grants, named_envelopes, standing_grants
from core.flows.share import as_asked, prepare_grant, prepare_revoke
from core.flows.submit import deadline
from core.hashing import Address
from core.limits import MOST_IN_A_BATCH
from core.outbox import Subject
from core.ports import Ledger, Reception, Vault
from core.records import ALL_RECORDS, HISTORY_RECORD, Reader, SealContext, Sealing
from core.typed_data import Batch, Grant, Revocation, Signed, Version


@dataclass(frozen=True, slots=True, kw_only=True)
class ResealPlan:
    """What a resealing starts from."""

    own: Handover
    """The present version, with the owner's envelope."""
    leaving: Address | None
    """Whose access to the record ends with it; None when only the key is to be new."""
    readers: tuple[Reader, ...]
    """Who remains: the new version is wrapped for each."""
    unreachable: tuple[Address, ...]
    """Who has a live grant and no reading key, so that there is nothing to wrap for."""

    @property
    def context(self) -> SealContext:
        """Of the version to come."""
        return replace(self.own.context, version=self.own.context.version + 1)


def plan_reseal(
    ledger: Ledger,
    vault: Vault,
    *,
    patient: Address,
    leaving: Address | None,
    record: bytes = HISTORY_RECORD,
) -> ResealPlan:
    """Raises AccessDeniedError when nothing is sealed, InputError when more remain than one batch
    can grant, StoreError when the vault does not hold the present version.
    """
    own = own_handover(ledger, vault, patient=patient, record=record)
    remaining = _remaining(ledger, patient, leaving, record)
    keys = {grant.grantee: ledger.reading_key(grant.grantee) for grant in remaining}
    readers = [Reader(account=who, key=key) for who, key in keys.items() if key is not None]
    if sum(keys[grant.grantee] is not None for grant in remaining) > MOST_IN_A_BATCH:
        raise InputError(
            f"{len(remaining)} readers would remain; one signature can carry {MOST_IN_A_BATCH}.",
            remedy="Take the access back only; then seal anew with `anamnesis vault rotate`.",
        )
    return ResealPlan(
        own=own,
        leaving=leaving,
        readers=tuple(readers),
        unreachable=tuple(who for who, key in keys.items() if key is None),
    )


def prepare_batch(
    ledger: Ledger, plan: ResealPlan, sealing: Sealing, envelopes: Mapping[Address, bytes]
) -> Batch:
    """The one message: seal, take back, grant again on the same terms.

    `envelopes` are digests, by reader. Raises ConsentRefusedError when the record or its readers
    are no longer those of the plan.
    """
    patient, record = sealing.context.patient, sealing.context.record
    granted = [
        grant
        for grant in _remaining(ledger, patient, plan.leaving, record)
        if grant.grantee not in plan.unreachable
    ]
    stands = ledger.commitment(patient, record) == sealing.previous == plan.own.commitment
    if not stands or not {grant.grantee for grant in granted} <= envelopes.keys():
        raise _changed()
    version = Version(
        record=record,
        commitment=sealing.commitment,
        previous=sealing.previous,
        envelope=sealing.envelope_digest,
    )
    return Batch(
        patient=patient,
        author=patient,
        versions=(version,),
        revocations=_revocations(ledger, patient, plan.leaving, record),
        grants=tuple(_again(ledger, grant, envelopes[grant.grantee]) for grant in granted),
        cutoff=ledger.cutoff(patient),
        deadline=deadline(ledger),
    )


def commit_batch(publisher: Publisher, sealing: Sealing, signed: Signed) -> None:
    """Bring a signed batch to the chain, beyond a crash of its node.

    Raises ConsentRefusedError when the contract refuses, so that nothing has changed; StoreError
    and VerificationError before anything is sent; ChainUnavailableError when the node does not
    answer: then only the chain knows.
    """
    context, ledger = sealing.context, publisher.ledger
    subject = Subject(domain=context.domain, patient=context.patient, record=context.record)
    with publisher.outbox.alone(subject):
        publisher.finish_last(subject)
        if ledger.commitment(*_place(sealing)) not in (sealing.previous, sealing.commitment):
            raise _changed()
        publisher.require_kept(publisher.vault, sealing)
        for _ in range(SENDING_ATTEMPTS):
            if not _holds(ledger, sealing):
                _relay(ledger, sealing, signed)
            publisher.settle()
            if _holds(ledger, sealing):
                publisher.vault.confirm(sealing.commitment)
                return
    raise ChainUnavailableError("The chain's node lost the message again and again.")


def retire_earlier(publisher: Publisher, reception: Reception, sealing: Sealing) -> int:
    """Let the versions before a committed one go; how many went. Idempotent.

    Raises StoreError when the node does not let go of them: repeating does the rest.
    """
    context = sealing.context
    publisher.settle()
    named = named_envelopes(publisher.ledger, context.patient, context.record)
    return reception.settle(sealing, named)


def settle_resealed(
    publisher: Publisher, reception: Reception, patient: Address
) -> Iterator[Sealing]:
    """Finish resealings that the chain holds and whose process died before the old bytes went.

    One whose readers have not all been granted again is left to `core.flows.rotate`.
    """
    ledger = publisher.ledger
    for sealing in reception.unfinished(patient):
        if sealing.context.domain != ledger.domain or not _holds(ledger, sealing):
            continue
        if any(ledger.reading_key(grant.grantee) for grant in due_grants(ledger, sealing)):
            continue
        publisher.vault.confirm(sealing.commitment)
        retire_earlier(publisher, reception, sealing)
        yield sealing


def _place(sealing: Sealing) -> tuple[Address, bytes]:
    return sealing.context.patient, sealing.context.record


def _holds(ledger: Ledger, sealing: Sealing) -> bool:
    return ledger.commitment(*_place(sealing)) == sealing.commitment


def _changed() -> ConsentRefusedError:
    return ConsentRefusedError(
        "Your record, or who can read it, changed meanwhile.", remedy="Try again."
    )


def _relay(ledger: Ledger, sealing: Sealing, signed: Signed) -> None:
    try:
        ledger.relay(signed)
    except ConsentRefusedError:
        if not _holds(ledger, sealing):
            raise


def _remaining(
    ledger: Ledger, patient: Address, leaving: Address | None, record: bytes
) -> list[AccessGranted]:
    """Live grants on the record, but for the leaving reader's and those about to end.

    A grant that ends before the message's deadline could end before the message arrives, and the
    whole batch would be refused for it.
    """
    soon = deadline(ledger)
    grants = standing_grants(ledger, patient=patient, record=record)
    return [each for each in grants if each.grantee != leaving and each.expiry > soon]


def _revocations(
    ledger: Ledger, patient: Address, leaving: Address | None, record: bytes
) -> tuple[Revocation, ...]:
    """Whatever lets the leaving reader read this record, be it by a grant on all of them."""
    if leaving is None:
        return ()
    messages = [
        prepare_revoke(ledger, patient=patient, grantee=leaving, record=each)
        for each in (record, ALL_RECORDS)
        if ledger.terms(patient, leaving, each).expiry
    ]
    return tuple(
        Revocation(grantee=each.grantee, record=each.record, seq=each.seq) for each in messages
    )


def _again(ledger: Ledger, grant: AccessGranted, envelope: bytes) -> Grant:
    message = prepare_grant(ledger, as_asked(grant), envelope)
    return Grant(
        grantee=message.grantee,
        record=message.record,
        purposes=message.purposes,
        expiry=message.expiry,
        request=message.request,
        envelope=message.envelope,
        seq=message.seq,
    )
