"""The process that reads foreign JSON: `python -m ocr.summary.bundle_child < bundle > rows`.

Started with an empty environment. It limits its own memory and time before it reads a byte, can
write no file, and ends in exit code 3 for anything that is not a FHIR document.
"""

import json
import resource
import sys

from ocr.confinement import confine
from ocr.summary.bundle_rows import rows_of

MOST_BYTES = 32_000_000
_MEMORY_BYTES, _CPU_SECONDS = 1 << 30, 20


def main() -> int:
    """Rows of the document on stdin, as JSON on stdout."""
    confine(
        {
            resource.RLIMIT_AS: _MEMORY_BYTES,
            resource.RLIMIT_CPU: _CPU_SECONDS,
            resource.RLIMIT_FSIZE: 0,
        }
    )
    data = sys.stdin.buffer.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        return 3
    try:
        rows = rows_of(json.loads(data))
    except (ValueError, RecursionError, MemoryError):
        return 3
    sys.stdout.write(json.dumps(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
