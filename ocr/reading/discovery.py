"""Paths to sources: which files there are, what they are, and which of them are the same.

Nothing here decodes: a file is opened, its first bytes decide what it is, its hash says whether
it has been seen. Links inside a folder are not followed, so a folder cannot point out of itself.
"""

import hashlib
import os
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import BufferedReader
from pathlib import Path

from core.errors import PaperError, PaperLimitError, UnreadablePaperError
from core.words import Refusal
from ocr.reading.kinds import (
    HEAD_BYTES,
    OTHER_PICTURES,
    PAPER_SUFFIXES,
    READABLE,
    READABLE_SHOWN,
    FileKind,
    sniff,
)
from ocr.reading.settings import DecodeLimits

_MAX_NAME = 150
"""Characters; page suffixes and extensions still fit the usual 255 bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file worth decoding."""

    path: Path
    name: str
    """Unique within the reading, printable."""
    sha256: str
    kind: FileKind
    named: bool
    """Given by the caller itself, not found in a folder; only then is a link followed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    sources: tuple[Source, ...]
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidate:
    path: Path
    named: bool


def discover(paths: Sequence[Path], limits: DecodeLimits) -> Discovery:
    """Walk `paths` in their order, folders sorted; later files with known content are dropped."""
    sources: list[Source] = []
    refusals: list[Refusal] = []
    seen: dict[str, Source] = {}
    names = UniqueNames()
    for found in _walk(paths):
        if isinstance(found, Refusal):
            refusals.append(found)
            continue
        source = _examine(found, limits)
        if isinstance(source, Refusal):
            refusals.append(source)
        elif source.sha256 in seen:
            refusals.append(_duplicate(source.name, seen[source.sha256].name))
        else:
            unique = replace(source, name=names.claim(source.name))
            seen[source.sha256] = unique
            sources.append(unique)
    return Discovery(sources=tuple(sources), refusals=tuple(refusals))


class UniqueNames:
    """Hands out each name once, whatever its case: `scan.png`, then `scan (2).png`."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def claim(self, name: str) -> str:
        stem, suffix = os.path.splitext(name)  # noqa: PTH122  # a name, not a path
        candidate, number = name, 1
        while candidate.casefold() in self._taken:
            number += 1
            candidate = f"{stem} ({number}){suffix}"
        self._taken.add(candidate.casefold())
        return candidate


def printable(name: str) -> str:
    """`name` without what a terminal, a JSON file or a reader's eye could trip over.

    Control and format characters (line breaks, right-to-left overrides), undecodable bytes and
    separators become `_`; an overlong name is cut before its suffix.
    """
    shown = "".join(
        "_" if c in "/\\" or unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else c
        for c in name
    )
    stem, suffix = os.path.splitext(shown)  # noqa: PTH122  # a name, not a path
    if len(shown.encode()) > _MAX_NAME:
        stem = stem.encode()[: _MAX_NAME - len(suffix[:12].encode())].decode(errors="ignore")
        suffix = suffix[:12]
    return (stem + suffix).strip() or "_"


def open_source(path: Path, *, follow: bool) -> BufferedReader:
    """Open a regular file; never blocks on a pipe. Raises OSError, UnreadablePaperError."""
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    descriptor = os.open(path, flags)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UnreadablePaperError("It is not a plain file.")
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def copy_source(source: Source, target: Path, limits: DecodeLimits) -> None:
    """Copy the file into a private folder, so that it cannot change between two batches.

    Raises PaperError when it is gone or no longer what it was when it was found.
    """
    digest = hashlib.sha256()
    try:
        with open_source(source.path, follow=source.named) as file, target.open("xb") as copy:
            os.fchmod(copy.fileno(), 0o600)
            room = limits.max_file_bytes
            while room >= 0 and (chunk := file.read(1 << 20)):
                digest.update(chunk)
                copy.write(chunk)
                room -= len(chunk)
    except OSError as error:
        raise PaperError(f"It cannot be opened: {_os_reason(error)}.") from error
    if digest.hexdigest() != source.sha256:
        raise PaperError("It changed while it was being read.", remedy="Give it again.")


def _walk(paths: Sequence[Path]) -> Iterator[_Candidate | Refusal]:
    for path in paths:
        try:
            mode = path.stat().st_mode
        except (OSError, ValueError) as error:
            why = _os_reason(error) if isinstance(error, OSError) else "not a file name"
            yield _refuse(printable(path.name), f"It cannot be opened: {why}.", fatal=True)
            continue
        if stat.S_ISDIR(mode):
            yield from _walk_folder(path)
        else:
            yield _Candidate(path=path, named=True)


def _walk_folder(folder: Path) -> Iterator[_Candidate | Refusal]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        reason = f"The folder cannot be opened: {_os_reason(error)}."
        yield Refusal(name=printable(folder.name), reason=reason, fatal=True)
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_symlink():
            reason = "A link, left out; give the file itself if it belongs here."
            yield Refusal(name=printable(entry.name), reason=reason, fatal=False)
        elif entry.is_dir(follow_symlinks=False):
            yield from _walk_folder(Path(entry.path))
        else:
            yield _Candidate(path=Path(entry.path), named=False)


def _examine(found: _Candidate, limits: DecodeLimits) -> Source | Refusal:
    name = printable(found.path.name)
    try:
        with open_source(found.path, follow=found.named) as file:
            kind = sniff(file.read(HEAD_BYTES))
            if kind not in READABLE:
                return _not_readable(name, kind, found)
            if os.fstat(file.fileno()).st_size > limits.max_file_bytes:
                megabytes = limits.max_file_bytes // (1024 * 1024)
                raise PaperLimitError(f"It is larger than {megabytes} MB.")
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return _refuse(name, f"It cannot be opened: {_os_reason(error)}.", fatal=True)
    except PaperError as error:
        fatal = isinstance(error, PaperLimitError) or found.named
        return _refuse(name, error.user_message(), fatal=fatal)
    return Source(path=found.path, name=name, sha256=digest, kind=kind, named=found.named)


def _not_readable(name: str, kind: FileKind, found: _Candidate) -> Refusal:
    if kind in OTHER_PICTURES:
        reason = f"A {kind} picture; save it as JPEG, PNG, TIFF or PDF and give that."
        return _refuse(name, reason, fatal=True)
    if found.path.suffix.lower() in PAPER_SUFFIXES:
        what = "is empty" if kind is FileKind.EMPTY else "is not what its name says"
        return _refuse(name, UnreadablePaperError(f"It {what}.").user_message(), fatal=True)
    if found.named:
        reason = f"Not paper: it is no {READABLE_SHOWN} file."
        return _refuse(name, reason, fatal=True)
    return _refuse(name, "Left out, not paper.", fatal=False)


def _duplicate(name: str, first: str) -> Refusal:
    return _refuse(name, f"The same content as {first}, which was read once.", fatal=False)


def _refuse(name: str, reason: str, *, fatal: bool) -> Refusal:
    return Refusal(name=name, reason=reason, fatal=fatal)


def _os_reason(error: OSError) -> str:
    return (error.strerror or "unknown reason").lower()
