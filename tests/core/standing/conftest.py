"""Stories that several tests begin with."""

import pytest

from core.events import (
    RecoveryCompleted,
)
from core.limits import (
    CUSTODIANS,
    RECOVERY_SECONDS,
)
from tests.core.standing.chronicle import ALICE, BOB, CAROL, HOUR, NEW_WALLET, Chronicle


@pytest.fixture
def chronicle() -> Chronicle:
    return Chronicle()


@pytest.fixture
def moved(chronicle: Chronicle) -> Chronicle:
    """Two guardians have moved control."""
    chronicle.circle(ALICE, BOB, CAROL)
    chronicle.approve(ALICE, CAROL)
    chronicle.propose()
    chronicle.time += RECOVERY_SECONDS
    chronicle.add(RecoveryCompleted, controller=NEW_WALLET)
    return chronicle


@pytest.fixture
def opened(chronicle: Chronicle) -> Chronicle:
    """An emergency case is open."""
    chronicle.circle(ALICE, BOB)
    chronicle.circle(CAROL, circle=CUSTODIANS, threshold=1)
    chronicle.policy()
    chronicle.reading_key()
    chronicle.open()
    chronicle.time += 2 * HOUR
    return chronicle
