"""The ledger of pins, and a node whose ledger was damaged."""

from collections.abc import Callable
from pathlib import Path

import pytest

from core.errors import StoreError
from ipfs.client import StoreClient, StoreSettings
from ipfs.node.pins import PinLedger
from ipfs.supervisor import NodeProcess

ROOT = bytes(range(32))


def test_ledger_says_so_when_its_file_is_something_else(tmp_path: Path) -> None:
    (tmp_path / "pins.db").write_bytes(b"not a database " * 300)
    with pytest.raises(StoreError, match="list of pins") as refused:
        PinLedger(tmp_path / "pins.db")
    assert "backup" in refused.value.remedy


def test_ledger_keeps_a_pin_until_it_is_taken_back(tmp_path: Path) -> None:
    ledger = PinLedger(tmp_path / "pins.db")
    ledger.begin_adding(ROOT)
    assert not ledger.is_pinned(ROOT)
    assert ledger.half_added() == [ROOT]
    ledger.settle(ROOT)
    ledger.begin_adding(ROOT)
    assert ledger.pinned() == [ROOT]
    ledger.begin_removing(ROOT)
    assert ledger.half_removed() == [ROOT]
    ledger.forget(ROOT)
    assert not ledger.is_pinned(ROOT)
    ledger.close()


def test_start_says_so_when_the_list_of_pins_is_damaged_and_loses_nothing(
    make_node: Callable[[], NodeProcess], tmp_path: Path
) -> None:
    node = make_node()
    node.start()
    client = StoreClient(StoreSettings(address=node.address, timeout_seconds=20))
    digest = client.add(b"acknowledged")
    node.stop()
    file = tmp_path / "ipfs" / "pins.db"
    whole = file.read_bytes()
    file.write_bytes(b"\0" * 100 + whole[100:])
    with pytest.raises(StoreError, match="list of pins"):
        node.start()
    assert node.pid is None
    file.write_bytes(whole)
    node.start()
    assert client.is_pinned(digest)
    assert client.read(digest) == b"acknowledged"
