"""Stamps remember the inputs of a step that was done, so that it is not done again.

A stamp says "begun" from the start of its step until its success: a set-up that is interrupted
anywhere does the unfinished step again, and only that, and knows that it may find half a work.
"""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path


def digest(root: Path, paths: Iterable[Path], facts: Iterable[str] = ()) -> str:
    """SHA-256 over the names and bytes of `paths` (folders recursively) and over `facts`.

    A path that does not exist counts as absent, which differs from an empty file.
    """
    total = hashlib.sha256()
    for fact in facts:
        _feed(total, fact.encode())
    for path in paths:
        for file in sorted(_files(path)):
            _feed(total, str(file.relative_to(root)).encode())
            _feed(total, file.read_bytes() if file.is_file() else None)
    return total.hexdigest()


_BEGUN = "begun"


class Stamps:
    """A folder with one small file for each step that was done."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fresh(self, step: str, inputs: str) -> bool:
        """Whether `step` was last done with the same inputs."""
        return self._read(step) == inputs

    def unfinished(self, step: str) -> bool:
        """Whether `step` was begun and neither succeeded nor was begun anew."""
        return self._read(step) == _BEGUN

    def begin(self, step: str) -> None:
        self.write(step, _BEGUN)

    def write(self, step: str, inputs: str) -> None:
        """Whole or not at all: a stamp torn by a crash would say nothing."""
        self._folder.mkdir(parents=True, exist_ok=True)
        partial = self._folder / f".{step}.partial"
        partial.write_text(inputs)
        partial.replace(self._folder / step)

    def _read(self, step: str) -> str | None:
        try:
            return (self._folder / step).read_text()
        except FileNotFoundError:
            return None


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for child in path.rglob("*"):
        if child.is_file() and "__pycache__" not in child.parts:
            yield child


def _feed(total: "hashlib._Hash", part: bytes | None) -> None:
    length = -1 if part is None else len(part)
    total.update(length.to_bytes(8, "big", signed=True))
    total.update(part or b"")
