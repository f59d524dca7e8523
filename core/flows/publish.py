"""A history becomes a sealed record: seal, store, commit, in an order that can be resumed.

1. The sealed bytes are stored, pinned and read back before anybody signs.
2. The chain commits to them; only then is the version acknowledged.
3. Repeating the flow after an interruption seals nothing twice: the vault returns the sealing it
   has, and a commitment that already reached the chain ends the flow.
"""

from dataclasses import dataclass

from core.errors import ConsentRefusedError, StoreError
from core.flows.submit import deadline, sign_and_submit
from core.hashing import ZERO_HASH, Address
from core.ports import Ledger, Signer, Vault
from core.records import HISTORY_RECORD, SealContext, Sealing
from core.typed_data import SealRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A version that the chain has committed to."""

    commitment: bytes
    version: int
    transaction: bytes | None
    """None when the chain held this version already."""


def next_context(ledger: Ledger, vault: Vault, patient: Address, record: bytes) -> SealContext:
    """The context of the version that will follow the chain's present one."""
    previous = ledger.commitment(patient, record)
    version = 0 if previous == ZERO_HASH else vault.version(previous)
    if version is None:
        raise StoreError(
            "The vault does not hold the present version of this record.",
            remedy="Import the vault that sealed it, then publish again.",
        )
    return SealContext(domain=ledger.domain, patient=patient, record=record, version=version + 1)


def store(ledger: Ledger, vault: Vault, patient: Address, payload: bytes) -> Sealing:
    """Seal the payload as the next version of the patient's history and store it.

    Raises ConsentRefusedError when the patient has not published a reading key yet.
    """
    key = ledger.reading_key(patient)
    if key is None:
        raise ConsentRefusedError(
            "This account has no reading key yet.",
            remedy="Create it first: records are sealed to it.",
        )
    context = next_context(ledger, vault, patient, HISTORY_RECORD)
    previous = ledger.commitment(patient, HISTORY_RECORD)
    return vault.seal(payload, context, previous, key)


def prepare_seal(ledger: Ledger, sealing: Sealing) -> SealRecord:
    """The message by which the patient commits to a stored sealing."""
    context = sealing.context
    return SealRecord(
        patient=context.patient,
        author=context.patient,
        record=context.record,
        commitment=sealing.commitment,
        previous=sealing.previous,
        envelope=sealing.envelope_digest,
        deadline=deadline(ledger),
    )


def publish(ledger: Ledger, vault: Vault, signer: Signer, payload: bytes) -> Published:
    """The whole flow for a signer at hand. Safe to repeat after any interruption."""
    patient = signer.account
    present = ledger.commitment(patient, HISTORY_RECORD)
    key = ledger.reading_key(patient)
    if present != ZERO_HASH and key is not None and vault.holds(present, payload, key):
        vault.confirm(present)
        return Published(commitment=present, version=vault.version(present) or 0, transaction=None)
    sealing = store(ledger, vault, patient, payload)
    transaction = sign_and_submit(ledger, signer, prepare_seal(ledger, sealing))
    vault.confirm(sealing.commitment)
    return Published(
        commitment=sealing.commitment,
        version=sealing.context.version,
        transaction=transaction,
    )
