"""What happened on the chain, as values. One class per event of the Consent contract."""

from dataclasses import dataclass

from core.hashing import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where an event stands: its order is (block, log_index)."""

    block: int
    log_index: int
    timestamp: int
    """Seconds since 1970, from the block."""
    transaction: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainEvent:
    """Base: every event concerns one patient (or account) at one position."""

    at: Position


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSealed(ChainEvent):
    patient: Address
    author: Address
    record: bytes
    commitment: bytes
    previous: bytes
    envelope: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRequested(ChainEvent):
    patient: Address
    grantee: Address
    record: bytes
    purposes: int
    expiry: int
    request: bytes
    """Digest of the signed request; a grant that answers it carries the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessGranted(ChainEvent):
    patient: Address
    grantee: Address
    record: bytes
    purposes: int
    expiry: int
    granted_at: int
    seq: int
    request: bytes
    envelope: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRevoked(ChainEvent):
    patient: Address
    grantee: Address
    record: bytes
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AllAccessRevoked(ChainEvent):
    patient: Address
    cutoff: int
    """Grants whose granted_at is not above this are void."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingKeyPublished(ChainEvent):
    account: Address
    key: bytes
    previous: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordOpened(ChainEvent):
    patient: Address
    reader: Address
    record: bytes
    commitment: bytes
    purpose: int


Event = (
    RecordSealed
    | AccessRequested
    | AccessGranted
    | AccessRevoked
    | AllAccessRevoked
    | ReadingKeyPublished
    | RecordOpened
)
