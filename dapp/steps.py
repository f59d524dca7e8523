"""What the server asks of the browser, one step at a time, and what it gets back.

Nothing here holds plaintext or a private key: a step carries ciphertext and public values, an
answer a signature meant for the chain, a public key, a wrapped key or the hashes of a sealing.
The kinds and their fields are those of `components/src/steps.js`.
"""

import base64
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.eip712 import Domain, TypedStruct
from core.errors import InputError
from core.flows.open import Handover
from core.hashing import Address
from core.records import Reader, SealContext


class Step(Protocol):
    """One thing the browser is asked to do."""

    def shown(self) -> dict[str, Any]:
        """What the browser receives."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The chain a wallet has to be on, and how to add it when the wallet doesn't know it."""

    id: int
    name: str
    rpc_url: str

    def shown(self) -> dict[str, Any]:
        return {"id": self.id, "name": self.name, "rpc": self.rpc_url}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """Show a message in the wallet and get its signature."""

    message: TypedStruct
    domain: Domain
    chain: Chain
    told: str = ""
    """What the message means, where its fields alone would not say it."""

    def shown(self) -> dict[str, Any]:
        return {
            "kind": "sign",
            "typed": self.message.message(self.domain),
            "chain": self.chain.shown(),
            "told": self.told,
            "waiting": "Look at your wallet: it shows what you are asked to sign.",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrol:
    """Make a reading key in the browser and get its public half."""

    def shown(self) -> dict[str, Any]:
        return {"kind": "enrol"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlocking:
    """What the browser needs to open the signer's own reading key."""

    key_hash: bytes
    """Of the published reading key, to unlock the right one."""
    wrapped_seed: bytes | None
    """For wallets that cannot carry a key; it opens with the recovery words."""

    def shown(self) -> dict[str, Any]:
        return {
            "key_hash": "0x" + self.key_hash.hex(),
            "wrapped_seed": _base64(self.wrapped_seed or b""),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrap:
    """Wrap the key of a sealed record for another reader."""

    own: Handover
    unlocking: Unlocking
    reader: Address
    reader_key: bytes

    def shown(self) -> dict[str, Any]:
        reader = {"reader": self.reader, "reader_key": _base64(self.reader_key)}
        return {
            "kind": "wrap",
            **_handed(self.own),
            **self.unlocking.shown(),
            **reader,
            "waiting": "Wrapping the key for the reader in this browser…",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Reseal:
    """Open the present version, seal it as the next one, hand that in and read it back."""

    own: Handover
    unlocking: Unlocking
    readers: tuple[Reader, ...]
    ticket: str
    """For `PUT /sealed`; see `dapp.arrivals`."""

    def shown(self) -> dict[str, Any]:
        readers = [{"reader": r.account, "reader_key": _base64(r.key)} for r in self.readers]
        return {
            "kind": "reseal",
            **_handed(self.own),
            **self.unlocking.shown(),
            "readers": readers,
            "ticket": self.ticket,
            "waiting": "Opening the present version in this browser…",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Fetch, check, open and show a sealed record, all in the browser."""

    handover: Handover
    unlocking: Unlocking
    title: str

    def shown(self) -> dict[str, Any]:
        handed = {**_handed(self.handover), **self.unlocking.shown()}
        return {"kind": "open", **handed, "title": self.title, "waiting": "Opening…"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Take paper to the reading service, look at the history, have it sealed."""

    url: str
    token: str
    present: bytes
    """The commitment on the chain now: a reading that became it is over."""

    def shown(self) -> dict[str, Any]:
        service = {"url": self.url, "token": self.token}
        present = "0x" + self.present.hex()
        return {"kind": "read", "service": service, "present": present, "waiting": ""}


class Answer(BaseModel):
    """What came back for one step; foreign until checked here."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    task: str = Field(max_length=64)
    step: int = Field(ge=0)
    ok: bool
    account: str | None = Field(default=None, max_length=42)
    code: str = Field(default="", max_length=40)
    message: str = Field(default="", max_length=400)
    closed: bool = False
    signature: str = Field(default="", max_length=2050, pattern=r"^(0x[0-9a-fA-F]*)?$")
    key: str = Field(default="", max_length=2000)
    wrapped_seed: str = Field(default="", max_length=100)
    envelope: str = Field(default="", max_length=2000)
    sealing: dict[str, Any] | None = None

    @property
    def signature_bytes(self) -> bytes:
        """Raises InputError when the wallet gave an odd number of digits."""
        try:
            return bytes.fromhex(self.signature.removeprefix("0x"))
        except ValueError as error:
            raise InputError("The wallet's signature is malformed.") from error

    @property
    def key_bytes(self) -> bytes:
        return _unbase64(self.key)

    @property
    def wrapped_seed_bytes(self) -> bytes:
        """Empty when the wallet carries the key itself."""
        return _unbase64(self.wrapped_seed)

    @property
    def envelope_bytes(self) -> bytes:
        return _unbase64(self.envelope)


class SealingAnswer(BaseModel):
    """The public facts about a sealing that the reading service made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    record: str = Field(pattern=r"^0x[0-9a-f]{64}$")
    commitment: str = Field(pattern=r"^0x[0-9a-f]{64}$")
    previous: str = Field(pattern=r"^0x[0-9a-f]{64}$")
    envelope: str = Field(pattern=r"^0x[0-9a-f]{64}$")
    version: int = Field(ge=1, lt=1 << 63)

    @classmethod
    def from_untrusted(cls, answer: Answer) -> "SealingAnswer":
        """Raises InputError unless the answer holds exactly the five facts."""
        try:
            return cls.model_validate(answer.sealing)
        except ValidationError as error:
            raise InputError(
                "The reading service answered something unexpected.",
                remedy="Restart it with `anamnesis up`, then seal again.",
            ) from error

    @staticmethod
    def raw(text: str) -> bytes:
        return bytes.fromhex(text[2:])


@dataclass(frozen=True, slots=True)
class Done:
    """How a script ends: a sentence for the person, or "" to leave the browser's last word."""

    message: str
    stay: bool = False
    """Keep what the browser shows (an open history) until the person closes it."""


Script = Generator[Step, Answer, Done]
"""A conversation: it yields steps, receives their answers, returns how it ended."""


def _handed(handover: Handover) -> dict[str, Any]:
    return {
        "context": _context(handover.context),
        "commitment": "0x" + handover.commitment.hex(),
        "envelope": _base64(handover.envelope),
        "envelope_digest": "0x" + handover.envelope_digest.hex(),
    }


def _context(context: SealContext) -> dict[str, Any]:
    return {
        "chain_id": context.domain.chain_id,
        "contract": context.domain.verifying_contract,
        "patient": context.patient,
        "record": "0x" + context.record.hex(),
        "version": context.version,
    }


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _unbase64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise InputError("The browser's answer is malformed.") from error
