"""The pages with everything real but the chain, the store and the person at the screen."""

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core.audit import compare, replay
from core.findings import Audit, ChainState
from core.flows.publish import Publisher
from core.outbox import TransientOutbox
from dapp.arrivals import Arrivals
from dapp.browser import StreamlitBrowser
from dapp.services import Reader, Services
from dapp.steps import Chain
from ipfs.envelope import Identity
from ipfs.reception import VaultReception
from ledger.wallet import KeySigner
from tests.dapp.people import Person, Screen
from tests.fakes.block_store import BlockStore
from tests.fakes.ledger import FakeLedger
from tests.fakes.seeds import MemorySeeds
from tests.fakes.vault import MemoryVault


@pytest.fixture(autouse=True)
def _main_stays() -> Iterator[None]:
    """AppTest leaves its script as __main__, and any process that is spawned later would run it."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before


CHAIN = Chain(id=31337, name="Test chain", rpc_url="http://127.0.0.1:1")
READER = Reader(url="http://127.0.0.1:2", token="t" * 24)


def _page(view, services):  # type: ignore[no-untyped-def]  # its source runs as a script
    from dapp import state

    wallet = services.browser.wallet()
    account = wallet.account if wallet else None
    state.belong_to(account)
    view.render(services, account)


def _open_page(view, services):  # type: ignore[no-untyped-def]
    view.render(services)


@dataclass
class Stage:
    """One deployment; people come to its pages."""

    ledger: FakeLedger = field(default_factory=FakeLedger)
    vault: Any = field(default_factory=MemoryVault)
    """A MemoryVault, or an IpfsVault where something is sealed anew."""
    store: BlockStore = field(default_factory=BlockStore)
    """The node under an IpfsVault."""
    outbox: TransientOutbox = field(default_factory=TransientOutbox)
    seeds: MemorySeeds = field(default_factory=MemorySeeds)
    withheld: int = 0
    """How many of the latest events the auditor's node keeps back."""

    def __post_init__(self) -> None:
        self.arrivals = Arrivals(self.reception)

    def reception(self) -> VaultReception:
        return VaultReception(self.vault, self.store.collect_garbage)

    def publisher(self) -> Publisher:
        return Publisher(ledger=self.ledger, vault=self.vault, outbox=self.outbox)

    def audit(self) -> Audit:
        events = self.ledger.events()
        audit = replay(events[: len(events) - self.withheld])
        whole = replay(events)
        state = ChainState(
            block=len(events),
            roster_head=self.ledger.roster_head,
            heads=whole.heads,
            reading_keys=whole.reading_keys,
        )
        return compare(audit, state)

    def person(self, role: str) -> Person:
        seed = hashlib.sha256(role.encode()).digest()
        signer = KeySigner.from_key(seed)
        return Person(
            key=seed,
            account=signer.account,
            identity=Identity(seed),
            ledger=self.ledger,
            vault=self.vault,
            arrivals=self.arrivals,
        )

    def services(self, person: Person | None) -> Services:
        screen = Screen(person)
        return Services(
            ledger=self.ledger,
            vault=self.vault,
            seeds=self.seeds,
            publisher=self.publisher,
            reception=self.reception(),
            arrivals=self.arrivals,
            browser=StreamlitBrowser(CHAIN, lambda: screen),
            audit=self.audit,
            chain=CHAIN,
            reader=READER,
        )

    def page(self, view: Any, person: Person | None) -> AppTest:
        """The view as `person` sees it; None has no wallet."""
        arguments = (view, self.services(person))
        return AppTest.from_function(_page, args=arguments, default_timeout=30).run()

    def open_page(self, view: Any) -> AppTest:
        """A view that needs no account."""
        arguments = (view, self.services(None))
        return AppTest.from_function(_open_page, args=arguments, default_timeout=30).run()


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def patient(stage: Stage) -> Person:
    return stage.person("patient").enrol()


@pytest.fixture
def doctor(stage: Stage) -> Person:
    return stage.person("doctor").enrol()


@pytest.fixture
def sealed(patient: Person) -> Person:
    """A patient whose history is sealed."""
    return patient.publish(b'{"resourceType": "Bundle"}')
