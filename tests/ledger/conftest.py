"""One real anvil for all tests, a fresh contract and fresh people for each."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.artifact import Artifact, consent_artifact
from ledger.client import EvmLedger
from ledger.deploy import Deployment, deploy
from ledger.node import LocalNode, NodeSettings
from ledger.relayer import fund_locally, relayer_account
from ledger.settings import LedgerSettings
from ledger.wallet import KeySigner
from tests.ledger.messages import Messages

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def project() -> Path:
    return PROJECT


@pytest.fixture(scope="session")
def artifact() -> Artifact:
    return consent_artifact(PROJECT, PROJECT / ".build" / "consent")


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalNode]:
    data = tmp_path_factory.mktemp("chain")
    with LocalNode(NodeSettings(data=data, project=PROJECT, idle_seconds=60)) as running:
        yield running


@pytest.fixture(scope="session")
def relayer_key(node: LocalNode, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("relayer") / "relayer.key"
    fund_locally(node.rpc(), relayer_account(path))
    return path


@pytest.fixture
def deployment(
    node: LocalNode, artifact: Artifact, relayer_key: Path, tmp_path: Path
) -> Deployment:
    record = tmp_path / "deployment.json"
    return deploy(node.rpc(), artifact, relayer_account(relayer_key), record)


@pytest.fixture
def settings(
    node: LocalNode, artifact: Artifact, deployment: Deployment, relayer_key: Path
) -> LedgerSettings:
    return LedgerSettings(
        rpc_url=node.url,
        chain_id=deployment.chain_id,
        contract=deployment.contract,
        artifact=artifact,
        deployed_block=deployment.block,
        relayer_key=relayer_key,
    )


@pytest.fixture
def ledger(settings: LedgerSettings) -> EvmLedger:
    return EvmLedger.connect(settings)


@pytest.fixture
def reader(settings: LedgerSettings) -> EvmLedger:
    """The same contract without a relayer."""
    return EvmLedger.connect(replace(settings, relayer_key=None))


@pytest.fixture
def patient() -> KeySigner:
    return KeySigner.create()


@pytest.fixture
def doctor() -> KeySigner:
    return KeySigner.create()


@pytest.fixture
def stranger() -> KeySigner:
    return KeySigner.create()


@pytest.fixture
def say(ledger: EvmLedger, patient: KeySigner, doctor: KeySigner) -> Messages:
    return Messages(ledger=ledger, patient=patient.account, doctor=doctor.account)
