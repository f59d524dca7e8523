"""Which tokens matter, and which of them engines are known to confuse."""

import pytest

from ocr.reading.critical import core_of, is_confusable, is_critical, is_implausible


@pytest.mark.parametrize(
    "token",
    [
        "4.7",
        "(135-145)",
        "40",
        "mg",
        "mcg",
        "meg",
        "mg/dL",
        "mog/dt",
        "q6h",
        "BID",
        "%",
        "March,",
        "@",
    ],
)
def test_is_critical_holds_when_a_wrong_character_can_harm(token: str) -> None:
    assert is_critical(token)


@pytest.mark.parametrize("token", ["patient", "Reyes", "and", "-", "Marching", "unitary"])
def test_is_critical_does_not_hold_when_the_token_is_prose(token: str) -> None:
    assert not is_critical(token)


@pytest.mark.parametrize("token", ["44,7", "meg", "mcg,", "HbAlc"])
def test_is_confusable_holds_when_engines_are_sure_of_the_wrong_one(token: str) -> None:
    assert is_confusable(token)


@pytest.mark.parametrize("token", ["44.7", "mmol/L", "2024-03-11"])
def test_is_confusable_does_not_hold_when_doubt_shows_by_itself(token: str) -> None:
    assert not is_confusable(token)


def test_core_of_keeps_the_token_when_it_is_all_punctuation() -> None:
    assert core_of("(4.7).") == "4.7"
    assert core_of("...") == "..."


@pytest.mark.parametrize(
    "token",
    ["qGh", "44,6", "44,6.", "HbAlc", "H%", "MG/HR/", ",4", "5.0.25", "31.31.2024", "mmol/I", "@"],
)
def test_is_implausible_holds_when_nobody_would_write_the_token(token: str) -> None:
    assert is_implausible(token)


@pytest.mark.parametrize(
    "token",
    [
        "q6h",
        "qid",
        "HbA1c",
        "4.7",
        "10,000",
        "1,234,567",
        "12.03.2024",
        "03.12.24",
        "7.6%",
        "mg/dL",
        "U/l",
        "ICU/IV",
    ],
)
def test_is_implausible_does_not_hold_when_people_write_it(token: str) -> None:
    assert not is_implausible(token)
