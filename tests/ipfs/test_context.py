"""Context bytes."""

from dataclasses import replace

import pytest

from core.eip712 import Domain
from core.hashing import Address
from ipfs.context import CONTEXT_BYTES, account_bytes, context_bytes
from tests.ipfs.conftest import ContextFactory, Person


def test_context_bytes_has_one_length_and_differs_when_any_field_differs(
    make_context: ContextFactory, stranger: Person
) -> None:
    base = make_context()
    others = [
        replace(base, version=2),
        replace(base, record=bytes(32)),
        replace(base, patient=stranger.account),
        replace(base, domain=replace(base.domain, chain_id=1)),
        replace(base, domain=Domain(chain_id=31337, verifying_contract=stranger.account)),
    ]
    written = [context_bytes(context) for context in (base, *others)]
    assert {len(context) for context in written} == {CONTEXT_BYTES} == {132}
    assert len(set(written)) == len(written)


@pytest.mark.parametrize("wrong", [{"version": 0}, {"record": b"short"}])
def test_context_bytes_refuses_when_a_field_has_no_fixed_form(
    make_context: ContextFactory, wrong: dict[str, object]
) -> None:
    with pytest.raises(ValueError, match=r"version|record"):
        context_bytes(make_context(**wrong))


def test_account_bytes_refuses_when_an_account_has_another_length() -> None:
    with pytest.raises(ValueError, match="an account has 20 bytes, not 2"):
        account_bytes(Address("0x1234"))
