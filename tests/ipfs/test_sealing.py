"""Sealed records: what opens, and everything that must not."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.eip712 import Domain
from core.errors import InputError, VerificationError
from core.records import HISTORY_RECORD, SealContext
from ipfs import padding
from ipfs.sealing import (
    MAX_SEALED_BYTES,
    MIN_SEALED_BYTES,
    Sealed,
    require_record_structure,
    seal,
    unseal,
)
from tests.ipfs.conftest import ContextFactory, Person, person

CONTEXT = SealContext(
    domain=Domain(chain_id=1, verifying_contract=person("contract").account),
    patient=person("patient").account,
    record=HISTORY_RECORD,
    version=1,
)


@given(st.binary(max_size=2000))
def test_unseal_returns_what_was_sealed(payload: bytes) -> None:
    sealed = seal(payload, CONTEXT)
    assert unseal(sealed.record, sealed.key, CONTEXT) == payload


@pytest.mark.parametrize("size", [1 << 18, 300_000, 1_000_003])
def test_unseal_returns_what_did_not_pack(size: int) -> None:
    payload = random.Random(size).randbytes(size)
    sealed = seal(payload, CONTEXT)
    assert unseal(sealed.record, sealed.key, CONTEXT) == payload


def test_unseal_refuses_when_what_did_not_pack_is_changed() -> None:
    sealed = seal(random.Random(1).randbytes(300_000), CONTEXT)
    for place in (50, 60, 70, 100_000, len(sealed.record) - 20, len(sealed.record) - 1):
        changed = bytearray(sealed.record)
        changed[place] ^= 1
        with pytest.raises(VerificationError) as refused:
            unseal(bytes(changed), sealed.key, CONTEXT)
        assert refused.value.check == "ciphertext"


def test_seal_takes_an_empty_payload() -> None:
    sealed = seal(b"", CONTEXT)
    assert unseal(sealed.record, sealed.key, CONTEXT) == b""


def test_seal_uses_a_fresh_key_and_nonce_when_payload_is_the_same() -> None:
    first, second = seal(b"history", CONTEXT), seal(b"history", CONTEXT)
    assert first.key != second.key
    assert first.record[38:50] != second.record[38:50]


def test_seal_hides_lengths_that_differ_little() -> None:
    sizes = {len(seal(b"x" * n, CONTEXT).record) for n in range(1, 30)}
    assert len(sizes) <= 2


def test_seal_refuses_when_payload_is_over_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(padding, "MAX_PAYLOAD_BYTES", 10)
    with pytest.raises(InputError, match="at most"):
        seal(bytes(11), CONTEXT)


def test_unseal_refuses_when_any_byte_is_flipped() -> None:
    sealed = seal(b"Lisinopril 10 mg", CONTEXT)
    for place in range(len(sealed.record)):
        for bit in (0x01, 0x80):
            changed = bytearray(sealed.record)
            changed[place] ^= bit
            with pytest.raises(VerificationError) as refused:
                unseal(bytes(changed), sealed.key, CONTEXT)
            assert refused.value.check == expected_check(place)


def expected_check(place: int) -> str:
    if place < 6:
        return "structure"
    return "key commitment" if place < 38 else "ciphertext"


@pytest.fixture
def sealed() -> Sealed:
    return seal(b"history", CONTEXT)


def test_unseal_refuses_when_cut_at_any_length(sealed: Sealed) -> None:
    for length in range(len(sealed.record)):
        with pytest.raises(VerificationError):
            unseal(sealed.record[:length], sealed.key, CONTEXT)


def test_unseal_refuses_when_bytes_are_added(sealed: Sealed) -> None:
    with pytest.raises(VerificationError) as refused:
        unseal(sealed.record + b"\0", sealed.key, CONTEXT)
    assert refused.value.check == "ciphertext"


def test_unseal_refuses_before_work_when_record_is_over_the_limit(sealed: Sealed) -> None:
    with pytest.raises(VerificationError) as refused:
        unseal(bytes(MAX_SEALED_BYTES + 1), sealed.key, CONTEXT)
    assert refused.value.check == "structure"


def test_record_structure_is_right_at_either_limit() -> None:
    for size in (MIN_SEALED_BYTES, MAX_SEALED_BYTES):
        require_record_structure(b"ANAM\1\1" + bytes(size - 6))


def test_unseal_names_the_version_when_it_is_unknown(sealed: Sealed) -> None:
    with pytest.raises(VerificationError, match="version 9"):
        unseal(sealed.record[:4] + b"\x09" + sealed.record[5:], sealed.key, CONTEXT)


def test_unseal_names_the_suite_when_it_is_unknown(sealed: Sealed) -> None:
    with pytest.raises(VerificationError, match="suite 9"):
        unseal(sealed.record[:5] + b"\x09" + sealed.record[6:], sealed.key, CONTEXT)


def test_unseal_refuses_when_the_context_is_another(
    sealed: Sealed, make_context: ContextFactory, stranger: Person
) -> None:
    others = [
        replace(CONTEXT, version=2),
        replace(CONTEXT, record=bytes(32)),
        replace(CONTEXT, patient=stranger.account),
        replace(CONTEXT, domain=replace(CONTEXT.domain, chain_id=2)),
        replace(CONTEXT, domain=replace(CONTEXT.domain, verifying_contract=stranger.account)),
    ]
    for other in others:
        with pytest.raises(VerificationError) as refused:
            unseal(sealed.record, sealed.key, other)
        assert refused.value.check == "key commitment"


def test_unseal_refuses_when_the_key_is_another(sealed: Sealed) -> None:
    with pytest.raises(VerificationError) as refused:
        unseal(sealed.record, bytes(32), CONTEXT)
    assert refused.value.check == "key commitment"


def test_unseal_refuses_when_headers_of_two_records_are_swapped(sealed: Sealed) -> None:
    other = seal(b"another history", CONTEXT)
    mixed = sealed.record[:50] + other.record[50:]
    for key in (sealed.key, other.key):
        with pytest.raises(VerificationError):
            unseal(mixed, key, CONTEXT)


def test_sealed_shows_no_key(sealed: Sealed) -> None:
    assert sealed.key.hex() not in repr(sealed)
    assert repr(sealed.key) not in repr(sealed)
