"""What the ledger needs to know: which node, which contract, whose ether."""

from dataclasses import dataclass
from pathlib import Path

from core.hashing import Address
from ledger.artifact import Artifact


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerSettings:
    """One Consent contract on one chain, seen through one node."""

    rpc_url: str
    chain_id: int
    contract: Address
    artifact: Artifact
    """What must stand at `contract`."""
    deployed_block: int = 0
    """Where the contract's logs begin."""
    relayer_key: Path | None = None
    """File of the key that pays; without one the ledger only reads."""
    snapshots: Path | None = None
    """Data folder of the local node: a write is confirmed once a snapshot there holds it."""
    request_seconds: float = 10
    confirmation_seconds: float = 120
    log_range_blocks: int = 5_000
    """How many blocks to ask logs of at once, to begin with."""
