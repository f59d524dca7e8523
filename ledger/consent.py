"""The Consent contract as calls and answers: what to send for a message, what state to read."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.eip712 import TypedStruct
from core.errors import InputError
from core.hashing import ZERO_ADDRESS, Address, address
from core.typed_data import (
    ApproveRecovery,
    Batch,
    EndEmergency,
    GrantAccess,
    OpenEmergency,
    OpenRecord,
    PublishReadingKey,
    ReleaseShare,
    RequestAccess,
    RevokeAccess,
    RevokeAllAccess,
    SealRecord,
    SetCustodians,
    SetEmergencyPolicy,
    SetGuardians,
    SetSuccessor,
    Signed,
    VetoRecovery,
)
from ledger.artifact import Artifact
from ledger.contract import Contract
from ledger.rpc import Rpc

_CARRIERS: Mapping[type[TypedStruct], str] = {
    SealRecord: "seal_signed",
    RequestAccess: "request_signed",
    GrantAccess: "grant_signed",
    RevokeAccess: "revoke_signed",
    RevokeAllAccess: "revoke_all",
    PublishReadingKey: "publish_reading_key",
    OpenRecord: "open_record",
    Batch: "batch",
    SetGuardians: "set_circle",
    SetCustodians: "set_circle",
    SetEmergencyPolicy: "set_emergency_policy",
    OpenEmergency: "open_emergency",
    EndEmergency: "end_emergency",
    ReleaseShare: "release_share",
    ApproveRecovery: "approve_recovery",
    VetoRecovery: "veto_recovery",
    SetSuccessor: "set_successor",
}
"""The function that carries each signed message."""

_CIRCLES: Mapping[type[TypedStruct], int] = {SetGuardians: 0, SetCustodians: 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Who speaks for a patient, and two nonces."""

    controller: Address
    cutoff: int
    settings_seq: int


class Consent(Contract):
    """One deployed contract behind one node."""

    def __init__(self, rpc: Rpc, artifact: Artifact, account: Address) -> None:
        super().__init__(rpc, artifact, account, name="Consent")

    def carry(self, signed: Signed) -> bytes:
        """The calldata that carries a signed message.

        Raises InputError when a field does not fit its type.
        """
        message = signed.message
        function = _CARRIERS[type(message)]
        extra = {
            "signature": signed.signature,
            "key": signed.payload,
            "circle": _CIRCLES.get(type(message)),
            "by": signed.by,
            "guardian": signed.by,
            "cosigner": signed.cosigner or ZERO_ADDRESS,
            "cosignature": signed.cosignature,
        }
        arguments = [
            extra[each.name] if each.name in extra else each.value(getattr(message, each.name))
            for each in self.inputs(function)
        ]
        return self.encode(function, arguments)

    def standing(self, patient: Address, *, block: str) -> Standing:
        """Who speaks for `patient`, and the nonces of what concerns all of its grants."""
        controller, cutoff, settings_seq = self.read("standing", patient, block=block)
        return Standing(
            controller=address(controller), cutoff=int(cutoff), settings_seq=int(settings_seq)
        )

    def signer(self, signed: Signed, *, block: str) -> Address:
        """Whose signature the contract asks for.

        Raises InputError when neither the message nor whoever carries it says so.
        """
        match message := signed.message:
            case SealRecord() | Batch():
                return message.author
            case RequestAccess():
                return message.grantee
            case OpenRecord():
                return message.reader
            case PublishReadingKey():
                return message.account
            case OpenEmergency():
                return message.clinician
            case ReleaseShare():
                return message.custodian
        if type(message) in (EndEmergency, ApproveRecovery):
            if signed.by is None:
                raise InputError(f"Nobody is named who signed {type(message).__name__}.")
            return signed.by
        patient: Address = getattr(message, "patient")  # noqa: B009  # each that is left has one
        return self.standing(patient, block=block).controller
