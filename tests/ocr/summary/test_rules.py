"""Every figure behind an alert has a source that was read; a row without one does not load."""

import copy
from collections.abc import Iterator

import pytest
from pydantic import TypeAdapter

from core.errors import SetupError
from ocr.summary.lab_units import unit_of
from ocr.summary.rules import (
    Classes,
    Dosing,
    LabDangers,
    Rule,
    Source,
    classes,
    dosing,
    lab_dangers,
    parsed,
    sources,
)
from ocr.summary.vocabulary import data, drug_dictionary

SHAPES = {"dosing": Dosing, "drug_classes": Classes, "lab_dangers": LabDangers}


def rules() -> Iterator[Rule]:
    dangers = lab_dangers()
    yield from (*dosing().maximum, *dosing().weekly, *dosing().kidney)
    yield from (*classes().classes, *classes().cross, *dangers.limit)
    yield from (dangers.acute_kidney_injury, dangers.kidney_decline, dangers.hemoglobin_fall)


def test_every_rule_names_a_source_that_says_where_and_when_it_was_read():
    for rule in rules():
        assert rule.cited
        for name in rule.sources:
            source = sources()[name]
            assert source.url or source.at, name
            assert source.seen != "copy" or source.at, name


def test_every_source_is_used():
    used = {name for rule in rules() for name in rule.sources}
    used |= {name for row in classes().classes for name in row.twice}
    assert used | {"thesaurus"} == set(sources())


@pytest.mark.parametrize(
    ("file", "table", "change", "told"),
    [
        ("dosing", "maximum", {"sources": []}, "maximum.0.sources"),
        ("dosing", "maximum", {"sources": ["hearsay"]}, "no source 'hearsay'"),
        ("dosing", "maximum", {"mg": 0}, "maximum.0.mg"),
        ("dosing", "kidney", {"below": -1}, "kidney.0.below"),
        ("dosing", "kidney", {"urgency": 7}, "kidney.0.urgency"),
        ("drug_classes", "class", {"members": []}, "class.0.members"),
        ("drug_classes", "cross", {"reason": ""}, "cross.0.reason"),
        ("lab_dangers", "limit", {"limit": 3}, "limit.0.limit"),
    ],
)
def test_parsed_names_file_and_row_when_a_row_is_wrong(file, table, change, told):
    rows = copy.deepcopy(data(file))
    rows[table][0] |= change
    with pytest.raises(SetupError) as caught:
        parsed(file, TypeAdapter(SHAPES[file]), rows)
    assert f"{file}.toml" in str(caught.value)
    assert told in str(caught.value)


@pytest.mark.parametrize("field", ["title", "organisation", "edition", "section", "seen", "read"])
def test_parsed_refuses_a_source_that_lacks_a_field(field):
    rows = copy.deepcopy(data("sources"))
    del rows["amlodipine"][field]
    with pytest.raises(SetupError, match=rf"sources\.toml, amlodipine\.{field}"):
        parsed("sources", TypeAdapter(dict[str, Source]), rows)


def test_rules_speak_of_known_ingredients_and_classes():
    known = set(data("drugs")["ingredients"]) | set(drug_dictionary().values())
    parts = {part.strip() for name in known for part in name.lower().split("/")}
    named = {row.ingredient for row in (*dosing().maximum, *dosing().weekly)}
    named |= {name for row in dosing().kidney for name in row.ingredients}
    assert named <= parts
    names = {row.name for row in classes().classes}
    assert {name for row in classes().cross for name in (row.allergy, row.class_)} <= names


def test_maxima_are_named_once_and_kidney_limits_rise():
    ingredients = [row.ingredient for row in dosing().maximum]
    assert len(set(ingredients)) == len(ingredients)
    for name in {name for row in dosing().kidney for name in row.ingredients}:
        limits = [row.below for row in dosing().kidney if name in row.ingredients]
        assert limits == sorted(limits), name


def test_critical_limits_speak_of_tests_and_units_that_are_read():
    tests = {test["name"]: test["units"] for test in data("labs")["test"]}
    for row in lab_dangers().limit:
        assert row.low < row.high
        shown = {unit.shown for name, *_ in tests[row.test] if (unit := unit_of(name))}
        assert set(row.units) <= shown, row.test
