"""Take back what reading has kept: the words and page images of some files, or of all."""

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What was deleted."""

    documents: frozenset[str] = frozenset()
    """SHA-256 of the files that something was kept of, in hex."""
    files: int = 0
    size: int = 0
    """Bytes."""


class _Named(BaseModel):
    sha256: str


class _Entry(BaseModel):
    """Of an entry of the cache only what tells whose it is, whatever version wrote it."""

    document: _Named


def forget(folder: Path, digests: Collection[str] | None) -> Forgotten:
    """Delete from a cache what was kept of the files with these SHA-256 digests; None: everything.

    What cannot be told (a damaged entry, one left half-written) goes in either case: no reading
    would use it. Raises OSError when something cannot be deleted.
    """
    documents: set[str] = set()
    files = size = 0
    for path in _entries(folder):
        digest = _digest(path)
        if digest and digests is not None and digest not in digests:
            continue
        with suppress(FileNotFoundError):  # a reading at work has just renamed it
            length = path.stat().st_size
            path.unlink()
            files, size = files + 1, size + length
            documents |= {digest} - {""}
    return Forgotten(documents=frozenset(documents), files=files, size=size)


def _entries(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(path for path in folder.iterdir() if path.suffix in (".json", ".part"))


def _digest(path: Path) -> str:
    """Whose words an entry holds; empty if that cannot be told."""
    try:
        return _Entry.model_validate_json(path.read_bytes()).document.sha256
    except (OSError, ValidationError):
        return ""
