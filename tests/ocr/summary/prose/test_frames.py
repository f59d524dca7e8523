"""The notation of the frames, and the file that holds them."""

import re

import pytest

from core.errors import SetupError
from core.facts import Kind, Polarity
from ocr.summary.prose.frames import literals, parse, pattern
from ocr.summary.prose.statements import all_frames, speakable
from ocr.summary.prose.tokens import function_words


def matches(notation: str, text: str, **slots: str) -> bool:
    written = pattern(parse(notation, {"the": "[the ]"}), slots.get, text.lower())
    return written is not None and re.fullmatch(written, text) is not None


def test_pattern_takes_choices_options_and_brackets() -> None:
    notation = "$the(cat|dog) {<name>}[ sits]"
    assert matches(notation, "The cat (Tom) sits", name="Tom")
    assert matches(notation, "dog (Tom)", name="Tom")
    assert not matches(notation, "cat Tom", name="Tom")


def test_pattern_leaves_out_what_has_no_slot() -> None:
    assert matches("a[ <gone>]", "a")
    assert not matches("a <gone>", "a x")
    assert matches("(<gone>|b)", "b")


def test_pattern_does_not_read_text_as_an_expression() -> None:
    assert not matches("a.b", "axb")


@pytest.mark.parametrize("notation", ["(a", "a)", "[a)", "$missing"])
def test_parse_refuses_what_does_not_hold_together(notation: str) -> None:
    with pytest.raises(SetupError):
        parse(notation)


def test_words_of_the_frames_are_the_closed_list() -> None:
    used = {word for frame in all_frames() for word in literals(frame)}
    joints = {"or", "versus", "but", "while"}
    assert used | joints == function_words()


def test_every_denial_that_the_page_shows_has_frames() -> None:
    kinds = (Kind.ALLERGY, Kind.PROBLEM, Kind.PROCEDURE, Kind.IMMUNIZATION, Kind.DEVICE)
    assert all(speakable(f"{kind}-denied") for kind in kinds)
    assert not speakable(f"lab-{Polarity.NEGATED}")
