"""The rules and vocabularies agree with one another and with the code systems they name."""

import re
from collections import defaultdict
from collections.abc import Iterable

import pytest

from ocr.summary.drugs import find_drugs
from ocr.summary.lab_units import unit_of
from ocr.summary.problems import known_problem
from ocr.summary.sections import heading_kind
from ocr.summary.vocabulary import data, drug_dictionary, inverted, normal, phrases

LABS = data("labs")["test"]
PROBLEMS = data("problems")["problem"]
VACCINES = data("vaccines")["vaccine"]


def meanings(entries: Iterable[tuple[str, Iterable[str]]]) -> dict[str, set[str]]:
    """Each printed form with the names it stands for."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, forms in entries:
        for form in (name, *forms):
            found[normal(form)].add(name)
    return found


def ambiguous(entries: Iterable[tuple[str, Iterable[str]]]) -> list[str]:
    return [form for form, names in meanings(entries).items() if len(names) > 1]


def mod10(code: str) -> bool:
    """LOINC check digit, Users' Guide appendix C: mod 10 over the part before the dash."""
    body, check = code.split("-")
    digits = body[::-1]
    total = sum(map(int, str(int(digits[0::2]) * 2) + digits[1::2]))
    return (10 - total % 10) % 10 == int(check)


@pytest.mark.parametrize(
    "entries", [LABS, PROBLEMS, VACCINES], ids=["labs", "problems", "vaccines"]
)
def test_vocabulary_gives_each_printed_form_one_meaning(entries):
    assert ambiguous((entry["name"], entry["aliases"]) for entry in entries) == []


@pytest.mark.parametrize("table", ["rate", "timing", "route"])
def test_vocabulary_gives_each_direction_one_meaning(table):
    assert ambiguous(data("sig")[table].items()) == []


def test_vocabulary_gives_each_drug_name_one_ingredient():
    assert ambiguous(data("drugs")["ingredients"].items()) == []


def test_vocabulary_opens_one_kind_of_section_with_each_heading():
    assert ambiguous(data("sections")["headings"].items()) == []
    for kind, names in data("sections")["headings"].items():
        assert {heading_kind(name.capitalize()) for name in names} == {kind}


@pytest.mark.parametrize("test", LABS, ids=lambda test: test["name"])
def test_labs_have_known_units_sound_limits_and_codes_with_a_right_check_digit(test):
    for unit, code, low, high in test["units"]:
        assert not unit or unit_of(unit) is not None
        assert low < high
        assert not code or mod10(code)


def test_mod10_refuses_a_code_with_two_digits_swapped():
    assert mod10("4548-4")
    assert not mod10("5448-4")


def test_labs_share_no_code_between_tests():
    codes: dict[str, set[str]] = defaultdict(set)
    for test in LABS:
        for _, code, *_ in test["units"]:
            if code:
                codes[code].add(test["name"])
    assert [code for code, names in codes.items() if len(names) > 1] == []


def test_problems_have_codes_of_the_form_of_icd_10_cm():
    codes = [entry["icd10"] for entry in PROBLEMS if entry.get("icd10")]
    assert [c for c in codes if not re.fullmatch(r"[A-Z]\d[0-9AB](?:\.[0-9A-Z]{1,4})?", c)] == []


def test_problems_narrower_names_are_all_known():
    names = {entry["name"] for entry in PROBLEMS}
    for general, narrower in data("problems")["narrower"].items():
        assert {general, *narrower} <= names


def test_vaccines_have_codes_of_digits():
    assert all(entry["cvx"].isdigit() for entry in VACCINES if entry.get("cvx"))


def test_drugs_that_are_listed_are_found_under_each_name():
    unknown = set(data("drugs")["not_drugs"])
    for ingredient, printed in data("drugs")["ingredients"].items():
        for name in (ingredient, *printed):
            if re.search(r"\s\d", name):
                continue  # a name never reaches over a number, which may be its dose
            assert name not in unknown
            assert [drug.name for drug in find_drugs(name, 0, len(name))] == [ingredient], name


def test_drug_dictionary_holds_drugs_and_no_enzymes():
    names = drug_dictionary()
    assert "metformin" in names
    assert not {"trypsinogen", "hemoglobin subunit alpha"} & set(names)


def test_phrases_match_whole_words_only_and_prefer_the_longest():
    pattern = phrases(["type 2 diabetes", "diabetes", "gout"])
    assert pattern.findall("Type 2\ndiabetes, prediabetes, gouty, gout.") == [
        "Type 2\ndiabetes",
        "gout",
    ]


def test_inverted_takes_the_shown_form_for_printed_too():
    assert inverted({"once daily": ["OD"]}) == {"od": "once daily", "once daily": "once daily"}


def test_known_problem_is_none_for_words_around_a_name():
    assert known_problem("Gout") is not None
    assert known_problem("gout of the toe") is None
