"""What happened on the chain, as values. One class per event of the Consent contract.

An event's fields after `at` are its arguments, in the contract's order, each annotated with its
Solidity type; `Indexed` ones are topics. So the signature, the decoding and the leaf of the hash
chain all follow from one place.

Source: Solidity ABI specification, Events.
"""

from dataclasses import dataclass, fields
from functools import cache
from typing import Annotated, ClassVar, get_type_hints

from core.hashing import Address, abi_word, keccak256

INDEXED = "indexed"
"""Second annotation of an argument that travels as a topic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where an event stands: its order is (block, log_index)."""

    block: int
    log_index: int
    timestamp: int
    """Seconds since 1970, from the block."""
    transaction: bytes

    @property
    def order(self) -> tuple[int, int]:
        return self.block, self.log_index


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One argument of an event as the contract declares it."""

    name: str
    kind: str
    """The Solidity type, such as "uint40"."""
    indexed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainEvent:
    """Base: every event concerns one patient (or account) at one position."""

    in_head: ClassVar[bool] = True
    """Whether the patient's hash chain covers this event."""

    at: Position

    @classmethod
    def arguments(cls) -> tuple[Argument, ...]:
        """The arguments in the contract's order."""
        return _arguments(cls)  # type: ignore[arg-type]  # a class is hashable, its values too

    @classmethod
    def topic(cls) -> bytes:
        """topic0: keccak256 of the event's signature."""
        return _topic(cls)  # type: ignore[arg-type]

    def leaf(self) -> bytes:
        """keccak256 of topic0 and every argument as a 32-byte word: the link of the hash chain."""
        words = [abi_word(each.kind, getattr(self, each.name)) for each in self.arguments()]
        return keccak256(self.topic() + b"".join(words))


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSealed(ChainEvent):
    patient: Annotated[Address, "address", INDEXED]
    author: Annotated[Address, "address", INDEXED]
    record: Annotated[bytes, "bytes32", INDEXED]
    commitment: Annotated[bytes, "bytes32"]
    envelope: Annotated[bytes, "bytes32"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRequested(ChainEvent):
    in_head: ClassVar[bool] = False

    patient: Annotated[Address, "address", INDEXED]
    grantee: Annotated[Address, "address", INDEXED]
    record: Annotated[bytes, "bytes32", INDEXED]
    purposes: Annotated[int, "uint256"]
    expiry: Annotated[int, "uint256"]
    request: Annotated[bytes, "bytes32"]
    """Digest of the signed request; a grant that answers it carries the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessGranted(ChainEvent):
    patient: Annotated[Address, "address", INDEXED]
    grantee: Annotated[Address, "address", INDEXED]
    record: Annotated[bytes, "bytes32", INDEXED]
    purposes: Annotated[int, "uint256"]
    expiry: Annotated[int, "uint256"]
    granted_at: Annotated[int, "uint256"]
    seq: Annotated[int, "uint256"]
    request: Annotated[bytes, "bytes32"]
    envelope: Annotated[bytes, "bytes32"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRevoked(ChainEvent):
    patient: Annotated[Address, "address", INDEXED]
    grantee: Annotated[Address, "address", INDEXED]
    record: Annotated[bytes, "bytes32", INDEXED]


@dataclass(frozen=True, slots=True, kw_only=True)
class AllAccessRevoked(ChainEvent):
    patient: Annotated[Address, "address", INDEXED]
    cutoff: Annotated[int, "uint256"]
    """Grants whose granted_at is not above this are void."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingKeyPublished(ChainEvent):
    in_head: ClassVar[bool] = False

    account: Annotated[Address, "address", INDEXED]
    previous: Annotated[bytes, "bytes32"]
    key: Annotated[bytes, "bytes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordOpened(ChainEvent):
    patient: Annotated[Address, "address", INDEXED]
    reader: Annotated[Address, "address", INDEXED]
    record: Annotated[bytes, "bytes32", INDEXED]
    commitment: Annotated[bytes, "bytes32"]
    purpose: Annotated[int, "uint256"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyPolicySet(ChainEvent):
    """`delay` in seconds, `window` in hours; mode zero is nobody."""

    patient: Annotated[Address, "address", INDEXED]
    record: Annotated[bytes, "bytes32", INDEXED]
    mode: Annotated[int, "uint256"]
    delay: Annotated[int, "uint256"]
    window: Annotated[int, "uint256"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyOpened(ChainEvent):
    patient: Annotated[Address, "address", INDEXED]
    clinician: Annotated[Address, "address", INDEXED]
    record: Annotated[bytes, "bytes32", INDEXED]
    cosigner: Annotated[Address, "address"]
    reader_key: Annotated[bytes, "bytes32"]
    reason: Annotated[bytes, "bytes32"]
    opens_at: Annotated[int, "uint256"]
    closes_at: Annotated[int, "uint256"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyVetoed(ChainEvent):
    patient: Annotated[Address, "address", INDEXED]
    clinician: Annotated[Address, "address", INDEXED]
    by: Annotated[Address, "address", INDEXED]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyClosed(ChainEvent):
    patient: Annotated[Address, "address", INDEXED]
    clinician: Annotated[Address, "address", INDEXED]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareReleased(ChainEvent):
    patient: Annotated[Address, "address", INDEXED]
    clinician: Annotated[Address, "address", INDEXED]
    custodian: Annotated[Address, "address", INDEXED]
    share: Annotated[bytes, "bytes32"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CircleSet(ChainEvent):
    """Guardians are circle 0, custodians circle 1."""

    patient: Annotated[Address, "address", INDEXED]
    circle: Annotated[int, "uint256", INDEXED]
    members: Annotated[tuple[Address, ...], "address[]"]
    threshold: Annotated[int, "uint256"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryApproved(ChainEvent):
    patient: Annotated[Address, "address", INDEXED]
    controller: Annotated[Address, "address", INDEXED]
    guardian: Annotated[Address, "address", INDEXED]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryProposed(ChainEvent):
    patient: Annotated[Address, "address", INDEXED]
    controller: Annotated[Address, "address", INDEXED]
    due: Annotated[int, "uint256"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryVetoed(ChainEvent):
    patient: Annotated[Address, "address", INDEXED]
    controller: Annotated[Address, "address", INDEXED]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCompleted(ChainEvent):
    """The first one of a patient sets the last bit of the head."""

    patient: Annotated[Address, "address", INDEXED]
    controller: Annotated[Address, "address", INDEXED]


@dataclass(frozen=True, slots=True, kw_only=True)
class SuccessorSet(ChainEvent):
    patient: Annotated[Address, "address", INDEXED]
    successor: Annotated[Address, "address", INDEXED]


Event = (
    RecordSealed
    | AccessRequested
    | AccessGranted
    | AccessRevoked
    | AllAccessRevoked
    | ReadingKeyPublished
    | RecordOpened
    | EmergencyPolicySet
    | EmergencyOpened
    | EmergencyVetoed
    | EmergencyClosed
    | ShareReleased
    | CircleSet
    | RecoveryApproved
    | RecoveryProposed
    | RecoveryVetoed
    | RecoveryCompleted
    | SuccessorSet
)

EVENTS: tuple[type[Event], ...] = (
    RecordSealed,
    AccessRequested,
    AccessGranted,
    AccessRevoked,
    AllAccessRevoked,
    ReadingKeyPublished,
    RecordOpened,
    EmergencyPolicySet,
    EmergencyOpened,
    EmergencyVetoed,
    EmergencyClosed,
    ShareReleased,
    CircleSet,
    RecoveryApproved,
    RecoveryProposed,
    RecoveryVetoed,
    RecoveryCompleted,
    SuccessorSet,
)


@cache
def _arguments(event: type[ChainEvent]) -> tuple[Argument, ...]:
    hints = get_type_hints(event, include_extras=True)
    marks = {f.name: hints[f.name].__metadata__ for f in fields(event) if f.name != "at"}
    return tuple(
        Argument(name=name, kind=mark[0], indexed=INDEXED in mark) for name, mark in marks.items()
    )


@cache
def _topic(event: type[ChainEvent]) -> bytes:
    kinds = ",".join(each.kind for each in event.arguments())
    return keccak256(f"{event.__name__}({kinds})".encode())
