"""The state of the Consent model, its signatures, its log and its heads."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.eip712 import Domain, TypedStruct
from core.events import ChainEvent, Position, ReadingKeyPublished, RecoveryCompleted
from core.hashing import ZERO_ADDRESS, ZERO_HASH, Address, abi_word, keccak256
from core.records import Terms

NOWHERE = Position(block=0, log_index=0, timestamp=0, transaction=bytes(32))
"""The model's events have not happened on a chain."""

Agrees = Callable[[Address, bytes, bytes], bool]
"""Whether an account agreed to a digest with this signature."""


class Refused(Exception):
    """A call that the contract reverts; `reason` in its words, without its name."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def require(condition: object, reason: str) -> None:
    """Raises Refused."""
    if not condition:
        raise Refused(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """Guardians or custodians."""

    members: frozenset[Address] = frozenset()
    threshold: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Who may break the glass; `seq` is that of the setting."""

    mode: int = 0
    delay: int = 0
    window: int = 0
    record: bytes = ZERO_HASH
    seq: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyCase:
    """A clinician's latest case with a patient. A veto moves its opening to its closing."""

    seq: int = 0
    opens_at: int = 0
    closes_at: int = 0
    cutoff: int = 0
    policy_seq: int = 0


class ConsentState:
    """Everything that the contract remembers, and an undo for what a refused call did."""

    def __init__(self, domain: Domain, agrees: Agrees, is_licensed: Callable[[Address], bool]):
        self.domain = domain
        self.agrees = agrees
        self.is_licensed = is_licensed
        self.now = 0
        self.sender: Address = ZERO_ADDRESS
        self.logged: list[ChainEvent] = []
        self._journal: list[tuple[dict[Any, Any], Any, Any]] = []
        self.commitments: dict[tuple[Address, bytes], bytes] = {}
        self.grants: dict[tuple[Address, Address, bytes], Terms] = {}
        self.cutoffs: dict[Address, int] = {}
        self.controllers: dict[Address, Address] = {}
        self.recoveries: dict[Address, tuple[Address, int]] = {}
        self.approvals: dict[tuple[Address, Address, int], frozenset[Address]] = {}
        self.settings: dict[Address, int] = {}
        self.circles: dict[tuple[Address, int], Circle] = {}
        self.policies: dict[Address, Policy] = {}
        self.cases: dict[tuple[Address, Address], EmergencyCase] = {}
        self.shares: dict[tuple[Address, Address, Address], int] = {}
        self.reading_keys: dict[Address, bytes] = {}
        self.successors: dict[Address, Address] = {}
        self.heads: dict[Address, bytes] = {}
        self.rosters: dict[None, bytes] = {}

    @property
    def roster_head(self) -> bytes:
        return self.rosters.get(None, ZERO_HASH)

    def head(self, patient: Address) -> bytes:
        return self.heads.get(patient, ZERO_HASH)

    def controller(self, patient: Address) -> Address:
        """Who speaks for `patient`."""
        return self.controllers.get(patient, patient)

    def cutoff(self, patient: Address) -> int:
        return self.cutoffs.get(patient, 0)

    def begin(self, sender: Address) -> None:
        """Start a call."""
        self.sender = sender
        self.logged = []
        self._journal = []

    def undo(self) -> None:
        """Take back what the call has done so far."""
        for kept, key, before in reversed(self._journal):
            if before is None:
                kept.pop(key, None)
            else:
                kept[key] = before
        self.begin(self.sender)

    def set(self, kept: dict[Any, Any], key: Any, value: Any) -> None:
        """Remember a value, and the one before for `undo`."""
        self._journal.append((kept, key, kept.get(key)))
        kept[key] = value

    def forget(self, kept: dict[Any, Any], key: Any) -> None:
        self._journal.append((kept, key, kept.pop(key, None)))

    def log(self, kind: type[ChainEvent], **arguments: Any) -> None:
        """Log an event and take it into its patient's head."""
        event = kind(at=NOWHERE, **arguments)
        self.logged.append(event)
        if not kind.in_head or kind is ReadingKeyPublished:
            return
        patient, before = arguments["patient"], self.head(arguments["patient"])
        if before == ZERO_HASH:
            roster = keccak256(self.roster_head + abi_word("address", patient))
            self.set(self.rosters, None, roster)
        self.set(self.heads, patient, _following(before, event))

    def agree(self, account: Address, message: TypedStruct, signature: bytes) -> None:
        """Of the calls that exist once: without a signature the sender speaks for itself."""
        if signature:
            self.require_signed(account, message, signature)
        else:
            require(self.sender == account, "wrong sender")

    def require_signed(self, account: Address, message: TypedStruct, signature: bytes) -> None:
        require(self.now <= message.deadline, "message expired")
        require(account != ZERO_ADDRESS, "wrong signature")
        agreed = self.agrees(account, message.digest(self.domain), signature)
        require(agreed, "wrong signature")

    def require_settled(self, patient: Address) -> None:
        """While a recovery is pending nothing is given or set."""
        require(patient not in self.recoveries, "recovery pending")


def _following(before: bytes, event: ChainEvent) -> bytes:
    """The head rule: the last bit tells whether control was ever moved, the rest is a chain."""
    link = int.from_bytes(keccak256(before + event.leaf()), "big")
    moved = before[31] & 1 or isinstance(event, RecoveryCompleted)
    return (link >> 1 << 1 | int(moved)).to_bytes(32, "big")
