"""A patient with a sealed history, on a chain that can be cut off."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.flows.publish import publish
from ipfs.vault import IpfsVault
from tests.core.conftest import Person, enrol, person
from tests.core.rotation.clinic import HISTORY, Clinic, CutOffLedger
from tests.fakes.block_store import BlockStore


@pytest.fixture
def ledger() -> CutOffLedger:
    return CutOffLedger()


@pytest.fixture
def clinic(ledger: CutOffLedger, patient: Person, tmp_path: Path) -> Iterator[Clinic]:
    store = BlockStore()
    vault = IpfsVault.open_at(tmp_path / "vault", store)
    publish(ledger, vault, patient.signer, HISTORY)
    yield Clinic(ledger=ledger, vault=vault, store=store, patient=patient)
    vault.close()


@pytest.fixture
def nurse(ledger: CutOffLedger) -> Person:
    return enrol(ledger, person("nurse"))
