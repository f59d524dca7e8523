"""How long a file may keep its decoders busy."""

import pytest

from ocr.reading import DecodeLimits
from ocr.reading.allowance import Allowance

LIMITS = DecodeLimits(wall_seconds=20.0, page_credit_seconds=0.5)


def test_next_seconds_is_half_of_what_is_left() -> None:
    allowance = Allowance(LIMITS)
    assert allowance.next_seconds() == 10.0
    allowance.spend(10.0, 0)
    assert allowance.next_seconds() == 5.0


def test_next_seconds_ends_when_a_file_yields_nothing() -> None:
    allowance = Allowance(LIMITS)
    spent = 0.0
    while seconds := allowance.next_seconds():
        allowance.spend(seconds, 0)
        spent += seconds
    assert 18.0 <= spent <= 20.0


@pytest.mark.parametrize("seconds_a_batch", [0.8, 3.9])
def test_next_seconds_never_ends_when_pages_come_of_it(seconds_a_batch: float) -> None:
    """Eight pages in 0.8 s were measured on a busy machine; at up to 4 s nothing is lost."""
    allowance = Allowance(LIMITS)
    for _ in range(25):
        assert allowance.next_seconds() >= seconds_a_batch
        allowance.spend(seconds_a_batch, 8)


def test_next_seconds_never_exceeds_the_rest_when_slow_pages_come_of_it() -> None:
    allowance = Allowance(LIMITS)
    for _ in range(200):
        seconds = allowance.next_seconds()
        allowance.spend(seconds, 1)
        if not seconds:
            break
    else:
        pytest.fail("pages that cost more than they bring went on for ever")


def test_seconds_a_page_shares_the_costs_among_the_pages() -> None:
    allowance = Allowance(LIMITS)
    assert allowance.seconds_a_page() == 0.0
    allowance.spend(6.0, 0)
    assert allowance.seconds_a_page() == 6.0
    allowance.spend(2.0, 8)
    assert allowance.seconds_a_page() == 1.0
