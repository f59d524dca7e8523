"""A Consent contract in memory: the same rules, refusals, events and heads, without a chain.

Implements `core.ports.Ledger` for the tests of flows. `tests/ledger/test_conformance.py` holds it
equal to the real contract.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_keys.exceptions import BadSignature

from core.audit import extend_head, extend_roster
from core.eip712 import Domain, Struct, TypedStruct
from core.errors import ChainUnavailableError, InputError
from core.events import (
    AccessGranted,
    AccessRequested,
    AccessRevoked,
    AllAccessRevoked,
    Event,
    Position,
    ReadingKeyPublished,
    RecordOpened,
    RecordSealed,
)
from core.hashing import ZERO_ADDRESS, ZERO_HASH, Address, address, keccak256
from core.limits import LONGEST_GRANT_SECONDS
from core.purposes import Purpose
from core.records import ALL_RECORDS, READING_KEY_BYTES, Terms
from core.typed_data import (
    Batch,
    GrantAccess,
    OpenRecord,
    PublishReadingKey,
    RequestAccess,
    RevokeAccess,
    RevokeAllAccess,
    SealRecord,
    Signed,
)
from ledger.revert_map import refusal, stale

NEVER = Terms(expiry=0, granted_at=0, seq=0, purposes=0)
CONTRACT = address("0x" + "c0" * 20)


@dataclass
class FakeLedger:
    """Time stands still until `advance`. Set `down` to make every call fail as a dead node does."""

    domain: Domain = field(
        default_factory=lambda: Domain(chain_id=31337, verifying_contract=CONTRACT)
    )
    time: int = 1_800_000_000
    down: bool = False
    roster_head: bytes = ZERO_HASH

    def __post_init__(self) -> None:
        self._events: list[Event] = []
        self._commitments: dict[tuple[Address, bytes], bytes] = {}
        self._heads: dict[Address, bytes] = {}
        self._cutoffs: dict[Address, int] = {}
        self._terms: dict[tuple[Address, Address, bytes], Terms] = {}
        self._keys: dict[Address, bytes] = {}

    def advance(self, seconds: int) -> None:
        self.time += seconds

    def now(self) -> int:
        self._require_up()
        return self.time

    def controller(self, patient: Address) -> Address:
        """Control never moves here: recoveries are tried on the contract itself."""
        return patient

    def commitment(self, patient: Address, record: bytes) -> bytes:
        self._require_up()
        return self._commitments.get((patient, record), ZERO_HASH)

    def head(self, patient: Address) -> bytes:
        self._require_up()
        return self._heads.get(patient, ZERO_HASH)

    def cutoff(self, patient: Address) -> int:
        self._require_up()
        return self._cutoffs.get(patient, 0)

    def terms(self, patient: Address, grantee: Address, record: bytes) -> Terms:
        self._require_up()
        return self._terms.get((patient, grantee, record), NEVER)

    def has_access(self, patient: Address, grantee: Address, record: bytes, purpose: int) -> bool:
        if grantee == patient:
            return grantee != ZERO_ADDRESS
        return any(
            purpose & terms.purposes == purpose != 0
            and self.time < terms.expiry
            and terms.granted_at > self.cutoff(patient)
            for terms in (self.terms(patient, grantee, each) for each in (record, ALL_RECORDS))
        )

    def reading_key(self, account: Address) -> bytes | None:
        self._require_up()
        return self._keys.get(account)

    def events(self) -> tuple[Event, ...]:
        self._require_up()
        return tuple(self._events)

    def relay(self, signed: Signed) -> bytes:
        """As the contract: signature, then terms; a refusal changes nothing."""
        self._require_up()
        message = signed.message
        if isinstance(message, PublishReadingKey) and keccak256(signed.payload) != (
            message.key_hash
        ):
            raise InputError("The key sent along is not the one that was signed.")
        self._require_signature(signed)
        transaction = keccak256(message.digest(self.domain) + len(self._events).to_bytes(8, "big"))
        at = Position(
            block=len(self._events) + 1, log_index=0, timestamp=self.time, transaction=transaction
        )
        if isinstance(message, Batch):
            self._batch(message, at)
        else:
            self._log(self._effect(signed, at))
        return transaction

    def _batch(self, message: Batch, at: Position) -> None:
        """All of it or none."""
        before = copy.copy(self.__dict__)
        for name in ("_events", "_commitments", "_heads", "_terms"):
            setattr(self, name, copy.copy(before[name]))
        try:
            for place, each in enumerate(_parts(message)):
                signed = Signed(message=each, signature=b"")
                self._log(self._effect(signed, replace(at, log_index=place)))
        except BaseException:
            self.__dict__.update(before)
            raise

    def _effect(self, signed: Signed, at: Position) -> Event:
        match signed.message:
            case SealRecord() as message:
                return self._seal(message, at)
            case RequestAccess() as message:
                return self._request(message, at)
            case GrantAccess() as message:
                return self._grant(message, at)
            case RevokeAccess() as message:
                return self._revoke(message, at)
            case RevokeAllAccess() as message:
                return self._revoke_all(message, at)
            case PublishReadingKey() as message:
                return self._publish(message, signed.payload, at)
            case OpenRecord() as message:
                return self._open(message, at)
        raise TypeError(type(signed.message).__name__)

    def _seal(self, message: SealRecord, at: Position) -> Event:
        key = (message.patient, message.record)
        _require(message.record != ALL_RECORDS, "unknown record")
        _require(message.commitment != ZERO_HASH, "empty commitment")
        may = self.has_access(message.patient, message.author, message.record, Purpose.WRITE)
        _require(may, "not an author")
        _require(self.commitment(*key) == message.previous, "wrong previous commitment")
        _require(message.commitment != message.previous, "wrong previous commitment")
        self._commitments[key] = message.commitment
        return RecordSealed(
            at=at,
            patient=message.patient,
            author=message.author,
            record=message.record,
            commitment=message.commitment,
            envelope=message.envelope,
        )

    def _request(self, message: RequestAccess, at: Position) -> Event:
        _require(message.patient != ZERO_ADDRESS, "empty account")
        _require(message.grantee != message.patient, "self grant")
        self._require_terms(message)
        return AccessRequested(
            at=at,
            patient=message.patient,
            grantee=message.grantee,
            record=message.record,
            purposes=message.purposes,
            expiry=message.expiry,
            request=message.digest(self.domain),
        )

    def _grant(self, message: GrantAccess, at: Position) -> Event:
        _require(message.grantee != ZERO_ADDRESS, "empty account")
        _require(message.grantee != message.patient, "self grant")
        self._require_terms(message)
        terms = Terms(
            expiry=message.expiry,
            granted_at=max(self.time, self.cutoff(message.patient) + 1),
            seq=self._next_seq(message),
            purposes=message.purposes,
        )
        self._terms[message.patient, message.grantee, message.record] = terms
        return AccessGranted(
            at=at,
            patient=message.patient,
            grantee=message.grantee,
            record=message.record,
            purposes=message.purposes,
            expiry=message.expiry,
            granted_at=terms.granted_at,
            seq=terms.seq,
            request=message.request,
            envelope=message.envelope,
        )

    def _revoke(self, message: RevokeAccess, at: Position) -> Event:
        spent = Terms(expiry=0, granted_at=0, seq=self._next_seq(message), purposes=0)
        self._terms[message.patient, message.grantee, message.record] = spent
        return AccessRevoked(
            at=at,
            patient=message.patient,
            grantee=message.grantee,
            record=message.record,
        )

    def _next_seq(self, message: GrantAccess | RevokeAccess) -> int:
        # Not the message's own plus one: in a batch the pair may have spent one before.
        return self.terms(message.patient, message.grantee, message.record).seq + 1

    def _revoke_all(self, message: RevokeAllAccess, at: Position) -> Event:
        cutoff = max(self.time, message.cutoff + 1)
        self._cutoffs[message.patient] = cutoff
        return AllAccessRevoked(at=at, patient=message.patient, cutoff=cutoff)

    def _publish(self, message: PublishReadingKey, key: bytes, at: Position) -> Event:
        _require(len(key) == READING_KEY_BYTES, "malformed key")
        self._keys[message.account] = key
        return ReadingKeyPublished(
            at=at, account=message.account, previous=message.previous, key=key
        )

    def _open(self, message: OpenRecord, at: Position) -> Event:
        may = self.has_access(message.patient, message.reader, message.record, message.purpose)
        _require(may, "no access")
        _require(message.commitment != ZERO_HASH, "unknown record")
        _require(message.purpose.bit_count() == 1, "unknown purpose")
        return RecordOpened(
            at=at,
            patient=message.patient,
            reader=message.reader,
            record=message.record,
            commitment=message.commitment,
            purpose=message.purpose,
        )

    def _require_terms(self, message: RequestAccess | GrantAccess) -> None:
        _require(0 < message.purposes < 1 << 32, "unknown purpose")
        _require(message.expiry > self.time, "expiry in the past")
        within = message.expiry <= self.time + LONGEST_GRANT_SECONDS
        _require(within, "expiry beyond ten years")

    def _require_signature(self, signed: Signed) -> None:
        """The signer's own key over a message whose nonces are the present ones."""
        message = signed.message
        if _recover(message, self.domain, signed.signature) != _signer(message):
            raise refusal("Consent: wrong signature")
        _require(self.time <= message.deadline, "message expired")
        if not self._is_present(message):
            raise stale()

    def _is_present(self, message: TypedStruct) -> bool:
        match message:
            case GrantAccess():
                key = (message.patient, message.grantee, message.record)
                present = (self.terms(*key).seq, self.cutoff(message.patient))
                return (message.seq, message.cutoff) == present
            case RevokeAccess():
                key = (message.patient, message.grantee, message.record)
                return message.seq == self.terms(*key).seq
            case RevokeAllAccess():
                return message.cutoff == self.cutoff(message.patient)
            case PublishReadingKey():
                key_now = self._keys.get(message.account)
                return message.previous == (ZERO_HASH if key_now is None else keccak256(key_now))
            case Batch():
                grants = [(each.grantee, each.record, each.seq) for each in message.grants]
                taken = [(each.grantee, each.record, each.seq) for each in message.revocations]
                return message.cutoff == self.cutoff(message.patient) and all(
                    self.terms(message.patient, grantee, record).seq == seq
                    for grantee, record, seq in grants + taken
                )
            case OpenRecord():
                sealed = self.commitment(message.patient, message.record)
                return message.commitment == sealed and message.head == self.head(message.patient)
        return True

    def _log(self, event: Event) -> None:
        self._events.append(event)
        if not event.in_head or isinstance(event, ReadingKeyPublished):
            return
        head = self._heads.get(event.patient)
        if head is None:
            self.roster_head = extend_roster(self.roster_head, event.patient)
        self._heads[event.patient] = extend_head(head or ZERO_HASH, event.leaf())

    def _require_up(self) -> None:
        if self.down:
            raise ChainUnavailableError("The chain's node at 127.0.0.1:0 gave no answer.")


def _signer(message: TypedStruct) -> Address:
    match message:
        case SealRecord() | Batch():
            return message.author
        case RequestAccess():
            return message.grantee
        case PublishReadingKey():
            return message.account
        case OpenRecord():
            return message.reader
        case GrantAccess() | RevokeAccess() | RevokeAllAccess():
            return message.patient
    raise TypeError(type(message).__name__)


def _parts(message: Batch) -> Iterator[TypedStruct]:
    """The messages that a batch stands for, in the contract's order."""
    about = {"patient": message.patient, "deadline": message.deadline}
    for version in message.versions:
        yield SealRecord(author=message.author, **about, **_fields(version))
    gives = bool(message.revocations or message.grants)
    _require(message.author == message.patient or not gives, "not the controller")
    for revocation in message.revocations:
        yield RevokeAccess(**about, **_fields(revocation))
    for grant in message.grants:
        yield GrantAccess(cutoff=message.cutoff, **about, **_fields(grant))


def _fields(part: Struct) -> dict[str, Any]:
    return {name: getattr(part, name) for name, _ in part.schema()}


def _recover(message: TypedStruct, domain: Domain, signature: bytes) -> Address | None:
    if len(signature) != 65 or signature[64] not in (27, 28):
        return None
    signable = encode_typed_data(full_message=message.message(domain))
    try:
        return address(Account.recover_message(signable, signature=signature))
    except (ValueError, BadSignature):
        return None


def _require(condition: bool, reason: str) -> None:
    if not condition:
        raise refusal(f"Consent: {reason}")
