"""Ask, grant, take back. Each function returns the message that its person signs."""

from core.errors import AccessDeniedError, ConsentRefusedError, InputError, StoreError
from core.events import AccessGranted, AccessRequested
from core.findings import Audit
from core.flows.submit import deadline
from core.hashing import ZERO_HASH, Address, keccak256
from core.ports import Ledger, Vault
from core.records import HISTORY_RECORD, READING_KEY_BYTES, SealContext
from core.typed_data import (
    GrantAccess,
    PublishReadingKey,
    RequestAccess,
    RevokeAccess,
    RevokeAllAccess,
)

DAY_SECONDS = 86_400
LONGEST_GRANT_DAYS = 3_650
"""The contract refuses an expiry beyond ten years."""


def prepare_reading_key(ledger: Ledger, *, account: Address, key: bytes) -> PublishReadingKey:
    """Publish or rotate an account's reading key; relay it with `key` as payload."""
    if len(key) != READING_KEY_BYTES:
        raise InputError(
            f"A reading key has {READING_KEY_BYTES} bytes, this one {len(key)}.",
            remedy="Create it again in the vault.",
        )
    present = ledger.reading_key(account)
    return PublishReadingKey(
        account=account,
        key_hash=keccak256(key),
        previous=ZERO_HASH if present is None else keccak256(present),
        deadline=deadline(ledger),
    )


def prepare_request(
    ledger: Ledger,
    *,
    grantee: Address,
    patient: Address,
    purposes: int,
    days: int,
    record: bytes = HISTORY_RECORD,
) -> RequestAccess:
    """A doctor's request for access during the next `days` days.

    Raises ConsentRefusedError when the doctor has no reading key: nothing could be sealed to them.
    """
    if grantee == patient:
        raise InputError("That is your own address.", remedy="Enter the patient's address.")
    if ledger.reading_key(grantee) is None:
        raise ConsentRefusedError(
            "You have no reading key yet.", remedy="Create it first: records are sealed to it."
        )
    return RequestAccess(
        grantee=grantee,
        patient=patient,
        record=record,
        purposes=purposes,
        expiry=_expiry(ledger, days),
        deadline=deadline(ledger),
    )


def reader_key(ledger: Ledger, reader: Address) -> bytes:
    """The key to wrap for, checked against the chain. Raises ConsentRefusedError without one."""
    key = ledger.reading_key(reader)
    if key is None:
        raise ConsentRefusedError(
            f"The account {reader} has published no reading key.",
            remedy="Ask its owner to create one; then grant again.",
        )
    return key


def present_context(ledger: Ledger, vault: Vault, patient: Address, record: bytes) -> SealContext:
    """The context of the version that the chain holds now.

    Raises AccessDeniedError when nothing was sealed, StoreError when it is not in this vault.
    """
    commitment = ledger.commitment(patient, record)
    if commitment == ZERO_HASH:
        raise AccessDeniedError(
            "Nothing is sealed under this record yet.", remedy="The patient has to seal it first."
        )
    version = vault.version(commitment)
    if version is None:
        raise StoreError(
            "The sealed record is not in this vault.",
            remedy="Connect to the IPFS node of the patient who sealed it.",
        )
    return SealContext(domain=ledger.domain, patient=patient, record=record, version=version)


def open_requests(audit: Audit, patient: Address, now: int) -> list[AccessRequested]:
    """Unanswered, unexpired requests, newest first, the last one of each reader and record."""
    newest: dict[tuple[Address, bytes], AccessRequested] = {}
    for request in audit.requests:
        event = request.event
        if event.patient == patient:
            key = (event.grantee, event.record)
            newest.pop(key, None)
            if request.answer is None and event.expiry > now:
                newest[key] = event
    return list(reversed(newest.values()))


def prepare_grant(
    ledger: Ledger,
    request: AccessRequested,
    envelope_digest: bytes,
    *,
    purposes: int | None = None,
    expiry: int | None = None,
) -> GrantAccess:
    """Answer a request; `purposes` and `expiry` may only narrow what was asked for."""
    purposes = request.purposes if purposes is None else purposes
    expiry = request.expiry if expiry is None else expiry
    if purposes & ~request.purposes or expiry > request.expiry:
        raise InputError(
            "A grant may not exceed the request it answers.",
            remedy="Choose fewer purposes or an earlier end.",
        )
    terms = ledger.terms(request.patient, request.grantee, request.record)
    return GrantAccess(
        patient=request.patient,
        grantee=request.grantee,
        record=request.record,
        purposes=purposes,
        expiry=expiry,
        request=request.request,
        envelope=envelope_digest,
        seq=terms.seq,
        cutoff=ledger.cutoff(request.patient),
        deadline=deadline(ledger),
    )


def as_asked(grant: AccessGranted) -> AccessRequested:
    """The same terms again; they answer the request that the grant answered."""
    return AccessRequested(
        at=grant.at,
        patient=grant.patient,
        grantee=grant.grantee,
        record=grant.record,
        purposes=grant.purposes,
        expiry=grant.expiry,
        request=grant.request,
    )


def prepare_revoke(
    ledger: Ledger, *, patient: Address, grantee: Address, record: bytes = HISTORY_RECORD
) -> RevokeAccess:
    """Take one grant back; also kills a signed grant that was never sent."""
    return RevokeAccess(
        patient=patient,
        grantee=grantee,
        record=record,
        seq=ledger.terms(patient, grantee, record).seq,
        deadline=deadline(ledger),
    )


def prepare_revoke_all(ledger: Ledger, *, patient: Address) -> RevokeAllAccess:
    """Take every grant back at once."""
    return RevokeAllAccess(
        patient=patient, cutoff=ledger.cutoff(patient), deadline=deadline(ledger)
    )


def _expiry(ledger: Ledger, days: int) -> int:
    if not 1 <= days <= LONGEST_GRANT_DAYS:
        raise InputError(
            f"{days} days is not a possible period.",
            remedy=f"Choose between 1 and {LONGEST_GRANT_DAYS} days.",
        )
    return ledger.now() + days * DAY_SECONDS
