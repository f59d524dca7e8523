"""Deployed once, verified, and remembered."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import InputError, WrongContractError
from ledger.artifact import Artifact
from ledger.deploy import Deployment, deploy, load_deployment
from ledger.node import LocalNode
from ledger.relayer import relayer_account
from ledger.rpc import NodeRefusedError
from ledger.sender import RelayerFundsError


def test_deploy_records_where_the_contract_is(
    node: LocalNode, artifact: Artifact, relayer_key: Path, tmp_path: Path
) -> None:
    record = tmp_path / "deployments" / "local.json"
    made = deploy(node.rpc(), artifact, relayer_account(relayer_key), record)
    assert load_deployment(record) == made
    assert made.source_hash == artifact.source_hash
    receipt = node.rpc().call("eth_getTransactionReceipt", ["0x" + made.transaction.hex()])
    assert int(receipt["blockNumber"], 16) == made.block


def test_deploy_changes_nothing_when_repeated(
    node: LocalNode, artifact: Artifact, relayer_key: Path, deployment: Deployment, tmp_path: Path
) -> None:
    block = node.rpc().quantity("eth_blockNumber")
    again = deploy(node.rpc(), artifact, relayer_account(relayer_key), tmp_path / "deployment.json")
    assert again == deployment
    assert node.rpc().quantity("eth_blockNumber") == block


def test_deploy_starts_anew_when_the_chain_has_nothing_at_the_recorded_address(
    node: LocalNode, artifact: Artifact, relayer_key: Path, deployment: Deployment, tmp_path: Path
) -> None:
    node.rpc().call("anvil_setCode", [deployment.contract, "0x"])
    record = tmp_path / "deployment.json"
    again = deploy(node.rpc(), artifact, relayer_account(relayer_key), record)
    assert again.contract != deployment.contract
    assert load_deployment(record) == again


def test_deploy_refuses_to_leave_another_contract_behind_unless_told(
    node: LocalNode, artifact: Artifact, relayer_key: Path, deployment: Deployment, tmp_path: Path
) -> None:
    relayer, record = relayer_account(relayer_key), tmp_path / "deployment.json"
    node.rpc().call("anvil_setCode", [deployment.contract, "0x00"])
    with pytest.raises(WrongContractError, match="Another contract"):
        deploy(node.rpc(), artifact, relayer, record)
    assert load_deployment(record) == deployment
    assert deploy(node.rpc(), artifact, relayer, record, replace=True) != deployment


def test_deploy_refuses_a_record_when_it_is_for_another_chain(
    node: LocalNode, artifact: Artifact, relayer_key: Path, deployment: Deployment, tmp_path: Path
) -> None:
    record = tmp_path / "deployment.json"
    record.write_text(record.read_text().replace("31337", "1"))
    with pytest.raises(WrongContractError, match="for chain 1"):
        deploy(node.rpc(), artifact, relayer_account(relayer_key), record)


def test_deploy_says_who_needs_ether_when_the_relayer_has_none(
    node: LocalNode, artifact: Artifact, tmp_path: Path
) -> None:
    poor = relayer_account(tmp_path / "poor.key")
    with pytest.raises(RelayerFundsError, match=poor.address):
        deploy(node.rpc(), artifact, poor, tmp_path / "deployment.json")
    assert not (tmp_path / "deployment.json").exists()


def test_deploy_leaves_no_record_when_the_code_fails(
    node: LocalNode, artifact: Artifact, relayer_key: Path, tmp_path: Path
) -> None:
    broken = replace(artifact, bytecode=bytes.fromhex("60006000fd"))
    with pytest.raises(NodeRefusedError):
        deploy(node.rpc(), broken, relayer_account(relayer_key), tmp_path / "deployment.json")
    assert not (tmp_path / "deployment.json").exists()


@pytest.mark.parametrize("text", ["", "{}", '{"chain_id": "1"}', "[1]"])
def test_load_deployment_refuses_a_damaged_record(tmp_path: Path, text: str) -> None:
    path = tmp_path / "deployment.json"
    path.write_text(text)
    with pytest.raises(InputError, match="damaged"):
        load_deployment(path)


def test_load_deployment_is_none_without_a_record(tmp_path: Path) -> None:
    assert load_deployment(tmp_path / "none.json") is None
