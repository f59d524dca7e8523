"""What is made once is made again only when making it failed."""

from pathlib import Path

import pytest

from core.errors import ChainUnavailableError, SetupError
from dapp import wiring


def test_once_makes_a_value_once() -> None:
    made: list[int] = []
    once = wiring._Once(lambda: made.append(1) or len(made))
    assert [once(), once()] == [1, 1]


def test_once_tries_again_when_making_failed() -> None:
    down = [True]

    def connect() -> str:
        if down[0]:
            raise ChainUnavailableError("No answer.")
        return "ledger"

    once = wiring._Once(connect)
    with pytest.raises(ChainUnavailableError):
        once()
    down[0] = False
    assert once() == "ledger"


def test_services_say_what_to_do_when_nothing_was_configured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(wiring, "_configured", [])
    wiring.services.forget()
    wiring.ledger.forget()
    with pytest.raises(SetupError, match="no settings"):
        wiring.services()
