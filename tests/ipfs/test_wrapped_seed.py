"""Wrapped seeds; `test_vectors.py` has every way in which one is refused."""

from core.hashing import keccak256
from ipfs.reading_key import RecoveryCode
from ipfs.wrapped_seed import WRAPPED_SEED_BYTES, unwrap_seed, wrap_seed
from tests.ipfs.conftest import Person

CODE = RecoveryCode(bytes(range(16)))


def test_unwrap_seed_returns_what_was_wrapped(patient: Person) -> None:
    wrapped = wrap_seed(patient.identity, CODE, patient.account)
    assert len(wrapped) == WRAPPED_SEED_BYTES == 66
    key_hash = keccak256(patient.reading_key)
    assert unwrap_seed(wrapped, CODE, patient.account, key_hash) == patient.identity


def test_wrap_seed_differs_each_time(patient: Person) -> None:
    first, second = (wrap_seed(patient.identity, CODE, patient.account) for _ in range(2))
    assert first[6:18] != second[6:18]
