"""A patient's sealed history with its readers, for the tests of rotation and resealing."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from core.events import AccessRequested
from core.flows.open import hand_over, own_handover
from core.flows.publish import Publisher
from core.flows.rotate import rotate
from core.flows.share import prepare_grant, prepare_request, reader_key
from core.flows.submit import sign_and_submit
from core.hashing import Address
from core.outbox import TransientOutbox
from core.purposes import Purpose
from core.records import HISTORY_RECORD
from core.typed_data import Signed
from ipfs.envelope import Identity, Recipient, rewrap
from ipfs.rotation import OwnersVault
from ipfs.vault import IpfsVault
from tests.core.conftest import Person
from tests.fakes.block_store import BlockStore
from tests.fakes.ledger import FakeLedger

HISTORY = b'{"resourceType": "Bundle"}'


@dataclass
class CutOffLedger(FakeLedger):
    """Dies before or after the n-th message it relays."""

    messages_left: int | None = None
    takes_effect: bool = False

    def relay(self, signed: Signed) -> bytes:
        if self.messages_left == 0:
            if self.takes_effect:
                super().relay(signed)
            raise KeyboardInterrupt
        if self.messages_left is not None:
            self.messages_left -= 1
        return super().relay(signed)


@dataclass
class Clinic:
    """A patient's sealed history, and what people do with it."""

    ledger: CutOffLedger
    vault: IpfsVault
    store: BlockStore
    patient: Person
    outbox: TransientOutbox = field(default_factory=TransientOutbox)
    readers: dict[Address, Person] = field(default_factory=dict)

    def resealer(self, identity: Identity | None = None, *former: Identity) -> OwnersVault:
        return OwnersVault(self.vault, identity or self.patient.identity, former=former)

    def publisher(self, settle: Callable[[], None] = lambda: None) -> Publisher:
        return Publisher(ledger=self.ledger, vault=self.vault, outbox=self.outbox, settle=settle)

    def rotate(self, settle: Callable[[], None] = lambda: None, **options: Any) -> Any:
        publisher = self.publisher(settle)
        return rotate(publisher, self.resealer(), self.patient.signer, **options)

    def grant(self, reader: Person, *, record: bytes = HISTORY_RECORD, days: int = 30) -> None:
        message = prepare_request(
            self.ledger,
            grantee=reader.account,
            patient=self.patient.account,
            purposes=Purpose.TREAT,
            days=days,
            record=record,
        )
        sign_and_submit(self.ledger, reader.signer, message)
        request = self.ledger.events()[-1]
        assert isinstance(request, AccessRequested)
        digest = self._envelope(reader)
        sign_and_submit(
            self.ledger, self.patient.signer, prepare_grant(self.ledger, request, digest)
        )
        self.readers[reader.account] = reader

    def _envelope(self, reader: Person) -> bytes:
        own = own_handover(self.ledger, self.vault, patient=self.patient.account)
        envelope = rewrap(
            self.patient.identity,
            own.envelope,
            own.context,
            reader=self.patient.account,
            to=Recipient(reader_key(self.ledger, reader.account)),
            for_reader=reader.account,
        )
        return self.vault.put_envelope(own.commitment, reader.account, envelope)

    def read(self, reader: Person) -> bytes:
        handed = hand_over(
            self.ledger,
            self.vault,
            reader=reader.account,
            patient=self.patient.account,
            purpose=Purpose.TREAT,
        )
        return self.vault.open(
            reader.identity,
            handed.commitment,
            handed.context,
            handed.envelope_digest,
            reader.account,
        )
