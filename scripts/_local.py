"""The local home: where its parts lie, and the adapters over them for commands."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ChainUnavailableError, WrongContractError
from core.hashing import Address, address
from scripts._settings import ROOT, Settings, private_folder
from scripts._stack_record import read_record, runs

if TYPE_CHECKING:
    from ipfs.client import StoreSettings
    from ipfs.vault import IpfsVault
    from ledger.artifact import Artifact
    from ledger.client import EvmLedger


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Paths under the home folder."""

    home: Path

    @property
    def chain(self) -> Path:
        """Snapshots, lock and log of the local chain."""
        return self.home / "chain"

    @property
    def artifacts(self) -> Path:
        """The compiled contract, where set-up puts it: it is of the checkout, not of a home."""
        return ROOT / ".build" / "consent"

    def deployment(self, settings: Settings) -> Path:
        """Where the contract of the settings' chain is on record."""
        name = "local" if settings.rpc_url is None else str(settings.chain_id)
        return self.home / "deployments" / f"{name}.json"

    @property
    def relayer_key(self) -> Path:
        return self.home / "relayer.key"

    @property
    def vault(self) -> Path:
        return self.home / "vault"

    @property
    def inbox(self) -> Path:
        """Paper on its way through the reading service; empty in between."""
        return self.home / "inbox"

    @property
    def reading_cache(self) -> Path:
        return self.home / "cache" / "reading"

    @property
    def ports(self) -> Path:
        """The ports of the last start; reading keys are bound to the dapp's origin."""
        return self.home / "ports.json"


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step, readable by its owner alone."""
    private_folder(path.parent)
    temporary = path.with_suffix(".tmp")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def artifact(places: Places) -> "Artifact":
    """The compiled contract, from the cache when its sources are unchanged."""
    from ledger.artifact import consent_artifact

    return consent_artifact(ROOT, places.artifacts)


def connect_ledger(settings: Settings) -> "EvmLedger":
    """The chain that the settings name, or the local one.

    Raises ChainUnavailableError, WrongChainError, WrongContractError.
    """
    from ledger.client import EvmLedger
    from ledger.settings import LedgerSettings

    places = Places(home=settings.home)
    node = rpc_url(settings)
    contract, block = _contract(settings, places)
    return EvmLedger.connect(
        LedgerSettings(
            rpc_url=node,
            chain_id=settings.chain_id,
            contract=contract,
            artifact=artifact(places),
            deployed_block=block,
            relayer_key=places.relayer_key,
            snapshots=places.chain if settings.rpc_url is None else None,
        )
    )


def store_settings(settings: Settings, ipfs: str) -> "StoreSettings":
    """How to reach the IPFS node at a multiaddr. Raises InputError.

    The credentials of the settings go to the node of the settings, and to no other.
    """
    from ipfs.client import StoreSettings

    named = ipfs == settings.ipfs
    return StoreSettings.at(ipfs, settings.ipfs_credentials if named else None)


def open_vault(settings: Settings, ipfs: str) -> "IpfsVault":
    """The vault under home, over the IPFS node at a multiaddr."""
    from ipfs.client import StoreClient
    from ipfs.vault import IpfsVault

    store = StoreClient(store_settings(settings, ipfs))
    return IpfsVault.open_at(Places(home=settings.home).vault, store)


def rpc_url(settings: Settings) -> str:
    """Of the settings, else of the running stack. Raises ChainUnavailableError."""
    if settings.rpc_url:
        return settings.rpc_url
    record = read_record(settings.home)
    if record is None or not all(map(runs, record.pids.values())):
        raise ChainUnavailableError(f"No stack runs on {settings.home}.")
    return record.rpc_url


def _contract(settings: Settings, places: Places) -> tuple[Address, int]:
    from ledger.deploy import load_deployment

    deployment = load_deployment(places.deployment(settings))
    if settings.consent:
        contract = address(settings.consent)
        known = deployment is not None and deployment.contract == contract
        return contract, deployment.block if deployment and known else 0
    if deployment is None:
        raise WrongContractError(f"No contract is on record under {settings.home}.")
    return deployment.contract, deployment.block
