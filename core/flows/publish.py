"""A history becomes a sealed record: seal, store, sign, commit, resumed wherever it was cut off.

1. What is about to happen is on record in the outbox before the world sees it.
2. The sealed bytes are stored, pinned and read back before anybody signs, and again before the
   version is acknowledged.
3. What the chain says decides, not what this process remembers: a commitment that is there is
   never sent again, and one that a crash of the chain took back is.
4. Acknowledged is a version that the chain holds beyond a crash of its node, and whose record and
   envelope are in the store.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from core.errors import (
    AnamnesisError,
    ChainUnavailableError,
    ConsentRefusedError,
    OutboxDamagedError,
    PublicationError,
    StoreError,
    StoreUnavailableError,
    VerificationError,
)
from core.events import RecordSealed
from core.flows.submit import deadline
from core.hashing import ZERO_HASH, Address
from core.outbox import Publication, Stage, Subject, TransientOutbox
from core.ports import Ledger, Outbox, Signer, Vault
from core.records import HISTORY_RECORD, SealContext, Sealing
from core.typed_data import SealRecord, Signed

SENDING_ATTEMPTS = 5
"""How often a message is sent when the chain's node keeps forgetting it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A version that the chain has committed to."""

    commitment: bytes
    version: int
    transaction: bytes | None
    """None when the chain held this version already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """What became of one publication that was under way."""

    publication: Publication
    error: AnamnesisError | None = None
    """Why it did not come further; it stays where it was."""


def next_context(ledger: Ledger, vault: Vault, patient: Address, record: bytes) -> SealContext:
    """The context of the version that will follow the chain's present one."""
    return _following(ledger, vault, patient, record, ledger.commitment(patient, record))


def store(ledger: Ledger, vault: Vault, patient: Address, payload: bytes) -> Sealing:
    """Seal the payload as the next version of the patient's history and store it.

    Raises ConsentRefusedError when the patient has not published a reading key yet.
    """
    return Publisher(ledger=ledger, vault=vault, outbox=TransientOutbox()).store(patient, payload)


def prepare_seal(ledger: Ledger, sealing: Sealing) -> SealRecord:
    """The message by which the patient, or whoever controls the record, commits to a sealing."""
    context = sealing.context
    return SealRecord(
        patient=context.patient,
        author=ledger.controller(context.patient),
        record=context.record,
        commitment=sealing.commitment,
        previous=sealing.previous,
        envelope=sealing.envelope_digest,
        deadline=deadline(ledger),
    )


def publish(ledger: Ledger, vault: Vault, signer: Signer, payload: bytes) -> Published:
    """The whole flow for a signer at hand who keeps the payload and repeats it after a crash."""
    return Publisher(ledger=ledger, vault=vault, outbox=TransientOutbox()).publish(signer, payload)


def read_back(vault: Vault, sealing: Sealing) -> None:
    """Read record and envelope, verified. Raises StoreError, VerificationError."""
    vault.ciphertext(sealing.commitment)
    vault.envelope(sealing.envelope_digest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """The flow over one chain, one vault and one outbox. Safe for several threads and processes."""

    ledger: Ledger
    vault: Vault
    outbox: Outbox
    settle: Callable[[], None] = lambda: None
    """Returns when what the chain shows now outlives a crash of its node."""
    require_kept: Callable[[Vault, Sealing], None] = read_back
    """Raises StoreError or VerificationError unless record and envelope are in the store."""

    def publish(
        self, signer: Signer, payload: bytes, *, patient: Address | None = None
    ) -> Published:
        """Payload to acknowledged version; repeated after any interruption, nothing is doubled.

        `patient` is the signer unless control was moved to it: the version is then sealed to the
        signer's own reading key.
        A message that is under way for the same record is brought to its end first. Raises
        ConsentRefusedError when the contract refuses, PublicationError when this one ends
        otherwise without an acknowledgement, and else what keeps it from going on.
        """
        subject = self._subject(patient or signer.account)
        with self.outbox.alone(subject):
            self.finish_last(subject)
            if (known := self._published(subject, payload)) is not None:
                return known
            publication = self._sign(self._store(subject, payload), signer)
            return _acknowledged(self._send(publication, kept=True))

    def store(self, patient: Address, payload: bytes) -> Sealing:
        """The first half, for a signer who is elsewhere: seal and store. `commit` is the other.

        Raises ConsentRefusedError when the patient has not published a reading key yet.
        """
        subject = self._subject(patient)
        with self.outbox.alone(subject):
            self.finish_last(subject)
            return self._store(subject, payload).sealing()

    def commit(self, sealing: Sealing, signed: Signed) -> Published:
        """The second half: the signed message for a stored sealing to an acknowledged version.

        Raises as `publish` does, and InputError when the message is for another sealing.
        """
        context = sealing.context
        subject = Subject(domain=context.domain, patient=context.patient, record=context.record)
        with self.outbox.alone(subject):
            last = self.outbox.find(subject)
            if last is None or last.commitment != sealing.commitment:
                # Another payload was sealed since, but it is this one that is signed.
                self.require_kept(self.vault, sealing)
                self.finish_last(subject)
                last = Publication(context=context, previous=sealing.previous).stored(sealing)
            if last.stage in (Stage.STORED, Stage.EXPIRED):
                last = self._put(last.signed(signed))
            return _acknowledged(self._send(last) if last.is_open else last)

    def resume(self, signer: Signer | None = None) -> Iterator[Resumed]:
        """Carry on with everything that is under way under this contract, one after the other.

        `signer` signs what is stored or expired of its own account; the rest waits for its owner.
        """
        for each in self.outbox.publications():
            if each.context.domain != self.ledger.domain:
                continue
            with self.outbox.alone(each.subject):
                now = self.outbox.find(each.subject)
                if now is None or not (now.is_open or now.stage is Stage.EXPIRED):
                    continue
                resumed = self._resumed(now, signer)
            yield resumed

    def _resumed(self, publication: Publication, signer: Signer | None) -> Resumed:
        try:
            return Resumed(publication=self._advance(publication, signer))
        except AnamnesisError as error:
            return Resumed(publication=self._found(publication.subject), error=error)

    def finish_last(self, subject: Subject) -> None:
        """Bring a message that is under way to its end, so that the next can take its place.

        Whoever calls is alone with the subject. Raises what keeps it from its end.
        """
        last = self.outbox.find(subject)
        if last is None or last.may_give_way():
            return
        try:
            self._send(last)
        except ConsentRefusedError:
            pass  # on record, and in nobody's way
        except (StoreUnavailableError, OutboxDamagedError):
            raise
        except (StoreError, VerificationError):
            if not self._is_lost(last.sealing()):
                raise
            # It was never acknowledged, and a new payload is at hand.
            self._put(self._found(subject).abandoned())

    def _published(self, subject: Subject, payload: bytes) -> Published | None:
        """The chain's present version, acknowledged, if it carries exactly this payload."""
        present, key = self._present(subject), self._owner_key(subject)
        if present == ZERO_HASH or key is None or not self.vault.holds(present, payload, key):
            return None
        self.settle()
        sealing = self._sealing(subject, present)
        if sealing is None or self._present(subject) != present:
            return None
        if self._is_lost(sealing):
            return None  # this payload becomes the version after it
        self.vault.confirm(present)
        version = sealing.context.version
        return Published(commitment=present, version=version, transaction=None)

    def _is_lost(self, sealing: Sealing) -> bool:
        """Asked twice: a node that dies while it answers looks like one that lost the bytes."""
        for _ in range(2):
            try:
                self.require_kept(self.vault, sealing)
            except StoreUnavailableError:
                raise
            except (StoreError, VerificationError):
                continue
            return False
        return True

    def _sealing(self, subject: Subject, commitment: bytes) -> Sealing | None:
        """What the chain committed to, as its event names it; None when the node forgot it."""
        previous = ZERO_HASH
        for event in self.ledger.events():
            if not isinstance(event, RecordSealed):
                continue
            if (event.patient, event.record) != (subject.patient, subject.record):
                continue
            if event.commitment == commitment:
                context = SealContext(
                    domain=subject.domain,
                    patient=subject.patient,
                    record=subject.record,
                    version=self.vault.version(commitment) or 0,
                )
                return Sealing(
                    context=context,
                    commitment=commitment,
                    previous=previous,
                    envelope_digest=event.envelope,
                )
            previous = event.commitment
        return None

    def _store(self, subject: Subject, payload: bytes) -> Publication:
        key = self._owner_key(subject)
        if key is None:
            raise ConsentRefusedError(
                "This account has no reading key yet.",
                remedy="Create it first: records are sealed to it.",
            )
        previous = self._present(subject)
        context = _following(self.ledger, self.vault, subject.patient, subject.record, previous)
        accepted = self._put(Publication(context=context, previous=previous))
        return self._put(accepted.stored(self.vault.seal(payload, context, previous, key)))

    def _advance(self, publication: Publication, signer: Signer | None) -> Publication:
        """As far as it goes. Whoever calls is alone with the subject."""
        if publication.stage is Stage.ACCEPTED:
            # Its process is gone, or it would still be alone with the subject.
            return self._put(publication.abandoned())
        if publication.stage in (Stage.SIGNED, Stage.SENT):
            return self._send(publication)
        if (ended := self._ended(publication)) is not None:
            return ended
        if signer is None or signer.account != self._author(publication):
            return publication
        return self._send(self._sign(publication, signer))

    def _sign(self, publication: Publication, signer: Signer) -> Publication:
        message = publication.message(deadline(self.ledger), signer.account)
        signature = signer.sign(self.ledger.domain, message)
        return self._put(publication.signed(Signed(message=message, signature=signature)))

    def _send(self, publication: Publication, *, kept: bool = False) -> Publication:
        """Until the chain holds it beyond a crash, or never will.

        `kept`: the bytes were read back a moment ago.
        """
        for _ in range(SENDING_ATTEMPTS):
            if (ended := self._ended(publication)) is not None:
                return ended
            if self.ledger.now() > publication.deadline:
                return self._put(publication.expired())
            if not kept:
                self.require_kept(self.vault, publication.sealing())
            publication, kept = self._put(publication.sent()), False
            if (ended := self._relay(publication)) is not None:
                return ended
        raise ChainUnavailableError("The chain's node lost the message again and again.")

    def _relay(self, publication: Publication) -> Publication | None:
        """Hand the message over. Whether the chain holds it is asked afterwards, not believed.

        Raises the contract's refusal, once it is on record.
        """
        try:
            transaction = self.ledger.relay(publication.carried(self._author(publication)))
        except ConsentRefusedError as error:
            if (ended := self._ended(publication)) is not None:
                return ended
            if self.ledger.now() > publication.deadline:
                return self._put(publication.expired())
            self._put(publication.refused(error.reason or error.what))
            raise
        return self._ended(publication, transaction)

    def _ended(self, publication: Publication, transaction: bytes = b"") -> Publication | None:
        """The publication confirmed or overtaken, as the chain says; None while it says neither."""
        if not self._is_on_chain(publication):
            if self._present(publication.subject) == publication.previous:
                return None
            # The present version is another one, unless ours came in between these two questions.
            if not self._is_on_chain(publication):
                return self._put(publication.overtaken())
        self.settle()
        if not self._is_on_chain(publication):
            return None  # its node crashed in between and forgot it
        self.require_kept(self.vault, publication.sealing())
        self.vault.confirm(publication.commitment)
        return self._put(publication.confirmed(transaction))

    def _is_on_chain(self, publication: Publication) -> bool:
        """Whether the chain holds this version, be it the present one or an earlier one."""
        present = self._present(publication.subject)
        if present in (publication.commitment, publication.previous):
            return present == publication.commitment
        return any(
            isinstance(event, RecordSealed)
            and (event.patient, event.record, event.commitment)
            == (publication.context.patient, publication.context.record, publication.commitment)
            for event in self.ledger.events()
        )

    def _author(self, publication: Publication) -> Address:
        """Who has to sign. If control moved after somebody did, the contract refuses it."""
        return self.ledger.controller(publication.context.patient)

    def _owner_key(self, subject: Subject) -> bytes | None:
        """The reading key of whoever controls the record now."""
        return self.ledger.reading_key(self.ledger.controller(subject.patient))

    def _present(self, subject: Subject) -> bytes:
        return self.ledger.commitment(subject.patient, subject.record)

    def _subject(self, patient: Address) -> Subject:
        return Subject(domain=self.ledger.domain, patient=patient, record=HISTORY_RECORD)

    def _found(self, subject: Subject) -> Publication:
        found = self.outbox.find(subject)
        assert found is not None, "the caller put it there, and is alone with the subject"
        return found

    def _put(self, publication: Publication) -> Publication:
        self.outbox.put(publication)
        return publication


def _following(
    ledger: Ledger, vault: Vault, patient: Address, record: bytes, previous: bytes
) -> SealContext:
    version = 0 if previous == ZERO_HASH else vault.version(previous)
    if version is None:
        raise StoreError(
            "The vault does not hold the present version of this record.",
            remedy="Import the vault that sealed it, then publish again.",
        )
    return SealContext(domain=ledger.domain, patient=patient, record=record, version=version + 1)


def _acknowledged(publication: Publication) -> Published:
    if publication.stage is not Stage.CONFIRMED:
        raise _unacknowledged(publication)
    return Published(
        commitment=publication.commitment,
        version=publication.context.version,
        transaction=publication.transaction or None,
    )


def _unacknowledged(publication: Publication) -> PublicationError:
    reason = f" ({publication.reason})" if publication.reason else ""
    return PublicationError(
        f"The version was not published: it is {publication.stage}{reason}.",
        stage=publication.stage,
        remedy=publication.way_out,
    )
