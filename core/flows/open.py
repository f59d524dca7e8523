"""A reader opens a record: sign for it, then receive the envelope and the sealed bytes.

The receipt comes first, so that the patient's log has every reading; the keys never pass here.
"""

from dataclasses import dataclass

from core.errors import AccessDeniedError
from core.flows.share import present_context
from core.flows.submit import deadline
from core.hashing import Address
from core.ports import Ledger, Vault
from core.purposes import describe
from core.records import HISTORY_RECORD, SealContext
from core.typed_data import OpenRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """What a reader's vault needs to open one version: all of it ciphertext or public."""

    context: SealContext
    commitment: bytes
    envelope: bytes


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
    """The reader's envelope for the present version, after checking access once more.

    Raises AccessDeniedError without a live grant, or when the version is newer than the grant
    and nobody has wrapped it for this reader yet.
    """
    require_access(ledger, reader=reader, patient=patient, record=record, purpose=purpose)
    context = present_context(ledger, vault, patient, record)
    commitment = ledger.commitment(patient, record)
    envelope = vault.envelope_for(commitment, reader)
    if envelope is None:
        raise AccessDeniedError(
            "The patient has sealed a newer version that was not shared with you yet.",
            remedy="Ask the patient to share the newest version.",
        )
    return Handover(context=context, commitment=commitment, envelope=envelope)
