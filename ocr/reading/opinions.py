"""Two engines as one: the first reads the page, the second checks what matters and is not sure.

Rules
1. Asked about: critical tokens (numbers, doses, units, dates) below `ASK_CRITICAL` and what
   follows a number, which may be its unit misread; tokens that engines are known to confuse,
   however sure they are; all other words below `ASK_ANY`. Where the two differ on any critical
   token, the page is not to be trusted: every critical one is asked about.
2. Where both read the same, the word is as sure as two independent witnesses make it; one who
   all but guessed is no witness.
3. Where they differ and the second is sure, its reading stands; else the first's does. The other
   one is kept as the word's rival. Where both guess, without a character in common, and neither at
   anything critical, nothing stands: it is a signature or a smudge.
4. A word they differ on is never surer than `DISPUTED`, so that whoever shows a number or unit
   marks it; nor is a critical token that nobody would write, although both read it.
5. What looks like text but lies outside all words is read by the second engine alone; critical
   tokens found so are marked, and a sign of comparison is put before the number it belongs to.
6. A page of which the first makes nothing is not checked word by word: it may lie on its side.
   All its critical tokens are marked.
"""

import statistics
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from core.words import Box, Word
from ocr.reading.critical import core_of, is_confusable, is_critical, is_implausible
from ocr.reading.engines import Engine, TesseractEngine
from ocr.reading.pixels import Grey, load_pgm
from ocr.reading.rapid import RapidEngine, Strip, words_of
from ocr.reading.second_look import Ink, has_ink_beside, ink_on, merged, unseen_strips

ASK_CRITICAL = 0.93
ASK_ANY = 0.70
DISPUTED = 0.70
"""Below what a summary takes for sure."""
_GUESS = 0.30
"""Confidence below which the first engine's word says nothing."""
_SURE = 0.90
"""Confidence from which on the second engine overrules the first."""
_SIGNS = frozenset("<>≤≥±")
"""Passed over, they turn "more than 60" into 60."""
_BARS = frozenset("1lI|!")
"""What a piece of a rule is taken for."""
_LEGIBLE_PAGE = 0.70
"""Median confidence of a page's words; below it the page may have to be turned first."""


class StripReader(Protocol):
    """What reads single words that are cut out already."""

    @property
    def name(self) -> str: ...

    def version(self) -> str: ...

    def read(self, page: Grey, boxes: Sequence[Box]) -> tuple[Strip, ...]:
        """What stands in each of `boxes`. Raises PaperError, SetupError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedEngine:
    """Tesseract, checked by RapidOCR, unless told otherwise."""

    first: Engine = field(default_factory=TesseractEngine)
    second: StripReader = field(default_factory=RapidEngine)

    @property
    def name(self) -> str:
        return f"{self.first.name}+{self.second.name}"

    def version(self) -> str:
        return f"{self.first.version()} {self.second.version()}"

    def recognise(
        self, image: Path, *, dpi: int, seconds: float, cells: bool = False
    ) -> tuple[Word, ...]:
        """The first engine's words, checked. Raises PaperError, SetupError."""
        words = self.first.recognise(image, dpi=dpi, seconds=seconds, cells=cells)
        if not words or statistics.median(word.confidence for word in words) < _LEGIBLE_PAGE:
            return tuple(_on_one_word(word) for word in words)
        page = load_pgm(image)
        asked = _doubtful(words)
        checked = self._checked(page, words, asked)
        if any(word.rival and is_critical(word.text) for word in checked):
            seen = {words[index].box for index in asked}
            checked = self._checked(page, checked, _unseen(checked, seen))
        ink = ink_on(page)
        found = self._passed_over(page, ink, checked)
        return tuple(_lost_pieces(ink, merged(signed(checked, found), found)))

    def _passed_over(self, page: Grey, ink: Ink, words: tuple[Word, ...]) -> list[Word]:
        boxes = unseen_strips(ink, words)
        strips = self.second.read(page, boxes)
        found = (
            word
            for box, strip in zip(boxes, strips, strict=True)
            if strip.text not in _BARS
            for word in words_of(strip, box, self.second.name)
        )
        return [_on_one_word(word) for word in found]

    def _checked(self, page: Grey, words: tuple[Word, ...], which: set[int]) -> tuple[Word, ...]:
        asked = sorted(which)
        strips = self.second.read(page, [words[index].box for index in asked])
        settled = dict(zip(asked, strips, strict=True))
        return tuple(
            part
            for index, word in enumerate(words)
            for part in (
                settle(word, settled[index], self.second.name) if index in settled else (word,)
            )
        )

    def turn(self, image: Path, *, dpi: int, seconds: float) -> int:
        return self.first.turn(image, dpi=dpi, seconds=seconds)


def settle(word: Word, strip: Strip, engine: str) -> tuple[Word, ...]:
    """What stands after the second engine, `engine`, read `strip` in the word's place.

    Several words where the first engine ran them together: "4. 60" is not 4.60. None where both
    guess, and at different letters: a signature.
    """
    text = strip.text.replace(" ", "")
    critical = is_critical(word.text) or is_critical(text)
    sure = min(strip.confidence, DISPUTED)
    if critical and strip.confidence >= _SURE and _is_split(strip.text):
        parts = words_of(strip, word.box, engine)
        return tuple(replace(part, confidence=sure, rival=word.text) for part in parts)
    if core_of(text) == core_of(word.text):
        return (_agreed(word, text, strip),)
    if text and strip.confidence >= _SURE:
        return (replace(word, text=text, confidence=sure, engine=engine, rival=word.text),)
    unlike = text and not set(text.lower()) & set(word.text.lower())
    if unlike and not critical and word.confidence < _GUESS:
        return ()
    return (replace(word, confidence=min(word.confidence, DISPUTED), rival=text),)


def signed(words: Sequence[Word], found: Sequence[Word]) -> list[Word]:
    """`words`, with the signs in `found` before the numbers that they stand close to, marked."""
    signs = [word for word in found if word.text in _SIGNS]
    return [_signed(word, signs) for word in words]


def _signed(word: Word, signs: Sequence[Word]) -> Word:
    height = word.box.bottom - word.box.top
    for sign in signs:
        level = word.box.top < (sign.box.top + sign.box.bottom) / 2 < word.box.bottom
        if word.text[0].isdigit() and level and 0 <= word.box.left - sign.box.right < height:
            return replace(
                word,
                text=f"{sign.text}{word.text}",
                box=word.box.union(sign.box),
                confidence=min(word.confidence, sign.confidence, DISPUTED),
                rival=word.text,
            )
    return word


def _lost_pieces(ink: Ink, words: Sequence[Word]) -> list[Word]:
    """`words`, with numbers marked that may have lost a piece: ink that is in no word is beside."""
    return [
        replace(word, confidence=min(word.confidence, DISPUTED))
        if _has_digit(word.text) and has_ink_beside(ink, word, words)
        else word
        for word in words
    ]


def _has_digit(text: str) -> bool:
    return any(character.isdigit() for character in text)


def _is_split(text: str) -> bool:
    """Whether a blank stands between two parts that both mean something."""
    parts = text.split()
    return len(parts) > 1 and all(any(c.isalnum() for c in part) for part in parts)


def _on_one_word(word: Word) -> Word:
    """A word that only one engine saw: no number is certain on the word of one."""
    limit = DISPUTED if is_critical(word.text) else 1.0
    return replace(word, confidence=min(word.confidence, limit))


def _agreed(word: Word, text: str, strip: Strip) -> Word:
    """The same but for punctuation, which whoever is surer decides."""
    both = 1 - (1 - word.confidence) * (1 - strip.confidence)
    critical = is_critical(text) and word.confidence < _GUESS
    limit = DISPUTED if critical or is_implausible(text) else 1.0
    surer = text if strip.confidence > word.confidence else word.text
    return replace(word, text=surer, confidence=min(both, limit))


def _doubtful(words: Sequence[Word]) -> set[int]:
    """Which words the second engine is asked about, whatever the page is like."""
    previous = ("", *(word.text for word in words[:-1]))
    return {
        index
        for index, (word, before) in enumerate(zip(words, previous, strict=True))
        if any(character.isalnum() for character in word.text) and _is_doubtful(word, before)
    }


def _is_doubtful(word: Word, before: str) -> bool:
    if is_critical(word.text):
        return word.confidence < ASK_CRITICAL or is_confusable(word.text)
    return word.confidence < (ASK_CRITICAL if _has_digit(before) else ASK_ANY)


def _unseen(words: Sequence[Word], seen: Collection[Box]) -> set[int]:
    """The critical words that only the first engine has read."""
    return {
        index
        for index, word in enumerate(words)
        if is_critical(word.text) and word.box not in seen and not word.rival
    }
