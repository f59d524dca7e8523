"""From settings to adapters, without Streamlit: the server and the reading service both use it."""

from dapp.settings import DappSettings
from ipfs.client import StoreClient, StoreSettings
from ipfs.vault import IpfsVault
from ledger.artifact import consent_artifact
from ledger.client import EvmLedger
from ledger.settings import LedgerSettings


def connect_ledger(settings: DappSettings) -> EvmLedger:
    """Raises ChainUnavailableError, WrongChainError, WrongContractError, SetupError."""
    return EvmLedger.connect(
        LedgerSettings(
            rpc_url=settings.rpc_url,
            chain_id=settings.chain_id,
            contract=settings.consent,
            artifact=consent_artifact(settings.project, settings.artifacts),
            deployed_block=settings.deployed_block,
            relayer_key=settings.relayer_key,
            snapshots=settings.snapshots,
        )
    )


def open_vault(settings: DappSettings) -> IpfsVault:
    """Raises StoreError when the index cannot be used; the node is asked at first use."""
    return IpfsVault.open_at(settings.vault, StoreClient(StoreSettings(address=settings.ipfs)))
