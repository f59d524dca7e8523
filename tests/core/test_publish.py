"""Publishing through an outbox: every cut, on either side of it, and every way that ends badly."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from core.errors import (
    ChainUnavailableError,
    ConsentRefusedError,
    StoreError,
    StoreUnavailableError,
)
from core.flows.publish import Publisher
from core.flows.submit import MESSAGE_LIFETIME_SECONDS
from core.outbox import Publication, Stage, Subject, TransientOutbox
from core.typed_data import SealRecord, Signed
from tests.core.conftest import Person, last, sealed
from tests.fakes.ledger import FakeLedger
from tests.fakes.vault import MemoryVault

HISTORY = b'{"resourceType": "Bundle"}'
NEWER = b'{"resourceType": "Bundle", "id": "2"}'


class CutError(Exception):
    """The process dies here. Nothing catches it, as nothing catches SIGKILL."""


def cut(target: Any, name: str, monkeypatch: pytest.MonkeyPatch, *, after: bool) -> None:
    """Let the process die right before or right after `target.name`, once."""
    whole: Callable[..., Any] = getattr(target, name)

    def dies(*arguments: Any, **named: Any) -> Any:
        monkeypatch.setattr(target, name, whole)
        if after:
            whole(*arguments, **named)
        raise CutError

    monkeypatch.setattr(target, name, dies)


CUTS = [("vault", "seal"), ("ledger", "relay"), ("vault", "confirm")]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("part", "name"), CUTS)
def test_publish_seals_one_version_when_the_caller_repeats_after_a_cut(
    ledger: FakeLedger,
    vault: MemoryVault,
    publisher: Publisher,
    outbox: TransientOutbox,
    subject: Subject,
    patient: Person,
    monkeypatch: pytest.MonkeyPatch,
    part: str,
    name: str,
    after: bool,
) -> None:
    cut({"vault": vault, "ledger": ledger}[part], name, monkeypatch, after=after)
    with pytest.raises(CutError):
        publisher.publish(patient.signer, HISTORY)
    assert publisher.publish(patient.signer, HISTORY).version == 1
    assert sealed(ledger) == 1
    assert len(vault.records) == 1
    assert last(outbox, subject).stage is Stage.CONFIRMED


@pytest.mark.parametrize("stage", [Stage.SIGNED, Stage.SENT, Stage.CONFIRMED])
@pytest.mark.parametrize("after", [False, True])
def test_resume_goes_on_without_payload_when_cut_around_a_stage(
    ledger: FakeLedger,
    publisher: Publisher,
    outbox: TransientOutbox,
    subject: Subject,
    patient: Person,
    monkeypatch: pytest.MonkeyPatch,
    stage: Stage,
    after: bool,
) -> None:
    put = outbox.put

    def dies(publication: Publication) -> None:
        if publication.stage is stage:
            if after:
                put(publication)
            raise CutError
        put(publication)

    with monkeypatch.context() as fault:
        fault.setattr(outbox, "put", dies)
        with pytest.raises(CutError):
            publisher.publish(patient.signer, HISTORY)
    resumed = list(publisher.resume(patient.signer))
    assert len(resumed) == (0 if stage is Stage.CONFIRMED and after else 1)
    assert all(each.error is None for each in resumed)
    assert last(outbox, subject).stage is Stage.CONFIRMED
    assert sealed(ledger) == 1


def test_put_comes_before_the_world_sees_it(
    ledger: FakeLedger,
    vault: MemoryVault,
    publisher: Publisher,
    outbox: TransientOutbox,
    patient: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log: list[str] = []

    def told(target: Any, name: str, entry: Callable[..., str]) -> None:
        whole = getattr(target, name)

        def tell(*arguments: Any) -> Any:
            log.append(entry(*arguments))
            return whole(*arguments)

        monkeypatch.setattr(target, name, tell)

    told(outbox, "put", lambda publication: publication.stage.value)
    told(vault, "seal", lambda *_: "(seal)")
    told(ledger, "relay", lambda *_: "(relay)")
    publisher.publish(patient.signer, HISTORY)
    assert log == ["accepted", "(seal)", "stored", "signed", "sent", "(relay)", "confirmed"]


def test_resume_abandons_what_was_not_stored_and_says_the_way_out(
    vault: MemoryVault,
    publisher: Publisher,
    outbox: TransientOutbox,
    subject: Subject,
    patient: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cut(vault, "seal", monkeypatch, after=False)
    with pytest.raises(CutError):
        publisher.publish(patient.signer, HISTORY)
    (resumed,) = publisher.resume()
    assert resumed.publication.stage is Stage.ABANDONED
    assert "Publish the same paper again" in resumed.publication.way_out
    assert publisher.publish(patient.signer, HISTORY).version == 1


def stop_at_sent(
    ledger: FakeLedger, publisher: Publisher, patient: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signed and on its way, and the chain never got it."""
    with monkeypatch.context() as fault:
        cut(ledger, "relay", fault, after=False)
        with pytest.raises(CutError):
            publisher.publish(patient.signer, HISTORY)


def test_resume_says_expired_when_the_deadline_passed_and_signs_again_for_the_owner(
    ledger: FakeLedger,
    publisher: Publisher,
    outbox: TransientOutbox,
    subject: Subject,
    patient: Person,
    doctor: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stop_at_sent(ledger, publisher, patient, monkeypatch)
    ledger.advance(MESSAGE_LIFETIME_SECONDS + 1)
    (resumed,) = publisher.resume()
    assert resumed.publication.stage is Stage.EXPIRED
    assert resumed.publication.signature == b""
    assert "Sign it again" in resumed.publication.way_out
    (waiting,) = publisher.resume(doctor.signer)
    assert waiting.publication.stage is Stage.EXPIRED, "another's key does not sign it"
    (signed,) = publisher.resume(patient.signer)
    assert signed.publication.stage is Stage.CONFIRMED
    assert sealed(ledger) == 1


def test_resume_says_overtaken_when_another_version_was_sealed(
    ledger: FakeLedger,
    vault: MemoryVault,
    publisher: Publisher,
    patient: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stop_at_sent(ledger, publisher, patient, monkeypatch)
    elsewhere = Publisher(ledger=ledger, vault=vault, outbox=TransientOutbox())
    elsewhere.publish(patient.signer, NEWER)
    (resumed,) = publisher.resume()
    assert resumed.publication.stage is Stage.OVERTAKEN
    assert resumed.publication.signature == b""
    assert "Publish again" in resumed.publication.way_out
    assert publisher.publish(patient.signer, HISTORY).version == 2


def test_resume_confirms_a_version_that_was_already_replaced(
    ledger: FakeLedger,
    vault: MemoryVault,
    publisher: Publisher,
    patient: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cut(vault, "confirm", monkeypatch, after=False)
    with pytest.raises(CutError):
        publisher.publish(patient.signer, HISTORY)
    elsewhere = Publisher(ledger=ledger, vault=vault, outbox=TransientOutbox())
    elsewhere.publish(patient.signer, NEWER)
    (resumed,) = publisher.resume()
    assert resumed.publication.stage is Stage.CONFIRMED, "it is version 1 for ever"


def test_publish_says_refused_with_the_contracts_reason(
    ledger: FakeLedger,
    publisher: Publisher,
    outbox: TransientOutbox,
    subject: Subject,
    patient: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(signed: Signed) -> bytes:
        raise ConsentRefusedError("You may not.", reason="Consent: not an author")

    with monkeypatch.context() as fault:
        fault.setattr(ledger, "relay", refuse)
        with pytest.raises(ConsentRefusedError, match="You may not"):
            publisher.publish(patient.signer, HISTORY)
    refused = last(outbox, subject)
    assert (refused.stage, refused.reason) == (Stage.REFUSED, "Consent: not an author")
    assert refused.signature == b""
    assert refused.way_out
    assert publisher.publish(patient.signer, HISTORY).version == 1


def test_publish_confirms_when_another_process_carried_the_message(
    ledger: FakeLedger, publisher: Publisher, patient: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    relay = ledger.relay

    def both(signed: Signed) -> bytes:
        relay(signed)
        return relay(signed)

    with monkeypatch.context() as fault:
        fault.setattr(ledger, "relay", both)
        assert publisher.publish(patient.signer, HISTORY).version == 1
    assert sealed(ledger) == 1


class ForgetfulLedger(FakeLedger):
    """Its node crashes right after the answer, and comes back without the last events."""

    crashes = 0

    def relay(self, signed: Signed) -> bytes:
        before = (dict(self._commitments), list(self._events), dict(self._heads))
        transaction = super().relay(signed)
        if isinstance(signed.message, SealRecord) and self.crashes:
            self.crashes -= 1
            self._commitments, self._events, self._heads = before
        return transaction


@pytest.fixture
def forgetful(patient: Person, ledger: FakeLedger) -> ForgetfulLedger:
    again = ForgetfulLedger()
    again._keys = dict(ledger._keys)
    return again


def test_publish_sends_again_when_the_chain_forgot_what_it_confirmed(
    forgetful: ForgetfulLedger, vault: MemoryVault, patient: Person
) -> None:
    forgetful.crashes = 2
    publisher = Publisher(ledger=forgetful, vault=vault, outbox=TransientOutbox())
    assert publisher.publish(patient.signer, HISTORY).version == 1
    assert sealed(forgetful) == 1


def test_publish_gives_up_and_stays_resumable_when_the_chain_always_forgets(
    forgetful: ForgetfulLedger, vault: MemoryVault, patient: Person
) -> None:
    forgetful.crashes = 1_000
    publisher = Publisher(ledger=forgetful, vault=vault, outbox=TransientOutbox())
    with pytest.raises(ChainUnavailableError, match="again and again"):
        publisher.publish(patient.signer, HISTORY)
    forgetful.crashes = 0
    (resumed,) = publisher.resume()
    assert resumed.publication.stage is Stage.CONFIRMED


def test_publish_acknowledges_nothing_before_it_is_settled(
    ledger: FakeLedger,
    vault: MemoryVault,
    outbox: TransientOutbox,
    subject: Subject,
    patient: Person,
) -> None:
    def unsettled() -> None:
        if sealed(ledger):
            raise ChainUnavailableError("The snapshot could not be saved.")

    publisher = Publisher(ledger=ledger, vault=vault, outbox=outbox, settle=unsettled)
    with pytest.raises(ChainUnavailableError):
        publisher.publish(patient.signer, HISTORY)
    assert last(outbox, subject).stage is Stage.SENT
    with pytest.raises(ChainUnavailableError):
        publisher.publish(patient.signer, HISTORY)
    assert not vault.confirmed


def test_publish_acknowledges_nothing_that_cannot_be_read_back(
    ledger: FakeLedger,
    vault: MemoryVault,
    publisher: Publisher,
    outbox: TransientOutbox,
    subject: Subject,
    patient: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cut(vault, "confirm", monkeypatch, after=False)
    with pytest.raises(CutError):
        publisher.publish(patient.signer, HISTORY)
    envelope = last(outbox, subject).envelope
    lost = vault.envelopes.pop(envelope)
    (resumed,) = publisher.resume()
    assert isinstance(resumed.error, StoreError)
    assert resumed.publication.stage is Stage.SENT
    vault.envelopes[envelope] = lost
    (resumed,) = publisher.resume()
    assert resumed.publication.stage is Stage.CONFIRMED


def test_publish_goes_on_with_a_new_version_when_the_bytes_of_the_last_are_gone(
    ledger: FakeLedger,
    vault: MemoryVault,
    publisher: Publisher,
    patient: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cut(vault, "confirm", monkeypatch, after=False)
    with pytest.raises(CutError):
        publisher.publish(patient.signer, HISTORY)
    vault.envelopes.clear()
    published = publisher.publish(patient.signer, HISTORY)
    assert published.version == 2
    assert vault.version(published.commitment) == 2


def test_publish_keeps_a_sent_message_when_the_store_is_down(
    ledger: FakeLedger,
    vault: MemoryVault,
    publisher: Publisher,
    outbox: TransientOutbox,
    subject: Subject,
    patient: Person,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stop_at_sent(ledger, publisher, patient, monkeypatch)
    vault.fails_with = StoreUnavailableError("The IPFS node does not answer.")
    with pytest.raises(StoreUnavailableError):
        publisher.publish(patient.signer, NEWER)
    assert last(outbox, subject).stage is Stage.SENT
    vault.fails_with = None
    assert publisher.publish(patient.signer, NEWER).version == 2, "the first one was finished"


def test_resume_passes_by_what_is_under_another_contract(
    ledger: FakeLedger, publisher: Publisher, outbox: TransientOutbox, patient: Person
) -> None:
    publisher.store(patient.account, HISTORY)
    other = FakeLedger(domain=replace(ledger.domain, chain_id=1))
    assert list(replace(publisher, ledger=other).resume(patient.signer)) == []


def test_resume_tells_each_error_and_goes_on_with_the_others(
    ledger: FakeLedger,
    vault: MemoryVault,
    publisher: Publisher,
    patient: Person,
    doctor: Person,
) -> None:
    lost = publisher.store(patient.account, HISTORY)
    publisher.store(doctor.account, NEWER)
    del vault.envelopes[lost.envelope_digest]
    outcomes = {
        each.publication.context.patient: each
        for person in (patient, doctor)
        for each in publisher.resume(person.signer)
        if each.error or each.publication.stage is Stage.CONFIRMED
    }
    assert isinstance(outcomes[patient.account].error, StoreError)
    assert outcomes[doctor.account].publication.stage is Stage.CONFIRMED
