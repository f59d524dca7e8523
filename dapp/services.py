"""What a view is given: the ports, the browser, the audit. Tests hand in their own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from core.findings import Audit
from core.flows.publish import Publisher
from core.hashing import Address
from core.ports import Ledger, Reception, SeedStore, Vault
from dapp.arrivals import Arrivals
from dapp.steps import Chain, Script


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletSession:
    """What the wallet bar tells: claims of a browser, good for showing and asking only."""

    account: Address
    chain_id: int


class Browser(Protocol):
    """The person's browser, with wallet and vault."""

    def wallet(self) -> WalletSession | None:
        """Draw the wallet bar; the connected account, if any."""
        ...

    def task(
        self,
        slot: str,
        *,
        signer: Address,
        begin: Callable[[], Script],
        label: str | None,
        about: tuple[Any, ...] = (),
        quiet: bool = False,
        notice_slot: str | None = None,
    ) -> None:
        """Draw one task: a button named `label`, then the steps that `begin`'s script yields.

        Without a label it starts at once. `about` are the form values: other values, other task.
        A success is announced at `notice_slot` (default: the slot's own place).
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Where the browser finds the reading service."""

    url: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything a view may use."""

    ledger: Ledger
    vault: Vault
    seeds: SeedStore
    """Wrapped reading seeds, of accounts whose wallets cannot carry a key."""
    publisher: Callable[[], Publisher]
    """Commits what was sealed, across crashes. Made when it is used: reading needs no outbox."""
    reception: Reception
    """Lets go of earlier versions once a new one is on the chain."""
    arrivals: Arrivals
    """Takes in what a browser sealed anew."""
    browser: Browser
    audit: Callable[[], Audit]
    """Replay, held against the contract's state."""
    chain: Chain
    reader: Reader | None
