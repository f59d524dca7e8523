"""From settings to adapters, without Streamlit: the server and the reading service both use it."""

from core.flows.publish import Publisher
from dapp.settings import DappSettings
from ipfs.client import StoreClient, StoreSettings
from ipfs.outbox import SqliteOutbox, kept_in
from ipfs.reception import VaultReception
from ipfs.vault import IpfsVault
from ledger.artifact import consent_artifact
from ledger.client import EvmLedger
from ledger.settings import LedgerSettings
from ledger.settling import settler


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
    """Raises StoreError, InputError; the node is asked at first use."""
    return IpfsVault.open_at(settings.vault, _store(settings))


def make_reception(settings: DappSettings, vault: IpfsVault) -> VaultReception:
    """What takes in a browser's sealings, over the same node as the vault."""
    return VaultReception(vault, _store(settings).collect_garbage)


def make_publisher(
    settings: DappSettings, ledger: EvmLedger, vault: IpfsVault, outbox: SqliteOutbox
) -> Publisher:
    """What takes a sealing from stored bytes to a confirmed transaction, across crashes."""
    return Publisher(
        ledger=ledger,
        vault=vault,
        outbox=outbox,
        settle=settler(ledger),
        require_kept=kept_in(_store(settings)),
    )


def _store(settings: DappSettings) -> StoreClient:
    return StoreClient(StoreSettings.at(settings.ipfs, settings.ipfs_credentials))
