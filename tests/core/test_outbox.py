"""A publication's own rules."""

from dataclasses import replace

import pytest

from core.flows.publish import Publisher
from core.hashing import ZERO_HASH
from core.outbox import Publication, TransientOutbox
from tests.core.conftest import Person
from tests.fakes.ledger import FakeLedger

HISTORY = b'{"resourceType": "Bundle"}'


def test_publication_refuses_a_step_that_its_rules_do_not_know(
    ledger: FakeLedger, publisher: Publisher, outbox: TransientOutbox, patient: Person
) -> None:
    publisher.publish(patient.signer, HISTORY)
    (done,) = outbox.publications()
    for step in (done.sent, done.expired, done.overtaken, done.abandoned):
        with pytest.raises(ValueError, match="does not go"):
            step()
    assert done.way_out == ""
    assert "signature" not in repr(replace(done, signature=b"\x01" * 65))
    fresh = Publication(context=done.context, previous=ZERO_HASH)
    with pytest.raises(ValueError, match="does not go"):
        fresh.confirmed()
