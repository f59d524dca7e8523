"""What people sign: the EIP-712 structs of the Consent contract.

The same structs stand in `contracts/modules/typed_data.vy` and nowhere else; tests hold the type
strings, the on-chain digests and a vector file equal. A struct's fields are its dataclass
fields, in order, each annotated with its Solidity type, so a wallet shows every term by name.

Source: EIP-712, Typed structured data hashing and signing.
"""

from dataclasses import dataclass, fields
from functools import cache, lru_cache
from typing import Annotated, Any, ClassVar, get_type_hints

from core.hashing import Address, abi_word, keccak256

DOMAIN_NAME = "Anamnesis Consent"
DOMAIN_VERSION = "1"
_DOMAIN_FIELDS = (
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """Which contract on which chain a signature is for. No defaults: both must be known."""

    chain_id: int
    verifying_contract: Address

    def separator(self) -> bytes:
        """The 32-byte EIP-712 domain separator."""
        return _separator(self)


class Struct:
    """Base of everything that EIP-712 hashes. A field is annotated with its type: an array of
    structs with the struct's own name, and then holds a tuple of them.
    """

    __slots__ = ()

    @classmethod
    def schema(cls) -> tuple[tuple[str, str], ...]:
        """(name, Solidity type) of each field, in signing order."""
        return _schema(cls)  # type: ignore[arg-type]  # a class is hashable

    @classmethod
    def parts(cls) -> tuple[type["Struct"], ...]:
        """The structs that stand in this one's arrays, by name: EIP-712 asks for that order."""
        kinds = {kind.removesuffix("[]") for _, kind in cls.schema()}
        return tuple(PARTS[name] for name in sorted(kinds & PARTS.keys()))

    @classmethod
    def type_string(cls) -> str:
        """EIP-712 `encodeType`."""
        return "".join(_signature(each.__name__, each.schema()) for each in (cls, *cls.parts()))

    def struct_hash(self) -> bytes:
        """EIP-712 `hashStruct`."""
        words = [_word(kind, getattr(self, name)) for name, kind in self.schema()]
        kind = _type_hash(type(self))  # type: ignore[arg-type]
        return keccak256(kind + b"".join(words))


class TypedStruct(Struct):
    """Base of the structs that people sign."""

    __slots__ = ()
    meaning: ClassVar[str]
    deadline: Annotated[int, "uint256"]

    def digest(self, domain: Domain) -> bytes:
        """The 32 bytes that get signed."""
        return keccak256(b"\x19\x01" + domain.separator() + self.struct_hash())

    def message(self, domain: Domain) -> dict[str, Any]:
        """The `eth_signTypedData_v4` object; integers as decimal strings, so no wallet rounds."""
        structs = (type(self), *self.parts())
        return {
            "types": {
                "EIP712Domain": [{"name": n, "type": t} for n, t in _DOMAIN_FIELDS],
                **{s.__name__: [{"name": n, "type": t} for n, t in s.schema()] for s in structs},
            },
            "primaryType": type(self).__name__,
            "domain": {
                "name": DOMAIN_NAME,
                "version": DOMAIN_VERSION,
                "chainId": domain.chain_id,
                "verifyingContract": domain.verifying_contract,
            },
            "message": {n: _shown(getattr(self, n)) for n, _ in self.schema()},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Version(Struct):
    """One record's new version in a batch."""

    record: Annotated[bytes, "bytes32"]
    commitment: Annotated[bytes, "bytes32"]
    previous: Annotated[bytes, "bytes32"]
    envelope: Annotated[bytes, "bytes32"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation(Struct):
    """One grant to take back in a batch."""

    grantee: Annotated[Address, "address"]
    record: Annotated[bytes, "bytes32"]
    seq: Annotated[int, "uint256"]


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


PARTS: dict[str, type[Struct]] = {each.__name__: each for each in (Version, Revocation, Grant)}
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


def _signature(name: str, members: tuple[tuple[str, str], ...]) -> str:
    return f"{name}({','.join(f'{kind} {field}' for field, kind in members)})"


# Every digest needs it, and it takes four of the six hashes.
@lru_cache(maxsize=64)
def _separator(domain: Domain) -> bytes:
    return keccak256(
        keccak256(_signature("EIP712Domain", _DOMAIN_FIELDS).encode())
        + keccak256(DOMAIN_NAME.encode())
        + keccak256(DOMAIN_VERSION.encode())
        + abi_word("uint256", domain.chain_id)
        + abi_word("address", domain.verifying_contract)
    )


@cache
def _schema(struct: type[Struct]) -> tuple[tuple[str, str], ...]:
    hints = get_type_hints(struct, include_extras=True)
    return tuple((f.name, hints[f.name].__metadata__[0]) for f in fields(struct))  # type: ignore[arg-type]


@cache
def _type_hash(struct: type[Struct]) -> bytes:
    return keccak256(struct.type_string().encode())


def _word(kind: str, value: Any) -> bytes:
    if kind.removesuffix("[]") in PARTS:
        return keccak256(b"".join(each.struct_hash() for each in value))
    return abi_word(kind, value)


def _shown(value: Any) -> Any:
    if isinstance(value, Struct):
        return {name: _shown(getattr(value, name)) for name, _ in value.schema()}
    if isinstance(value, tuple):
        return [_shown(each) for each in value]
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
