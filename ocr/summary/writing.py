"""The files of a history, written so that a reader never meets half of one."""

import json
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.errors import InputError
from core.history import History
from core.words import Reading
from ocr.summary.card import render_card
from ocr.summary.facts_document import facts_document
from ocr.summary.ips import ips_bundle
from ocr.summary.page import render_html
from ocr.summary.pdf import render_pdf


def write_history(
    history: History, reading: Reading, out_dir: Path, *, generated_at: datetime | None = None
) -> tuple[Path, ...]:
    """Write history.json (FHIR IPS bundle), facts.json, history.html, history.pdf and card.html.

    Returns their paths. The folder is made when missing, readable by its owner alone;
    `generated_at` is now when not given. Raises InputError when the folder cannot be written.
    """
    bundle = ips_bundle(history, reading, generated_at=generated_at or datetime.now(UTC))
    contents: dict[str, str | bytes] = {
        "history.json": json.dumps(bundle, ensure_ascii=False, indent=1),
        "facts.json": json.dumps(facts_document(history), ensure_ascii=False, indent=1),
        "history.html": render_html(history, reading, embed_images=True),
        "history.pdf": render_pdf(history, reading),
        "card.html": render_card(history, reading),
    }
    try:
        out_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return tuple(
            write_private(out_dir / name, text if isinstance(text, bytes) else text.encode())
            for name, text in contents.items()
        )
    except OSError as error:
        raise InputError(
            f"The folder {out_dir} cannot be written: {error.strerror}.",
            remedy="Give another one with --out.",
        ) from error


def payload_of(bundle: dict[str, Any]) -> bytes:
    """The bundle as the bytes that get sealed: compact JSON in UTF-8."""
    return json.dumps(bundle, ensure_ascii=False, separators=(",", ":")).encode()


def write_private(path: Path, content: bytes) -> Path:
    """Write for the owner alone, whole or not at all: a temporary file, synced and renamed."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return path
