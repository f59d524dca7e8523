"""Making sure that what a chain shows now is not forgotten by a crash of its node."""

from collections.abc import Callable

from ledger.client import EvmLedger
from ledger.snapshots import Snapshots


def settler(ledger: EvmLedger) -> Callable[[], None]:
    """What `core.flows.publish.Publisher.settle` takes.

    On the local chain it saves a snapshot of the present head unless one is saved; elsewhere the
    network keeps what it confirmed. Raises ChainUnavailableError, SnapshotError.
    """
    folder = ledger.settings.snapshots
    if folder is None:
        return lambda: None
    snapshots = Snapshots(folder)
    return lambda: snapshots.save(ledger.rpc)
