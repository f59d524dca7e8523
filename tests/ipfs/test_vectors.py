"""The checked-in vectors of the sealed formats: what Python makes, every reader must read."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.eip712 import Domain
from core.errors import InputError, VerificationError
from core.hashing import address, keccak256
from core.records import SealContext
from ipfs.checks import Check
from ipfs.cid import cid_digest, cid_text
from ipfs.context import context_bytes
from ipfs.envelope import Identity
from ipfs.opening import Claim, open_record
from ipfs.padding import make_frame, open_frame, padme
from ipfs.reading_key import RecoveryCode, derive_identity, reading_key_message
from ipfs.sealing import commitment_of, unsafe_seal_with
from ipfs.wrapped_seed import unsafe_wrap_seed_with, unwrap_seed

Json = dict[str, Any]
VECTORS: Json = json.loads(
    (Path(__file__).parents[1] / "vectors" / "sealing.json").read_text("utf-8")
)


def by_name(group: str) -> pytest.MarkDecorator:
    cases = VECTORS[group]
    # Tests are called by their ids, and not every program passes on more than ASCII.
    ids = [case["name"].replace("é", "e") for case in cases]
    return pytest.mark.parametrize("case", cases, ids=ids)


def raw(case: Json, field: str) -> bytes:
    return bytes.fromhex(case[field])


def context_of(case: Json) -> SealContext:
    fields = case["context"]
    return SealContext(
        domain=Domain(chain_id=fields["chain_id"], verifying_contract=address(fields["contract"])),
        patient=address(fields["patient"]),
        record=bytes.fromhex(fields["record"]),
        version=fields["version"],
    )


def open_case(case: Json) -> bytes:
    claim = Claim(
        context=context_of(case),
        reader=address(case["reader"]),
        commitment=raw(case, "commitment"),
        envelope=raw(case, "envelope_digest"),
    )
    return open_record(
        Identity(raw(case, "seed")), claim, raw(case, "sealed"), raw(case, "envelope")
    )


@by_name("records")
def test_open_record_returns_the_payload_of_each_vector(case: Json) -> None:
    assert open_case(case) == raw(case, "payload")


@by_name("records")
def test_seal_gives_the_bytes_of_each_vector(case: Json) -> None:
    context = context_of(case)
    assert context_bytes(context) == raw(case, "context_bytes")
    # gzip may pack differently in another zlib, so only what is inside the frame must agree.
    assert open_frame(raw(case, "frame")) == raw(case, "payload")
    sealed = unsafe_seal_with(raw(case, "payload"), context, raw(case, "key"), raw(case, "nonce"))
    assert sealed.key_commitment == raw(case, "key_commitment")
    if b"".join(make_frame(raw(case, "payload")).pieces) == raw(case, "frame"):
        assert sealed.record == raw(case, "sealed")


@by_name("records")
def test_commitment_of_gives_the_commitment_of_each_vector(case: Json) -> None:
    digest = cid_digest(raw(case, "sealed"))
    assert digest == raw(case, "cid_digest")
    assert cid_text(digest) == case["cid"]
    commitment = commitment_of(raw(case, "salt"), digest, raw(case, "key_commitment"))
    assert commitment == raw(case, "commitment")


@by_name("records")
def test_recipient_is_the_public_key_of_each_vector(case: Json) -> None:
    assert Identity(raw(case, "seed")).recipient().public_key == raw(case, "public_key")


@by_name("refused")
def test_open_record_names_the_check_that_refuses_each_vector(case: Json) -> None:
    with pytest.raises(VerificationError) as refused:
        open_case(case)
    assert refused.value.check == case["check"]


def test_refused_vectors_reach_every_check() -> None:
    assert {case["check"] for case in VECTORS["refused"]} == {str(check) for check in Check}


@pytest.mark.parametrize("case", VECTORS["reading_keys"])
def test_derive_identity_gives_the_seed_of_each_vector(case: Json) -> None:
    code = RecoveryCode.from_words(case["recovery_words"])
    assert code == RecoveryCode(raw(case, "recovery_code"))
    identity = derive_identity(raw(case, "signature"), code, address(case["account"]))
    assert identity.seed == raw(case, "seed")
    assert identity.recipient().public_key == raw(case, "public_key")
    assert reading_key_message(case["site"]) == case["message"]


@pytest.mark.parametrize("case", VECTORS["wrapped_seeds"])
def test_wrap_seed_gives_the_bytes_of_each_vector(case: Json) -> None:
    code, owner = RecoveryCode.from_words(case["recovery_words"]), address(case["account"])
    identity = Identity(raw(case, "seed"))
    assert keccak256(identity.recipient().public_key) == raw(case, "key_hash")
    wrapped = unsafe_wrap_seed_with(identity, code, owner, raw(case, "nonce"))
    assert wrapped == raw(case, "wrapped")
    assert unwrap_seed(wrapped, code, owner, raw(case, "key_hash")) == identity


@by_name("refused_wrapped_seeds")
def test_unwrap_seed_names_what_refuses_each_vector(case: Json) -> None:
    code, owner = RecoveryCode.from_words(case["recovery_words"]), address(case["account"])
    expected = InputError if case["check"] == "words" else VerificationError
    with pytest.raises(expected) as refused:
        unwrap_seed(raw(case, "wrapped"), code, owner, raw(case, "key_hash"))
    assert getattr(refused.value, "check", "words") == case["check"]
    assert case["recovery_words"].split()[0] not in refused.value.user_message()


@pytest.mark.parametrize("case", VECTORS["padme"])
def test_padme_gives_the_size_of_each_vector(case: Json) -> None:
    assert padme(case["length"]) == case["padded"]


@pytest.mark.parametrize("case", VECTORS["cids"], ids=[str(c["length"]) for c in VECTORS["cids"]])
def test_cid_digest_gives_the_cid_of_each_vector(case: Json) -> None:
    length = case["length"]
    data = (bytes(range(251)) * (length // 251 + 1))[:length]
    assert cid_text(cid_digest(data)) == case["cid"]
