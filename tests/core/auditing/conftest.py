"""A chronicle that is still empty."""

import pytest

from tests.core.auditing.chronicle import (
    Chronicle,
)


@pytest.fixture
def chronicle() -> Chronicle:
    return Chronicle()
