"""Breaking the glass: who keeps the emergency key, who opened a case, what was handed over.

What stands is folded from the patient's events, which are held against the patient's head. The
keys and shares never pass here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.audit import replay
from core.errors import ConsentRefusedError, InputError, VerificationError
from core.events import (
    CircleSet,
    EmergencyOpened,
    EmergencyPolicySet,
    Event,
    RecoveryProposed,
    RecoveryVetoed,
    ShareReleased,
    SuccessorSet,
)
from core.flows.guardians import patient_events
from core.flows.share import reader_key
from core.flows.submit import deadline
from core.hashing import Address, keccak256
from core.limits import CLINICIAN_AND_GUARDIAN, CUSTODIANS, MOST_MEMBERS, OFF, TWO_CLINICIANS
from core.ports import Ledger
from core.records import HISTORY_RECORD, EmergencyPolicy, EscrowContext
from core.typed_data import (
    EndEmergency,
    OpenEmergency,
    ReleaseShare,
    SetCustodians,
    SetEmergencyPolicy,
)

SECOND_SIGNERS = {TWO_CLINICIANS: "another clinician", CLINICIAN_AND_GUARDIAN: "a guardian"}
"""Who signs with the clinician, by the policy's mode; nobody where it is not named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Custodianship:
    """The custodians whom a patient named last."""

    members: frozenset[Address]
    threshold: int
    context: EscrowContext
    """What their shares are bound to."""
    spent: bool
    """Whether any of them handed a share over since: the emergency key may be known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCase:
    """A clinician's case that is open now, for the reading key that it named."""

    event: EmergencyOpened
    seq: int
    key: bytes
    """The clinician's reading key."""
    shares: Mapping[Address, bytes]
    """Digest of what each custodian handed over in this case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standby:
    """A case that is open or about to be, for lists."""

    patient: Address
    clinician: Address
    reason: bytes
    """A salted hash."""
    opens_at: int
    closes_at: int
    is_open: bool
    """Now, the clinician's licence included."""
    released: tuple[Address, ...]
    """Custodians who handed their shares over."""

    @property
    def words(self) -> str:
        return "open" if self.is_open else "not open now"


def custodianship(ledger: Ledger, patient: Address) -> Custodianship:
    """What stands on the chain now. Raises VerificationError when the node withholds events."""
    seq = named_at = threshold = 0
    members: frozenset[Address] = frozenset()
    spent = False
    for event in patient_events(ledger, patient):
        seq += _spends(event)
        if isinstance(event, CircleSet) and event.circle == CUSTODIANS:
            members, threshold = frozenset(event.members), event.threshold
            named_at, spent = seq, False
        spent = spent or isinstance(event, ShareReleased)
    if seq != ledger.settings_seq(patient):
        raise VerificationError("Something was set just now.", check="settings", remedy="Repeat.")
    return Custodianship(
        members=members,
        threshold=threshold,
        context=EscrowContext(domain=ledger.domain, patient=patient, seq=named_at),
        spent=spent,
    )


def prepare_custodians(
    ledger: Ledger, *, patient: Address, members: Sequence[Address], threshold: int
) -> SetCustodians:
    """Name the custodians in place of those before. Raises InputError for too many."""
    if len(members) > MOST_MEMBERS:
        raise InputError(
            f"{len(members)} custodians are too many.", remedy=f"Name {MOST_MEMBERS} at most."
        )
    return SetCustodians(
        patient=patient,
        members=tuple(members),
        threshold=threshold,
        seq=ledger.settings_seq(patient),
        deadline=deadline(ledger),
    )


def prepare_policy(
    ledger: Ledger, *, patient: Address, policy: EmergencyPolicy
) -> SetEmergencyPolicy:
    """Say who may open the record in an emergency. Ends every case that runs."""
    return SetEmergencyPolicy(
        patient=patient,
        mode=policy.mode,
        delay=policy.delay,
        window=policy.window,
        record=policy.record,
        seq=ledger.settings_seq(patient),
        deadline=deadline(ledger),
    )


def prepare_case(
    ledger: Ledger, *, patient: Address, clinician: Address, reason: bytes, has_cosigner: bool
) -> OpenEmergency:
    """What a clinician signs, and the second signer the same; `reason` is a salted hash.

    Raises ConsentRefusedError when the patient allows no emergencies or the clinician has no
    reading key, InputError when the policy asks for a second signature that is not there.
    """
    policy = ledger.emergency_policy(patient)
    if policy.mode == OFF:
        raise ConsentRefusedError(
            "This patient has not allowed emergency access.",
            remedy="Ask the patient, or whoever can speak for them.",
        )
    second = SECOND_SIGNERS.get(policy.mode)
    if (second is not None) != has_cosigner:
        raise InputError(
            f"This patient's policy asks {second or 'nobody'} to sign with the clinician.",
            remedy="Name that wallet with --cosigner." if second else "Leave --cosigner out.",
        )
    return OpenEmergency(
        patient=patient,
        clinician=clinician,
        record=policy.record,
        reader_key=keccak256(reader_key(ledger, clinician)),
        reason=reason,
        seq=ledger.emergency_case(patient, clinician).seq,
        deadline=deadline(ledger),
    )


def prepare_end(ledger: Ledger, *, patient: Address, clinician: Address) -> EndEmergency:
    """The clinician closes the case; signed by anybody else who may, it is refused."""
    return EndEmergency(
        patient=patient,
        clinician=clinician,
        seq=ledger.emergency_case(patient, clinician).seq,
        deadline=deadline(ledger),
    )


def prepare_release(
    ledger: Ledger, *, patient: Address, clinician: Address, custodian: Address, share: bytes
) -> ReleaseShare:
    """A custodian says that it hands its share over; `share` is the digest of what it wrapped."""
    return ReleaseShare(
        patient=patient,
        clinician=clinician,
        custodian=custodian,
        share=share,
        seq=ledger.emergency_case(patient, clinician).seq,
        deadline=deadline(ledger),
    )


def present_case(ledger: Ledger, patient: Address, clinician: Address) -> OpenCase:
    """The clinician's case, if it is open now.

    Raises ConsentRefusedError when it is not: not yet, over, refused, closed, ended by a setting or
    with the licence. Raises VerificationError when the clinician's reading key is another one than
    the case names, or the node withholds events.
    """
    events = patient_events(ledger, patient)
    case = ledger.emergency_case(patient, clinician)
    if not ledger.is_emergency_open(patient, clinician):
        raise ConsentRefusedError(_why_not(case.opens_at, case.closes_at, ledger.now()))
    event = _opened(events, clinician)
    key = reader_key(ledger, clinician)
    if keccak256(key) != event.reader_key:
        raise VerificationError(
            "The clinician published another reading key since the case was opened.",
            check="reading key",
            remedy="Close the case and open another.",
        )
    return OpenCase(event=event, seq=case.seq, key=key, shares=_released(events, event))


def running(ledger: Ledger, patient: Address) -> tuple[Standby, ...]:
    """The cases with a patient that are open or about to be; the oldest first."""
    return tuple(each for each in _standing(ledger) if each.patient == patient)


def asking(ledger: Ledger, custodian: Address) -> tuple[Standby, ...]:
    """The cases that `custodian` has a share for and has not handed it over."""
    return tuple(
        each
        for each in _standing(ledger)
        if custodian not in each.released and ledger.is_member(each.patient, CUSTODIANS, custodian)
    )


def history_policy(mode: int, delay: int, window: int) -> EmergencyPolicy:
    """A policy for the one history. `delay` in seconds, `window` in hours."""
    return EmergencyPolicy(mode=mode, delay=delay, window=window, record=HISTORY_RECORD)


def _standing(ledger: Ledger) -> list[Standby]:
    now, events = ledger.now(), ledger.events()
    cases = (case for case in replay(events).cases if case.closing is None)
    return [
        Standby(
            patient=case.event.patient,
            clinician=case.event.clinician,
            reason=case.event.reason,
            opens_at=case.event.opens_at,
            closes_at=case.event.closes_at,
            is_open=ledger.is_emergency_open(case.event.patient, case.event.clinician),
            released=tuple(_released(events, case.event)),
        )
        for case in cases
        if case.event.closes_at > now
    ]


def _opened(events: Sequence[Event], clinician: Address) -> EmergencyOpened:
    for event in reversed(events):
        if isinstance(event, EmergencyOpened) and event.clinician == clinician:
            return event
    raise VerificationError(
        "The node does not have the case that the contract names.", check="case"
    )


def _released(events: Sequence[Event], case: EmergencyOpened) -> dict[Address, bytes]:
    return {
        event.custodian: event.share
        for event in events
        if isinstance(event, ShareReleased)
        and (event.patient, event.clinician) == (case.patient, case.clinician)
        and event.at.order > case.at.order
    }


def _spends(event: Event) -> bool:
    """Whether an event stands for a spent nonce of the settings."""
    return isinstance(
        event,
        CircleSet | EmergencyPolicySet | SuccessorSet | RecoveryProposed | RecoveryVetoed,
    )


def _why_not(opens_at: int, closes_at: int, now: int) -> str:
    if now >= closes_at:
        return "No emergency case of this clinician is open: none was opened, or it is over."
    if opens_at == closes_at:
        return "This clinician's emergency case was refused."
    if now < opens_at:
        return f"This clinician's emergency case opens in {opens_at - now} seconds."
    return "This clinician's emergency case ended with a new setting, or the licence is gone."
