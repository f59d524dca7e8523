"""A way back from a lost wallet: name guardians; as a guardian, move control; as its owner, refuse.

What stands is folded from the patient's events, and those are held against the patient's head on
the chain: a node that leaves one out is found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.audit import replay
from core.errors import ConsentRefusedError, InputError, VerificationError
from core.events import Event, RecordSealed, RecoveryCompleted
from core.flows.submit import deadline
from core.hashing import ZERO_HASH, Address
from core.limits import GUARDIANS, MOST_MEMBERS
from core.ports import Ledger
from core.records import HISTORY_RECORD, Recovery
from core.standing import Standing
from core.typed_data import ApproveRecovery, SetGuardians, VetoRecovery


@dataclass(frozen=True, slots=True, kw_only=True)
class Guardianship:
    """Who can give a patient's record back, and how far that is."""

    patient: Address
    controller: Address
    """Who grants, revokes and seals for the patient now."""
    members: tuple[Address, ...]
    threshold: int
    """How many of them have to ask for the same; zero without guardians."""
    approvals: Mapping[Address, tuple[Address, ...]]
    """Which guardians asked, by the controller they asked for, since the last setting."""
    pending: Recovery | None

    def missing(self, controller: Address) -> int:
        """How many more guardians have to ask for `controller`."""
        return max(0, self.threshold - len(self.approvals.get(controller, ())))


def guardianship(ledger: Ledger, patient: Address) -> Guardianship:
    """What stands on the chain now. Raises VerificationError when the node withholds events."""
    standing = follow(patient_events(ledger, patient))
    members, threshold = standing.circle(patient, GUARDIANS)
    return Guardianship(
        patient=patient,
        controller=ledger.controller(patient),
        members=tuple(sorted(members)),
        threshold=threshold,
        approvals={
            controller: tuple(sorted(by)) for controller, by in standing.approvals(patient).items()
        },
        pending=ledger.recovery(patient),
    )


def prepare_guardians(
    ledger: Ledger, *, patient: Address, members: Sequence[Address], threshold: int
) -> SetGuardians:
    """Name the guardians in place of those before; nobody and zero for none.

    Raises InputError for more than the contract holds; what else is wrong with them it says.
    """
    if len(members) > MOST_MEMBERS:
        raise InputError(
            f"{len(members)} guardians are too many.", remedy=f"Name {MOST_MEMBERS} at most."
        )
    return SetGuardians(
        patient=patient,
        members=tuple(members),
        threshold=threshold,
        seq=ledger.settings_seq(patient),
        deadline=deadline(ledger),
    )


def prepare_approval(ledger: Ledger, *, patient: Address, controller: Address) -> ApproveRecovery:
    """A guardian asks that control of `patient` move to `controller`."""
    return ApproveRecovery(
        patient=patient,
        controller=controller,
        seq=ledger.settings_seq(patient),
        deadline=deadline(ledger),
    )


def prepare_refusal(ledger: Ledger, *, patient: Address) -> VetoRecovery:
    """The present controller refuses. Raises ConsentRefusedError when nothing is pending."""
    pending = ledger.recovery(patient)
    if pending is None:
        raise ConsentRefusedError(
            "No recovery is under way for this patient.",
            remedy="`anamnesis guardians show PATIENT` says how things stand.",
        )
    return VetoRecovery(
        patient=patient,
        controller=pending.controller,
        seq=ledger.settings_seq(patient),
        deadline=deadline(ledger),
    )


def is_sealed_to_former_key(
    events: Sequence[Event], patient: Address, record: bytes = HISTORY_RECORD
) -> bool:
    """Whether control moved after the present version was sealed: to a key that may be lost."""
    for event in reversed(events):
        if isinstance(event, RecoveryCompleted) and event.patient == patient:
            return True
        if isinstance(event, RecordSealed) and (event.patient, event.record) == (patient, record):
            return False
    return False


def patient_events(ledger: Ledger, patient: Address) -> tuple[Event, ...]:
    """Every event of a patient. Raises VerificationError unless they reach the patient's head."""
    head, audit = ledger.head(patient), replay(ledger.events())
    if audit.heads.get(patient, ZERO_HASH) != head:
        raise VerificationError(
            f"The node's events do not add up to what the contract says of {patient}.",
            check="head",
            remedy="Repeat; if that does not help, use another node.",
        )
    return audit.timelines.get(patient, ())


def follow(events: Sequence[Event]) -> Standing:
    """What settings, recoveries and cases come to; what breaks a rule is the audit's to report."""
    standing = Standing(lambda *_: None)
    for event in events:
        standing.take(event, {})
    return standing
