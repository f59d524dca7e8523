"""A patient's events, written as the contract would write them."""

from collections.abc import Callable
from typing import Any

from core.audit import replay
from core.events import (
    AccessGranted,
    ChainEvent,
    CircleSet,
    EmergencyOpened,
    EmergencyPolicySet,
    Position,
    ReadingKeyPublished,
    RecoveryApproved,
    RecoveryProposed,
)
from core.findings import Audit
from core.hashing import ZERO_HASH, address, keccak256
from core.limits import (
    GUARDIANS,
    RECOVERY_SECONDS,
    TWO_CLINICIANS,
)
from core.purposes import Purpose
from core.records import ALL_RECORDS, HISTORY_RECORD

NOON = 1_800_000_000
HOUR, DAY = 3_600, 86_400
KEY = bytes(1216)


def person(name: str) -> Any:
    return address("0x" + keccak256(name.encode())[:20].hex())


PATIENT, NEW_WALLET, STRANGER = person("patient"), person("new wallet"), person("stranger")
ALICE, BOB, CAROL = person("alice"), person("bob"), person("carol")
CLINICIAN, COLLEAGUE = person("clinician"), person("colleague")


class Chronicle:
    """Writes a patient's events as the contract would; a test changes what one of them says."""

    def __init__(self) -> None:
        self.time = NOON
        self.events: list[Any] = []

    def add(self, kind: type[ChainEvent], **terms: Any) -> "Chronicle":
        block = len(self.events) + 1
        at = Position(block=block, log_index=0, timestamp=self.time, transaction=bytes(32))
        owner = {} if kind is ReadingKeyPublished else {"patient": PATIENT}
        self.events.append(kind(at=at, **{**owner, **terms}))
        return self

    def circle(self, *members: Any, circle: int = GUARDIANS, threshold: int = 2) -> "Chronicle":
        return self.add(CircleSet, circle=circle, members=members, threshold=threshold)

    def policy(self, mode: int = TWO_CLINICIANS, **terms: Any) -> "Chronicle":
        usual = {"record": ALL_RECORDS, "mode": mode, "delay": HOUR, "window": 24}
        return self.add(EmergencyPolicySet, **{**usual, **terms})

    def reading_key(self) -> "Chronicle":
        return self.add(ReadingKeyPublished, account=CLINICIAN, previous=ZERO_HASH, key=KEY)

    def open(self, **terms: Any) -> "Chronicle":
        usual = {
            "clinician": CLINICIAN,
            "record": ALL_RECORDS,
            "cosigner": COLLEAGUE,
            "reader_key": keccak256(KEY),
            "reason": b"\1" * 32,
            "opens_at": self.time + HOUR,
            "closes_at": self.time + 25 * HOUR,
        }
        return self.add(EmergencyOpened, **{**usual, **terms})

    def approve(self, *guardians: Any, controller: Any = NEW_WALLET) -> "Chronicle":
        for guardian in guardians:
            self.add(RecoveryApproved, controller=controller, guardian=guardian)
        return self

    def propose(self, controller: Any = NEW_WALLET, due: int | None = None) -> "Chronicle":
        default = self.time + RECOVERY_SECONDS
        return self.add(
            RecoveryProposed, controller=controller, due=default if due is None else due
        )

    def grant(self, **terms: Any) -> "Chronicle":
        usual = {
            "grantee": STRANGER,
            "record": HISTORY_RECORD,
            "purposes": int(Purpose.TREAT),
            "expiry": self.time + DAY,
            "granted_at": self.time,
            "seq": 1,
            "request": ZERO_HASH,
            "envelope": ZERO_HASH,
        }
        return self.add(AccessGranted, **{**usual, **terms})


def rules(chronicle: Chronicle) -> list[int]:
    return [finding.rule for finding in audit_of(chronicle).violations]


def audit_of(chronicle: Chronicle) -> Audit:
    return replay(chronicle.events)


Story = Callable[[Chronicle], object]
