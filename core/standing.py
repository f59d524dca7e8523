"""The part of the replay that knows who speaks for a patient, and who may break the glass.

Follows settings, recoveries and emergency cases, and reports what the contract cannot have done by
rules 12 to 15 of `core.audit`. Pure, like the replay.
"""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace

from core.events import (
    CircleSet,
    EmergencyClosed,
    EmergencyOpened,
    EmergencyPolicySet,
    EmergencyVetoed,
    Event,
    Position,
    RecoveryApproved,
    RecoveryCompleted,
    RecoveryProposed,
    RecoveryVetoed,
    ShareReleased,
    SuccessorSet,
)
from core.findings import Case, Closing, End
from core.hashing import ZERO_ADDRESS, ZERO_HASH, Address
from core.limits import (
    CLINICIAN_ALONE,
    CLINICIAN_AND_GUARDIAN,
    CUSTODIANS,
    GUARDIANS,
    HOUR_SECONDS,
    LONGEST_DELAY_SECONDS,
    LONGEST_WINDOW_HOURS,
    MOST_MEMBERS,
    OFF,
    RECOVERY_SECONDS,
)
from core.records import ALL_RECORDS

_Find = Callable[[int, Event, str], None]


class Standing:
    """What settings, recoveries and cases come to, event by event."""

    def __init__(self, find: _Find) -> None:
        self._find = find
        self._controllers: dict[Address, Address] = {}
        self._circles: dict[tuple[Address, int], tuple[frozenset[Address], int]] = {}
        self._approvals: dict[Address, dict[Address, set[Address]]] = {}
        self._pending: dict[Address, RecoveryProposed] = {}
        self._policies: dict[Address, EmergencyPolicySet] = {}
        self._latest: dict[tuple[Address, Address], int] = {}
        self._shares: set[tuple[int, Address]] = set()
        self.cases: list[Case] = []

    def controller(self, patient: Address) -> Address:
        """The account that speaks for `patient`."""
        return self._controllers.get(patient, patient)

    def is_settled(self, patient: Address) -> bool:
        """Whether no recovery is pending: otherwise nothing is granted and nothing set."""
        return patient not in self._pending

    def circle(self, patient: Address, circle: int) -> tuple[frozenset[Address], int]:
        """The members of a circle of `patient`, and how many of them act together."""
        return self._circles.get((patient, circle), (frozenset(), 0))

    def approvals(self, patient: Address) -> Mapping[Address, AbstractSet[Address]]:
        """Which guardians asked, by the controller they asked for, since the last setting."""
        return self._approvals.get(patient, {})

    def covers(self, patient: Address, clinician: Address, record: bytes, at: Position) -> bool:
        """Whether an emergency case lets `clinician` read `record` at that moment."""
        case = self._case(patient, clinician)
        return (
            case is not None
            and case.closing is None
            and case.event.opens_at <= at.timestamp < case.event.closes_at
            and case.event.record in (ALL_RECORDS, record)
        )

    def end_cases(self, patient: Address, closing: Closing) -> None:
        """End every case of `patient` that runs."""
        for (whose, clinician), _ in tuple(self._latest.items()):
            if whose == patient and self._is_running(patient, clinician, closing.at):
                self._close(patient, clinician, closing)

    def take(self, event: Event, reading_keys: dict[Address, bytes]) -> None:
        """Follow one event; others than these are not its business."""
        match event:
            case CircleSet():
                self._circle_set(event)
            case EmergencyPolicySet():
                self._policy_set(event)
            case SuccessorSet():
                self._setting(event)
            case RecoveryApproved():
                self._approved(event)
            case RecoveryProposed():
                self._proposed(event)
            case RecoveryVetoed() | RecoveryCompleted():
                self._recovery_ended(event)
            case EmergencyOpened():
                self._opened(event, reading_keys.get(event.clinician, ZERO_HASH))
            case EmergencyVetoed() | EmergencyClosed():
                self._case_ended(event)
            case ShareReleased():
                self._released(event)

    def _setting(self, event: CircleSet | EmergencyPolicySet | SuccessorSet) -> None:
        """Every setting spends the nonce, and with it the approvals so far."""
        if not self.is_settled(event.patient):
            self._find(12, event, "Something was set while a recovery was pending.")
        self._approvals.pop(event.patient, None)

    def _circle_set(self, event: CircleSet) -> None:
        self._setting(event)
        members = frozenset(event.members)
        outside = {ZERO_ADDRESS, event.patient, self.controller(event.patient)}
        if event.circle not in (GUARDIANS, CUSTODIANS):
            self._find(12, event, "A circle is of an unknown kind.")
        if len(members) != len(event.members) or len(members) > MOST_MEMBERS or members & outside:
            self._find(12, event, "A circle names somebody who cannot be in it.")
        if not min(1, len(members)) <= event.threshold <= len(members):
            self._find(12, event, "A circle's threshold does not fit its members.")
        self._circles[event.patient, event.circle] = members, event.threshold

    def _policy_set(self, event: EmergencyPolicySet) -> None:
        self._setting(event)
        fits = event.mode <= CLINICIAN_ALONE and event.delay <= LONGEST_DELAY_SECONDS
        if not fits or not bool(event.mode) <= event.window <= LONGEST_WINDOW_HOURS:
            self._find(12, event, "An emergency policy is out of its bounds.")
        self.end_cases(event.patient, Closing(reason=End.POLICY_CHANGED, at=event.at))
        self._policies[event.patient] = event

    def _approved(self, event: RecoveryApproved) -> None:
        patient = event.patient
        approvals = self._approvals.setdefault(patient, {}).setdefault(event.controller, set())
        if not self._is_member(patient, GUARDIANS, event.guardian) or event.guardian in approvals:
            self._find(13, event, "A recovery was approved by no guardian, or twice by one.")
        if event.controller in (ZERO_ADDRESS, self.controller(patient)):
            self._find(13, event, "A recovery names the present controller, or nobody.")
        if not self.is_settled(patient):
            self._find(13, event, "A recovery was approved while one was pending.")
        approvals.add(event.guardian)

    def _proposed(self, event: RecoveryProposed) -> None:
        approvals = self._approvals.pop(event.patient, {}).get(event.controller, set())
        _, threshold = self.circle(event.patient, GUARDIANS)
        if not threshold or len(approvals) != threshold:
            self._find(13, event, "A recovery was proposed by too few guardians.")
        if event.due != event.at.timestamp + RECOVERY_SECONDS:
            self._find(13, event, "A recovery is due at a wrong time.")
        self._pending[event.patient] = event

    def _recovery_ended(self, event: RecoveryVetoed | RecoveryCompleted) -> None:
        self._approvals.pop(event.patient, None)
        pending = self._pending.pop(event.patient, None)
        if pending is None or pending.controller != event.controller:
            self._find(13, event, "A recovery ended that was not pending.")
        elif isinstance(event, RecoveryCompleted) and event.at.timestamp < pending.due:
            self._find(13, event, "A recovery was completed before it was due.")
        if isinstance(event, RecoveryCompleted):
            self._controllers[event.patient] = event.controller

    def _opened(self, event: EmergencyOpened, reading_key: bytes) -> None:
        policy = self._policies.get(event.patient)
        if policy is None or policy.mode == OFF:
            self._find(14, event, "An emergency was opened that the patient does not allow.")
        elif (event.record, event.opens_at, event.closes_at) != (
            policy.record,
            event.at.timestamp + policy.delay,
            event.at.timestamp + policy.delay + policy.window * HOUR_SECONDS,
        ):
            self._find(14, event, "An emergency case does not follow the patient's policy.")
        elif not self._may_cosign(event, policy.mode):
            self._find(14, event, "An emergency case lacks the second signature it needs.")
        if event.reader_key != reading_key or reading_key == ZERO_HASH:
            self._find(14, event, "An emergency case names another reading key.")
        case = self._case(event.patient, event.clinician)
        if case is not None and not case.is_over(event.at.timestamp):
            self._find(14, event, "A clinician opened a case while another was running.")
        self._latest[event.patient, event.clinician] = len(self.cases)
        self.cases.append(Case(event=event))

    def _may_cosign(self, event: EmergencyOpened, mode: int) -> bool:
        if mode == CLINICIAN_ALONE:
            return event.cosigner == ZERO_ADDRESS
        if event.cosigner in (ZERO_ADDRESS, event.clinician):
            return False
        return mode != CLINICIAN_AND_GUARDIAN or self._is_member(
            event.patient, GUARDIANS, event.cosigner
        )

    def _case_ended(self, event: EmergencyVetoed | EmergencyClosed) -> None:
        if not self._may_end(event.patient, event.clinician, event.at):
            self._find(15, event, "An emergency case ended that was not running.")
        vetoed = isinstance(event, EmergencyVetoed)
        if isinstance(event, EmergencyVetoed):
            by_guardian = self._is_member(event.patient, GUARDIANS, event.by)
            if event.by != self.controller(event.patient) and not by_guardian:
                self._find(15, event, "An emergency case was refused by somebody who may not.")
        reason = End.VETOED if vetoed else End.CLOSED
        self._close(event.patient, event.clinician, Closing(reason=reason, at=event.at))

    def _released(self, event: ShareReleased) -> None:
        index = self._latest.get((event.patient, event.clinician))
        covered = index is not None and self.covers(
            event.patient, event.clinician, self.cases[index].event.record, event.at
        )
        if not covered or not self._is_member(event.patient, CUSTODIANS, event.custodian):
            self._find(15, event, "A share was released outside a case, or by no custodian.")
        if index is not None:
            if (index, event.custodian) in self._shares:
                self._find(15, event, "A custodian released its share twice in a case.")
            self._shares.add((index, event.custodian))

    def _is_member(self, patient: Address, circle: int, account: Address) -> bool:
        return account in self.circle(patient, circle)[0]

    def _case(self, patient: Address, clinician: Address) -> Case | None:
        index = self._latest.get((patient, clinician))
        return None if index is None else self.cases[index]

    def _is_running(self, patient: Address, clinician: Address, at: Position) -> bool:
        """Open, or about to be."""
        case = self._case(patient, clinician)
        return case is not None and case.closing is None and at.timestamp < case.event.closes_at

    def _may_end(self, patient: Address, clinician: Address, at: Position) -> bool:
        """The contract lets a case end also when a new policy or revoke-all ended it before."""
        case = self._case(patient, clinician)
        return case is not None and case.word is None and at.timestamp < case.event.closes_at

    def _close(self, patient: Address, clinician: Address, closing: Closing) -> None:
        index = self._latest.get((patient, clinician))
        if index is not None:
            case = self.cases[index]
            word = closing.reason if closing.reason in (End.VETOED, End.CLOSED) else case.word
            self.cases[index] = replace(case, closing=case.closing or closing, word=word)
