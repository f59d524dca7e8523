"""The reading process: `python -m ocr.reading.worker DESCRIPTOR`.

Receives an engine over the socket it inherits and says True when it has loaded what it needs. Then
it receives page tasks and answers each with a ReadPage or the error. Ends when its caller does.

It limits itself first. Of memory, two things are bounded: address space, in which libraries take
room that they never touch, and data, which is what can become resident. The recogniser that it
starts inherits both, so that the two of them stay within a gibibyte.
"""

import os
import resource
import sys
from multiprocessing.connection import Connection

from core.errors import AnamnesisError, PaperError, PaperLimitError
from ocr.confinement import confine

_BOUNDS = {
    resource.RLIMIT_AS: 1 << 30,
    resource.RLIMIT_DATA: 1 << 29,
    resource.RLIMIT_FSIZE: 64 * 1024 * 1024,
    resource.RLIMIT_NOFILE: 256,
}


def main(arguments: list[str]) -> int:
    """Serve tasks until the other end closes."""
    os.umask(0o077)
    confine(_BOUNDS)
    # pytesseract loads pandas, for a feature unused here, which takes two seconds
    sys.modules["pandas"] = None  # type: ignore[assignment]
    import cv2

    from ocr.reading.recognition import read_page

    cv2.setNumThreads(1)
    connection = Connection(int(arguments[0]))
    engine = connection.recv()
    connection.send(True)
    while True:
        try:
            task = connection.recv()
        except EOFError:
            return 0
        try:
            connection.send(read_page(task, engine))
        except AnamnesisError as error:
            connection.send(error)
        except Exception as error:  # noqa: BLE001  # one page; no detail, it could hold its text
            connection.send(_named(error))


def _named(error: Exception) -> PaperError:
    """What to say of an error that nobody foresaw."""
    import cv2

    out_of_memory = isinstance(error, cv2.error) and error.code == cv2.Error.StsNoMem
    if out_of_memory or isinstance(error, MemoryError):
        return PaperLimitError("Reading it takes more memory than allowed.")
    return PaperError("Reading it failed.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
