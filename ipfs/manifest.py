"""An archive's manifest: which sealings it holds, for whom, and the hash of every file.

Nothing in it is secret: contexts and digests that the chain shows too, and the roots that stand
in the CAR files' own headers. Its own hash finds accidents; against somebody who alters an
archive and hashes it anew stand the blocks' CIDs, the envelopes and the chain.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from core.eip712 import Domain
from core.errors import InputError, VerificationError
from core.hashing import Address, address
from core.records import SealContext, Sealing
from ipfs.escrow import MAX_ESCROW_BYTES
from ipfs.index_rows import StoredEnvelope, StoredSealing

FORMAT = "anamnesis/archive"
VERSION = 1
CHECK = "archive manifest"
MAX_MANIFEST_BYTES = 64 * 1024 * 1024

_Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Account = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")]
_MAX_SIZE = 1 << 28
"""Of a CAR file: the longest sealed record and 100,000 envelopes fit."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _EnvelopeEntry(_Model):
    reader: _Account
    digest: _Hash
    root: _Hash


class _SealingEntry(_Model):
    file: Annotated[str, Field(pattern=r"^[0-9]{4,9}\.car$")]
    bytes: Annotated[int, Field(ge=1, le=_MAX_SIZE)]
    sha256: _Hash
    chain_id: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,77}$")]
    contract: _Account
    patient: _Account
    record: _Hash
    version: Annotated[int, Field(ge=1, lt=1 << 63)]
    commitment: _Hash
    previous: _Hash
    envelope: _Hash
    confirmed: bool
    root: _Hash
    envelopes: list[_EnvelopeEntry]


class _CustodyEntry(_Model):
    chain_id: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,77}$")]
    contract: _Account
    patient: _Account
    data: Annotated[str, Field(pattern=r"^([0-9a-f]{2})+$", max_length=2 * MAX_ESCROW_BYTES)]


class _Manifest(_Model):
    format: Literal["anamnesis/archive"]
    version: Literal[1]
    sealings: list[_SealingEntry]
    custody: list[_CustodyEntry] = []
    sha256: _Hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One sealing of an archive, and the CAR file with its bytes."""

    file: str
    size: int
    sha256: bytes
    stored: StoredSealing
    envelopes: tuple[StoredEnvelope, ...]

    @property
    def roots(self) -> tuple[bytes, ...]:
        """Of the CAR file: the sealed record, then the envelopes."""
        return (self.stored.cid, *(entry.cid for entry in self.envelopes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An escrow or a released share: its bytes stand in the manifest itself."""

    domain: Domain
    patient: Address
    data: bytes


def write_manifest(entries: list[Entry], custody: Sequence[Kept] = ()) -> bytes:
    """The manifest's bytes. The same entries give the same bytes."""
    body: dict[str, object] = {
        "format": FORMAT,
        "version": VERSION,
        "sealings": [_shown(entry).model_dump() for entry in entries],
    }
    if custody:
        body["custody"] = [_shown_custody(each).model_dump() for each in custody]
    return _encode(body | {"sha256": _hash_of(body)}, indent=1) + b"\n"


def read_manifest(raw: bytes) -> list[Entry]:
    """The entries of a manifest from elsewhere. Raises VerificationError naming what is wrong."""
    return _entries(_read(raw))


def read_custody(raw: bytes) -> list[Kept]:
    """What it holds for emergencies. Raises VerificationError as `read_manifest` does."""
    try:
        return [
            Kept(
                domain=Domain(
                    chain_id=int(each.chain_id), verifying_contract=address(each.contract)
                ),
                patient=address(each.patient),
                data=bytes.fromhex(each.data),
            )
            for each in _read(raw).custody
        ]
    except InputError:
        raise _wrong("names an account whose checksum is wrong") from None


def _read(raw: bytes) -> _Manifest:
    try:
        # Its nesting is bounded whatever the interpreter's recursion limit is set to.
        parsed = from_json(raw)
        if isinstance(parsed, dict) and parsed.get("version", VERSION) != VERSION:
            raise _wrong(f"has a version that this program does not read (it reads {VERSION})")
        manifest = _Manifest.model_validate(parsed)
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise _wrong(f"is malformed at {place or 'its top'}") from None
    except ValueError:
        raise _wrong("is not JSON, or was cut short") from None
    body = {name: value for name, value in parsed.items() if name != "sha256"}
    if _hash_of(body) != manifest.sha256:
        raise _wrong("was changed: its hash does not fit")
    return manifest


def _entries(manifest: _Manifest) -> list[Entry]:
    try:
        entries = [_entry(shown) for shown in manifest.sealings]
    except InputError:
        raise _wrong("names an account whose checksum is wrong") from None
    files = {entry.file for entry in entries}
    commitments = {entry.stored.sealing.commitment for entry in entries}
    if len(files) != len(entries) or len(commitments) != len(entries):
        raise _wrong("names a file or a sealing twice")
    if not all(_is_owned(entry) for entry in entries):
        raise _wrong("names no envelope for the owner of a record")
    return entries


def _is_owned(entry: Entry) -> bool:
    sealing = entry.stored.sealing
    own = (sealing.envelope_digest, sealing.context.patient)
    return own in {(each.digest, each.reader) for each in entry.envelopes}


def _shown(entry: Entry) -> _SealingEntry:
    sealing = entry.stored.sealing
    context = sealing.context
    return _SealingEntry(
        file=entry.file,
        bytes=entry.size,
        sha256=entry.sha256.hex(),
        chain_id=str(context.domain.chain_id),
        contract=context.domain.verifying_contract,
        patient=context.patient,
        record=context.record.hex(),
        version=context.version,
        commitment=sealing.commitment.hex(),
        previous=sealing.previous.hex(),
        envelope=sealing.envelope_digest.hex(),
        confirmed=entry.stored.confirmed,
        root=entry.stored.cid.hex(),
        envelopes=[
            _EnvelopeEntry(reader=each.reader, digest=each.digest.hex(), root=each.cid.hex())
            for each in entry.envelopes
        ],
    )


def _shown_custody(kept: Kept) -> _CustodyEntry:
    return _CustodyEntry(
        chain_id=str(kept.domain.chain_id),
        contract=kept.domain.verifying_contract,
        patient=kept.patient,
        data=kept.data.hex(),
    )


def _entry(shown: _SealingEntry) -> Entry:
    domain = Domain(chain_id=int(shown.chain_id), verifying_contract=address(shown.contract))
    context = SealContext(
        domain=domain,
        patient=address(shown.patient),
        record=bytes.fromhex(shown.record),
        version=shown.version,
    )
    commitment = bytes.fromhex(shown.commitment)
    sealing = Sealing(
        context=context,
        commitment=commitment,
        previous=bytes.fromhex(shown.previous),
        envelope_digest=bytes.fromhex(shown.envelope),
    )
    root = bytes.fromhex(shown.root)
    return Entry(
        file=shown.file,
        size=shown.bytes,
        sha256=bytes.fromhex(shown.sha256),
        stored=StoredSealing(sealing=sealing, cid=root, confirmed=shown.confirmed),
        envelopes=tuple(_envelope(each, commitment) for each in shown.envelopes),
    )


def _envelope(shown: _EnvelopeEntry, commitment: bytes) -> StoredEnvelope:
    return StoredEnvelope(
        digest=bytes.fromhex(shown.digest),
        commitment=commitment,
        reader=address(shown.reader),
        cid=bytes.fromhex(shown.root),
    )


def _hash_of(body: object) -> str:
    return hashlib.sha256(_encode(body, indent=None)).hexdigest()


def _encode(body: object, *, indent: int | None) -> bytes:
    return json.dumps(body, indent=indent, sort_keys=True).encode()


def _wrong(what: str) -> VerificationError:
    return VerificationError(f"The archive's manifest {what}.", check=CHECK)
