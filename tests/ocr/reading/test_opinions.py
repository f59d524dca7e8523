"""Two engines as one: who is asked, whose reading stands, what stays marked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.words import Box, Word
from ocr.reading.opinions import DISPUTED, CheckedEngine, settle, signed
from ocr.reading.pixels import Grey, save_pgm
from ocr.reading.rapid import Strip
from ocr.summary.claims import SURE

Make = Callable[..., Word]


@dataclass
class Reader:
    """Reads what it is told to, by the left edge of the box, and notes what it was asked."""

    answers: dict[int, Strip] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)
    name: str = "reader"

    def version(self) -> str:
        return "1"

    def read(self, page: Grey, boxes: Sequence[Box]) -> tuple[Strip, ...]:
        self.asked += [box.left for box in boxes]
        return tuple(self.answers.get(box.left, Strip(text="", confidence=0.0)) for box in boxes)


@dataclass
class First:
    """Answers with the words it was given."""

    words: tuple[Word, ...]
    name: str = "first"

    def version(self) -> str:
        return "1"

    def recognise(
        self, image: Path, *, dpi: int, seconds: float, cells: bool = False
    ) -> tuple[Word, ...]:
        return self.words

    def turn(self, image: Path, *, dpi: int, seconds: float) -> int:
        return 90


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "page.pgm"
    save_pgm(np.full((200, 900), 255, np.uint8), path)
    return path


def _strip(text: str, confidence: float = 0.99) -> Strip:
    return Strip(text=text, confidence=confidence)


def test_settle_is_surer_than_either_when_both_read_the_same(make_word: Make) -> None:
    (word,) = settle(make_word("4.7", 0, 0, confidence=0.8), _strip("4.7", 0.9), "reader")
    assert word.text == "4.7"
    assert word.confidence == pytest.approx(0.98)
    assert word.rival == ""


def test_settle_takes_the_second_reading_and_marks_it_when_a_number_is_disputed(
    make_word: Make,
) -> None:
    (word,) = settle(make_word("44,7", 0, 0, confidence=0.95), _strip("44.7"), "reader")
    assert (word.text, word.rival, word.engine) == ("44.7", "44,7", "reader")
    assert word.confidence == DISPUTED < SURE


def test_settle_keeps_the_first_reading_and_marks_it_when_the_second_is_unsure(
    make_word: Make,
) -> None:
    (word,) = settle(make_word("40", 0, 0, confidence=0.95), _strip("4O", 0.5), "reader")
    assert (word.text, word.rival) == ("40", "4O")
    assert word.confidence == DISPUTED


def test_settle_marks_the_word_when_the_second_sees_nothing_there(make_word: Make) -> None:
    (word,) = settle(make_word("40", 0, 0, confidence=0.95), _strip("", 0.0), "reader")
    assert word.text == "40"
    assert word.confidence == DISPUTED


def test_settle_is_sure_of_no_word_that_is_disputed(make_word: Make) -> None:
    (word,) = settle(make_word("patlent", 0, 0, confidence=0.5), _strip("patient"), "reader")
    assert (word.text, word.rival) == ("patient", "patlent")
    assert word.confidence == DISPUTED


def test_checked_engine_marks_a_number_when_ink_beside_it_is_in_no_word(
    tmp_path: Path, make_word: Make
) -> None:
    number = make_word("3.7", 300, 100, confidence=0.97)
    name = make_word("Sodium", 100, 100, confidence=0.97)
    page = np.full((400, 900), 255, np.uint8)
    for box in (number.box, name.box):
        page[box.top + 2 : box.bottom - 2, box.left + 2 : box.right - 2] = 0
    lost = page.copy()
    lost[number.box.top + 2 : number.box.bottom - 2, number.box.left - 9 : number.box.left - 3] = 0
    sure = []
    for name_of, image in (("whole", page), ("lost", lost)):
        save_pgm(image, tmp_path / name_of)
        engine = CheckedEngine(first=First((name, number)), second=Reader())
        words = engine.recognise(tmp_path / name_of, dpi=150, seconds=5)
        sure.append(next(word.confidence for word in words if word.text == "3.7") > DISPUTED)
    assert sure == [True, False]


def test_settle_treats_punctuation_as_the_same_reading(make_word: Make) -> None:
    (word,) = settle(make_word("4,", 0, 0, confidence=0.6), _strip("4.", 0.9), "reader")
    assert (word.text, word.rival) == ("4.", "")
    assert word.confidence > SURE


def test_settle_parts_the_word_when_the_first_engine_ran_two_numbers_together(
    make_word: Make,
) -> None:
    first, second = settle(make_word("4.60", 100, 0, confidence=0.96), _strip("4. 60"), "reader")
    assert (first.text, second.text) == ("4.", "60")
    assert first.rival == second.rival == "4.60"
    assert first.box.right <= second.box.left
    assert max(first.confidence, second.confidence) < SURE


def test_settle_marks_a_rhythm_that_cannot_be_when_both_read_it(make_word: Make) -> None:
    (word,) = settle(make_word("qGh", 0, 0, confidence=0.9), _strip("qGh"), "reader")
    assert word.text == "qGh"
    assert word.confidence < SURE


def test_recognise_adds_and_marks_a_number_when_the_first_engine_passed_it_over(
    make_word: Make, tmp_path: Path, draw_page: Callable[..., Image.Image]
) -> None:
    page = np.asarray(draw_page(), np.uint8)
    path = tmp_path / "drawn.pgm"
    save_pgm(page, path)
    words = tuple(make_word("row", 50, 55 + 60 * row, width=800, height=50) for row in (0, 2))

    class Sees(Reader):
        def read(self, page: Grey, boxes: Sequence[Box]) -> tuple[Strip, ...]:
            return tuple(_strip("141") for _ in boxes)

    read = CheckedEngine(first=First(words), second=Sees()).recognise(path, dpi=300, seconds=9)
    added = [word for word in read if word.text == "141"]
    assert added
    assert all(105 < word.box.top < 180 and word.confidence < SURE for word in added)


def test_signed_puts_a_sign_before_the_number_beside_it_and_marks_it(make_word: Make) -> None:
    words = [make_word(text, left, 0) for text, left in (("60", 100), ("90", 300), ("mL", 200))]
    sign = make_word(">", 84, 4, height=12)
    (number, far, unit) = signed(words, [sign, make_word("x", 290, 0), make_word("<", 190, 0)])
    assert (number.text, number.rival, number.box.left) == (">60", "60", 84)
    assert number.confidence < SURE
    assert (far, unit) == (words[1], words[2])
    assert signed(words, [make_word(">", 84, 40)]) == words


def test_recognise_asks_only_about_doubtful_words_when_nothing_is_disputed(
    make_word: Make, image: Path
) -> None:
    words = (
        make_word("patient", 0, 0, confidence=0.9),
        make_word("smudge", 100, 0, confidence=0.5),
        make_word("4.7", 200, 0, confidence=0.96),
        make_word("meg", 300, 0, confidence=0.96),
        make_word("--", 400, 0, confidence=0.1),
    )
    reader = Reader(answers={100: _strip("smudge"), 300: _strip("meg")})
    CheckedEngine(first=First(words), second=reader).recognise(image, dpi=300, seconds=9)
    assert reader.asked == [100, 300]


def test_recognise_asks_about_every_number_when_one_is_disputed(
    make_word: Make, image: Path
) -> None:
    words = (
        make_word("5.6", 0, 0, confidence=0.96),
        make_word("44,7", 100, 0, confidence=0.96),
        make_word("patient", 200, 0, confidence=0.96),
    )
    reader = Reader(answers={0: _strip("56"), 100: _strip("44.7")})
    engine = CheckedEngine(first=First(words), second=reader)
    read = engine.recognise(image, dpi=300, seconds=9)
    assert reader.asked == [100, 0]
    assert [word.text for word in read] == ["56", "44.7", "patient"]
    assert [word.confidence < SURE for word in read] == [True, True, False]


def test_recognise_asks_about_numbers_behind_a_word_that_was_parted(
    make_word: Make, image: Path
) -> None:
    words = (
        make_word("4.60", 0, 0, confidence=0.9),
        make_word("patient", 200, 0, confidence=0.96),
        make_word("5.6", 400, 0, confidence=0.96),
    )
    reader = Reader(answers={0: _strip("4. 60"), 400: _strip("56")})
    engine = CheckedEngine(first=First(words), second=reader)
    read = engine.recognise(image, dpi=300, seconds=9)
    assert reader.asked == [0, 400]
    assert [word.text for word in read] == ["4.", "60", "patient", "56"]


def test_recognise_asks_about_a_word_when_it_follows_a_number_and_may_be_its_unit(
    make_word: Make, image: Path
) -> None:
    words = (
        make_word("39.9", 0, 0, confidence=0.96),
        make_word("Yo", 100, 0, confidence=0.9),
        make_word("Yo", 200, 0, confidence=0.9),
    )
    reader = Reader(answers={100: _strip("%"), 0: _strip("39.9")})
    read = CheckedEngine(first=First(words), second=reader).recognise(image, dpi=300, seconds=9)
    assert reader.asked[0] == 100
    assert 200 not in reader.asked
    assert [word.text for word in read] == ["39.9", "%", "Yo"]
    assert read[1].confidence < SURE


def test_settle_marks_a_number_that_both_read_when_the_first_only_guessed(
    make_word: Make,
) -> None:
    (number,) = settle(make_word("0734", 0, 0, confidence=0.1), _strip("0734"), "reader")
    (prose,) = settle(make_word("and", 0, 0, confidence=0.1), _strip("and"), "reader")
    assert number.confidence < SURE < prose.confidence


def test_recognise_asks_about_nothing_and_marks_every_number_when_the_page_is_illegible(
    make_word: Make, image: Path
) -> None:
    words = (
        *(make_word("l!", 100 * i, 0, confidence=0.2) for i in range(5)),
        make_word("4.7", 600, 0, confidence=0.95),
    )
    reader = Reader()
    engine = CheckedEngine(first=First(words), second=reader)
    read = engine.recognise(image, dpi=300, seconds=9)
    assert read[:5] == words[:5]
    assert read[5].text == "4.7"
    assert read[5].confidence < SURE
    assert reader.asked == []
    assert engine.turn(image, dpi=300, seconds=9) == 90


def test_version_names_both_engines() -> None:
    engine = CheckedEngine(first=First(()), second=Reader())
    assert engine.version() == "1 1"
    assert engine.name == "first+reader"


def test_settle_drops_a_scribble_when_both_guess_at_different_letters(make_word: Make) -> None:
    scribble = make_word("A_-~t", 0, 0, confidence=0.04)
    assert settle(scribble, _strip("Lce", 0.3), "reader") == ()
    assert settle(scribble, _strip("Late", 0.3), "reader") != ()
    assert settle(make_word("Bam", 0, 0, confidence=0.5), _strip("x", 0.3), "reader") != ()


def test_settle_keeps_what_the_second_sees_nothing_of(make_word: Make) -> None:
    (word,) = settle(make_word("metforrnin", 0, 0, confidence=0.2), _strip("", 0.0), "reader")
    assert (word.text, word.confidence) == ("metforrnin", 0.2)


def test_settle_keeps_and_marks_what_may_be_a_number_when_both_guess(make_word: Make) -> None:
    (number,) = settle(make_word("12", 0, 0, confidence=0.04), _strip("Lce", 0.3), "reader")
    (read,) = settle(make_word("Lce", 0, 0, confidence=0.04), _strip("12", 0.3), "reader")
    assert max(number.confidence, read.confidence) < SURE
