"""Keccak and EIP-55, against published values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.hashing import ZERO_ADDRESS, address, keccak256

EIP55_EXAMPLES = (
    "0x52908400098527886E0F7030069857D2E4169EE7",
    "0xde709f2102306220921060314715629080e2fb77",
    "0x27b1fdb04752bbc536007a920d24acb045561c26",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
)


def test_keccak256_equals_the_published_digest_of_nothing() -> None:
    empty = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert keccak256(b"").hex() == empty


@pytest.mark.parametrize("example", EIP55_EXAMPLES)
def test_address_agrees_with_the_examples_of_eip55(example: str) -> None:
    assert address(example) == example
    assert address(example.lower()) == example
    assert address("0x" + example[2:].upper()) == example


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0x",
        "0x12",
        "52908400098527886E0F7030069857D2E4169EE7",
        "0x" + "g" * 40,
        "0X" + "0" * 40,
    ],
)
def test_address_refuses_what_is_none(text: str) -> None:
    with pytest.raises(InputError, match="Not an account address"):
        address(text)


def test_address_refuses_a_mistyped_checksum() -> None:
    with pytest.raises(InputError, match="checksum"):
        address("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD")


@given(st.binary(min_size=20, max_size=20))
def test_address_is_stable_and_case_only(raw: bytes) -> None:
    once = address("0x" + raw.hex())
    assert address(once) == once
    assert once.lower() == "0x" + raw.hex()


def test_zero_address_is_an_address() -> None:
    assert address(ZERO_ADDRESS) == ZERO_ADDRESS
