"""Readings kept by content, so that the same paper is never recognised twice.

An entry's name is a hash over the file's content, the version of this pipeline, the engine with
its version, and the settings that change the result. Entries hold patient text: the folder is
0700, files are 0600, and an entry appears whole or not at all.
"""

import hashlib
import os
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from core.words import Document
from ocr.reading.settings import ReadingSettings

PIPELINE_VERSION = 7
"""Raise it whenever the same file and engine would now give other words, boxes or images."""


class _Entry(BaseModel):
    model_config = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64", frozen=True)

    document: Document


class ReadingCache:
    """Documents under `folder`, for one pipeline, engine and set of settings."""

    def __init__(self, folder: Path, settings: ReadingSettings) -> None:
        """Makes `folder`. Raises OSError when that is not possible."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        self._folder = folder
        self._salt = "\n".join(
            (
                str(PIPELINE_VERSION),
                settings.engine.name,
                settings.engine.version(),
                f"{settings.image_dpi} {settings.image_quality}",
            )
        )

    def get(self, sha256: str, name: str) -> Document | None:
        """The document under its present name; None when unknown or the entry is damaged."""
        try:
            entry = _Entry.model_validate_json(self._path(sha256).read_bytes())
        except (OSError, ValidationError):
            return None
        if entry.document.sha256 != sha256:
            return None
        pages = tuple(replace(page, document=name) for page in entry.document.pages)
        return replace(entry.document, name=name, pages=pages)

    def put(self, document: Document) -> None:
        """Keep a complete document. A full disk only means that nothing is kept."""
        content = _Entry(document=document).model_dump_json().encode()
        with suppress(OSError):
            write_atomically(self._path(document.sha256), content, mode=0o600)

    def _path(self, sha256: str) -> Path:
        key = hashlib.sha256(f"{self._salt}\n{sha256}".encode()).hexdigest()
        return self._folder / f"{key}.json"


def write_atomically(path: Path, content: bytes, *, mode: int) -> None:
    """Write beside `path`, flush to disk, rename: readers see the old file or the new one."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
