"""Every refusal of the contract has words for a person."""

from ledger.revert_map import REASONS, refusal, stale


def test_refusal_says_what_happened_and_what_to_do() -> None:
    for reason, (what, remedy) in REASONS.items():
        error = refusal(reason)
        assert (error.reason, error.what, error.remedy) == (reason, what, remedy)
        assert reason not in error.user_message()


def test_refusal_keeps_an_unknown_reason_out_of_the_message() -> None:
    error = refusal("panic")
    assert error.reason == "panic"
    assert "without saying why" in error.user_message()


def test_stale_carries_the_contracts_reason() -> None:
    assert stale().reason in REASONS
