"""Engines that recognise words in a page image, behind one Protocol.

An engine reads an image FILE (8-bit grey PGM) of known resolution and answers with words in the
pixels of that image. It must pickle: it is sent to the reading processes.
"""

import csv
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from core.errors import PaperError, PaperLimitError, SetupError
from core.words import Box, Word

_REMEDY = "Install it with `apt-get install tesseract-ocr tesseract-ocr-eng`."


class Engine(Protocol):
    """What recognises words."""

    @property
    def name(self) -> str:
        """Goes into every word, such as "tesseract"."""
        ...

    def version(self) -> str:
        """What a cache may key on: program, language and options. Raises SetupError if missing."""
        ...

    def recognise(
        self, image: Path, *, dpi: int, seconds: float, cells: bool = False
    ) -> tuple[Word, ...]:
        """The words of the image, in no promised order. Raises PaperError, SetupError.

        `cells`: they stand in the cells of a ruled table, here and there, and in no columns.
        """
        ...

    def turn(self, image: Path, *, dpi: int, seconds: float) -> int:
        """Degrees, clockwise, to turn the image so that it stands upright; 0 when in doubt."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NullEngine:
    """Sees nothing. For pages that only have to be shown, and for tests."""

    name: str = "null"

    def version(self) -> str:
        return "1"

    def recognise(
        self,
        image: Path,  # noqa: ARG002
        *,
        dpi: int,  # noqa: ARG002
        seconds: float,  # noqa: ARG002
        cells: bool = False,  # noqa: ARG002
    ) -> tuple[Word, ...]:
        return ()

    def turn(self, image: Path, *, dpi: int, seconds: float) -> int:  # noqa: ARG002
        return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TesseractEngine:
    """Tesseract's LSTM, through pytesseract.

    The options are measured ones: the true resolution, Sauvola's threshold (method 2) for uneven
    light, one thread a page (four fight over the same cores), and `image_to_data` on a path.
    """

    name: str = "tesseract"
    language: str = "eng"
    command: str = "tesseract"
    threshold: int = 2
    segmentation: int = 4
    """One column of text of varying size: rows of tables stay whole."""
    cell_segmentation: int = 11
    """Text here and there, for the cells of ruled tables."""

    def version(self) -> str:
        """Program version, language and options. Raises SetupError with the remedy."""
        program = shutil.which(self.command)
        if program is None:
            raise SetupError("The text recogniser tesseract is not installed.", remedy=_REMEDY)
        first = _output(program, "--version").partition("\n")[0].strip()
        if self.language not in _output(program, "--list-langs").split():
            raise SetupError(
                f"Tesseract has no data for the language {self.language!r}.",
                remedy=f"Install it with `apt-get install tesseract-ocr-{self.language}`.",
            )
        modes = f"{self.segmentation}/{self.cell_segmentation}"
        return f"{first} {self.language} {modes} {self.threshold}"

    def recognise(
        self, image: Path, *, dpi: int, seconds: float, cells: bool = False
    ) -> tuple[Word, ...]:
        """All words tesseract sees. Raises PaperError, PaperLimitError, SetupError."""
        mode = self.cell_segmentation if cells else self.segmentation
        config = f"--psm {mode} --dpi {dpi} -c thresholding_method={self.threshold}"
        table = self._run("image_to_data", image, self.language, config, seconds)
        return tuple(_words(table, self.name))

    def turn(self, image: Path, *, dpi: int, seconds: float) -> int:
        """Tesseract's orientation and script detection; needs its `osd` data, else answers 0."""
        try:
            answer = self._run("image_to_osd", image, "osd", f"--psm 0 --dpi {dpi}", seconds)
        except PaperError:
            return 0  # too few characters to tell, or no osd data
        found = re.search(r"^Rotate: (\d+)", answer, re.MULTILINE)
        sure = re.search(r"^Orientation confidence: ([\d.]+)", answer, re.MULTILINE)
        return int(found[1]) % 360 if found and sure and float(sure[1]) >= 2.0 else 0

    def _run(self, function: str, image: Path, language: str, config: str, seconds: float) -> str:
        import pytesseract
        from pytesseract import pytesseract as module

        module.tesseract_cmd = self.command
        call = getattr(pytesseract, function)
        try:
            return str(call(str(image), lang=language, config=config, timeout=seconds))
        except pytesseract.TesseractNotFoundError as error:
            raise SetupError("The text recogniser is not installed.", remedy=_REMEDY) from error
        except (pytesseract.TesseractError, OSError) as error:  # OSError: it left no answer
            raise PaperError("The text recogniser failed on it.") from error
        except SystemExit as error:  # pytesseract's answer to a version it cannot parse
            raise SetupError("The text recogniser does not work.", remedy=_REMEDY) from error
        except RuntimeError as error:  # pytesseract's way to say that the time ran out
            raise PaperLimitError("Recognising it took longer than allowed.") from error


def child_environment(scratch: Path) -> dict[str, str]:
    """The environment of a reading process: what programs need to be found, and no more.

    Temporary files, which hold text of the page, go to the private folder `scratch`, as does
    whatever a library would keep in a home folder.
    """
    kept = {
        name: os.environ[name]
        for name in ("PATH", "LANG", "LC_ALL", "TESSDATA_PREFIX", "LD_LIBRARY_PATH")
        if name in os.environ
    }
    places = {"TMPDIR": str(scratch), "HOME": str(scratch)}
    return kept | places | {"OMP_THREAD_LIMIT": "1", "OPENBLAS_NUM_THREADS": "1"}


def _output(program: str, option: str) -> str:
    try:
        answer = subprocess.run(
            [program, option], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise SetupError("The text recogniser does not start.", remedy=_REMEDY) from error
    return answer.stdout or answer.stderr


def _words(table: str, engine: str) -> Iterator[Word]:
    """Rows of tesseract's TSV that are words (level 5) with text."""
    for row in csv.DictReader(table.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        text = (row.get("text") or "").strip()
        if row.get("level") != "5" or not text:
            continue
        left, top, width, height = (int(row[side]) for side in ("left", "top", "width", "height"))
        yield Word(
            text=text,
            box=Box(left=left, top=top, right=left + width, bottom=top + height),
            confidence=min(max(float(row["conf"]) / 100, 0.0), 1.0),
            engine=engine,
        )
