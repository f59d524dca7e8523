"""The second half of publishing, for a signature made elsewhere: what is committed, what is not."""

from dataclasses import replace

import pytest

from core.errors import (
    ConsentRefusedError,
    InputError,
    PublicationError,
    StoreError,
)
from core.flows.publish import Published, Publisher, prepare_seal
from core.flows.submit import MESSAGE_LIFETIME_SECONDS
from core.hashing import keccak256
from core.outbox import Stage, Subject, TransientOutbox
from core.typed_data import Signed
from tests.core.conftest import Person, last, sealed
from tests.fakes.ledger import FakeLedger

HISTORY = b'{"resourceType": "Bundle"}'
NEWER = b'{"resourceType": "Bundle", "id": "2"}'


def halves(publisher: Publisher, ledger: FakeLedger, patient: Person, payload: bytes) -> Published:
    sealing = publisher.store(patient.account, payload)
    message = prepare_seal(ledger, sealing)
    signature = patient.signer.sign(ledger.domain, message)
    return publisher.commit(sealing, Signed(message=message, signature=signature))


def test_commit_finishes_what_store_began(
    ledger: FakeLedger,
    publisher: Publisher,
    outbox: TransientOutbox,
    subject: Subject,
    patient: Person,
) -> None:
    assert halves(publisher, ledger, patient, HISTORY).version == 1
    assert halves(publisher, ledger, patient, NEWER).version == 2
    assert last(outbox, subject).stage is Stage.CONFIRMED


def test_commit_takes_the_sealing_that_was_signed_when_another_was_stored_since(
    ledger: FakeLedger, publisher: Publisher, patient: Person
) -> None:
    first = publisher.store(patient.account, HISTORY)
    publisher.store(patient.account, NEWER)
    message = prepare_seal(ledger, first)
    signed = Signed(message=message, signature=patient.signer.sign(ledger.domain, message))
    assert publisher.commit(first, signed).commitment == first.commitment
    assert publisher.commit(first, signed).commitment == first.commitment, "twice is once"
    assert sealed(ledger) == 1


def test_commit_refuses_a_message_for_another_sealing(
    ledger: FakeLedger, publisher: Publisher, patient: Person
) -> None:
    sealing = publisher.store(patient.account, HISTORY)
    message = replace(prepare_seal(ledger, sealing), commitment=keccak256(b"other"))
    signed = Signed(message=message, signature=patient.signer.sign(ledger.domain, message))
    with pytest.raises(InputError, match="another sealing"):
        publisher.commit(sealing, signed)


def test_commit_says_refused_when_a_stranger_signed(
    ledger: FakeLedger, publisher: Publisher, patient: Person, stranger: Person
) -> None:
    sealing = publisher.store(patient.account, HISTORY)
    message = prepare_seal(ledger, sealing)
    signed = Signed(message=message, signature=stranger.signer.sign(ledger.domain, message))
    with pytest.raises(ConsentRefusedError, match="not by the account"):
        publisher.commit(sealing, signed)
    assert halves(publisher, ledger, patient, HISTORY).version == 1


def test_commit_refuses_a_sealing_that_nobody_stored(
    ledger: FakeLedger,
    publisher: Publisher,
    outbox: TransientOutbox,
    subject: Subject,
    patient: Person,
) -> None:
    sealing = publisher.store(patient.account, HISTORY)
    invented = replace(sealing, commitment=keccak256(b"invented"))
    message = prepare_seal(ledger, invented)
    signed = Signed(message=message, signature=patient.signer.sign(ledger.domain, message))
    with pytest.raises(StoreError):
        publisher.commit(invented, signed)
    assert last(outbox, subject).commitment == sealing.commitment, "the true one stays"
    assert sealed(ledger) == 0


def test_commit_says_expired_when_the_signature_came_too_late(
    ledger: FakeLedger, publisher: Publisher, patient: Person
) -> None:
    sealing = publisher.store(patient.account, HISTORY)
    message = prepare_seal(ledger, sealing)
    signed = Signed(message=message, signature=patient.signer.sign(ledger.domain, message))
    ledger.advance(MESSAGE_LIFETIME_SECONDS + 1)
    with pytest.raises(PublicationError, match="expired") as raised:
        publisher.commit(sealing, signed)
    assert raised.value.stage == Stage.EXPIRED
    assert "Sign it again" in raised.value.remedy
    assert halves(publisher, ledger, patient, HISTORY).commitment == sealing.commitment
