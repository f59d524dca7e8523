"""Reading keys from a signature and a recovery code."""

import pytest
from eth_account.hdaccount.mnemonic import Mnemonic
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from ipfs.reading_key import RecoveryCode, derive_identity, reading_key_message
from tests.ipfs.conftest import Person

SIGNATURE = bytes(range(64)) + b"\x1b"
CODE = RecoveryCode(bytes(16))


@given(st.binary(min_size=16, max_size=16))
def test_words_are_bip39_and_come_back(raw: bytes) -> None:
    code = RecoveryCode(raw)
    assert code.words() == Mnemonic().to_mnemonic(raw)
    assert RecoveryCode.from_words(code.words()) == code


def test_from_words_ignores_capitals_and_spaces() -> None:
    shouted = "  " + CODE.words().upper().replace(" ", "\n ") + " "
    assert RecoveryCode.from_words(shouted) == CODE


def test_from_words_refuses_when_two_words_changed_places() -> None:
    words = RecoveryCode(bytes(range(16))).words().split()
    swapped = " ".join([words[1], words[0], *words[2:]])
    with pytest.raises(InputError, match="checksum"):
        RecoveryCode.from_words(swapped)


def test_from_words_names_the_place_and_never_the_word_when_it_is_unknown() -> None:
    words = CODE.words().split()
    words[4] = "lisinopril"
    with pytest.raises(InputError, match="Word 5") as refused:
        RecoveryCode.from_words(" ".join(words))
    assert "lisinopril" not in refused.value.user_message()


@pytest.mark.parametrize("count", [0, 11, 13, 24])
def test_from_words_refuses_when_the_count_is_another(count: int) -> None:
    with pytest.raises(InputError, match="12 words"):
        RecoveryCode.from_words(" ".join(["abandon"] * count))


def test_generate_differs_each_time_and_shows_nothing() -> None:
    code = RecoveryCode.generate()
    assert code != RecoveryCode.generate()
    assert repr(code.code) not in repr(code)


def test_derive_identity_needs_signature_code_and_account(
    patient: Person, stranger: Person
) -> None:
    seeds = {
        derive_identity(SIGNATURE, CODE, patient.account).seed,
        derive_identity(bytes(64) + b"\x1b", CODE, patient.account).seed,
        derive_identity(SIGNATURE, RecoveryCode(b"\1" * 16), patient.account).seed,
        derive_identity(SIGNATURE, CODE, stranger.account).seed,
    }
    assert len(seeds) == 4


def test_derive_identity_ignores_how_a_wallet_writes_v(patient: Person) -> None:
    other = SIGNATURE[:64] + b"\x00"
    assert derive_identity(other, CODE, patient.account) == derive_identity(
        SIGNATURE, CODE, patient.account
    )


@pytest.mark.parametrize("length", [0, 64, 66, 130])
def test_derive_identity_refuses_when_the_signature_has_another_length(
    patient: Person, length: int
) -> None:
    with pytest.raises(InputError, match="signature"):
        derive_identity(bytes(length), CODE, patient.account)


def test_reading_key_message_shows_warning_and_site() -> None:
    message = reading_key_message("https://clinic.example")
    assert message["message"]["site"] == "https://clinic.example"
    assert "medical records" in message["message"]["warning"]
    assert set(message["domain"]) == {"name", "version"}
