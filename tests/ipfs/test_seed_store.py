"""Wrapped seeds in a folder: durable, private, first come stays."""

from pathlib import Path

import pytest

from core.errors import InputError, StoreError, VerificationError
from core.hashing import keccak256
from ipfs.reading_key import RecoveryCode
from ipfs.seed_store import WrappedSeeds
from ipfs.wrapped_seed import wrap_seed
from tests.ipfs.conftest import Person

CODE = RecoveryCode(bytes(range(16)))


@pytest.fixture
def seeds(tmp_path: Path) -> WrappedSeeds:
    return WrappedSeeds(tmp_path / "vault" / "seeds")


@pytest.fixture
def wrapped(patient: Person) -> bytes:
    return wrap_seed(patient.identity, CODE, patient.account)


def key_hash(person: Person) -> bytes:
    return keccak256(person.reading_key)


def test_find_returns_what_another_process_would_find(
    tmp_path: Path, seeds: WrappedSeeds, patient: Person, wrapped: bytes
) -> None:
    assert seeds.find(patient.account, key_hash(patient)) is None
    assert seeds.keep(patient.account, key_hash(patient), wrapped)
    again = WrappedSeeds(tmp_path / "vault" / "seeds")
    assert again.find(patient.account, key_hash(patient)) == wrapped


def test_find_gives_nothing_for_another_account_or_key(
    seeds: WrappedSeeds, patient: Person, stranger: Person, wrapped: bytes
) -> None:
    seeds.keep(patient.account, key_hash(patient), wrapped)
    assert seeds.find(stranger.account, key_hash(patient)) is None
    assert seeds.find(patient.account, key_hash(stranger)) is None


def test_keep_leaves_nothing_but_the_seed_for_its_owner_alone(
    tmp_path: Path, seeds: WrappedSeeds, patient: Person, wrapped: bytes
) -> None:
    seeds.keep(patient.account, key_hash(patient), wrapped)
    folder = tmp_path / "vault" / "seeds"
    [file] = folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert patient.identity.seed not in file.read_bytes()


def test_keep_says_so_when_the_same_seed_is_kept(
    seeds: WrappedSeeds, patient: Person, wrapped: bytes
) -> None:
    assert seeds.keep(patient.account, key_hash(patient), wrapped)
    assert not seeds.keep(patient.account, key_hash(patient), wrapped)


def test_keep_refuses_when_another_seed_is_kept_for_the_key(
    tmp_path: Path, seeds: WrappedSeeds, patient: Person, wrapped: bytes
) -> None:
    seeds.keep(patient.account, key_hash(patient), wrapped)
    other = wrap_seed(patient.identity, CODE, patient.account)
    with pytest.raises(InputError, match="Another wrapped seed"):
        seeds.keep(patient.account, key_hash(patient), other)
    assert seeds.find(patient.account, key_hash(patient)) == wrapped
    assert len(list((tmp_path / "vault" / "seeds").iterdir())) == 1


@pytest.mark.parametrize("rubbish", [b"", b"x" * 66, b"ANSD\1\1" + bytes(61)])
def test_keep_refuses_when_it_is_no_wrapped_seed(
    tmp_path: Path, seeds: WrappedSeeds, patient: Person, rubbish: bytes
) -> None:
    with pytest.raises(VerificationError):
        seeds.keep(patient.account, key_hash(patient), rubbish)
    assert not (tmp_path / "vault" / "seeds").exists()


def test_drop_forgets_the_seed_and_may_be_repeated(
    seeds: WrappedSeeds, patient: Person, wrapped: bytes
) -> None:
    seeds.keep(patient.account, key_hash(patient), wrapped)
    for _ in range(2):
        seeds.drop(patient.account, key_hash(patient))
    assert seeds.find(patient.account, key_hash(patient)) is None


def test_keep_names_the_folder_when_it_cannot_be_written(
    tmp_path: Path, patient: Person, wrapped: bytes
) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError, match="file"):
        WrappedSeeds(tmp_path / "file").keep(patient.account, key_hash(patient), wrapped)
