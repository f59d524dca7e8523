"""People and ports for the tests of flows."""

import hashlib
from dataclasses import dataclass

import pytest

from core.flows.publish import Publisher
from core.flows.share import prepare_reading_key
from core.flows.submit import sign_and_submit
from core.hashing import Address
from core.outbox import Publication, Subject, TransientOutbox
from core.records import HISTORY_RECORD
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
def outbox() -> TransientOutbox:
    return TransientOutbox()


@pytest.fixture
def publisher(ledger: FakeLedger, vault: MemoryVault, outbox: TransientOutbox) -> Publisher:
    return Publisher(ledger=ledger, vault=vault, outbox=outbox)


@pytest.fixture
def subject(ledger: FakeLedger, patient: Person) -> Subject:
    return Subject(domain=ledger.domain, patient=patient.account, record=HISTORY_RECORD)


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


def last(outbox: TransientOutbox, subject: Subject) -> Publication:
    """The subject's publication."""
    found = outbox.find(subject)
    assert found is not None
    return found


def sealed(ledger: FakeLedger) -> int:
    """How many versions the chain holds."""
    return sum(type(event).__name__ == "RecordSealed" for event in ledger.events())
