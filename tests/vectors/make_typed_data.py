"""Write typed_data.json: the vectors that every signer and checker of the messages must pass.

    python tests/vectors/make_typed_data.py

Everything is derived from labels, so a second run changes nothing. Byte strings are hexadecimal
with 0x, accounts EIP-55, integers decimal strings. The signing keys are for tests only.
"""

import json
from pathlib import Path
from typing import Any

from eth_account import Account

from core.eip712 import Domain, TypedStruct
from core.hashing import ZERO_ADDRESS, Address, address, keccak256
from core.purposes import Purpose
from core.records import HISTORY_RECORD
from core.typed_data import (
    ApproveRecovery,
    Batch,
    EndEmergency,
    Grant,
    GrantAccess,
    OpenEmergency,
    OpenRecord,
    PublishReadingKey,
    ReleaseShare,
    RequestAccess,
    Revocation,
    RevokeAccess,
    RevokeAllAccess,
    SealRecord,
    SetCustodians,
    SetEmergencyPolicy,
    SetGuardians,
    SetSuccessor,
    Version,
    VetoRecovery,
)

TARGET = Path(__file__).with_name("typed_data.json")


def derived(label: str) -> bytes:
    return keccak256(b"anamnesis typed data vector: " + label.encode())


def key_of(role: str) -> bytes:
    return derived(f"key of the {role}")


def account_of(role: str) -> Address:
    return address(str(Account.from_key(key_of(role)).address))


ROLES = ("patient", "doctor", "clinician", "guardian", "custodian")
PATIENT, DOCTOR, CLINICIAN, GUARDIAN, CUSTODIAN = map(account_of, ROLES)
EXPIRY, DEADLINE = 1_900_000_000, 1_800_000_000
DOMAIN = Domain(chain_id=31_337, verifying_contract=address("0x" + derived("contract")[:20].hex()))

MESSAGES: tuple[TypedStruct, ...] = (
    SealRecord(
        patient=PATIENT,
        author=DOCTOR,
        record=HISTORY_RECORD,
        commitment=derived("commitment"),
        previous=derived("previous"),
        envelope=derived("envelope"),
        deadline=DEADLINE,
    ),
    RequestAccess(
        grantee=DOCTOR,
        patient=PATIENT,
        record=HISTORY_RECORD,
        purposes=int(Purpose.TREAT | Purpose.WRITE),
        expiry=EXPIRY,
        deadline=DEADLINE,
    ),
    GrantAccess(
        patient=PATIENT,
        grantee=DOCTOR,
        record=HISTORY_RECORD,
        purposes=int(Purpose.TREAT | Purpose.WRITE),
        expiry=EXPIRY,
        request=derived("request"),
        envelope=derived("envelope"),
        seq=2**56 - 1,
        cutoff=2**40 - 1,
        deadline=2**64 - 1,
    ),
    RevokeAccess(patient=PATIENT, grantee=DOCTOR, record=HISTORY_RECORD, seq=7, deadline=DEADLINE),
    RevokeAllAccess(patient=PATIENT, cutoff=1_700_000_000, deadline=DEADLINE),
    PublishReadingKey(
        account=DOCTOR,
        key_hash=derived("reading key"),
        previous=bytes(32),
        deadline=DEADLINE,
    ),
    OpenRecord(
        reader=DOCTOR,
        patient=PATIENT,
        record=HISTORY_RECORD,
        commitment=derived("commitment"),
        purpose=int(Purpose.TREAT),
        head=derived("head"),
        deadline=DEADLINE,
    ),
    Batch(
        patient=PATIENT,
        author=PATIENT,
        versions=tuple(
            Version(
                record=record,
                commitment=derived(f"commitment {number}"),
                previous=derived(f"previous {number}") if number else bytes(32),
                envelope=derived(f"envelope {number}"),
            )
            for number, record in enumerate((HISTORY_RECORD, derived("another record")))
        ),
        revocations=(Revocation(grantee=CLINICIAN, record=HISTORY_RECORD, seq=3),),
        grants=tuple(
            Grant(
                grantee=grantee,
                record=HISTORY_RECORD,
                purposes=int(Purpose.TREAT | Purpose.WRITE),
                expiry=EXPIRY,
                request=derived("request"),
                envelope=derived(f"envelope for {grantee}"),
                seq=seq,
            )
            for grantee, seq in ((DOCTOR, 2**56 - 1), (GUARDIAN, 0))
        ),
        cutoff=1_700_000_000,
        deadline=DEADLINE,
    ),
    SetGuardians(
        patient=PATIENT,
        members=(GUARDIAN, DOCTOR, CUSTODIAN),
        threshold=2,
        seq=4,
        deadline=DEADLINE,
    ),
    # Nobody: the empty array has a hash of its own.
    SetCustodians(patient=PATIENT, members=(), threshold=0, seq=5, deadline=DEADLINE),
    SetEmergencyPolicy(
        patient=PATIENT,
        mode=2,
        delay=3_600,
        window=72,
        record=HISTORY_RECORD,
        seq=6,
        deadline=DEADLINE,
    ),
    OpenEmergency(
        patient=PATIENT,
        clinician=CLINICIAN,
        record=HISTORY_RECORD,
        reader_key=derived("reading key"),
        reason=derived("reason"),
        seq=0,
        deadline=DEADLINE,
    ),
    EndEmergency(patient=PATIENT, clinician=CLINICIAN, seq=1, deadline=DEADLINE),
    ReleaseShare(
        patient=PATIENT,
        clinician=CLINICIAN,
        custodian=CUSTODIAN,
        share=derived("share"),
        seq=1,
        deadline=DEADLINE,
    ),
    ApproveRecovery(patient=PATIENT, controller=DOCTOR, seq=7, deadline=DEADLINE),
    VetoRecovery(patient=PATIENT, controller=DOCTOR, seq=8, deadline=2**256 - 1),
    SetSuccessor(patient=PATIENT, successor=ZERO_ADDRESS, seq=9, deadline=DEADLINE),
)

SIGNERS = {
    SealRecord: "doctor",
    RequestAccess: "doctor",
    GrantAccess: "patient",
    RevokeAccess: "patient",
    RevokeAllAccess: "patient",
    PublishReadingKey: "doctor",
    OpenRecord: "doctor",
    Batch: "patient",
    SetGuardians: "patient",
    SetCustodians: "patient",
    SetEmergencyPolicy: "patient",
    OpenEmergency: "clinician",
    EndEmergency: "clinician",
    ReleaseShare: "custodian",
    ApproveRecovery: "guardian",
    VetoRecovery: "patient",
    SetSuccessor: "patient",
}


def vector(message: TypedStruct) -> dict[str, Any]:
    """Everything a reader in another language may want to compare, step by step."""
    role = SIGNERS[type(message)]
    digest = message.digest(DOMAIN)
    signed = Account.unsafe_sign_hash(digest, key_of(role))
    return {
        "type": message.type_string(),
        "message": message.message(DOMAIN),
        "struct_hash": _hex(message.struct_hash()),
        "digest": _hex(digest),
        "signer": account_of(role),
        "signature": _hex(bytes(signed.signature)),
    }


def vectors() -> dict[str, Any]:
    return {
        "domain_separator": _hex(DOMAIN.separator()),
        "keys": {role: _hex(key_of(role)) for role in ROLES},
        "vectors": [vector(message) for message in MESSAGES],
    }


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


if __name__ == "__main__":
    TARGET.write_text(json.dumps(vectors(), indent=2) + "\n")
