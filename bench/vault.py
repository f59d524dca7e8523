"""What the vault costs: sealing, storing and publishing, beside what one would use without it.

Run `python -m bench.vault [--json] [--gigabyte]`. Everything is measured in one run on the disk
that TMPDIR names, each row beside its rivals:

- seal: seal and open 10 MB, against AES-GCM of the same library on the same bytes (the floor, which
  packs, pads, commits and checks nothing), and against gzip and AES-GCM of Python (what one would
  write otherwise). Once on bytes that gzip cannot pack, once on base64, as page images stand in
  FHIR.
- store: add and read 4 kB and 10 MB through the adapter (add includes reading back and verifying),
  against libkubo without our node, and against a plain fsynced file.
- publish: a 2 MB record to a confirmed transaction on a real chain and node.
- node: seconds to start; with --gigabyte also its resident memory after 1 GB stored.

Medians, in seconds, unless said. One run tells ratios; absolutes depend on the machine.
"""

import argparse
import base64
import gzip
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.eip712 import Domain
from core.hashing import Address
from core.records import HISTORY_RECORD, SealContext
from ipfs.client import StoreClient, StoreSettings
from ipfs.sealing import MAX_SEALED_BYTES, seal, unseal
from ipfs.supervisor import NodeProcess, NodeSettings
from scripts._crash.parts import Parts
from scripts._crash.publisher import make_publisher

MB = 1_000_000
SIZES = {"4 kB": (4_096, 60), "10 MB": (10 * MB, 5)}
"""Name to bytes and repetitions."""
PUBLICATIONS = 20
SEAL_REPEATS = 5
GIGABYTE_PIECES = 100

Row = dict[str, float]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="bench.vault", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--gigabyte", action="store_true", help="also store 1 GB; takes minutes")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="anamnesis-bench-") as name:
        rows = measure(Path(name), gigabyte=options.gigabyte)
    if options.json:
        print(json.dumps(rows, indent=2))
        return 0
    for title, row in rows.items():
        print(f"{title:<22}" + "  ".join(f"{key} {value:,.4g}" for key, value in row.items()))
    return 0


def measure(folder: Path, *, gigabyte: bool) -> dict[str, Row]:
    """Every row of the run by its name."""
    rows = {
        "seal, random": _seal(os.urandom(10 * MB)),
        "seal, base64": _seal(base64.b64encode(os.urandom(10 * MB * 3 // 4))),
    }
    rows |= _store(folder, gigabyte=gigabyte)
    rows["publish 2 MB"] = _publish(folder / "publish")
    return rows


def _seal(payload: bytes) -> Row:
    context = SealContext(
        domain=Domain(chain_id=1, verifying_contract=Address("0x" + "11" * 20)),
        patient=Address("0x" + "22" * 20),
        record=HISTORY_RECORD,
        version=1,
    )
    cipher, nonce = AESGCM(os.urandom(32)), os.urandom(12)

    def ours() -> bytes:
        sealed = seal(payload, context)
        return unseal(sealed.record, sealed.key, context)

    def raw() -> bytes:
        return cipher.decrypt(nonce, cipher.encrypt(nonce, payload, None), None)

    def usual() -> bytes:
        packed = gzip.compress(payload)
        return gzip.decompress(cipher.decrypt(nonce, cipher.encrypt(nonce, packed, None), None))

    seconds = {name: _median(each, payload) for name, each in _named(ours, raw, usual)}
    speeds = {f"{name} MB/s": len(payload) / MB / each for name, each in seconds.items()}
    return {
        **speeds,
        "of raw": seconds["raw"] / seconds["ours"],
        "of usual": seconds["usual"] / seconds["ours"],
    }


def _named(*functions: Callable[[], bytes]) -> list[tuple[str, Callable[[], bytes]]]:
    return [(each.__name__, each) for each in functions]


def _median(work: Callable[[], bytes], expected: bytes) -> float:
    spent = []
    for _ in range(SEAL_REPEATS):
        started = time.perf_counter()
        result = work()
        spent.append(time.perf_counter() - started)
        if result != expected:
            raise RuntimeError("what was sealed did not open as it was")
    return statistics.median(spent)


def _store(folder: Path, *, gigabyte: bool) -> dict[str, Row]:
    started = time.perf_counter()
    with NodeProcess(NodeSettings.local(folder)) as node:
        rows: dict[str, Row] = {"node": {"start": time.perf_counter() - started}}
        client = StoreClient(StoreSettings(address=node.address))
        for name, (size, count) in SIZES.items():
            direct = _libkubo(folder / name, size, count)
            added, read = _through_adapter(client, size, count)
            written, loaded = _plain_files(folder, size, count)
            rows[f"add {name}"] = _against(added, direct["add"], written)
            rows[f"read {name}"] = _against(read, direct["read"], loaded)
        if gigabyte:
            for _ in range(GIGABYTE_PIECES):
                client.add(os.urandom(10 * MB))
            rows["node"]["MB resident after 1 GB"] = _resident_bytes(node) / MB
    return rows


def _against(ours: list[float], libkubo: list[float], file: list[float]) -> Row:
    seconds = [statistics.median(each) for each in (ours, libkubo, file)]
    return {
        "seconds": seconds[0],
        "libkubo": seconds[1],
        "file": seconds[2],
        "of libkubo": seconds[0] / seconds[1],
        "of file": seconds[0] / seconds[2],
    }


def _libkubo(folder: Path, size: int, count: int) -> dict[str, list[float]]:
    command = [sys.executable, "-m", "bench._libkubo", str(folder), str(size), str(count)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    # The library talks to stdout too; the answer is the last line.
    answer: dict[str, list[float]] = json.loads(done.stdout.strip().splitlines()[-1])
    return answer


def _through_adapter(client: StoreClient, size: int, count: int) -> tuple[list[float], list[float]]:
    adds, reads = [], []
    for _ in range(count):
        data = os.urandom(size)
        started = time.perf_counter()
        digest = client.add(data)
        adds.append(time.perf_counter() - started)
        started = time.perf_counter()
        client.read(digest, MAX_SEALED_BYTES)
        reads.append(time.perf_counter() - started)
    return adds, reads


def _plain_files(folder: Path, size: int, count: int) -> tuple[list[float], list[float]]:
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
    return adds, reads


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
