"""What stands in the rows of the vault's index, and how a damaged one is told.

Nothing that a row says is believed before its form is checked.
"""

from dataclasses import dataclass
from typing import Any

from core.eip712 import Domain
from core.errors import InputError, StoreError
from core.hashing import Address, address
from core.records import CustodyKind, SealContext, Sealing

_HASH_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSealing:
    """A sealing, and what the index knows beside it."""

    sealing: Sealing
    cid: bytes
    """Digest in the sealed record's CID."""
    confirmed: bool
    """Whether the chain is known to hold the commitment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEnvelope:
    """Where an envelope's bytes are, and for whom."""

    digest: bytes
    commitment: bytes
    reader: Address
    cid: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCustody:
    """Where the bytes of an escrow or a released share are, and of whose emergencies."""

    digest: bytes
    kind: CustodyKind
    domain: Domain
    patient: Address
    cid: bytes


SELECT_SEALING = (
    "select commitment, chain_id, contract, patient, record, version, previous, cid, envelope,"
    " state from sealing"
)
SELECT_CUSTODY = "select digest, kind, chain_id, contract, patient, cid from custody"
SELECT_ENVELOPE = "select digest, commitment, reader, cid from envelope"


def context_values(context: SealContext) -> tuple[object, ...]:
    # A chain id may have 256 bits, SQLite's integers 64.
    return (
        str(context.domain.chain_id),
        context.domain.verifying_contract,
        context.patient,
        context.record,
        context.version,
    )


def stored_sealing(row: tuple[Any, ...]) -> StoredSealing:
    commitment, chain_id, contract, patient, record, version, previous, cid, envelope, state = row
    _require_hashes(commitment, record, previous, cid, envelope)
    _require(isinstance(version, int) and version >= 1, "a version")
    domain = _domain(chain_id, contract)
    context = SealContext(domain=domain, patient=account(patient), record=record, version=version)
    return StoredSealing(
        sealing=Sealing(
            context=context, commitment=commitment, previous=previous, envelope_digest=envelope
        ),
        cid=cid,
        confirmed=state == "confirmed",
    )


def stored_envelope(row: tuple[Any, ...]) -> StoredEnvelope:
    digest, commitment, reader, cid = row
    _require_hashes(digest, commitment, cid)
    return StoredEnvelope(digest=digest, commitment=commitment, reader=account(reader), cid=cid)


def stored_custody(row: tuple[Any, ...]) -> StoredCustody:
    digest, kind, chain_id, contract, patient, cid = row
    _require_hashes(digest, cid)
    _require(kind in set(CustodyKind), "a kind")
    return StoredCustody(
        digest=digest,
        kind=CustodyKind(kind),
        domain=_domain(chain_id, contract),
        patient=account(patient),
        cid=cid,
    )


def _domain(chain_id: object, contract: object) -> Domain:
    sound = isinstance(chain_id, str) and chain_id.isascii() and chain_id.isdecimal()
    _require(sound, "a chain")
    return Domain(chain_id=int(str(chain_id)), verifying_contract=account(contract))


def _require_hashes(*values: object) -> None:
    sound = all(isinstance(value, bytes) and len(value) == _HASH_BYTES for value in values)
    _require(sound, "a digest")


def account(value: object) -> Address:
    try:
        return address(value) if isinstance(value, str) else address("")
    except InputError:
        raise _damaged("an account") from None


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise _damaged(what)


def _damaged(what: str) -> StoreError:
    return StoreError(
        f"The vault's index is damaged: {what} in it was changed.",
        remedy="Restore it from a backup, or import an archive into a new home.",
    )
