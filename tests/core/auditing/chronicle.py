"""Events as the contract would log them, with the clock under control."""

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
from core.findings import Audit, ChainState
from core.hashing import ZERO_HASH, Address, address, keccak256
from core.records import HISTORY_RECORD

PATIENT = address("0x" + "a1" * 20)
OTHER_PATIENT = address("0x" + "a2" * 20)
DOCTOR = address("0x" + "d1" * 20)
STRANGER = address("0x" + "e1" * 20)
TREAT, WRITE = 1, 1 << 31
NOON = 1_800_000_000
HOUR = 3_600


class Chronicle:
    """Writes events as the contract would, with the clock under control."""

    def __init__(self) -> None:
        self.time = NOON
        self.events: list[Event] = []
        self.commitments: dict[tuple[Address, bytes], bytes] = {}
        self.sequences: dict[tuple[Address, Address, bytes], int] = {}
        self.cutoffs: dict[Address, int] = {}
        self.keys: dict[Address, bytes] = {}

    def at(self) -> Position:
        block = len(self.events) + 1
        return Position(
            block=block, log_index=0, timestamp=self.time, transaction=block.to_bytes(32, "big")
        )

    def seal(self, *, patient: Address = PATIENT, author: Address | None = None) -> RecordSealed:
        key = (patient, HISTORY_RECORD)
        event = RecordSealed(
            at=self.at(),
            patient=patient,
            author=author or patient,
            record=HISTORY_RECORD,
            commitment=keccak256(len(self.events).to_bytes(4, "big")),
            envelope=ZERO_HASH,
        )
        self.commitments[key] = event.commitment
        return self._add(event)

    def request(
        self, *, patient: Address = PATIENT, grantee: Address = DOCTOR, purposes: int = TREAT
    ) -> AccessRequested:
        return self._add(
            AccessRequested(
                at=self.at(),
                patient=patient,
                grantee=grantee,
                record=HISTORY_RECORD,
                purposes=purposes,
                expiry=self.time + HOUR,
                request=keccak256(b"request" + len(self.events).to_bytes(4, "big")),
            )
        )

    def grant(
        self,
        *,
        patient: Address = PATIENT,
        grantee: Address = DOCTOR,
        record: bytes = HISTORY_RECORD,
        purposes: int = TREAT,
        seconds: int = HOUR,
        request: bytes = ZERO_HASH,
    ) -> AccessGranted:
        return self._add(
            AccessGranted(
                at=self.at(),
                patient=patient,
                grantee=grantee,
                record=record,
                purposes=purposes,
                expiry=self.time + seconds,
                granted_at=max(self.time, self.cutoffs.get(patient, 0) + 1),
                seq=self._spend(patient, grantee, record),
                request=request,
                envelope=ZERO_HASH,
            )
        )

    def revoke(
        self,
        *,
        patient: Address = PATIENT,
        grantee: Address = DOCTOR,
        record: bytes = HISTORY_RECORD,
    ) -> AccessRevoked:
        self._spend(patient, grantee, record)
        return self._add(
            AccessRevoked(at=self.at(), patient=patient, grantee=grantee, record=record)
        )

    def revoke_all(self, *, patient: Address = PATIENT) -> AllAccessRevoked:
        self.cutoffs[patient] = max(self.time, self.cutoffs.get(patient, 0) + 1)
        return self._add(
            AllAccessRevoked(at=self.at(), patient=patient, cutoff=self.cutoffs[patient])
        )

    def publish_key(self, *, account: Address = DOCTOR, length: int = 1216) -> ReadingKeyPublished:
        previous = self.keys.get(account, ZERO_HASH)
        key = bytes([len(self.events) % 256]) * length
        self.keys[account] = keccak256(key)
        return self._add(
            ReadingKeyPublished(at=self.at(), account=account, key=key, previous=previous)
        )

    def open(
        self, *, patient: Address = PATIENT, reader: Address = DOCTOR, purpose: int = TREAT
    ) -> RecordOpened:
        return self._add(
            RecordOpened(
                at=self.at(),
                patient=patient,
                reader=reader,
                record=HISTORY_RECORD,
                commitment=self.commitments.get((patient, HISTORY_RECORD), ZERO_HASH),
                purpose=purpose,
            )
        )

    def _spend(self, *key: object) -> int:
        self.sequences[key] = self.sequences.get(key, 0) + 1  # type: ignore[index]
        return self.sequences[key]  # type: ignore[index]

    def _add(self, event):  # type: ignore[no-untyped-def]
        self.events.append(event)
        return event


def chain_of(audit: Audit) -> ChainState:
    """The state of an honest chain that has seen what `audit` has."""
    return ChainState(
        block=1,
        roster_head=audit.roster_head,
        heads=dict(audit.heads),
        reading_keys=dict(audit.reading_keys),
    )


def rules(audit: Audit) -> list[int]:
    return [finding.rule for finding in audit.violations]
