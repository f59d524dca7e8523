"""Put Consent and Credentials on a chain once, and remember where."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from eth_account.signers.local import LocalAccount
from pydantic import BaseModel, ConfigDict, ValidationError

from core.eip712 import Domain
from core.errors import ChainError, InputError, SetupError, WrongContractError
from core.hashing import ZERO_ADDRESS, Address, abi_word, address
from ledger.artifact import Artifact
from ledger.client import clock_block, require_contract
from ledger.rpc import Rpc, data
from ledger.sender import Sender
from ledger.snapshots import Snapshots


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """Where the contract is, and from which sources."""

    chain_id: int
    contract: Address
    credentials: Address
    """The Credentials contract that Consent asks about clinicians."""
    block: int
    transaction: bytes
    source_hash: str


class _Record(BaseModel):
    """The file's form."""

    model_config = ConfigDict(strict=True, extra="forbid")

    chain_id: int
    contract: str
    credentials: str = ZERO_ADDRESS
    """Older contracts had none; those are refused by their code, with a better reason."""
    block: int
    transaction: str
    source_hash: str


def load_deployment(path: Path) -> Deployment | None:
    """The deployment on record; None without a file. Raises InputError for a damaged one."""
    try:
        record = _Record.model_validate_json(path.read_bytes())
        return Deployment(
            chain_id=record.chain_id,
            contract=address(record.contract),
            credentials=address(record.credentials),
            block=record.block,
            transaction=bytes.fromhex(record.transaction.removeprefix("0x")),
            source_hash=record.source_hash,
        )
    except FileNotFoundError:
        return None
    except (OSError, ValidationError, ValueError) as error:
        raise InputError(
            f"The deployment record {path} is damaged.",
            remedy="Restore it, or move it away and deploy again.",
        ) from error


def deploy(
    rpc: Rpc,
    artifact: Artifact,
    relayer: LocalAccount,
    record: Path,
    *,
    regulator: Address | None = None,
    credentials: Address | None = None,
    snapshots: Path | None = None,
    replace: bool = False,
    confirmation_seconds: float = 120,
) -> Deployment:
    """The contracts' deployment on the node's chain: the one on record, or a new one.

    `credentials` is a Credentials contract that stands already; otherwise one is deployed too,
    under `regulator`, or the relayer. Repeating it changes nothing. Raises WrongContractError when
    another contract is on record and `replace` is not given: its grants and records would be left
    behind.
    """
    chain_id = rpc.quantity("eth_chainId")
    known = load_deployment(record)
    if known is not None and not replace and _stands(rpc, artifact, known, chain_id, record):
        return known
    sender = Sender(
        rpc,
        relayer,
        chain_id=chain_id,
        block=clock_block(rpc),
        confirmation_seconds=confirmation_seconds,
    )
    if credentials is None:
        credentials = _put(
            sender, companion(artifact), regulator or address(relayer.address)
        ).contract
    receipt = _put(sender, artifact, credentials)
    require_contract(rpc, artifact, _domain(chain_id, receipt.contract))
    fresh = Deployment(
        chain_id=chain_id,
        contract=receipt.contract,
        credentials=credentials,
        block=receipt.block,
        transaction=receipt.transaction,
        source_hash=artifact.source_hash,
    )
    if snapshots is not None:
        Snapshots(snapshots).save(rpc, at_least=receipt.block)
    _write(record, fresh)
    return fresh


@dataclass(frozen=True, slots=True, kw_only=True)
class _Put:
    contract: Address
    block: int
    transaction: bytes


def _put(sender: Sender, artifact: Artifact, argument: Address) -> _Put:
    """Deploy a contract whose constructor takes one account."""
    receipt = sender.send(None, artifact.bytecode + abi_word("address", argument))
    if not receipt.succeeded or receipt.contract is None:
        raise ChainError(
            "The chain refused the contract.", remedy="It needs a Cancun EVM or later."
        )
    return _Put(contract=receipt.contract, block=receipt.block, transaction=receipt.transaction)


def companion(artifact: Artifact) -> Artifact:
    """Credentials, of an artifact of Consent. Raises SetupError."""
    if artifact.credentials is None:
        raise SetupError("The Credentials contract was not compiled.")
    return artifact.credentials


def _stands(rpc: Rpc, artifact: Artifact, known: Deployment, chain_id: int, record: Path) -> bool:
    """Whether the deployment on record is ours, on this chain; False where nothing is there."""
    if known.chain_id != chain_id:
        raise WrongContractError(
            f"{record} is for chain {known.chain_id}, the node serves chain {chain_id}.",
            remedy="Give another record, or ask for a replacement.",
        )
    if not data(rpc.call("eth_getCode", [known.contract, "latest"])):
        return False
    require_contract(rpc, artifact, _domain(chain_id, known.contract))
    return True


def _domain(chain_id: int, contract: Address) -> Domain:
    return Domain(chain_id=chain_id, verifying_contract=contract)


def _write(path: Path, deployment: Deployment) -> None:
    record = _Record(
        chain_id=deployment.chain_id,
        contract=deployment.contract,
        credentials=deployment.credentials,
        block=deployment.block,
        transaction="0x" + deployment.transaction.hex(),
        source_hash=deployment.source_hash,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    with os.fdopen(handle, "w") as file:
        file.write(record.model_dump_json(indent=2) + "\n")
        file.flush()
        os.fsync(file.fileno())
    Path(temporary).replace(path)
