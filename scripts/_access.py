"""Asking, granting, taking back and reading, each with the wallet of whoever does it.

The demo's story and the commands say the same things by these; the dapp does so in the browser.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from core.errors import AccessDeniedError, InputError, VerificationError
from core.events import AccessRequested
from core.flows.guardians import is_sealed_to_former_key
from core.flows.open import hand_over, own_handover, prepare_receipt
from core.flows.share import (
    DAY_SECONDS,
    prepare_grant,
    prepare_reading_key,
    prepare_request,
    reader_key,
)
from core.flows.submit import sign_and_submit
from core.hashing import Address, address
from core.ports import Ledger
from ipfs.envelope import Recipient, rewrap
from ipfs.vault import IpfsVault
from ocr.reading.cache import write_atomically
from scripts._wallets import Owner


def enrol(ledger: Ledger, owner: Owner) -> bool:
    """Publish an account's reading key; False if the chain has it already."""
    key, account = owner.identity.recipient().public_key, owner.signer.account
    if ledger.reading_key(account) == key:
        return False
    message = prepare_reading_key(ledger, account=account, key=key)
    sign_and_submit(ledger, owner.signer, message, key)
    return True


def ask(
    ledger: Ledger, reader: Owner, patient: Address, *, purposes: int, days: int
) -> AccessRequested:
    """Ask `patient` for access from now on. Raises InputError, ConsentRefusedError."""
    message = prepare_request(
        ledger, grantee=reader.signer.account, patient=patient, purposes=purposes, days=days
    )
    transaction = sign_and_submit(ledger, reader.signer, message)
    return next(
        event
        for event in ledger.events()
        if isinstance(event, AccessRequested) and event.at.transaction == transaction
    )


def grant(
    ledger: Ledger,
    vault: IpfsVault,
    owner: Owner,
    request: AccessRequested,
    *,
    purposes: int | None = None,
    days: int | None = None,
) -> int:
    """Wrap the present version's key for whoever asked, then grant; when that ends.

    `owner` is whoever controls the record.

    `purposes` and `days` narrow what was asked for. Raises InputError, ConsentRefusedError,
    AccessDeniedError when nothing is sealed yet, StoreError.
    """
    patient = spoken_for(ledger, owner, request.patient)
    sooner = request.expiry if days is None else ledger.now() + days * DAY_SECONDS
    expiry = min(sooner, request.expiry)
    # Refused before anything is wrapped.
    prepare_grant(ledger, request, bytes(32), purposes=purposes, expiry=expiry)
    own, to = own_handover(ledger, vault, patient=patient), reader_key(ledger, request.grantee)
    with _owners_key(ledger, patient):
        envelope = rewrap(
            owner.identity,
            own.envelope,
            own.context,
            reader=patient,
            to=Recipient(to),
            for_reader=request.grantee,
        )
    digest = vault.put_envelope(own.commitment, request.grantee, envelope)
    message = prepare_grant(ledger, request, digest, purposes=purposes, expiry=expiry)
    sign_and_submit(ledger, owner.signer, message)
    return expiry


def read(
    ledger: Ledger, vault: IpfsVault, reader: Owner, patient: Address, *, purpose: int
) -> bytes:
    """The payload of the present version, after a receipt for it stands on the chain.

    Raises AccessDeniedError without a live grant, VerificationError, StoreError.
    """
    account = reader.signer.account
    is_owner = account == ledger.controller(patient)
    if not is_owner:
        receipt = prepare_receipt(ledger, reader=account, patient=patient, purpose=purpose)
        sign_and_submit(ledger, reader.signer, receipt)
    handed = hand_over(ledger, vault, reader=account, patient=patient, purpose=purpose)
    bound = patient if is_owner else account
    with _owners_key(ledger, patient) if is_owner else nullcontext():
        return vault.open(
            reader.identity, handed.commitment, handed.context, handed.envelope_digest, bound
        )


def require_free(out: Path) -> None:
    """Raises InputError unless a file can be made there."""
    if out.exists() or not out.parent.is_dir():
        raise InputError(f"{out} exists, or its folder does not.", remedy="Name another file.")


def write_history(out: Path, payload: bytes) -> None:
    """The whole history, 0600, or no file. Raises InputError."""
    try:
        write_atomically(out, payload, mode=0o600)
    except OSError as error:
        raise InputError(
            f"{out} cannot be written: {error.strerror}.", remedy="Name another file."
        ) from error


def spoken_for(ledger: Ledger, owner: Owner, patient: str | None) -> Address:
    """The patient whom a wallet speaks for: itself, or the one named, if control moved to it.

    Raises InputError when it does not.
    """
    account = owner.signer.account
    whose = account if patient is None else address(patient)
    if (controller := ledger.controller(whose)) != account:
        raise InputError(
            f"This wallet does not speak for {whose}: {controller} does.",
            remedy="Use that account's wallet; with --patient, where guardians moved control.",
        )
    return whose


@contextmanager
def _owners_key(ledger: Ledger, patient: Address) -> Iterator[None]:
    """Say what happened when a version does not open because control moved after its sealing."""
    try:
        yield
    except VerificationError as error:
        if not is_sealed_to_former_key(ledger.events(), patient):
            raise
        raise AccessDeniedError(
            "The history was sealed to the reading key of before control moved.",
            remedy="Make it anew from the paper and publish it; grants then need to be given anew.",
        ) from error
