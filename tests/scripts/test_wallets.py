"""Wallet files: whose they are, and what is said of files that are none."""

from pathlib import Path

import pytest

from core.errors import InputError
from ledger import key_file
from scripts._wallets import account_in, owner_of, owner_of_new


def test_account_is_told_of_wallet_and_key_file(tmp_path: Path) -> None:
    owner = owner_of_new(tmp_path / "wallet")
    assert account_in(tmp_path / "wallet").address == owner.signer.account
    relayer = key_file.load_or_create(tmp_path / "key")
    assert account_in(tmp_path / "key").address == relayer.address


@pytest.mark.parametrize("content", [b"\xd0\xff binary", b"", b"one two three", b"0x12 0x34"])
def test_a_file_that_is_none_is_refused_by_name_and_without_its_content(
    tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "other"
    file.write_bytes(content)
    for read in (account_in, owner_of):
        with pytest.raises(InputError, match="is not a wallet file") as refused:
            read(file)
        assert str(file) in refused.value.what
        assert "0x34" not in refused.value.user_message()


def test_a_missing_file_is_refused_with_the_way_to_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no wallet file") as refused:
        account_in(tmp_path / "none")
    assert "--new" in refused.value.remedy
