"""CAR files: read by another hand, and refused when they are not exactly what they say."""

import hashlib
import io
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from core.errors import VerificationError
from core.hashing import ZERO_HASH
from ipfs.archive import export_archive
from ipfs.block_client import BlockClient
from ipfs.car import header, read_car, section
from ipfs.cid import cid_text
from ipfs.client import StoreSettings
from ipfs.supervisor import NodeProcess
from ipfs.vault import IpfsVault
from tests.fakes.block_store import leaf
from tests.ipfs.conftest import ContextFactory, Person

ROOT = Path(__file__).parents[2]
READER = """
import { readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { CarReader } from "@ipld/car";
const car = await CarReader.fromBytes(readFileSync(process.argv[1]));
const blocks = {};
for await (const { cid, bytes } of car.blocks()) {
  const hash = createHash("sha256").update(bytes).digest();
  blocks[cid.toString()] = hash.equals(Buffer.from(cid.multihash.digest));
}
const roots = (await car.getRoots()).map(String);
console.log(JSON.stringify({ version: car.version, roots, blocks }));
"""
BLOCKS = [leaf(b"first"), leaf(b"second")]
DIGESTS = [hashlib.sha256(block).digest() for block in BLOCKS]
WHOLE = header(DIGESTS[:1]) + b"".join(map(section, DIGESTS, BLOCKS))


def read(raw: bytes, roots: tuple[bytes, ...] = (DIGESTS[0],)) -> list[tuple[bytes, bytes]]:
    return list(read_car(io.BytesIO(raw), roots))


def test_read_car_gives_the_blocks_back() -> None:
    assert read(WHOLE) == list(zip(DIGESTS, BLOCKS, strict=True))
    assert read(header([]), ()) == []


@pytest.mark.parametrize("count", [1, 23, 24, 255, 256, 300])
def test_header_is_read_when_there_are_many_roots(count: int) -> None:
    roots = tuple(hashlib.sha256(bytes([n % 256, n // 256])).digest() for n in range(count))
    assert read(header(roots), roots) == []
    with pytest.raises(VerificationError):
        read(header(roots), tuple(reversed(roots)) if count > 1 else (DIGESTS[0],))


def test_read_car_refuses_when_any_bit_is_flipped() -> None:
    for place in range(len(WHOLE)):
        for bit in range(8):
            changed = bytearray(WHOLE)
            changed[place] ^= 1 << bit
            with pytest.raises(VerificationError):
                read(bytes(changed))


def test_read_car_refuses_when_it_ends_within_a_block() -> None:
    ends = {len(header(DIGESTS[:1])), len(WHOLE) - len(section(DIGESTS[1], BLOCKS[1])), len(WHOLE)}
    for length in range(len(WHOLE)):
        if length not in ends:
            with pytest.raises(VerificationError):
                read(WHOLE[:length])


@pytest.mark.parametrize(
    "length", [b"\x00", b"\x22", b"\xff\xff\xff\x7f", b"\xff" * 9, b"\xff" * 12]
)
def test_read_car_refuses_impossible_lengths(length: bytes) -> None:
    with pytest.raises(VerificationError):
        read(header(DIGESTS[:1]) + length + bytes(64))


@pytest.mark.skipif(
    shutil.which("node") is None or not (ROOT / "node_modules" / "@ipld" / "car").is_dir(),
    reason="needs node and the npm packages",
)
def test_exported_car_is_read_by_an_independent_reader(
    node: NodeProcess, make_context: ContextFactory, patient: Person, tmp_path: Path
) -> None:
    store = BlockClient(StoreSettings(address=node.address, timeout_seconds=20))
    vault = IpfsVault.open_at(tmp_path / "vault", store)
    payload = hashlib.shake_256(b"does not compress").digest(700_000)
    vault.seal(payload, make_context(), ZERO_HASH, patient.reading_key)
    export_archive(vault, store, tmp_path / "archive")
    vault.close()
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", READER, str(tmp_path / "archive" / "0001.car")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    entry = json.loads((tmp_path / "archive" / "manifest.json").read_bytes())["sealings"][0]
    roots = [entry["root"], *(each["root"] for each in entry["envelopes"])]
    assert found["version"] == 1
    assert found["roots"] == [cid_text(bytes.fromhex(root)) for root in roots]
    assert len(found["blocks"]) == 1 + 3 + 1, "a root, three leaves, an envelope"
    assert all(found["blocks"].values())
