"""A publication on its way: its stages, and the only steps between them.

    ACCEPTED -> STORED -> SIGNED -> SENT -> CONFIRMED

1. A stage is on record before the world sees what belongs to it: ACCEPTED before anything is
   stored, SIGNED and SENT before the message leaves.
2. Only CONFIRMED is an acknowledgement: the chain holds the commitment, and record and envelope
   are pinned and were read back.
3. Each record has one publication at most. A new one takes the place of one that has ended, or of
   one whose message never left.
4. A publication that cannot go on ends in a stage that says why; `way_out` says what to do.

Pure: what keeps these across a crash implements `core.ports.Outbox`.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum

from core.eip712 import Domain
from core.errors import InputError
from core.hashing import ZERO_HASH, Address
from core.records import SealContext, Sealing
from core.typed_data import SealRecord, Signed


class Stage(StrEnum):
    """How far a publication has come."""

    ACCEPTED = "accepted"
    """A payload is being sealed; nothing of it is promised yet."""
    STORED = "stored"
    """Record and envelope are pinned and were read back; the owner has to sign."""
    SIGNED = "signed"
    """The owner's message is here and has not left."""
    SENT = "sent"
    """The message has left; whether the chain took it is not known yet."""
    CONFIRMED = "confirmed"
    """Acknowledged."""
    EXPIRED = "expired"
    """The message's deadline passed and the chain never took it; it never will."""
    OVERTAKEN = "overtaken"
    """The chain holds another version in its place."""
    REFUSED = "refused"
    """The contract refused the message."""
    ABANDONED = "abandoned"
    """The sealed bytes are not there: their process died before they were stored, or they went."""


OPEN = frozenset({Stage.ACCEPTED, Stage.STORED, Stage.SIGNED, Stage.SENT})
"""Stages that resuming carries on from."""

_ENDS = frozenset({Stage.CONFIRMED, Stage.OVERTAKEN, Stage.ABANDONED})
"""Where anything stored may come to: another process may have carried the message, or another."""

_NEXT: dict[Stage, frozenset[Stage]] = {
    Stage.ACCEPTED: frozenset({Stage.STORED, Stage.ABANDONED}),
    Stage.STORED: _ENDS | {Stage.SIGNED},
    Stage.SIGNED: _ENDS | {Stage.SENT, Stage.EXPIRED},
    Stage.SENT: _ENDS | {Stage.SENT, Stage.EXPIRED, Stage.REFUSED},
    Stage.EXPIRED: _ENDS | {Stage.SIGNED},
}

_WAYS_OUT = {
    Stage.ACCEPTED: "Publish the same paper again: nothing was stored yet.",
    Stage.STORED: "Sign it: resume with the owner's key.",
    Stage.SIGNED: "Resume: it goes on by itself.",
    Stage.SENT: "Resume: it goes on by itself.",
    Stage.EXPIRED: "Sign it again: resume with the owner's key.",
    Stage.OVERTAKEN: "Publish again: it becomes the version after the present one.",
    Stage.REFUSED: "Correct what the contract names, then publish again.",
    Stage.ABANDONED: "Publish the same paper again.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whose record, under which contract: what has one publication at a time."""

    domain: Domain
    patient: Address
    record: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """One version of a record on its way to the chain. Holds no payload, key, salt or CID."""

    context: SealContext
    previous: bytes
    """The commitment that it replaces."""
    stage: Stage = Stage.ACCEPTED
    commitment: bytes = ZERO_HASH
    """Zero until it is stored."""
    envelope: bytes = ZERO_HASH
    """Digest of the owner's envelope."""
    deadline: int = 0
    """Of the signed message, seconds of the chain's clock."""
    signature: bytes = field(default=b"", repr=False)
    """Kept while the message may have to be sent, and no longer."""
    transaction: bytes = b""
    """That carried the message; empty when that is not known."""
    reason: str = ""
    """The contract's own words for a refusal."""

    @property
    def subject(self) -> Subject:
        context = self.context
        return Subject(domain=context.domain, patient=context.patient, record=context.record)

    @property
    def is_open(self) -> bool:
        return self.stage in OPEN

    @property
    def way_out(self) -> str:
        """What the person can do; empty when all is done."""
        return _WAYS_OUT.get(self.stage, "")

    def stored(self, sealing: Sealing) -> "Publication":
        """The sealing that the store now holds."""
        return replace(
            self._to(Stage.STORED),
            context=sealing.context,
            previous=sealing.previous,
            commitment=sealing.commitment,
            envelope=sealing.envelope_digest,
        )

    def signed(self, signed: Signed) -> "Publication":
        """Raises InputError when the message is not the one that commits to this sealing."""
        message = signed.message
        if not isinstance(message, SealRecord) or not self._is_for_this(message):
            raise InputError(
                "The signed message is for another sealing.", remedy="Sign the one that is shown."
            )
        return replace(
            self._to(Stage.SIGNED), deadline=message.deadline, signature=signed.signature
        )

    def sent(self) -> "Publication":
        return self._to(Stage.SENT)

    def confirmed(self, transaction: bytes = b"") -> "Publication":
        return replace(self._settled(Stage.CONFIRMED), transaction=transaction)

    def expired(self) -> "Publication":
        return self._settled(Stage.EXPIRED)

    def overtaken(self) -> "Publication":
        return self._settled(Stage.OVERTAKEN)

    def refused(self, reason: str) -> "Publication":
        return replace(self._settled(Stage.REFUSED), reason=reason)

    def abandoned(self) -> "Publication":
        return self._settled(Stage.ABANDONED)

    def sealing(self) -> Sealing:
        """What was stored."""
        return Sealing(
            context=self.context,
            commitment=self.commitment,
            previous=self.previous,
            envelope_digest=self.envelope,
        )

    def message(self, deadline: int, author: Address) -> SealRecord:
        """What whoever controls the record signs for this sealing."""
        return SealRecord(
            patient=self.context.patient,
            author=author,
            record=self.context.record,
            commitment=self.commitment,
            previous=self.previous,
            envelope=self.envelope,
            deadline=deadline,
        )

    def carried(self, author: Address) -> Signed:
        """The message signed by `author`, as it is handed to the relayer."""
        return Signed(message=self.message(self.deadline, author), signature=self.signature)

    def _is_for_this(self, message: SealRecord) -> bool:
        """Whoever signed it: whether that is the controller is for the contract to say."""
        return self.message(message.deadline, message.author) == message

    def may_give_way(self) -> bool:
        """Whether a new publication may take this one's place (rule 3)."""
        return not self.is_open or self.stage in (Stage.ACCEPTED, Stage.STORED)

    def _settled(self, stage: Stage) -> "Publication":
        """The message has no use any more: its signature goes."""
        return replace(self._to(stage), signature=b"")

    def _to(self, stage: Stage) -> "Publication":
        if stage not in _NEXT.get(self.stage, frozenset()):
            raise ValueError(f"a publication does not go from {self.stage} to {stage}")
        return replace(self, stage=stage)


class TransientOutbox:
    """`core.ports.Outbox` in memory: for a caller who keeps the payload and repeats the whole."""

    def __init__(self) -> None:
        self._kept: dict[Subject, Publication] = {}
        self._lock = threading.RLock()

    @contextmanager
    def alone(self, subject: Subject) -> Iterator[None]:  # noqa: ARG002
        with self._lock:
            yield

    def find(self, subject: Subject) -> Publication | None:
        return self._kept.get(subject)

    def publications(self) -> tuple[Publication, ...]:
        return tuple(self._kept.values())

    def put(self, publication: Publication) -> None:
        self._kept[publication.subject] = publication

    def forget(self, subject: Subject) -> None:
        self._kept.pop(subject, None)
