"""Every message, by other people's signers, on chain: taken as it is, refused when altered."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import pytest
from coincurve import PrivateKey

from core.eip712 import Domain, TypedStruct
from core.hashing import ZERO_ADDRESS, ZERO_HASH, Address, address, keccak256
from core.records import HISTORY_RECORD, READING_KEY_BYTES
from core.typed_data import (
    STRUCTS,
    ApproveRecovery,
    Batch,
    EndEmergency,
    Grant,
    GrantAccess,
    OpenEmergency,
    OpenRecord,
    PublishReadingKey,
    ReleaseShare,
    RequestAccess,
    Revocation,
    RevokeAccess,
    RevokeAllAccess,
    SealRecord,
    SetCustodians,
    SetEmergencyPolicy,
    SetGuardians,
    SetSuccessor,
    Version,
    VetoRecovery,
)
from ledger.artifact import consent_artifact
from scripts._walk.machine import Machine, Outcome
from tests.vectors.elsewhere import signed_elsewhere

PROJECT = Path(__file__).parents[2]
NOW = 1_800_000_000
DEADLINE, EXPIRY = NOW + 86_400, NOW + 30 * 86_400
KEYS = {
    role: keccak256(b"signer " + role.encode())
    for role in ("patient", "other", "doctor", "clinician", "colleague", "guardian", "custodian")
}
RELAYER = address("0x" + "ee" * 20)
READING_KEY = bytes(READING_KEY_BYTES)
COMMITMENT, ENVELOPE, REASON = (keccak256(word) for word in (b"commitment", b"envelope", b"reason"))


def account(role: str) -> Address:
    point = PrivateKey(KEYS[role]).public_key.format(compressed=False)
    return address("0x" + keccak256(point[1:])[12:].hex())


WHO = {role: account(role) for role in KEYS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A message that is valid in the world below, and the call that carries it."""

    message: TypedStruct
    role: str
    function: str
    extra: dict[str, Any]


class World:
    """Two patients in a state in which one message of every kind is valid."""

    def __init__(self) -> None:
        artifact = consent_artifact(PROJECT, PROJECT / ".build" / "consent")
        self.machine = Machine(artifact, WHO["guardian"], chain_id=31_337, now=NOW)
        self.domain = Domain(chain_id=31_337, verifying_contract=self.machine.consent)
        registry = self.machine.credentials
        self.do(registry, "add_issuer", "guardian", issuer=WHO["guardian"])
        for clinician in ("clinician", "colleague"):
            terms = {"clinician": WHO[clinician], "until": EXPIRY}
            self.do(registry, "license", "guardian", **terms)
        self.send("publish_reading_key", "clinician", account=WHO["clinician"], key=READING_KEY)
        self.send("publish_reading_key", "colleague", account=WHO["colleague"], key=READING_KEY)
        for patient in ("patient", "other"):
            self.circle(patient, 0, "guardian")
            self.circle(patient, 1, "custodian")
        policy = {"mode": 3, "delay": 0, "window": 24, "record": ZERO_HASH}
        self.send("set_emergency_policy", "patient", patient=WHO["patient"], **policy)
        sealed = {"commitment": COMMITMENT, "previous": ZERO_HASH, "envelope": ENVELOPE}
        place = {"patient": WHO["patient"], "record": HISTORY_RECORD}
        self.send("seal", "patient", **place, **sealed)
        case = {"clinician": WHO["clinician"], "cosigner": ZERO_ADDRESS, "reason": REASON}
        self.send("open_emergency", "clinician", patient=WHO["patient"], cosignature=b"", **case)
        recovery = {"controller": WHO["doctor"], "guardian": WHO["guardian"]}
        self.send("approve_recovery", "guardian", patient=WHO["other"], **recovery)

    def circle(self, patient: str, circle: int, member: str) -> None:
        terms = {"circle": circle, "members": (WHO[member],), "threshold": 1}
        self.send("set_circle", patient, patient=WHO[patient], **terms)

    def send(self, name: str, role: str, **arguments: Any) -> None:
        unsigned = {"deadline": 0, "signature": b""}
        self.do(self.machine.consent, name, role, **{**unsigned, **arguments})

    def do(self, to: Address, name: str, role: str, **arguments: Any) -> None:
        outcome = self.machine.call(to, name, WHO[role], arguments)
        assert outcome.refusal is None, f"{name}: {outcome.refusal}"

    def carry(self, case: Case, signature: bytes) -> Outcome:
        """Have it carried, and take the world back to where it was."""
        given = {name: getattr(case.message, name) for name, _ in case.message.schema()}
        arguments = {**given, "signature": signature, **case.extra}
        with self.machine.undone():
            return self.machine.call(self.machine.consent, case.function, RELAYER, arguments)

    def head(self, role: str) -> bytes:
        word = bytes.fromhex(WHO[role][2:]).rjust(32, b"\0")
        return self.machine.read(self.machine.consent, "heads", word)


@pytest.fixture(scope="module")
def world() -> World:
    return World()


def cases(world: World) -> Iterator[Case]:
    patient, doctor = WHO["patient"], WHO["doctor"]
    place: Any = {"patient": patient, "grantee": doctor, "record": HISTORY_RECORD}
    bounds: Any = {"purposes": 3, "expiry": EXPIRY}
    late: Any = {"deadline": DEADLINE}
    following: Any = {"commitment": REASON, "previous": COMMITMENT, "envelope": ENVELOPE}
    granted: Any = {"request": REASON, "envelope": ENVELOPE, "seq": 0}

    def case(message: TypedStruct, role: str, function: str, **extra: Any) -> Case:
        return Case(message=message, role=role, function=function, extra=extra)

    sealed: Any = {"author": patient, "patient": patient, "record": HISTORY_RECORD}
    yield case(SealRecord(**sealed, **following, **late), "patient", "seal_signed")
    yield case(RequestAccess(**place, **bounds, **late), "doctor", "request_signed")
    yield case(
        GrantAccess(**place, **bounds, **granted, cutoff=0, **late), "patient", "grant_signed"
    )
    yield case(RevokeAccess(**place, seq=0, **late), "patient", "revoke_signed")
    yield case(RevokeAllAccess(patient=patient, cutoff=0, **late), "patient", "revoke_all")
    key = PublishReadingKey(
        account=doctor, key_hash=keccak256(READING_KEY), previous=ZERO_HASH, **late
    )
    yield case(key, "doctor", "publish_reading_key", key=READING_KEY)
    opened: Any = {"commitment": COMMITMENT, "purpose": 2, "head": world.head("patient")}
    receipt = OpenRecord(
        reader=WHO["clinician"], patient=patient, record=HISTORY_RECORD, **opened, **late
    )
    yield case(receipt, "clinician", "open_record")
    batch = Batch(
        patient=patient,
        author=patient,
        versions=(Version(record=HISTORY_RECORD, **following),),
        revocations=(Revocation(grantee=WHO["other"], record=HISTORY_RECORD, seq=0),),
        grants=(Grant(grantee=doctor, record=HISTORY_RECORD, **bounds, **granted),),
        cutoff=0,
        **late,
    )
    yield case(batch, "patient", "batch")
    for number, kind in enumerate((SetGuardians, SetCustodians)):
        circle = kind(patient=patient, members=(doctor, WHO["other"]), threshold=1, seq=3, **late)
        yield case(circle, "patient", "set_circle", circle=number)
    policy: Any = {"mode": 1, "delay": 60, "window": 12, "record": HISTORY_RECORD}
    message = SetEmergencyPolicy(patient=patient, **policy, seq=3, **late)
    yield case(message, "patient", "set_emergency_policy")
    emergency = OpenEmergency(
        patient=patient,
        clinician=WHO["colleague"],
        record=ZERO_HASH,
        reader_key=keccak256(READING_KEY),
        reason=REASON,
        seq=0,
        **late,
    )
    yield case(emergency, "colleague", "open_emergency", cosigner=ZERO_ADDRESS, cosignature=b"")
    running: Any = {"patient": patient, "clinician": WHO["clinician"], "seq": 1}
    ending = EndEmergency(**running, **late)
    yield case(ending, "guardian", "end_emergency", by=WHO["guardian"])
    share = ReleaseShare(**running, custodian=WHO["custodian"], share=REASON, **late)
    yield case(share, "custodian", "release_share")
    approval = ApproveRecovery(patient=patient, controller=doctor, seq=3, **late)
    yield case(approval, "guardian", "approve_recovery", guardian=WHO["guardian"])
    veto = VetoRecovery(patient=WHO["other"], controller=doctor, seq=3, **late)
    yield case(veto, "other", "veto_recovery")
    yield case(
        SetSuccessor(patient=patient, successor=doctor, seq=3, **late), "patient", "set_successor"
    )


def flipped(value: Any) -> Any:
    """Another value of the same kind, one bit away; of a list, in its first part."""
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1]) + value[1:]
    if isinstance(value, str):
        return address(f"0x{int(value, 16) ^ 1:040x}")
    if isinstance(value, tuple):
        first = value[0]
        if isinstance(first, str):
            return (flipped(first), *value[1:])
        name = fields(first)[-1].name
        return (replace(first, **{name: flipped(getattr(first, name))}), *value[1:])
    return value ^ 1


def altered_in(message: Any, name: str) -> TypedStruct:
    """The message with one field flipped."""
    other: TypedStruct = replace(message, **{name: flipped(getattr(message, name))})
    return other


def test_every_message_is_taken_when_others_signed_it(world: World) -> None:
    every = list(cases(world))
    assert {type(case.message) for case in every} == set(STRUCTS)
    shown = [case.message.message(world.domain) for case in every]
    for library, answers in signed_elsewhere(shown, [KEYS[case.role] for case in every]).items():
        for case, answer in zip(every, answers, strict=True):
            outcome = world.carry(case, answer.signature)
            assert outcome.refusal is None, f"{library}: {case.function}: {outcome.refusal}"
            assert outcome.logs


def test_every_message_is_refused_when_one_field_was_signed_otherwise(world: World) -> None:
    altered = [
        (case, name, altered_in(case.message, name))
        for case in cases(world)
        for name, _ in case.message.schema()
    ]
    shown = [message.message(world.domain) for _, _, message in altered]
    keys = [KEYS[case.role] for case, _, _ in altered]
    for library, answers in signed_elsewhere(shown, keys).items():
        for (case, name, _), answer in zip(altered, answers, strict=True):
            outcome = world.carry(case, answer.signature)
            assert outcome == Outcome(refusal="wrong signature"), f"{library}: {name} of {case}"
