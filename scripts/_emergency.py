"""What breaking the glass does with keys: the escrow made and kept, shares handed over, read.

`core.flows.emergency` says what stands on the chain; here are the wallet, the vault and the bytes.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.errors import (
    AccessDeniedError,
    AnamnesisError,
    ConsentRefusedError,
    StoreError,
    StoreUnavailableError,
    VerificationError,
)
from core.escrow import KeepEscrow
from core.flows.emergency import (
    Custodianship,
    OpenCase,
    custodianship,
    prepare_case,
    prepare_custodians,
    prepare_policy,
    prepare_release,
    present_case,
)
from core.flows.open import own_handover, prepare_receipt
from core.flows.share import present_context, reader_key
from core.flows.submit import sign_and_submit
from core.hashing import ZERO_HASH, Address, keccak256
from core.limits import OFF
from core.ports import Ledger, Signer
from core.purposes import Purpose
from core.records import HISTORY_RECORD, CustodyKind, EmergencyCase, EmergencyPolicy, Reader
from core.typed_data import Signed
from ipfs.envelope import Recipient, rewrap
from ipfs.escrow import (
    Escrow,
    Release,
    combine,
    make_escrow,
    open_release,
    open_share,
    release_share,
    require_circle,
)
from ipfs.vault import IpfsVault
from ledger.signatures import recover
from scripts._command import talk
from scripts._local import write_private
from scripts._wallets import Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergencies:
    """How far a patient is prepared."""

    policy: EmergencyPolicy
    custody: Custodianship
    escrow: Escrow | None
    """The shares in custody, signed by the patient; None when there are none here."""
    covered: bool
    """Whether the present version can be opened with them."""


def emergencies(ledger: Ledger, vault: IpfsVault, patient: Address) -> Emergencies:
    """What stands on the chain and in the vault. Raises VerificationError for foreign shares."""
    custody = custodianship(ledger, patient)
    escrow = find_escrow(ledger, vault, custody)
    commitment = ledger.commitment(patient, HISTORY_RECORD)
    envelope = escrow and vault.envelope_for(commitment, escrow.account)
    return Emergencies(
        policy=ledger.emergency_policy(patient),
        custody=custody,
        escrow=escrow,
        covered=envelope is not None,
    )


def allow(
    ledger: Ledger,
    vault: IpfsVault,
    owner: Owner,
    patient: Address,
    *,
    custodians: Sequence[Address],
    threshold: int,
    policy: EmergencyPolicy,
    renew: bool = False,
) -> Emergencies:
    """Name custodians, hand them shares of an emergency key, then let the policy stand.

    Interrupted, it is repeated: what stands already stays. A key that was used is never used
    again, and with `renew` neither is one that was not. Raises ConsentRefusedError, for a custodian
    without a reading key before anything is set.
    """
    require_circle(threshold, len(custodians))
    readers = [Reader(account=each, key=reader_key(ledger, each)) for each in custodians]
    custody = custodianship(ledger, patient)
    same = (custody.members, custody.threshold) == (frozenset(custodians), threshold)
    if renew or custody.spent or not same or _is_foreign(ledger, vault, custody):
        message = prepare_custodians(
            ledger, patient=patient, members=custodians, threshold=threshold
        )
        sign_and_submit(ledger, owner.signer, message)
        custody = custodianship(ledger, patient)
    if find_escrow(ledger, vault, custody) is None:
        _hand_over(ledger, vault, owner, custody, readers)
    _wrap(ledger, vault, owner, patient)
    if ledger.emergency_policy(patient) != policy:
        message_of_policy = prepare_policy(ledger, patient=patient, policy=policy)
        sign_and_submit(ledger, owner.signer, message_of_policy)
    return emergencies(ledger, vault, patient)


def keep_covered(ledger: Ledger, vault: IpfsVault, owner: Owner, patient: Address) -> None:
    """Let an emergency open the present version too, where the patient allows any.

    The version stands already, so what keeps it from that is told and not raised.
    """
    if ledger.emergency_policy(patient).mode == OFF:
        return
    try:
        if not _wrap(ledger, vault, owner, patient):
            talk("No emergency opens this version: run `anamnesis emergency allow` again.")
    except AnamnesisError as error:
        talk(f"No emergency opens this version: {error.user_message()}")


def find_escrow(ledger: Ledger, vault: IpfsVault, custody: Custodianship) -> Escrow | None:
    """The shares that the present custodians keep; None when the vault has none.

    Raises VerificationError when it has some that the patient did not sign.
    """
    patient, strange = custody.context.patient, False
    for entry in vault.custody.of(patient):
        if entry.kind is not CustodyKind.ESCROW:
            continue
        escrow = Escrow.from_untrusted(vault.custody.read(entry.digest))
        if escrow.context != custody.context:
            continue
        if _is_signed(ledger, escrow, custody):
            return escrow
        strange = True
    if strange:
        raise VerificationError(
            "The stored shares of the emergency key are not signed by whoever controls the record.",
            check="escrow",
            remedy="Only the patient can give new ones: `anamnesis emergency allow`.",
        )
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a case was opened, as its clinician keeps it."""

    salt: bytes
    hash: bytes
    """keccak256 of salt and code: what the chain gets."""


def keep_reason(folder: Path, patient: Address, code: str) -> Reason:
    """Salt a reason and write it down (0600) before its hash goes to the chain."""
    salt = secrets.token_bytes(32)
    reason = Reason(salt=salt, hash=keccak256(salt + code.encode()))
    kept = {"patient": patient, "reason": code, "salt": "0x" + salt.hex()}
    write_private(folder / f"{reason.hash.hex()}.json", json.dumps(kept) + "\n")
    return reason


def open_case(
    ledger: Ledger, clinician: Signer, cosigner: Signer | None, patient: Address, reason: bytes
) -> EmergencyCase:
    """Open a case, signed by both where the policy asks for a second one."""
    account = clinician.account
    message = prepare_case(
        ledger,
        patient=patient,
        clinician=account,
        reason=reason,
        has_cosigner=cosigner is not None,
    )
    ledger.relay(
        Signed(
            message=message,
            signature=clinician.sign(ledger.domain, message),
            cosigner=cosigner.account if cosigner else None,
            cosignature=cosigner.sign(ledger.domain, message) if cosigner else b"",
        )
    )
    return ledger.emergency_case(patient, account)


def hand_over_share(
    ledger: Ledger, vault: IpfsVault, custodian: Owner, patient: Address, clinician: Address
) -> bytes:
    """Wrap a custodian's share for the clinician of an open case; the transaction that says so.

    Raises ConsentRefusedError unless the case is open, AccessDeniedError for somebody who keeps no
    share, VerificationError when the share or the clinician's reading key is not the right one.
    """
    case, account = present_case(ledger, patient, clinician), custodian.signer.account
    if account in case.shares:
        raise ConsentRefusedError("You have handed your share over in this case already.")
    escrow = _escrow(ledger, vault, custodianship(ledger, patient))
    release = Release(custodian=account, clinician=clinician, case_seq=case.seq)
    share = open_share(escrow, custodian.identity, account)
    data = release_share(share, escrow, release, case.key)
    digest = vault.custody.put(ledger.domain, patient, data)
    message = prepare_release(
        ledger, patient=patient, clinician=clinician, custodian=account, share=digest
    )
    return sign_and_submit(ledger, custodian.signer, message)


def read(
    ledger: Ledger, vault: IpfsVault, clinician: Owner, patient: Address
) -> tuple[bytes, tuple[str, ...]]:
    """The payload of the present version, and why shares were refused that were not needed.

    Everything is checked before a receipt for emergency treatment stands on the chain; only then
    is the record opened. Raises ConsentRefusedError unless the case is open, AccessDeniedError
    with too few shares, VerificationError, StoreError.
    """
    account = clinician.signer.account
    case = present_case(ledger, patient, account)
    escrow = _escrow(ledger, vault, custodianship(ledger, patient))
    shares, refused = _shares(vault, clinician, escrow, case)
    if refused and len(shares) < escrow.threshold:
        raise VerificationError(" ".join(refused), check="escrow")
    identity = combine(escrow, shares)
    commitment = ledger.commitment(patient, HISTORY_RECORD)
    digest = vault.envelope_for(commitment, escrow.account)
    if digest is None:
        raise AccessDeniedError(
            "The present version was sealed after the emergency key was given out.",
            remedy="Only the patient can add it, with `anamnesis emergency allow`.",
        )
    receipt = prepare_receipt(ledger, reader=account, patient=patient, purpose=Purpose.ETREAT)
    sign_and_submit(ledger, clinician.signer, receipt)
    context = present_context(ledger, vault, patient, HISTORY_RECORD)
    return vault.open(identity, commitment, context, digest, escrow.account), refused


def _shares(
    vault: IpfsVault, clinician: Owner, escrow: Escrow, case: OpenCase
) -> tuple[Mapping[Address, bytes], tuple[str, ...]]:
    """The shares that are the patient's own, and in words why others are not."""
    shares: dict[Address, bytes] = {}
    refused: list[str] = []
    for custodian, digest in case.shares.items():
        release = Release(
            custodian=custodian, clinician=clinician.signer.account, case_seq=case.seq
        )
        try:
            data = vault.custody.read(digest)
            shares[custodian] = open_release(data, escrow, clinician.identity, release)
        except StoreUnavailableError:
            raise
        except (AccessDeniedError, StoreError, VerificationError) as error:
            refused.append(f"{custodian}: {error.what}")
    return shares, tuple(refused)


def _hand_over(
    ledger: Ledger,
    vault: IpfsVault,
    owner: Owner,
    custody: Custodianship,
    custodians: Sequence[Reader],
) -> None:
    """Make the emergency key, sign for its shares and store them: all in one piece, or none."""
    body = make_escrow(custody.context, custody.threshold, custodians)
    message = _message(custody, keccak256(body))
    signature = owner.signer.sign(ledger.domain, message)
    vault.custody.put(ledger.domain, custody.context.patient, body + signature)


def _wrap(ledger: Ledger, vault: IpfsVault, owner: Owner, patient: Address) -> bool:
    """An envelope of the present version for the emergency key, unless that was used."""
    custody = custodianship(ledger, patient)
    escrow = None if custody.spent else find_escrow(ledger, vault, custody)
    commitment = ledger.commitment(patient, HISTORY_RECORD)
    if escrow is None or commitment == ZERO_HASH:
        return False
    if vault.envelope_for(commitment, escrow.account) is None:
        own = own_handover(ledger, vault, patient=patient)
        envelope = rewrap(
            owner.identity,
            own.envelope,
            own.context,
            reader=patient,
            to=Recipient(escrow.public_key),
            for_reader=escrow.account,
        )
        vault.put_envelope(commitment, escrow.account, envelope)
    return True


def _escrow(ledger: Ledger, vault: IpfsVault, custody: Custodianship) -> Escrow:
    escrow = find_escrow(ledger, vault, custody)
    if escrow is None:
        raise AccessDeniedError(
            "The custodians' shares are not in this vault.",
            remedy="Connect to the node and home folder where the patient left them.",
        )
    return escrow


def _is_foreign(ledger: Ledger, vault: IpfsVault, custody: Custodianship) -> bool:
    """Whether what is stored for these custodians was signed by somebody else."""
    try:
        find_escrow(ledger, vault, custody)
    except VerificationError:
        return True
    return False


def _is_signed(ledger: Ledger, escrow: Escrow, custody: Custodianship) -> bool:
    """Whether whoever controls the record signed it, for these custodians."""
    message = _message(custody, escrow.digest)
    signer = recover(message.digest(ledger.domain), escrow.signature)
    fits = (frozenset(escrow.custodians), escrow.threshold) == (custody.members, custody.threshold)
    return fits and signer == ledger.controller(custody.context.patient)


def _message(custody: Custodianship, digest: bytes) -> KeepEscrow:
    return KeepEscrow(patient=custody.context.patient, seq=custody.context.seq, escrow=digest)
