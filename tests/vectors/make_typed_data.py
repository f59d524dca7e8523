"""Write typed_data.json: the vectors that every signer and checker of the messages must pass.

    python tests/vectors/make_typed_data.py

Everything is derived from labels, so a second run changes nothing. Byte strings are hexadecimal
with 0x, accounts EIP-55, integers decimal strings. The signing key is for tests only.
"""

import json
from pathlib import Path
from typing import Any

from eth_account import Account

from core.hashing import Address, address, keccak256
from core.purposes import Purpose
from core.records import HISTORY_RECORD
from core.typed_data import (
    Domain,
    GrantAccess,
    OpenRecord,
    PublishReadingKey,
    RequestAccess,
    RevokeAccess,
    RevokeAllAccess,
    SealRecord,
    TypedStruct,
)

TARGET = Path(__file__).with_name("typed_data.json")


def derived(label: str) -> bytes:
    return keccak256(b"anamnesis typed data vector: " + label.encode())


def key_of(role: str) -> bytes:
    return derived(f"key of the {role}")


def account_of(role: str) -> Address:
    return address(str(Account.from_key(key_of(role)).address))


PATIENT, DOCTOR = account_of("patient"), account_of("doctor")
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
)

SIGNERS = {
    SealRecord: "doctor",
    RequestAccess: "doctor",
    GrantAccess: "patient",
    RevokeAccess: "patient",
    RevokeAllAccess: "patient",
    PublishReadingKey: "doctor",
    OpenRecord: "doctor",
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
        "keys": {role: _hex(key_of(role)) for role in ("patient", "doctor")},
        "vectors": [vector(message) for message in MESSAGES],
    }


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


if __name__ == "__main__":
    TARGET.write_text(json.dumps(vectors(), indent=2) + "\n")
