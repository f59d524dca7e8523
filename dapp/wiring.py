"""The one place where ports meet adapters. Everything is made once, at first use, and kept.

An adapter that could not be reached is not kept: the next draw of the page tries again, so a page
recovers by itself when its node comes back.
"""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from core.errors import SetupError
from core.findings import Audit
from core.flows.publish import Publisher
from dapp.adapters import connect_ledger, make_publisher, make_reception, open_vault
from dapp.arrivals import Arrivals
from dapp.browser import StreamlitBrowser
from dapp.services import Reader, Services
from dapp.settings import DappSettings
from dapp.steps import Chain
from ipfs.outbox import SqliteOutbox
from ipfs.reception import VaultReception
from ipfs.seed_store import WrappedSeeds
from ipfs.vault import IpfsVault
from ledger import audit as ledger_audit
from ledger.client import EvmLedger

T = TypeVar("T")


class _Once(Generic[T]):
    """A value made at first use, by one thread; a failure leaves it to be tried again."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: list[T] = []

    def __call__(self) -> T:
        with self._lock:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]

    def forget(self) -> None:
        with self._lock:
            self._made.clear()


_configured: list[DappSettings] = []


def configure(settings: DappSettings) -> None:
    """Say what to wire; called once by the server before any page is drawn."""
    _configured[:] = [settings]
    for each in (browser, ledger, vault, outbox, reception, arrivals, services):
        each.forget()


def _settings() -> DappSettings:
    if not _configured:
        raise SetupError("The dapp has no settings.", remedy="Start it with `anamnesis up`.")
    return _configured[0]


def _chain(settings: DappSettings) -> Chain:
    return Chain(id=settings.chain_id, name=settings.chain_name, rpc_url=settings.wallet_rpc_url)


def _make_browser() -> StreamlitBrowser:
    return StreamlitBrowser(_chain(_settings()))


def _make_ledger() -> EvmLedger:
    return connect_ledger(_settings())


def _make_vault() -> IpfsVault:
    return open_vault(_settings())


def _make_outbox() -> SqliteOutbox:
    return SqliteOutbox.open_at(_settings().vault)


def _make_reception() -> VaultReception:
    return make_reception(_settings(), vault())


def _make_arrivals() -> Arrivals:
    return Arrivals(lambda: reception())


def _make_publisher() -> Publisher:
    return make_publisher(_settings(), ledger(), vault(), outbox())


def _audit() -> Audit:
    return ledger_audit.audit(ledger())


def _make_services() -> Services:
    settings = _settings()
    reader = None
    if settings.reading_url and settings.reading_token:
        reader = Reader(url=settings.reading_url, token=settings.reading_token)
    return Services(
        ledger=ledger(),
        vault=vault(),
        seeds=WrappedSeeds(settings.vault / "seeds"),
        publisher=_make_publisher,
        reception=reception(),
        arrivals=arrivals(),
        browser=browser(),
        audit=_audit,
        chain=_chain(settings),
        reader=reader,
    )


browser = _Once(_make_browser)
ledger = _Once(_make_ledger)
vault = _Once(_make_vault)
outbox = _Once(_make_outbox)
reception = _Once(_make_reception)
arrivals = _Once(_make_arrivals)
services = _Once(_make_services)
