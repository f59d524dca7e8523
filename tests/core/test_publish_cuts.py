"""Publishing cut at every single call to chain, store and outbox, before it and after it.

The process dies at the n-th call, for every n; then the caller repeats, or another process resumes
and the caller repeats. Whatever n was: one version for each payload, in order, and the last word of
the outbox is the chain's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from core.events import RecordSealed
from core.flows.open import own_handover
from core.flows.publish import Publisher, prepare_seal
from core.outbox import Stage, TransientOutbox
from core.typed_data import Signed
from tests.core.conftest import Person, enrol, person
from tests.fakes.ledger import FakeLedger
from tests.fakes.vault import MemoryVault

FIRST, SECOND = b'{"id": "1"}', b'{"id": "2"}'


class CutError(Exception):
    """The process dies here."""


@dataclass
class Fate:
    """Counts calls, and ends the process around one of them."""

    at: int
    after: bool
    calls: int = 0

    def around(self, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        self.calls += 1
        if self.calls == self.at and not self.after:
            raise CutError
        answer = call(*arguments, **named)
        if self.calls == self.at:
            raise CutError
        return answer


class Mortal:
    """Anything whose method calls are counted by a fate; the rest is as it was."""

    def __init__(self, whole: Any, fate: Fate) -> None:
        self._whole, self._fate = whole, fate

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._whole, name)
        if not callable(value) or name == "alone":
            return value
        return lambda *arguments, **named: self._fate.around(value, *arguments, **named)


class World:
    """What outlives the process: chain, store and outbox."""

    def __init__(self) -> None:
        self.ledger, self.vault, self.outbox = FakeLedger(), MemoryVault(), TransientOutbox()
        self.patient = enrol(self.ledger, person("patient"))

    def publisher(self, fate: Fate | None = None) -> Publisher:
        parts: Any = (self.ledger, self.vault, self.outbox)
        if fate is not None:
            parts = tuple(Mortal(part, fate) for part in parts)
        ledger, vault, outbox = parts
        return Publisher(ledger=ledger, vault=vault, outbox=outbox)

    def versions(self) -> list[bytes]:
        """The payloads on the chain, in order, each opened by its owner."""
        opened = []
        for event in self.ledger.events():
            if isinstance(event, RecordSealed):
                sealing = self.vault.stored[event.commitment]
                opened.append(
                    self.vault.open(
                        self.patient.identity,
                        event.commitment,
                        sealing.context,
                        event.envelope,
                        self.patient.account,
                    )
                )
        return opened


def whole(publisher: Publisher, patient: Person, payload: bytes) -> None:
    """With the signer at hand, as the command does."""
    publisher.publish(patient.signer, payload)


def halved(publisher: Publisher, patient: Person, payload: bytes) -> None:
    """With the signer in a browser, as the dapp does."""
    sealing = publisher.store(patient.account, payload)
    message = prepare_seal(publisher.ledger, sealing)
    signature = patient.signer.sign(publisher.ledger.domain, message)
    publisher.commit(sealing, Signed(message=message, signature=signature))


def calls_of(publish: Callable[..., None]) -> int:
    """How many calls an undisturbed publication makes."""
    world, fate = World(), Fate(at=0, after=False)
    publish(world.publisher(fate), world.patient, FIRST)
    return fate.calls


@pytest.mark.parametrize("resumes", [False, True], ids=["repeats", "resumes"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_publish_seals_each_payload_once_wherever_it_is_cut(after: bool, resumes: bool) -> None:
    total = calls_of(whole)
    assert total > 20
    for at in range(1, total + 1):
        world = World()
        with pytest.raises(CutError):
            whole(world.publisher(Fate(at=at, after=after)), world.patient, FIRST)
        if resumes:
            assert all(each.error is None for each in world.publisher().resume())
        whole(world.publisher(), world.patient, FIRST)
        whole(world.publisher(), world.patient, SECOND)
        assert world.versions() == [FIRST, SECOND], f"cut {at} of {total}"
        (last,) = world.outbox.publications()
        assert (last.stage, last.signature) == (Stage.CONFIRMED, b"")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_resume_needs_no_payload_once_the_message_is_signed(after: bool) -> None:
    """From the moment the signature is durable, nobody but a resuming process is needed."""
    for at in range(1, calls_of(halved) + 1):
        world = World()
        with pytest.raises(CutError):
            halved(world.publisher(Fate(at=at, after=after)), world.patient, FIRST)
        known = world.outbox.publications()
        signed = bool(known) and known[0].stage in (Stage.SIGNED, Stage.SENT, Stage.CONFIRMED)
        list(world.publisher().resume())
        assert world.versions() == ([FIRST] if signed else []), f"cut {at}"
        if signed:
            handed = own_handover(world.ledger, world.vault, patient=world.patient.account)
            assert handed.commitment == world.outbox.publications()[0].commitment


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_resume_can_itself_be_cut_anywhere(after: bool) -> None:
    for at in range(1, 60):
        world = World()
        world.publisher().store(world.patient.account, FIRST)
        fate = Fate(at=at, after=after)
        try:
            list(world.publisher(fate).resume(world.patient.signer))
        except CutError:
            list(world.publisher().resume(world.patient.signer))
        assert world.versions() == [FIRST], f"cut {at}"
        if fate.calls < at:
            return
    pytest.fail("resuming never ended")
