"""The decoding process: `python -m ocr.reading.decoding.child REQUEST < FILE`.

It limits itself before the first foreign byte is looked at, decodes, writes `result.json` and
ends. Whatever it dies of concerns no one else.
"""

import io
import json
import os
import resource
import sys
from dataclasses import asdict
from pathlib import Path

from ocr.confinement import confine
from ocr.reading.decoding.protocol import (
    RESULT_NAME,
    DecodeError,
    DecodeRequest,
    DecodeResult,
)

_MAX_OPEN_FILES = 64


def main(arguments: list[str]) -> int:
    """Decode the batch that `arguments[0]`, a JSON DecodeRequest, describes."""
    request = DecodeRequest(**json.loads(arguments[0]))
    limit(request)
    try:
        result = decode(sys.stdin.buffer.read(), request)
    except DecodeError as error:
        result = DecodeResult(failure=error.failure, what=error.what)
    except MemoryError:
        result = DecodeResult(failure="limit", what="needs more memory than allowed")
    answer = json.dumps(asdict(result))
    Path(request.folder, RESULT_NAME).write_text(answer, encoding="utf-8")
    return 0


def limit(request: DecodeRequest) -> None:
    """Bound this process: memory, processor time, file size, open files, no core dump."""
    os.umask(0o077)
    confine(
        {
            resource.RLIMIT_AS: request.memory_bytes,
            resource.RLIMIT_CPU: request.cpu_seconds,
            resource.RLIMIT_FSIZE: request.max_output_bytes,
            resource.RLIMIT_NOFILE: _MAX_OPEN_FILES,
        }
    )


def decode(content: bytes, request: DecodeRequest) -> DecodeResult:
    """Hand the bytes to the decoder of their kind; each is imported only when needed."""
    if request.kind == "PDF":
        from ocr.reading.decoding.pdf import decode_pdf

        return decode_pdf(content, request)
    if request.kind == "DICOM":
        from ocr.reading.decoding.dicom import decode_dicom

        return decode_dicom(io.BytesIO(content), request)
    from ocr.reading.decoding.images import decode_image

    return decode_image(io.BytesIO(content), request)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
