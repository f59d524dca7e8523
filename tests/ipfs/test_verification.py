"""What an inspection says of a real node's block files, broken one by one."""

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import StoreUnavailableError
from core.hashing import ZERO_HASH
from core.records import Condition
from ipfs.block_client import BlockClient
from ipfs.client import StoreSettings
from ipfs.dag import walk
from ipfs.supervisor import NodeProcess
from ipfs.vault import IpfsVault
from ipfs.verification import VaultCustody
from tests.ipfs.conftest import ContextFactory, Person

LONG = hashlib.shake_256(b"does not compress").digest(700_000)
"""Three blocks and a root over them."""


def block_file(home: Path, digest: bytes) -> Path:
    key = base64.b32encode(b"\x12\x20" + digest).decode().rstrip("=")
    return home / "ipfs" / "repo" / "blocks" / key[-3:-1] / f"{key}.data"


def test_conditions_follow_what_happens_to_block_files(
    make_node: Callable[[], NodeProcess],
    make_context: ContextFactory,
    patient: Person,
    tmp_path: Path,
) -> None:
    node = make_node()
    node.start()
    store = BlockClient(StoreSettings(address=node.address, timeout_seconds=20))
    vault = IpfsVault.open_at(tmp_path / "vault", store)
    sealing = vault.seal(LONG, make_context(), ZERO_HASH, patient.reading_key)
    stored = vault.sealing(sealing.commitment)
    assert stored is not None
    custody = VaultCustody(vault, store)

    def condition() -> Condition:
        return custody.record_condition(sealing.commitment)

    assert condition() is Condition.WHOLE
    assert custody.stray_pins() == 0
    assert custody.record_condition(bytes(32)) is Condition.UNKNOWN
    assert custody.envelope_condition(bytes(32)) is Condition.UNKNOWN
    for digest in list(walk(stored.cid, store.block)):
        file = block_file(tmp_path, digest)
        whole = file.read_bytes()
        file.chmod(0o600)
        file.write_bytes(whole[:-1] + bytes((whole[-1] ^ 1,)))
        assert condition() is Condition.DAMAGED
        file.write_bytes(whole[: len(whole) // 2])
        assert condition() is Condition.DAMAGED
        file.unlink()
        assert condition() is Condition.MISSING
        file.write_bytes(whole)
        assert condition() is Condition.WHOLE
    store.unpin(stored.cid)
    assert condition() is Condition.UNPINNED
    store.add(b"stray")
    assert custody.stray_pins() == 1
    node.stop()
    with pytest.raises(StoreUnavailableError):
        condition()
    vault.close()
