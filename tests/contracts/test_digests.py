"""The digests that the contract's own modules compute equal Python's."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.hashing import Address
from core.typed_data import Domain
from tests.contracts.desk import compiled
from tests.vectors.make_typed_data import DOMAIN, MESSAGES

HARNESS = Path(__file__).parent / "harness" / "Digests.vy"


@pytest.fixture(scope="session")
def digests(relayer):
    return relayer.deploy(compiled(HARNESS))


@pytest.fixture
def domain(digests, chain):
    return Domain(chain_id=chain.chain_id, verifying_contract=Address(digests.address))


def test_domain_separator_equals_python_when_deployed(digests, domain):
    assert digests.domain_separator() == domain.separator()
    assert replace(domain, chain_id=DOMAIN.chain_id).separator() != domain.separator()


@pytest.mark.parametrize("message", MESSAGES, ids=lambda each: type(each).__name__)
def test_digest_equals_python_when_computed_on_chain(digests, domain, message):
    values = [getattr(message, name) for name, _ in message.members()]
    shown = getattr(digests, type(message).__name__)(*values)
    assert shown == message.digest(domain)
