"""What people sign: the structs of the Consent contract.

The same structs stand in `contracts/modules/typed_data.vy` and nowhere else; tests hold the type
strings, the on-chain digests and a vector file equal.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from core.eip712 import Struct, TypedStruct, part
from core.hashing import Address


@part
@dataclass(frozen=True, slots=True, kw_only=True)
class Version(Struct):
    """One record's new version in a batch."""

    record: Annotated[bytes, "bytes32"]
    commitment: Annotated[bytes, "bytes32"]
    previous: Annotated[bytes, "bytes32"]
    envelope: Annotated[bytes, "bytes32"]


@part
@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation(Struct):
    """One grant to take back in a batch."""

    grantee: Annotated[Address, "address"]
    record: Annotated[bytes, "bytes32"]
    seq: Annotated[int, "uint256"]


@part
@dataclass(frozen=True, slots=True, kw_only=True)
class Grant(Struct):
    """One grant in a batch."""

    grantee: Annotated[Address, "address"]
    record: Annotated[bytes, "bytes32"]
    purposes: Annotated[int, "uint256"]
    expiry: Annotated[int, "uint256"]
    request: Annotated[bytes, "bytes32"]
    envelope: Annotated[bytes, "bytes32"]
    seq: Annotated[int, "uint256"]


"""The structs of arrays, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealRecord(TypedStruct):
    """A new version of a record; `previous` is the commitment it replaces and its nonce."""

    meaning: ClassVar[str] = "Seal a new version of your record."
    patient: Annotated[Address, "address"]
    author: Annotated[Address, "address"]
    record: Annotated[bytes, "bytes32"]
    commitment: Annotated[bytes, "bytes32"]
    previous: Annotated[bytes, "bytes32"]
    envelope: Annotated[bytes, "bytes32"]
    deadline: Annotated[int, "uint256"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAccess(TypedStruct):
    """A doctor asks a patient for access until `expiry`."""

    meaning: ClassVar[str] = "Ask a patient for access to a record."
    grantee: Annotated[Address, "address"]
    patient: Annotated[Address, "address"]
    record: Annotated[bytes, "bytes32"]
    purposes: Annotated[int, "uint256"]
    expiry: Annotated[int, "uint256"]
    deadline: Annotated[int, "uint256"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantAccess(TypedStruct):
    """A patient lets `grantee` read; `request` is the digest of the request it answers.

    Two nonces: `seq` of the pair and record, so that revoking kills a grant never sent, and the
    patient's `cutoff`, so that revoking everything does too.
    """

    meaning: ClassVar[str] = "Let a doctor read a record until a date."
    patient: Annotated[Address, "address"]
    grantee: Annotated[Address, "address"]
    record: Annotated[bytes, "bytes32"]
    purposes: Annotated[int, "uint256"]
    expiry: Annotated[int, "uint256"]
    request: Annotated[bytes, "bytes32"]
    envelope: Annotated[bytes, "bytes32"]
    seq: Annotated[int, "uint256"]
    cutoff: Annotated[int, "uint256"]
    deadline: Annotated[int, "uint256"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeAccess(TypedStruct):
    """A patient takes a grant back, or spends the nonce of one never sent."""

    meaning: ClassVar[str] = "Take a doctor's access back."
    patient: Annotated[Address, "address"]
    grantee: Annotated[Address, "address"]
    record: Annotated[bytes, "bytes32"]
    seq: Annotated[int, "uint256"]
    deadline: Annotated[int, "uint256"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeAllAccess(TypedStruct):
    """A patient takes every grant back at once; `cutoff` is the present cutoff, as a nonce."""

    meaning: ClassVar[str] = "Take everybody's access back at once."
    patient: Annotated[Address, "address"]
    cutoff: Annotated[int, "uint256"]
    deadline: Annotated[int, "uint256"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishReadingKey(TypedStruct):
    """An account publishes the key others encrypt to; `previous` is the hash it replaces."""

    meaning: ClassVar[str] = "Publish the public key that records are sealed to for you."
    account: Annotated[Address, "address"]
    key_hash: Annotated[bytes, "bytes32"]
    previous: Annotated[bytes, "bytes32"]
    deadline: Annotated[int, "uint256"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRecord(TypedStruct):
    """A reader's receipt for one version; `head` is the patient's head, as a nonce."""

    meaning: ClassVar[str] = "Sign for opening a record, so that the patient sees the reading."
    reader: Annotated[Address, "address"]
    patient: Annotated[Address, "address"]
    record: Annotated[bytes, "bytes32"]
    commitment: Annotated[bytes, "bytes32"]
    purpose: Annotated[int, "uint256"]
    head: Annotated[bytes, "bytes32"]
    deadline: Annotated[int, "uint256"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch(TypedStruct):
    """Several sealings, then revocations, then grants, all or none; each names its own nonce."""

    meaning: ClassVar[str] = "Do several things to your record in one step."
    patient: Annotated[Address, "address"]
    author: Annotated[Address, "address"]
    versions: Annotated[tuple[Version, ...], "Version[]"]
    revocations: Annotated[tuple[Revocation, ...], "Revocation[]"]
    grants: Annotated[tuple[Grant, ...], "Grant[]"]
    cutoff: Annotated[int, "uint256"]
    deadline: Annotated[int, "uint256"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetGuardians(TypedStruct):
    """Who can, `threshold` of them together, move control to another account."""

    meaning: ClassVar[str] = "Name the people who can give you back a lost record."
    patient: Annotated[Address, "address"]
    members: Annotated[tuple[Address, ...], "address[]"]
    threshold: Annotated[int, "uint256"]
    seq: Annotated[int, "uint256"]
    deadline: Annotated[int, "uint256"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCustodians(SetGuardians):
    """Who each keep a share of a key, of which `threshold` are needed."""

    meaning: ClassVar[str] = "Name the people who keep shares of your emergency key."


@dataclass(frozen=True, slots=True, kw_only=True)
class SetEmergencyPolicy(TypedStruct):
    """Who may open `record` when the patient cannot be asked; delay in seconds, window in hours."""

    meaning: ClassVar[str] = "Say who may open your record in an emergency."
    patient: Annotated[Address, "address"]
    mode: Annotated[int, "uint256"]
    delay: Annotated[int, "uint256"]
    window: Annotated[int, "uint256"]
    record: Annotated[bytes, "bytes32"]
    seq: Annotated[int, "uint256"]
    deadline: Annotated[int, "uint256"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenEmergency(TypedStruct):
    """A clinician, and whoever signs the same with it, open a case; `seq` is of the case before."""

    meaning: ClassVar[str] = (
        "Open a patient's record in an emergency. The patient will see your name and reason."
    )
    patient: Annotated[Address, "address"]
    clinician: Annotated[Address, "address"]
    record: Annotated[bytes, "bytes32"]
    reader_key: Annotated[bytes, "bytes32"]
    reason: Annotated[bytes, "bytes32"]
    seq: Annotated[int, "uint256"]
    deadline: Annotated[int, "uint256"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndEmergency(TypedStruct):
    """The clinician closes its case `seq`; anybody else who may refuses it."""

    meaning: ClassVar[str] = "End an emergency case."
    patient: Annotated[Address, "address"]
    clinician: Annotated[Address, "address"]
    seq: Annotated[int, "uint256"]
    deadline: Annotated[int, "uint256"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseShare(TypedStruct):
    """A custodian hands its share over in the open case `seq`: the hash of what it wrapped."""

    meaning: ClassVar[str] = "Hand over your share of a patient's emergency key."
    patient: Annotated[Address, "address"]
    clinician: Annotated[Address, "address"]
    custodian: Annotated[Address, "address"]
    share: Annotated[bytes, "bytes32"]
    seq: Annotated[int, "uint256"]
    deadline: Annotated[int, "uint256"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveRecovery(TypedStruct):
    """A guardian asks that control move to `controller`."""

    meaning: ClassVar[str] = "Help a patient who lost the wallet: move control to another account."
    patient: Annotated[Address, "address"]
    controller: Annotated[Address, "address"]
    seq: Annotated[int, "uint256"]
    deadline: Annotated[int, "uint256"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VetoRecovery(ApproveRecovery):
    """The present controller refuses a pending recovery."""

    meaning: ClassVar[str] = "Refuse that control of your record moves to another account."


@dataclass(frozen=True, slots=True, kw_only=True)
class SetSuccessor(TypedStruct):
    """The contract that the patient goes on with; zero takes that back."""

    meaning: ClassVar[str] = "Point to the contract that you go on with."
    patient: Annotated[Address, "address"]
    successor: Annotated[Address, "address"]
    seq: Annotated[int, "uint256"]
    deadline: Annotated[int, "uint256"]


STRUCTS: tuple[type[TypedStruct], ...] = (
    SealRecord,
    RequestAccess,
    GrantAccess,
    RevokeAccess,
    RevokeAllAccess,
    PublishReadingKey,
    OpenRecord,
    Batch,
    SetGuardians,
    SetCustodians,
    SetEmergencyPolicy,
    OpenEmergency,
    EndEmergency,
    ReleaseShare,
    ApproveRecovery,
    VetoRecovery,
    SetSuccessor,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A message with its signature."""

    message: TypedStruct
    signature: bytes
    payload: bytes = b""
    """Bytes that the message only names by hash."""
    by: Address | None = None
    """Who signed, where the message does not say: EndEmergency, ApproveRecovery."""
    cosigner: Address | None = None
    """Who signed the same OpenEmergency with the clinician, if anybody had to."""
    cosignature: bytes = b""
