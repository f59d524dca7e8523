"""EIP-712: how a struct is hashed, signed and shown by a wallet.

What is signed stands in `core.typed_data`. A struct's fields are its dataclass fields, in order,
each annotated with its Solidity type, so a wallet shows every term by name.

Source: EIP-712, Typed structured data hashing and signing.
"""

from dataclasses import dataclass, fields
from functools import cache, lru_cache
from typing import Annotated, Any, ClassVar, TypeVar, get_type_hints

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


_Part = TypeVar("_Part", bound=type[Struct])

PARTS: dict[str, type[Struct]] = {}
"""The structs that stand in others' arrays, by name."""


def part(struct: _Part) -> _Part:
    """Mark a struct that stands in others' arrays."""
    PARTS[struct.__name__] = struct
    return struct


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
