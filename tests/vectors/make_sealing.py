"""Write sealing.json: the test vectors that every reader of the sealed formats must pass.

    python tests/vectors/make_sealing.py

Everything but the HPKE encapsulations is derived from labels, so a second run changes nothing
else. Byte strings are hexadecimal without 0x; accounts are EIP-55.
"""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from eth_account import Account
from eth_account.messages import encode_typed_data

from core.eip712 import Domain
from core.hashing import Address, address, keccak256
from core.records import HISTORY_RECORD, SealContext
from ipfs.checks import Check
from ipfs.cid import cid_digest, cid_text
from ipfs.context import account_bytes, context_bytes
from ipfs.envelope import Identity, Opened, envelope_digest
from ipfs.padding import make_frame, padme
from ipfs.reading_key import RecoveryCode, derive_identity, reading_key_message
from ipfs.sealing import HEADER_BYTES, Sealed, SealedRecord, commitment_of, unsafe_seal_with
from ipfs.wrapped_seed import unsafe_wrap_seed_with

TARGET = Path(__file__).with_name("sealing.json")
SITE = "https://anamnesis.example"

CID_LENGTHS = (0, 1, 22, 262143, 262144, 262145, 524288, 45613056, 45613057)
PADME_LENGTHS = (0, 1, 2, 8, 9, 28, 29, 1000, 1024, 1025, 262144, 262145, 67108864, 67108865)

Json = dict[str, Any]


def derived(label: str, length: int = 32) -> bytes:
    return hashlib.shake_256(b"anamnesis test vector: " + label.encode()).digest(length)


def account(label: str) -> Address:
    return address("0x" + derived(f"account {label}", 20).hex())


def pattern(length: int) -> bytes:
    """Byte i is i modulo 251."""
    return (bytes(range(251)) * (length // 251 + 1))[:length]


def history_context(patient: str, version: int = 1) -> SealContext:
    return SealContext(
        domain=Domain(chain_id=31337, verifying_contract=account("contract")),
        patient=account(patient),
        record=HISTORY_RECORD,
        version=version,
    )


def record_case(name: str, payload: bytes, context: SealContext, reader: str) -> Json:
    identity = Identity(derived(f"seed {reader}"))
    key, salt = derived(f"key {name}"), derived(f"salt {name}")
    sealed = unsafe_seal_with(payload, context, key, derived(f"nonce {name}", 12))
    digest = cid_digest(sealed.record)
    opened = Opened(key=key, salt=salt, cid_digest=digest)
    envelope = identity.recipient().wrap(opened, context, account(reader))
    return {
        "name": name,
        "context": context_json(context),
        "context_bytes": context_bytes(context).hex(),
        "payload": payload.hex(),
        "frame": b"".join(make_frame(payload).pieces).hex(),
        **sealed_json(sealed, context),
        "salt": salt.hex(),
        "cid": cid_text(digest),
        "cid_digest": digest.hex(),
        "commitment": commitment_of(salt, digest, sealed.key_commitment).hex(),
        "reader": account(reader),
        "seed": identity.seed.hex(),
        "public_key": identity.recipient().public_key.hex(),
        **envelope_json(envelope, context, account(reader)),
    }


def context_json(context: SealContext) -> Json:
    return {
        "chain_id": context.domain.chain_id,
        "contract": context.domain.verifying_contract,
        "patient": context.patient,
        "record": context.record.hex(),
        "version": context.version,
    }


def sealed_json(sealed: Sealed, context: SealContext) -> Json:
    info = b"anamnesis/seal/v1/encrypt" + context_bytes(context)
    return {
        "key": sealed.key.hex(),
        "encrypt_key": HKDF(SHA256(), 32, salt=b"", info=info).derive(sealed.key).hex(),
        "key_commitment": sealed.key_commitment.hex(),
        "nonce": sealed.record[38:HEADER_BYTES].hex(),
        "sealed": sealed.record.hex(),
    }


def envelope_json(envelope: bytes, context: SealContext, reader: Address) -> Json:
    info = b"anamnesis/envelope/v1" + context_bytes(context) + account_bytes(reader)
    return {
        "info": info.hex(),
        "hpke_enc": envelope[2:1122].hex(),
        "hpke_ciphertext": envelope[1122:].hex(),
        "envelope": envelope.hex(),
        "envelope_digest": envelope_digest(envelope).hex(),
    }


def refused_case(name: str, check: Check, base: Json, **changes: Any) -> Json:
    """The inputs of a reader, one thing changed, and the check that must refuse them."""
    keep = ("context", "reader", "seed", "sealed", "envelope", "envelope_digest", "commitment")
    return {"name": name, "check": str(check)} | {part: base[part] for part in keep} | changes


def flip(hexadecimal: str, place: int) -> str:
    raw = bytearray.fromhex(hexadecimal)
    raw[place] ^= 1
    return raw.hex()


def flipped_envelope(base: Json, place: int) -> Json:
    """An envelope changed at one byte, its digest granted as it is."""
    envelope = flip(base["envelope"], place)
    digest = envelope_digest(bytes.fromhex(envelope)).hex()
    return {"envelope": envelope, "envelope_digest": digest}


def reworked(base: Json, sealed: bytes, context: SealContext) -> Json:
    """`sealed` in a consistent envelope and commitment, so that only later checks can object."""
    salt, key = bytes.fromhex(base["salt"]), bytes.fromhex(base["key"])
    digest = cid_digest(sealed)
    identity = Identity(bytes.fromhex(base["seed"]))
    opened = Opened(key=key, salt=salt, cid_digest=digest)
    envelope = identity.recipient().wrap(opened, context, address(base["reader"]))
    header = SealedRecord.from_untrusted(sealed).key_commitment
    return {
        "sealed": sealed.hex(),
        "envelope": envelope.hex(),
        "envelope_digest": envelope_digest(envelope).hex(),
        "commitment": commitment_of(salt, digest, header).hex(),
    }


def refused_cases(base: Json, other: Json, context: SealContext) -> list[Json]:
    raw = bytes.fromhex(base["sealed"])
    later = replace(context, version=context.version + 1)
    elsewhere = {**base["context"], "chain_id": 1}
    sealed, whole = Check.STRUCTURE, base["sealed"]
    return [
        refused_case("wrong magic", sealed, base, sealed=flip(whole, 0)),
        refused_case("unknown record version", sealed, base, sealed=whole[:8] + "02" + whole[10:]),
        refused_case("unknown record suite", sealed, base, sealed=whole[:10] + "02" + whole[12:]),
        refused_case("record of header size", sealed, base, sealed=whole[: 2 * HEADER_BYTES]),
        refused_case("empty record", sealed, base, sealed=""),
        refused_case("unknown envelope version", sealed, base, **flipped_envelope(base, 0)),
        refused_case("unknown envelope suite", sealed, base, **flipped_envelope(base, 1)),
        refused_case("short envelope", sealed, base, envelope=base["envelope"][:-2]),
        refused_case(
            "envelope of another grant", Check.ENVELOPE_DIGEST, base, envelope=other["envelope"]
        ),
        refused_case("envelope changed", Check.ENVELOPE, base, **flipped_envelope(base, 1233)),
        refused_case("encapsulation changed", Check.ENVELOPE, base, **flipped_envelope(base, 2)),
        refused_case("another seed", Check.ENVELOPE, base, seed=other["seed"]),
        refused_case("another reader", Check.ENVELOPE, base, reader=other["reader"]),
        refused_case("another version", Check.ENVELOPE, base, context=context_json(later)),
        refused_case("another chain", Check.ENVELOPE, base, context=elsewhere),
        refused_case("record of another patient", Check.CID, base, sealed=other["sealed"]),
        refused_case("record cut short", Check.CID, base, sealed=whole[:-2]),
        refused_case("record changed", Check.CID, base, sealed=flip(whole, len(raw) - 1)),
        refused_case(
            "key commitment changed",
            Check.KEY_COMMITMENT,
            base,
            **reworked(base, bytes.fromhex(flip(whole, 6)), context),
        ),
        refused_case(
            "another commitment on chain", Check.COMMITMENT, base, commitment=other["commitment"]
        ),
        refused_case(
            "nonce changed",
            Check.CIPHERTEXT,
            base,
            **reworked(base, bytes.fromhex(flip(whole, 38)), context),
        ),
        refused_case(
            "tag changed",
            Check.CIPHERTEXT,
            base,
            **reworked(base, bytes.fromhex(flip(whole, len(raw) - 1)), context),
        ),
        *frame_cases(base, context),
    ]


def frame_cases(base: Json, context: SealContext) -> list[Json]:
    """Well-sealed records whose inside is not exact."""
    frame = bytes.fromhex(base["frame"])
    length = int.from_bytes(frame[:8], "big")
    broken = {
        "frame length too large": (len(frame) + 1).to_bytes(8, "big") + frame[8:],
        "frame length too small": (length - 1).to_bytes(8, "big") + frame[8:],
        "padding not zero": frame[:-1] + b"\1",
        "padding not Padmé": frame + bytes(64),
        "not gzip": frame[:8] + b"\0" + frame[9:],
        "gzip checksum wrong": frame[:length] + bytes((frame[length] ^ 1,)) + frame[length + 1 :],
    }
    return [
        refused_case(
            name, Check.FRAME, base, **reworked(base, encrypt_frame(base, inside, context), context)
        )
        for name, inside in broken.items()
    ]


def encrypt_frame(base: Json, frame: bytes, context: SealContext) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    raw = bytes.fromhex(base["sealed"])
    cipher = AESGCM(bytes.fromhex(base["encrypt_key"]))
    return raw[:HEADER_BYTES] + cipher.encrypt(
        raw[38:HEADER_BYTES], frame, raw[:38] + context_bytes(context)
    )


def reading_key_case(code: bytes) -> Json:
    wallet = Account.from_key(derived("wallet"))
    message = reading_key_message(SITE)
    signable = encode_typed_data(full_message=message)
    signature = bytes(wallet.sign_message(signable).signature)
    recovery = RecoveryCode(code)
    identity = derive_identity(signature, recovery, address(wallet.address))
    return {
        "private_key": bytes(wallet.key).hex(),
        "account": wallet.address,
        "site": SITE,
        "message": message,
        "signature": signature.hex(),
        "recovery_code": code.hex(),
        "recovery_words": recovery.words(),
        "seed": identity.seed.hex(),
        "public_key": identity.recipient().public_key.hex(),
    }


def wrapped_seed_case(code: bytes) -> Json:
    recovery, identity = RecoveryCode(code), Identity(derived("wrapped seed"))
    owner, nonce = account("restless signer"), derived("wrapped seed nonce", 12)
    key = identity.recipient().public_key
    info = account_bytes(owner)
    kdf = HKDF(SHA256(), 32, salt=b"anamnesis/wrapped-seed/v1", info=info)
    return {
        "account": owner,
        "recovery_words": recovery.words(),
        "wrapping_key": kdf.derive(code).hex(),
        "nonce": nonce.hex(),
        "seed": identity.seed.hex(),
        "key_hash": keccak256(key).hex(),
        "wrapped": unsafe_wrap_seed_with(identity, recovery, owner, nonce).hex(),
    }


def refused_wrapped_seed_cases(base: Json) -> list[Json]:
    """`check` is "words" where words, account, published key and wrapped seed do not fit."""
    whole = base["wrapped"]
    other_key = derived("another key hash").hex()
    keep = ("account", "recovery_words", "key_hash", "wrapped")
    changes: list[tuple[str, str, Json]] = [
        ("empty", "structure", {"wrapped": ""}),
        ("cut short", "structure", {"wrapped": whole[:-2]}),
        ("a byte too many", "structure", {"wrapped": whole + "00"}),
        ("wrong magic", "structure", {"wrapped": flip(whole, 0)}),
        ("unknown version", "structure", {"wrapped": whole[:8] + "02" + whole[10:]}),
        ("unknown suite", "structure", {"wrapped": whole[:10] + "02" + whole[12:]}),
        ("nonce changed", "words", {"wrapped": flip(whole, 6)}),
        ("seed changed", "words", {"wrapped": flip(whole, 18)}),
        ("tag changed", "words", {"wrapped": flip(whole, 65)}),
        ("other words", "words", {"recovery_words": RecoveryCode(derived("x", 16)).words()}),
        ("another account", "words", {"account": account("stranger")}),
        ("another published key", "words", {"key_hash": other_key}),
        (
            "made for a key that it does not hold",
            "reading key",
            {"key_hash": other_key, "wrapped": misbound(base, other_key)},
        ),
    ]
    return [
        {"name": name, "check": check} | {part: base[part] for part in keep} | change
        for name, check, change in changes
    ]


def misbound(base: Json, key_hash: str) -> str:
    """The seed wrapped as if it were another key's: what AES-GCM alone would not notice."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    header, nonce = bytes.fromhex(base["wrapped"])[:6], bytes.fromhex(base["nonce"])
    bound = header + account_bytes(address(base["account"])) + bytes.fromhex(key_hash)
    cipher = AESGCM(bytes.fromhex(base["wrapping_key"]))
    return (header + nonce + cipher.encrypt(nonce, bytes.fromhex(base["seed"]), bound)).hex()


def vectors() -> Json:
    first, second = history_context("patient"), history_context("another patient", version=7)
    history = json.dumps({"resourceType": "Bundle", "type": "document"}).encode()
    records = [
        record_case("short history", history, first, "doctor"),
        record_case("another patient", b"other " + history, second, "stranger"),
        record_case("empty payload", b"", first, "patient"),
        record_case("compressible payload", b"Lisinopril 10 mg daily. " * 400, first, "doctor"),
        record_case("incompressible payload", derived("noise", 3000), second, "doctor"),
    ]
    wrapped_seeds = [wrapped_seed_case(derived("code", 16)), wrapped_seed_case(bytes(16))]
    return {
        "about": "Sealed formats v1; made by tests/vectors/make_sealing.py; see docs/formats.md.",
        "padme": [{"length": n, "padded": padme(n)} for n in PADME_LENGTHS],
        "cids": [
            {"length": n, "bytes": "i mod 251", "cid": cid_text(cid_digest(pattern(n)))}
            for n in CID_LENGTHS
        ],
        "reading_keys": [reading_key_case(derived("code", 16)), reading_key_case(bytes(16))],
        "wrapped_seeds": wrapped_seeds,
        "refused_wrapped_seeds": refused_wrapped_seed_cases(wrapped_seeds[0]),
        "records": records,
        "refused": refused_cases(records[0], records[1], first),
    }


if __name__ == "__main__":
    TARGET.write_text(json.dumps(vectors(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
