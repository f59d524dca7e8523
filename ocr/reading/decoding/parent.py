"""Starting the decoding process for a batch of pages, and checking what it leaves behind."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

import ocr
from core.errors import (
    EncryptedPaperError,
    PaperError,
    PaperLimitError,
    UnreadablePaperError,
)
from ocr.reading.decoding.protocol import RESULT_NAME, DecodeRequest, DecodeResult, Failure, RawPage
from ocr.reading.kinds import FileKind
from ocr.reading.settings import DecodeLimits

_ERRORS: dict[Failure, type[PaperError]] = {
    "unreadable": UnreadablePaperError,
    "encrypted": EncryptedPaperError,
    "limit": PaperLimitError,
}
_DAMAGE_SIGNALS = frozenset({signal.SIGSEGV, signal.SIGBUS})
"""Other signals mean that a limit was met: decoders abort when memory is refused."""
_MAX_RESULT_BYTES = 16 * 1024 * 1024
_RESULT = TypeAdapter(DecodeResult)

ROOT = Path(ocr.__file__).resolve().parent.parent
"""The folder that holds the packages; children start there and so find them."""

Started = Callable[["subprocess.Popen[bytes]"], None]


class DecoderCrashError(Exception):
    """The decoding process died or was stopped. `error` is what to tell a person."""

    def __init__(self, error: PaperError) -> None:
        super().__init__(str(error))
        self.error = error


def decode_batch(
    kind: FileKind,
    content: Path,
    folder: Path,
    limits: DecodeLimits,
    *,
    first: int,
    count: int,
    text_dpi: int,
    on_start: Started = lambda _: None,
) -> DecodeResult:
    """Decode pages `first` to `first + count - 1` of `content` into `folder`.

    `on_start` is given the process, so that a caller can stop it. Raises PaperError when the file
    cannot be read as a whole, DecoderCrashError when the process was killed by it.
    """
    request = DecodeRequest(
        kind=kind.value,
        folder=str(folder),
        first=first,
        count=count,
        text_dpi=text_dpi,
        max_pixels=limits.max_pixels,
        max_frames=limits.max_frames,
        max_pages=limits.max_pages,
        memory_bytes=limits.memory_bytes,
        cpu_seconds=limits.cpu_seconds,
        max_output_bytes=limits.max_output_bytes,
    )
    status = _run(request, content, limits.wall_seconds, on_start)
    if status != 0:
        raise DecoderCrashError(_crash(status))
    result = _checked(folder, request)
    if result.failure:
        raise failure_error(result.failure, result.what)
    return result


def failure_error(failure: Failure, what: str) -> PaperError:
    """The error of our tree for a failure the child reported."""
    return _ERRORS[failure](f"It {what}.")


def _run(request: DecodeRequest, content: Path, seconds: float, on_start: Started) -> int:
    """Exit status; the negative signal it died of, -SIGXCPU also when the wall time ran out."""
    command = [sys.executable, "-m", "ocr.reading.decoding.child", json.dumps(asdict(request))]
    with content.open("rb") as file:
        child = subprocess.Popen(
            command,
            stdin=file,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env={},
            start_new_session=True,
        )
    on_start(child)
    try:
        return child.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        return -signal.SIGXCPU
    finally:
        end_group(child)


def end_group(child: "subprocess.Popen[bytes]") -> None:
    """Kill the process, and whatever it started, and wait for it.

    What it started goes also when it is dead itself, as long as nobody has waited for it: until
    then its number belongs to no one else.
    """
    if child.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def too_costly() -> PaperError:
    """The error for a file, or a page of one, that takes more than it is given."""
    return PaperLimitError("It needs more time or memory to decode than allowed.")


def _crash(status: int) -> PaperError:
    if status < 0 and -status not in _DAMAGE_SIGNALS:
        return too_costly()
    return UnreadablePaperError("It is damaged: decoding it failed.")


def _checked(folder: Path, request: DecodeRequest) -> DecodeResult:
    """The child's answer, every field checked: it has handled foreign bytes and may lie."""
    path = folder / RESULT_NAME
    try:
        if path.stat().st_size > _MAX_RESULT_BYTES:
            raise PaperLimitError("It holds more text than a page can.")
        result = _RESULT.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise UnreadablePaperError("It could not be decoded.") from error
    wanted = range(request.first, request.first + request.count)
    if any(page.number not in wanted or not _is_sound(page, folder) for page in result.pages):
        raise UnreadablePaperError("It could not be decoded.")
    return result


def _is_sound(page: RawPage, folder: Path) -> bool:
    path = folder / f"page-{page.number}.grey"
    return (
        page.file == path.name
        and not path.is_symlink()
        and path.is_file()
        and page.width > 0
        and page.height > 0
        and path.stat().st_size == page.width * page.height
    )
