"""Purposes in bits, codes and words."""

import pytest

from core.errors import InputError
from core.purposes import WORDS, Purpose, describe, parse


def test_parse_reads_codes_in_any_case_and_order() -> None:
    assert parse("hresch, TREAT") == Purpose.TREAT | Purpose.HRESCH


@pytest.mark.parametrize("names", ["", " , "])
def test_parse_refuses_no_purpose(names: str) -> None:
    with pytest.raises(InputError, match="No purpose"):
        parse(names)


def test_parse_names_an_unknown_code() -> None:
    with pytest.raises(InputError, match="'CURIOSITY'"):
        parse("TREAT,CURIOSITY")


def test_describe_has_words_for_every_purpose() -> None:
    assert set(WORDS) == set(Purpose)
    assert describe(Purpose.TREAT | Purpose.WRITE) == "treatment, adding to the record"


def test_describe_shows_unknown_bits_instead_of_hiding_them() -> None:
    assert describe(Purpose.TREAT | 1 << 20) == "treatment, unknown purpose bits 0x100000"
    assert describe(0) == "no purpose"


def test_every_purpose_fits_the_contract() -> None:
    assert all(0 < purpose < 1 << 32 for purpose in Purpose)
