"""The reading process: `python -m ocr.reading.worker DESCRIPTOR`.

Receives an engine, then page tasks, over the socket it inherits; answers each with a ReadPage or
the error. Ends when its caller does.
"""

import os
import resource
import sys
from multiprocessing.connection import Connection

from core.errors import AnamnesisError, PaperError


def main(arguments: list[str]) -> int:
    """Serve tasks until the other end closes."""
    os.umask(0o077)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # pytesseract loads pandas, for a feature unused here, which takes two seconds
    sys.modules["pandas"] = None  # type: ignore[assignment]
    import cv2

    from ocr.reading.recognition import read_page

    cv2.setNumThreads(1)
    connection = Connection(int(arguments[0]))
    engine = connection.recv()
    while True:
        try:
            task = connection.recv()
        except EOFError:
            return 0
        try:
            connection.send(read_page(task, engine))
        except AnamnesisError as error:
            connection.send(error)
        except Exception:  # noqa: BLE001  # one page; no detail, it could hold text of the page
            connection.send(PaperError("Reading it failed."))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
