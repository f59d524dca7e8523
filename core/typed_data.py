"""What people sign: the EIP-712 structs of the Consent contract.

The same structs stand in `contracts/modules/typed_data.vy` and nowhere else; tests hold the type
strings, the on-chain digests and a vector file equal. A struct's fields are its dataclass
fields, in order, each annotated with its Solidity type, so a wallet shows every term by name.

Source: EIP-712, Typed structured data hashing and signing.
"""

from dataclasses import dataclass, fields
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
        return keccak256(
            keccak256(_signature("EIP712Domain", _DOMAIN_FIELDS).encode())
            + keccak256(DOMAIN_NAME.encode())
            + keccak256(DOMAIN_VERSION.encode())
            + abi_word("uint256", self.chain_id)
            + abi_word("address", self.verifying_contract)
        )


class TypedStruct:
    """Base of the signable structs."""

    __slots__ = ()
    meaning: ClassVar[str]
    deadline: Annotated[int, "uint64"]

    @classmethod
    def members(cls) -> tuple[tuple[str, str], ...]:
        """(name, Solidity type) of each field, in signing order."""
        hints = get_type_hints(cls, include_extras=True)
        return tuple((f.name, hints[f.name].__metadata__[0]) for f in fields(cls))  # type: ignore[arg-type]

    @classmethod
    def type_string(cls) -> str:
        """EIP-712 `encodeType`."""
        return _signature(cls.__name__, cls.members())

    def struct_hash(self) -> bytes:
        """EIP-712 `hashStruct`."""
        words = [abi_word(kind, getattr(self, name)) for name, kind in self.members()]
        return keccak256(keccak256(self.type_string().encode()) + b"".join(words))

    def digest(self, domain: Domain) -> bytes:
        """The 32 bytes that get signed."""
        return keccak256(b"\x19\x01" + domain.separator() + self.struct_hash())

    def message(self, domain: Domain) -> dict[str, Any]:
        """The `eth_signTypedData_v4` object; integers as decimal strings, so no wallet rounds."""
        return {
            "types": {
                "EIP712Domain": [{"name": n, "type": t} for n, t in _DOMAIN_FIELDS],
                type(self).__name__: [{"name": n, "type": t} for n, t in self.members()],
            },
            "primaryType": type(self).__name__,
            "domain": {
                "name": DOMAIN_NAME,
                "version": DOMAIN_VERSION,
                "chainId": domain.chain_id,
                "verifyingContract": domain.verifying_contract,
            },
            "message": {n: _shown(getattr(self, n)) for n, _ in self.members()},
        }


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
    deadline: Annotated[int, "uint64"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAccess(TypedStruct):
    """A doctor asks a patient for access until `expiry`."""

    meaning: ClassVar[str] = "Ask a patient for access to a record."
    grantee: Annotated[Address, "address"]
    patient: Annotated[Address, "address"]
    record: Annotated[bytes, "bytes32"]
    purposes: Annotated[int, "uint32"]
    expiry: Annotated[int, "uint40"]
    deadline: Annotated[int, "uint64"]


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
    purposes: Annotated[int, "uint32"]
    expiry: Annotated[int, "uint40"]
    request: Annotated[bytes, "bytes32"]
    envelope: Annotated[bytes, "bytes32"]
    seq: Annotated[int, "uint56"]
    cutoff: Annotated[int, "uint40"]
    deadline: Annotated[int, "uint64"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeAccess(TypedStruct):
    """A patient takes a grant back, or spends the nonce of one never sent."""

    meaning: ClassVar[str] = "Take a doctor's access back."
    patient: Annotated[Address, "address"]
    grantee: Annotated[Address, "address"]
    record: Annotated[bytes, "bytes32"]
    seq: Annotated[int, "uint56"]
    deadline: Annotated[int, "uint64"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeAllAccess(TypedStruct):
    """A patient takes every grant back at once; `cutoff` is the present cutoff, as a nonce."""

    meaning: ClassVar[str] = "Take everybody's access back at once."
    patient: Annotated[Address, "address"]
    cutoff: Annotated[int, "uint40"]
    deadline: Annotated[int, "uint64"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishReadingKey(TypedStruct):
    """An account publishes the key others encrypt to; `previous` is the hash it replaces."""

    meaning: ClassVar[str] = "Publish the public key that records are sealed to for you."
    account: Annotated[Address, "address"]
    key_hash: Annotated[bytes, "bytes32"]
    previous: Annotated[bytes, "bytes32"]
    deadline: Annotated[int, "uint64"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRecord(TypedStruct):
    """A reader's receipt for one version; `head` is the patient's head, as a nonce."""

    meaning: ClassVar[str] = "Sign for opening a record, so that the patient sees the reading."
    reader: Annotated[Address, "address"]
    patient: Annotated[Address, "address"]
    record: Annotated[bytes, "bytes32"]
    commitment: Annotated[bytes, "bytes32"]
    purpose: Annotated[int, "uint32"]
    head: Annotated[bytes, "bytes32"]
    deadline: Annotated[int, "uint64"]


STRUCTS: tuple[type[TypedStruct], ...] = (
    SealRecord,
    RequestAccess,
    GrantAccess,
    RevokeAccess,
    RevokeAllAccess,
    PublishReadingKey,
    OpenRecord,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A message with its signature; `payload` carries bytes the message only names by hash."""

    message: TypedStruct
    signature: bytes
    payload: bytes = b""


def _signature(name: str, members: tuple[tuple[str, str], ...]) -> str:
    return f"{name}({','.join(f'{kind} {field}' for field, kind in members)})"


def _shown(value: Any) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
