"""The rows of `bench.vault` about sealing: one payload, sealed and opened in four ways.

- ours: `seal` and `unseal`.
- raw: AES-GCM alone.
- least: what no writer and reader of the format can do without, if nothing is packed: AES-GCM over
  the payload at its padded size, and the checksum that gzip demands, once each way. Nothing is
  assembled, bound or compared.
- usual: gzip and AES-GCM, as one would write it with Python's library.

Seconds are of the processor. The allocator is told to keep what is freed: otherwise whether a
buffer's pages have to be fetched from the kernel anew, which costs several times what encrypting
them does, depends on what ran before. `ours, fresh memory` and `raw, fresh memory` are the other
end: every large buffer is given back at once and fetched again, each time.
"""

import ctypes
import gzip
import os
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from isal import isal_zlib

from core.eip712 import Domain
from core.hashing import Address
from core.records import HISTORY_RECORD, SealContext
from ipfs.padding import LENGTH_BYTES, padme
from ipfs.sealing import seal, unseal
from ipfs.stored import stored_size
from ocr.reading import ReadingSettings, read_paths
from ocr.summary import ips_bundle, payload_of, summarise
from scripts._paper.generate import write_samples

Row = dict[str, float]
MB = 1_000_000
REPEATS = 15
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Numbers of glibc's `mallopt`."""
_KEEP, _GIVE_BACK = (1 << 30, 1 << 25), (1 << 17, 1 << 17)
"""Bytes free before memory is given back; from which size on it is fetched by itself."""

CONTEXT = SealContext(
    domain=Domain(chain_id=1, verifying_contract=Address("0x" + "11" * 20)),
    patient=Address("0x" + "22" * 20),
    record=HISTORY_RECORD,
    version=1,
)


def seal_row(payload: bytes) -> Row:
    """MB/s of each way, and ours as a share of the others'."""
    ways = _ways(payload)
    _allocate(*_KEEP)
    spent = _medians(ways, payload)
    _allocate(*_GIVE_BACK)
    fresh = _medians({name: ways[name] for name in ("ours", "raw")}, payload)
    _allocate(*_KEEP)
    sealed = len(seal(payload, CONTEXT).record)
    return {
        "MB": len(payload) / MB,
        "MB sealed": sealed / MB,
        **{f"{name} MB/s": len(payload) / MB / each for name, each in spent.items()},
        **{f"{name}, fresh memory MB/s": len(payload) / MB / each for name, each in fresh.items()},
        "of raw": spent["raw"] / spent["ours"],
        "of raw, fresh memory": fresh["raw"] / fresh["ours"],
        "least of raw": spent["raw"] / spent["least"],
        "of usual": spent["usual"] / spent["ours"],
    }


def shown_paper(folder: Path) -> bytes:
    """What is sealed of the sample paper: its history, with an image of every page."""
    write_samples(folder)
    reading = read_paths([folder], ReadingSettings())
    history = summarise(reading)
    return payload_of(ips_bundle(history, reading, generated_at=datetime.now(UTC)))


def _ways(payload: bytes) -> dict[str, Callable[[], bytes]]:
    cipher, nonce = AESGCM(os.urandom(32)), os.urandom(12)
    padding = bytes(padme(LENGTH_BYTES + stored_size(len(payload))) - len(payload))
    padded = payload + padding

    def ours() -> bytes:
        sealed = seal(payload, CONTEXT)
        return unseal(sealed.record, sealed.key, CONTEXT)

    def raw() -> bytes:
        return cipher.decrypt(nonce, cipher.encrypt(nonce, payload, None), None)

    def least() -> bytes:
        isal_zlib.crc32(payload)
        opened = cipher.decrypt(nonce, cipher.encrypt(nonce, padded, None), None)
        isal_zlib.crc32(opened)
        return opened

    def usual() -> bytes:
        packed = gzip.compress(payload)
        return gzip.decompress(cipher.decrypt(nonce, cipher.encrypt(nonce, packed, None), None))

    return {"ours": ours, "raw": raw, "least": least, "usual": usual}


def _medians(ways: dict[str, Callable[[], bytes]], expected: bytes) -> dict[str, float]:
    """Seconds of each way; they take turns, so that whatever else runs slows all of them."""
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(REPEATS):
        for name, work in ways.items():
            started = time.process_time()
            result = work()
            spent[name].append(time.process_time() - started)
            if not result.startswith(expected):
                raise RuntimeError("what was sealed did not open as it was")
    return {name: statistics.median(seconds) for name, seconds in spent.items()}


def _allocate(trim: int, fetch: int) -> None:
    library = ctypes.CDLL(None)
    if not library.mallopt(_TRIM_THRESHOLD, trim) or not library.mallopt(_MMAP_THRESHOLD, fetch):
        raise RuntimeError("the allocator cannot be told what to keep: this row needs glibc")
