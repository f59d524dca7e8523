"""People and ports for the tests of flows."""

import hashlib
from dataclasses import dataclass

import pytest

from core.flows.share import prepare_reading_key
from core.flows.submit import sign_and_submit
from core.hashing import Address
from ipfs.envelope import Identity
from ledger.wallet import KeySigner
from tests.fakes.ledger import FakeLedger
from tests.fakes.vault import MemoryVault


@dataclass(frozen=True)
class Person:
    signer: KeySigner
    identity: Identity

    @property
    def account(self) -> Address:
        return self.signer.account

    @property
    def key(self) -> bytes:
        return self.identity.recipient().public_key


def person(role: str) -> Person:
    seed = hashlib.sha256(role.encode()).digest()
    return Person(signer=KeySigner.from_key(seed), identity=Identity(seed))


def enrol(ledger: FakeLedger, somebody: Person) -> Person:
    message = prepare_reading_key(ledger, account=somebody.account, key=somebody.key)
    sign_and_submit(ledger, somebody.signer, message, somebody.key)
    return somebody


@pytest.fixture
def ledger() -> FakeLedger:
    return FakeLedger()


@pytest.fixture
def vault() -> MemoryVault:
    return MemoryVault()


@pytest.fixture
def patient(ledger: FakeLedger) -> Person:
    return enrol(ledger, person("patient"))


@pytest.fixture
def doctor(ledger: FakeLedger) -> Person:
    return enrol(ledger, person("doctor"))


@pytest.fixture
def stranger() -> Person:
    """Has a wallet and no reading key."""
    return person("stranger")
