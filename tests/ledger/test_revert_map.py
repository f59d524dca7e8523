"""Every refusal of the contract has words for a person."""

import re
from pathlib import Path

from ledger.revert_map import REASONS, refusal, stale

_REASON = re.compile(r'"(Consent: [^"]+)"')


def test_reasons_are_exactly_the_strings_in_the_sources(project: Path) -> None:
    sources = [path.read_text() for path in (project / "contracts").rglob("*.vy")]
    assert set(REASONS) == {found for text in sources for found in _REASON.findall(text)}


def test_every_assertion_in_the_sources_gives_a_reason(project: Path) -> None:
    """An assertion without a string would leave a person without words."""
    for path in (project / "contracts").rglob("*.vy"):
        for statement in re.findall(r"^ *assert .*$", path.read_text(), re.MULTILINE):
            assert _REASON.search(statement), f"{path.name}: {statement.strip()}"


def test_refusal_says_what_happened_and_what_to_do() -> None:
    for reason, (what, remedy) in REASONS.items():
        error = refusal(reason)
        assert (error.reason, error.what, error.remedy) == (reason, what, remedy)
        assert "Consent:" not in error.user_message()


def test_refusal_keeps_an_unknown_reason_out_of_the_message() -> None:
    error = refusal("panic")
    assert error.reason == "panic"
    assert "without saying why" in error.user_message()


def test_stale_carries_the_contracts_reason() -> None:
    assert stale().reason in REASONS
