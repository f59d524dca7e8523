"""How values are said to a person: times, purposes, addresses, events."""

from datetime import UTC, datetime

from core.events import (
    AccessGranted,
    AccessRequested,
    AccessRevoked,
    AllAccessRevoked,
    CircleSet,
    EmergencyClosed,
    EmergencyOpened,
    EmergencyPolicySet,
    EmergencyVetoed,
    Event,
    ReadingKeyPublished,
    RecordOpened,
    RecordSealed,
    RecoveryApproved,
    RecoveryCompleted,
    RecoveryProposed,
    RecoveryVetoed,
    ShareReleased,
    SuccessorSet,
)
from core.limits import GUARDIANS, OFF
from core.purposes import Purpose, describe
from core.records import ALL_RECORDS, HISTORY_RECORD

READING_PURPOSES = (
    Purpose.TREAT,
    Purpose.ETREAT,
    Purpose.HRESCH,
    Purpose.HPAYMT,
    Purpose.HOPERAT,
    Purpose.PUBHLTH,
)
"""The purposes a doctor can ask for."""


def when(timestamp: int) -> str:
    """A moment in UTC, to the minute."""
    return datetime.fromtimestamp(timestamp, UTC).strftime("%d %b %Y, %H:%M UTC")


def day(timestamp: int) -> str:
    return datetime.fromtimestamp(timestamp, UTC).strftime("%d %b %Y")


def short(account: str) -> str:
    """The ends of an address, enough to recognise and not to compare."""
    return f"{account[:6]}…{account[-4:]}"


def count(number: int, singular: str, plural: str = "") -> str:
    """A number with its noun: "1 event", "2 events"."""
    return f"{number} {singular if number == 1 else plural or singular + 's'}"


def record_name(record: bytes) -> str:
    if record == HISTORY_RECORD:
        return "the history"
    return "all records" if record == ALL_RECORDS else f"record {record.hex()[:8]}…"


def purpose_name(purpose: Purpose) -> str:
    return describe(purpose).capitalize()


def split(purposes: int) -> tuple[Purpose, ...]:
    """The single purposes in a set of bits."""
    return tuple(each for each in Purpose if purposes & each)


def tell(event: Event) -> str:
    """One event in plain words."""
    match event:
        case RecordSealed():
            by = "its patient" if event.author == event.patient else short(event.author)
            return f"A new version of {record_name(event.record)} was sealed by {by}."
        case AccessRequested():
            return (
                f"{short(event.grantee)} asked to read {record_name(event.record)} for "
                f"{describe(event.purposes)} until {when(event.expiry)}."
            )
        case AccessGranted():
            return (
                f"{short(event.grantee)} may read {record_name(event.record)} for "
                f"{describe(event.purposes)} until {when(event.expiry)}."
            )
        case AccessRevoked():
            return f"Access of {short(event.grantee)} was taken back."
        case AllAccessRevoked():
            return "Access of everybody was taken back."
        case ReadingKeyPublished():
            return "A reading key was published."
        case RecordOpened():
            return (
                f"{short(event.reader)} opened {record_name(event.record)} for "
                f"{describe(event.purpose)}."
            )
        case CircleSet() | RecoveryApproved() | RecoveryProposed() | RecoveryVetoed():
            return _tell_control(event)
        case RecoveryCompleted() | SuccessorSet():
            return _tell_control(event)
        case _:
            return _tell_emergency(event)


def _tell_control(
    event: CircleSet
    | RecoveryApproved
    | RecoveryProposed
    | RecoveryVetoed
    | RecoveryCompleted
    | SuccessorSet,
) -> str:
    match event:
        case CircleSet():
            who = "guardians" if event.circle == GUARDIANS else "custodians"
            people = ", ".join(map(short, event.members)) or "nobody"
            return f"The {who} are {people}; {event.threshold} of them act together."
        case RecoveryApproved():
            return f"{short(event.guardian)} asked that {short(event.controller)} take control."
        case RecoveryProposed():
            return f"{short(event.controller)} can take control from {when(event.due)} on."
        case RecoveryVetoed():
            return f"That {short(event.controller)} take control was refused."
        case RecoveryCompleted():
            return f"Control moved to {short(event.controller)}."
        case SuccessorSet():
            return f"The patient goes on with the contract {short(event.successor)}."


def _tell_emergency(
    event: EmergencyPolicySet | EmergencyOpened | EmergencyVetoed | EmergencyClosed | ShareReleased,
) -> str:
    match event:
        case EmergencyPolicySet():
            if event.mode == OFF:
                return "Nobody may open the record in an emergency."
            return f"In an emergency {record_name(event.record)} may be opened: {event.window} h."
        case EmergencyOpened():
            return (
                f"{short(event.clinician)} opened an emergency: {record_name(event.record)} from "
                f"{when(event.opens_at)} until {when(event.closes_at)}."
            )
        case EmergencyVetoed():
            return f"The emergency of {short(event.clinician)} was refused by {short(event.by)}."
        case EmergencyClosed():
            return f"{short(event.clinician)} ended its emergency."
        case ShareReleased():
            return f"{short(event.custodian)} released its share to {short(event.clinician)}."
