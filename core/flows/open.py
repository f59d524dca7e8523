"""A reader opens a record: sign for it, then receive the envelope and the sealed bytes.

The receipt comes first, so that the patient's log has every reading; the keys never pass here.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import AccessDeniedError
from core.events import AccessGranted, Event, RecordSealed
from core.flows.share import present_context
from core.flows.submit import deadline
from core.hashing import Address
from core.ports import Ledger, Vault
from core.purposes import describe
from core.records import ALL_RECORDS, HISTORY_RECORD, SealContext
from core.typed_data import OpenRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """What a reader's vault needs to open one version: all of it ciphertext or public."""

    context: SealContext
    commitment: bytes
    envelope: bytes
    envelope_digest: bytes
    """keccak256 of the envelope, as the chain names it."""


def require_access(
    ledger: Ledger, *, reader: Address, patient: Address, record: bytes, purpose: int
) -> None:
    """Raises AccessDeniedError unless the chain shows a live grant (or the reader is the owner)."""
    if ledger.has_access(patient, reader, record, purpose):
        return
    terms = ledger.terms(patient, reader, record)
    if terms.seq == 0:
        what = "This patient has not given you access."
    elif terms.expiry == 0 or terms.granted_at <= ledger.cutoff(patient):
        what = "The patient has taken your access back."
    elif terms.expiry <= ledger.now():
        what = "Your access has expired."
    else:
        what = f"Your access does not cover {describe(purpose)}."
    raise AccessDeniedError(what)


def prepare_receipt(
    ledger: Ledger,
    *,
    reader: Address,
    patient: Address,
    purpose: int,
    record: bytes = HISTORY_RECORD,
) -> OpenRecord:
    """The receipt for the present version. Raises AccessDeniedError without a live grant."""
    require_access(ledger, reader=reader, patient=patient, record=record, purpose=purpose)
    return OpenRecord(
        reader=reader,
        patient=patient,
        record=record,
        commitment=ledger.commitment(patient, record),
        purpose=purpose,
        head=ledger.head(patient),
        deadline=deadline(ledger),
    )


def hand_over(
    ledger: Ledger,
    vault: Vault,
    *,
    reader: Address,
    patient: Address,
    purpose: int,
    record: bytes = HISTORY_RECORD,
) -> Handover:
    """The reader's envelope for the present version: the one that the chain's grant names.

    Raises AccessDeniedError without a live grant, and when the version is newer than the grant:
    that grant's envelope opens the version before. Raises VerificationError or StoreError when
    the vault does not hold what the chain names.
    """
    require_access(ledger, reader=reader, patient=patient, record=record, purpose=purpose)
    if reader == ledger.controller(patient):
        return own_handover(ledger, vault, patient=patient, record=record)
    digest = granted_envelope(ledger.events(), patient=patient, reader=reader, record=record)
    return _handover(ledger, vault, patient, record, digest)


def own_handover(
    ledger: Ledger, vault: Vault, *, patient: Address, record: bytes = HISTORY_RECORD
) -> Handover:
    """The owner's envelope for the present version, as its sealing named it.

    Raises AccessDeniedError when nothing is sealed yet, else as `hand_over`.
    """
    commitment = ledger.commitment(patient, record)
    for event in reversed(ledger.events()):
        if isinstance(event, RecordSealed) and event.commitment == commitment:
            return _handover(ledger, vault, patient, record, event.envelope)
    raise AccessDeniedError(
        "Nothing is sealed under this record yet.", remedy="The patient has to seal it first."
    )


def granted_envelope(
    events: Sequence[Event], *, patient: Address, reader: Address, record: bytes
) -> bytes:
    """The digest that the reader's latest grant names, unless a sealing came after it."""
    for event in reversed(events):
        if isinstance(event, RecordSealed) and (event.patient, event.record) == (patient, record):
            raise AccessDeniedError(
                "The patient has sealed a newer version that was not shared with you yet.",
                remedy="Ask the patient to share the newest version.",
            )
        if (
            isinstance(event, AccessGranted)
            and (event.patient, event.grantee) == (patient, reader)
            and event.record in (record, ALL_RECORDS)
        ):
            return event.envelope
    raise AccessDeniedError("This patient has not given you access.")


def _handover(
    ledger: Ledger, vault: Vault, patient: Address, record: bytes, digest: bytes
) -> Handover:
    return Handover(
        context=present_context(ledger, vault, patient, record),
        commitment=ledger.commitment(patient, record),
        envelope=vault.envelope(digest),
        envelope_digest=digest,
    )
