"""Keys in files: made once, for their owner alone, and never shown."""

import stat
import threading
from pathlib import Path

import pytest

from core.eip712 import Domain
from core.errors import InputError, SetupError
from core.hashing import ZERO_HASH
from core.typed_data import RevokeAllAccess
from ledger import key_file
from ledger.signatures import recover
from ledger.wallet import KeySigner


def test_load_or_create_makes_one_key_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "relayer.key"
    account = key_file.load_or_create(path)
    assert key_file.load_or_create(path).address == account.address
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["relayer.key"]


def test_load_or_create_agrees_when_threads_compete(tmp_path: Path) -> None:
    path = tmp_path / "relayer.key"
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(key_file.load_or_create(path).address))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_load_refuses_when_others_may_read_the_key(tmp_path: Path) -> None:
    path = tmp_path / "relayer.key"
    key_file.load_or_create(path)
    path.chmod(0o640)
    with pytest.raises(SetupError, match="open to other users") as refused:
        key_file.load(path)
    assert "chmod 600" in refused.value.remedy


@pytest.mark.parametrize("text", ["", "0x12", "ab" * 33, "zz" * 32, "00" * 32])
def test_load_refuses_without_showing_it_when_it_is_no_key(tmp_path: Path, text: str) -> None:
    path = tmp_path / "relayer.key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(SetupError, match="does not hold a private key") as refused:
        key_file.load(path)
    assert refused.value.__cause__ is None
    assert not text or text not in refused.value.user_message()


def test_load_refuses_when_there_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="cannot be read"):
        key_file.load(tmp_path / "none")


def test_sign_is_recovered_as_the_signers(tmp_path: Path) -> None:
    key_file.load_or_create(tmp_path / "patient.key")
    signer = KeySigner.from_file(tmp_path / "patient.key")
    domain = Domain(chain_id=1, verifying_contract=signer.account)
    message = RevokeAllAccess(patient=signer.account, cutoff=0, deadline=1)
    signature = signer.sign(domain, message)
    assert recover(message.digest(domain), signature) == signer.account
    assert signature == signer.sign(domain, message)
    assert recover(ZERO_HASH, signature) != signer.account


def test_signer_never_shows_its_key() -> None:
    key = "0x" + "37" * 32
    signer = KeySigner.from_key(key)
    assert key[2:] not in repr(signer) + str(signer)


def test_from_key_refuses_without_showing_it_when_it_is_no_key() -> None:
    with pytest.raises(InputError) as refused:
        KeySigner.from_key("0x1234")
    assert "1234" not in refused.value.user_message()
